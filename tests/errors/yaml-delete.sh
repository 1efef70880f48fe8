printf 'cnngen: 1\nname: a\177\n'
