# A byte order mark that is not the first thing in the file.
printf 'cnngen: 1\n\357\273\277name: a\n'
