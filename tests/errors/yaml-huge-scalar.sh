# A megabyte of text where a name belongs.
printf "cnngen: 1\nname: "
head -c 1000000 /dev/zero | tr "\0" a
printf "\nlayers: [{type: Input, shape: [4]}, Flatten]\n"
