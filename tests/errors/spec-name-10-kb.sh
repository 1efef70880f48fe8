printf "cnngen: 1\nname: "
head -c 10000 /dev/zero | tr "\0" n
printf "\nlayers: [{type: Input, shape: [4]}, Flatten]\n"
