cat <<END
cnngen: 1
weights: random
layers:
  - {type: Input, shape: [4, 4, 3]}
  - Flatten
  - {type: Dense, units: 3}
labels: animals.txt
END
: >animals.txt
