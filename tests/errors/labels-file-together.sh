cat <<END
cnngen: 1
weights: random
layers:
  - {type: Input, name: x, shape: [2]}
  - {type: Activation, name: a, inputs: x, activation: relu}
  - {type: Activation, name: b, inputs: x, activation: relu}
outputs: [a, b]
labels: {a: kinds.txt, b: kinds.txt}
END
yes cat | head -c 3145728 >kinds.txt
