. "$(dirname "$0")/weights.inc"
printf '\034\0\0\0TFL3\0\0\0\0' > w.tflite
dense 'weights: w.tflite'
