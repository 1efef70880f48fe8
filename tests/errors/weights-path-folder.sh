. "$(dirname "$0")/weights.inc"
mkdir sub
dense 'weights: sub'
