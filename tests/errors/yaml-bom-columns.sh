# A byte order mark is accepted and no column counts it.
printf '\357\273\277cnngen: 1.5\nlayers: [{type: Input, shape: [4]}, Flatten]\n'
