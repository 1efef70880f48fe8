. "$(dirname "$0")/weights.inc"
printf 'PK\003\004..........................metadata.json' > w.keras
dense 'weights: w.keras'
