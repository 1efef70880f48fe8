#!/bin/sh
# The accuracy of Winograd convolution on inputs that are centred, non-negative and offset: the
# largest error as a part of the largest output, at most 1e-5 (F(4x4,3x3)) or 5e-6 (F(2x2,3x3)). In groups,
# too, down to as few channels in one as any layer has that is computed so.
. "$(dirname "$0")/lib.sh"
cd "$tmp" || exit 2
/usr/bin/python3 -c '
import numpy
x = numpy.random.default_rng(1).standard_normal((1, 15, 18, 64), dtype="f4")
numpy.save("centred.npy", x)
numpy.save("positive.npy", abs(x))
numpy.save("offset.npy", x + 3)
' || exit 2
# For groups that the cost model has another kernel for: by_times KERNEL writes a file with which it is the fastest.
by_times() {
    echo 'cnngen_tuning: 1
version: 0.1.0
cpu: none
threads: 1
groups:'
    echo "- group: 'Conv2D(filters=64, kernel_size=3x3, padding=same, groups=8): [15, 18, 64] -> [15, 18, 64], batch 1'"
    echo '  avx2: {conv2d_direct: 2, conv2d_dot: 2, conv2d_grouped: 2, conv2d_winograd4: 2, conv2d_winograd6: 2}' |
        sed "s/conv2d_$1: 2/conv2d_$1: 1/"
}
for case in 'winograd6 100 1e-5' 'winograd4 2 5e-6'; do
    set -- $case
    for layer in '16 1' '64 1' '256 1' '64 2' '64 8'; do
        channels=${layer% *} groups=${layer#* }
        {
            printf 'cnngen: 1\nname: net\nweights: random\nlayers:\n'
            for input in centred positive offset; do
                cat <<END
  - {type: Input, name: $input, shape: [15, 18, 64]}
  - {type: Conv2D, filters: $channels, kernel_size: 1, use_bias: false}
  - {type: Conv2D, name: of_$input, filters: 64, kernel_size: 3, groups: $groups, padding: same}
END
            done
            echo 'outputs: [of_centred, of_positive, of_offset]'
        } >net.cnn.yaml
        by_times "$1" >times.tuning
        tuning=
        [ "$groups" -lt 8 ] || tuning='--tuning times.tuning'
        "$cnngen" verify --max-weight-growth "$2" $tuning --input centred.npy --input positive.npy \
            --input offset.npy net.cnn.yaml >out 2>&1
        status=$?
        for input in centred positive offset; do
            error=$(sed -n "s/.*'of_$input': at most \\([^ ]*\\) of its largest.*/\\1/p" out)
            if [ $status = 0 ] && grep -q "of_$input  *conv2d_$1 " out &&
                    awk -v e="$error" -v most="$3" \
                        'BEGIN { exit !(e != "" && e + 0 <= most + 0) }'; then
                ok
            else
                bad "$1, $channels channels in $groups groups, $input: error '$error', at most $3"
                cat out
            fi
        done
    done
done
finish
