. "$(dirname "$0")/weights.inc"
mkdir sub
echo notes > sub/README
dense 'weights: sub'
