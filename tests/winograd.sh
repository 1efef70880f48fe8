#!/bin/sh
# The accuracy of Winograd convolution on inputs that are centred, non-negative and offset: the
# largest error as a part of the largest output, at most 1e-5 (tiles of 6 pixels along an axis) or 5e-6 (of 4). In
# groups, too, down to as few channels in one as any layer has that is computed so; kernels of other sizes, whole
# and in pieces, and dilated.
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 2
/usr/bin/python3 -c '
import numpy
x = numpy.random.default_rng(1).standard_normal((1, 15, 18, 64), dtype="f4")
numpy.save("centred.npy", x)
numpy.save("positive.npy", abs(x))
numpy.save("offset.npy", x + 3)
' || exit 2
# For layers that the cost model may have another kernel for: by_times KERNEL CHANNELS LAYER OTHER writes a file with
# which it is the fastest of those that take the layer, Winograd's two, the direct one and OTHER.
by_times() {
    echo 'cnngen_tuning: 1
version: 0.1.0
cpu: none
threads: 1
groups:'
    echo "- group: 'Conv2D(filters=64, $3): [15, 18, $2] -> [15, 18, 64], batch 1'"
    echo "  avx2: {conv2d_direct: 2, $4conv2d_winograd4: 2, conv2d_winograd6: 2}" | sed "s/conv2d_$1: 2/conv2d_$1: 1/"
}
for case in 'winograd6 100 1e-5' 'winograd4 2 5e-6'; do
    for layer in '16 3x3' '64 3x3' '256 3x3' '64 3x3 2' '64 3x3 8' '64 1x3' '64 9x1' '64 2x2' '64 4x4' '16 7x7' \
            '32 5x3 1 3x2'; do
        set -- $case $layer
        channels=$4 kernel=$5 groups=${6:-1} dilation=${7:-1x1}
        size=$(echo "$kernel" | sed 's/x/, /') apart=$(echo "$dilation" | sed 's/x/, /')
        said="kernel_size=$kernel, padding=same"
        [ "$dilation" = 1x1 ] || said="$said, dilation_rate=$dilation"
        [ "$groups" = 1 ] || said="$said, groups=$groups"
        {
            printf 'cnngen: 1\nname: net\nweights: random\nlayers:\n'
            for input in centred positive offset; do
                cat <<END
  - {type: Input, name: $input, shape: [15, 18, 64]}
  - {type: Conv2D, filters: $channels, kernel_size: 1, use_bias: false}
  - {type: Conv2D, name: of_$input, filters: 64, kernel_size: [$size], dilation_rate: [$apart], groups: $groups, padding: same}
END
            done
            echo 'outputs: [of_centred, of_positive, of_offset]'
        } >net.cnn.yaml
        other= forced="--max-weight-growth $2"
        [ "$groups" -lt 8 ] || other='conv2d_dot: 2, conv2d_grouped: 2, '
        by_times "$1" "$channels" "$said" "$other" >times.tuning
        [ "$kernel $dilation" = '3x3 1x1' ] && [ "$groups" -lt 8 ] || forced='--tuning times.tuning --max-weight-growth 100'
        "$cnngen" verify $forced --input centred.npy \
            --input positive.npy --input offset.npy net.cnn.yaml >out 2>&1
        status=$?
        for input in centred positive offset; do
            error=$(sed -n "s/.*'of_$input': at most \\([^ ]*\\) of its largest.*/\\1/p" out)
            if [ $status = 0 ] && grep -q "of_$input  *conv2d_$1 " out &&
                    awk -v e="$error" -v most="$3" \
                        'BEGIN { exit !(e != "" && e + 0 <= most + 0) }'; then
                ok
            else
                bad "$1, $kernel of $channels channels in $groups groups, dilation $dilation, $input: error '$error', at most $3"
                cat out
            fi
        done
    done
done
finish
