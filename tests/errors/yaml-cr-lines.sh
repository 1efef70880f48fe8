# Lines may end in CR alone.
printf 'cnngen: 1\rbatch: 0\rlayers:\r  - {type: Input, shape: [4]}\r  - Flatten\r'
