# What follows would be shown from right to left.
cat <<END
cnngen: 1
weights: random
layers:
  - {type: Input, shape: [4, 4, 3]}
  - Flatten
  - {type: Dense, units: 3}
labels: animals.txt
END
printf 'cat\ndog\342\200\256\nbird\n' >animals.txt
