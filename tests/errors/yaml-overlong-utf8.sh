# "/" in two bytes.
printf 'cnngen: 1\nname: \300\257\n'
