. "$(dirname "$0")/weights.inc"
dense 'weights: weights-is-the-spec.yaml'
