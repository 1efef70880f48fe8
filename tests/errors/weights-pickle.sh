. "$(dirname "$0")/weights.inc"
printf '\200\002}q\000.' > w.pt
dense 'weights: w.pt'
