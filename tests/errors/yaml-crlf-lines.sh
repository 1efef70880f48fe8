# Lines may end in CR LF.
printf 'cnngen: 1\r\nbatch: 0\r\nlayers:\r\n  - {type: Input, shape: [4]}\r\n  - Flatten'
