# Latin-1.
printf 'cnngen: 1\nname: caf\351\n'
