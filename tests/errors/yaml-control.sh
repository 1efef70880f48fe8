printf 'cnngen: 1\nname: \033[31mred\n'
