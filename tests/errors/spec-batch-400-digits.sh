printf "cnngen: 1\nbatch: 1"
head -c 400 /dev/zero | tr "\0" 0
printf "\nlayers: [{type: Input, shape: [4]}, Flatten]\n"
