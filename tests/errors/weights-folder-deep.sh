. "$(dirname "$0")/weights.inc"
mkdir -p p/a/b/c/d/e/f/g/h/i
dense 'weights: p/'
