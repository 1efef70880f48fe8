. "$(dirname "$0")/weights.inc"
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n' > w.safetensors
dense "weights: w.safetensors"
