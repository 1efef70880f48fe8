. "$(dirname "$0")/weights.inc"
mkdir p
ln -s p q
dense 'weights: q/'
