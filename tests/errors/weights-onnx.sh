. "$(dirname "$0")/weights.inc"
printf '\010\007\022\007pytorch\032\0052.0.0' > w.onnx
dense 'weights: w.onnx'
