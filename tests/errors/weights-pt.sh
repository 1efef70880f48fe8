. "$(dirname "$0")/weights.inc"
printf 'PK\003\004..........................model/data.pkl' > w.pt
dense 'weights: w.pt'
