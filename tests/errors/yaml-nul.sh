printf 'cnngen: 1\nname: a\000b\n'
