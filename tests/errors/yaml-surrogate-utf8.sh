# A surrogate in three bytes.
printf 'cnngen: 1\nname: \355\240\200\n'
