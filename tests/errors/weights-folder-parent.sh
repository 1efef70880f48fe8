. "$(dirname "$0")/weights.inc"
dense 'weights: ../params/'
