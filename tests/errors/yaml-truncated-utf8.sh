# The text ends in the middle of a character.
printf 'cnngen: 1\nname: caf\303'
