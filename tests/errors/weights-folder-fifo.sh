. "$(dirname "$0")/weights.inc"
mkdir p
mkfifo p/d.bias.npy
dense 'weights: p/'
