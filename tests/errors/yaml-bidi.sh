# U+202E in a comment: what follows would be shown backwards.
printf 'cnngen: 1  # \342\200\256 si siht\n'
