# U+2028.
printf 'cnngen: 1 # a\342\200\250layers: []\n'
