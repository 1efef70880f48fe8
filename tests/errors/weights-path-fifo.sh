. "$(dirname "$0")/weights.inc"
mkfifo pipe
dense 'weights: pipe'
