. "$(dirname "$0")/weights.inc"
mkdir p
npy "$(printf 'p/d.\033[2J.npy')" '<f4' '3,' 12
dense 'weights: p/'
