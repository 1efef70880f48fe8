"""The models of the benchmark: networks, layers of each kind, and layers at random."""
import random

from net import Net, pair

# ---- networks -------------------------------------------------------------------------------


def depth_1_to_256(n):
    n.conv(256, 3, pad='valid', act='relu')
    n.pool('Max', 2, 2)
    n.flatten()
    n.dense(10, 'softmax')


def depth_256(n):
    n.conv(64, 3, pad='valid', act='relu')
    n.batch_norm()
    n.pool('Max', 2, 2)
    n.conv(32, 3, pad='valid', act='relu')
    n.flatten()
    n.dense(1, 'sigmoid')


def lenet5(n):
    n.conv(6, 5, act='relu')
    n.pool('Max', 2, 2)
    n.conv(16, 5, pad='valid', act='relu')
    n.pool('Max', 2, 2)
    n.flatten()
    n.dense(120, 'relu')
    n.dense(84, 'relu')
    n.dense(10, 'softmax')


def residual_blocks(n, blocks, pad):
    for filters, stride in blocks:
        x = n.last
        n.conv(filters, 3, stride, pad, act='relu')
        y = n.conv(filters, 3, 1, pad)
        if n.shapes[x] != n.shapes[y]:
            x = n.conv(filters, 1, stride, 'valid', source=x)
        n.add(x, y, 'relu')


def resnet8(n):
    """MLPerf Tiny's, for CIFAR-10."""
    n.conv(16, 3, act='relu')
    residual_blocks(n, [(16, 1), (32, 2), (64, 2)], None)
    n.pool('Average', 8, 8)
    n.flatten()
    n.dense(10, 'softmax')


def dscnn(n):
    """MLPerf Tiny's, for key words: 49 frames of 10 features."""
    n.conv(64, (10, 4), 2, act='relu')
    for _ in range(4):
        n.conv(64, 3, groups=64, act='relu')
        n.conv(64, 1, act='relu')
    n.pool('Average', (25, 5), 25)
    n.flatten()
    n.dense(12, 'softmax')


def resnet18(n):
    n.conv(64, 7, 2, 3, act='relu')
    n.pool('Max', 3, 2, 1)
    residual_blocks(n, [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2),
                        (512, 1)], 1)
    n.global_average()
    n.flatten()
    n.dense(1000)


def mobilenetv2(n):
    n.conv(32, 3, 2, 1, act='relu6')
    for expand, filters, repeat, first in (
            (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
            (6, 160, 3, 2), (6, 320, 1, 1)):
        for i in range(repeat):
            x, stride, channels = n.last, first if i == 0 else 1, n.shapes[n.last][0]
            if expand > 1:
                n.conv(channels * expand, 1, act='relu6')
            n.conv(channels * expand, 3, stride, 1, groups=channels * expand, act='relu6')
            y = n.conv(filters, 1)
            if stride == 1 and channels == filters:
                n.add(x, y)
    n.conv(1280, 1, act='relu6')
    n.global_average()
    n.flatten()
    n.dense(1000)


# Others, in which not only convolutions matter: what they do between them, and convolutions of other kinds.

def fire(n, squeeze, expand):
    squeezed = n.conv(squeeze, 1, act='relu')
    n.concat(n.conv(expand, 1, act='relu'), n.conv(expand, 3, act='relu', source=squeezed))


def squeezenet(n):
    """SqueezeNet 1.1."""
    n.conv(64, 3, 2, 'valid', act='relu')
    for squeeze, expand in ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)):
        if (squeeze, n.shapes[n.last][0]) in ((16, 64), (32, 128), (48, 256)):
            n.pool('Max', 3, 2)
        fire(n, squeeze, expand)
    n.conv(1000, 1, act='relu')
    n.global_average()
    n.flatten()


def squeeze_excite(n, squeeze, act, gate):
    """Channels of the last tensor times what two dense layers make of their means."""
    x = n.last
    n.global_average()
    n.conv(squeeze, 1, act=act)
    return n.multiply(x, n.conv(n.shapes[x][0], 1, act=gate))


def inverted_residual(n, expanded, filters, kernel, stride, act, squeeze, gate, squeeze_act=None):
    x, channels = n.last, n.shapes[n.last][0]
    if expanded != channels:
        n.conv(expanded, 1, act=act)
    n.conv(expanded, kernel, stride, kernel // 2, groups=expanded, act=act)
    if squeeze:
        squeeze_excite(n, squeeze, squeeze_act or act, gate)
    y = n.conv(filters, 1)
    if stride == 1 and channels == filters:
        n.add(x, y)


def mobilenetv3_small(n):
    n.conv(16, 3, 2, 1, act='hard_silu')
    for kernel, expanded, filters, squeeze, act, stride in (
            (3, 16, 16, 8, 'relu', 2), (3, 72, 24, 0, 'relu', 2), (3, 88, 24, 0, 'relu', 1),
            (5, 96, 40, 24, 'hard_silu', 2), (5, 240, 40, 64, 'hard_silu', 1),
            (5, 240, 40, 64, 'hard_silu', 1), (5, 120, 48, 32, 'hard_silu', 1),
            (5, 144, 48, 40, 'hard_silu', 1), (5, 288, 96, 72, 'hard_silu', 2),
            (5, 576, 96, 144, 'hard_silu', 1), (5, 576, 96, 144, 'hard_silu', 1)):
        inverted_residual(n, expanded, filters, kernel, stride, act, squeeze, 'hard_sigmoid', 'relu')
    n.conv(576, 1, act='hard_silu')
    n.global_average()
    n.flatten()
    n.dense(1024, 'hard_silu')
    n.dense(1000)


def efficientnet_b0(n):
    n.conv(32, 3, 2, 1, act='silu')
    for expand, filters, repeat, first, kernel in (
            (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5),
            (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)):
        for i in range(repeat):
            channels = n.shapes[n.last][0]
            inverted_residual(n, channels * expand, filters, kernel, 1 if i else first, 'silu', channels // 4,
                              'sigmoid')
    n.conv(1280, 1, act='silu')
    n.global_average()
    n.flatten()
    n.dense(1000)


def two_convs(n, filters):
    n.conv(filters, 3, act='relu')
    return n.conv(filters, 3, act='relu')


def unet(n):
    """A small U-Net: masks of images of 128x128."""
    skipped = []
    for filters in (16, 32, 64):
        skipped.append(two_convs(n, filters))
        n.pool('Max', 2, 2)
    two_convs(n, 128)
    for filters in (64, 32, 16):
        n.upsample()
        n.concat(n.conv(filters, 2, act='relu'), skipped.pop())
        two_convs(n, filters)
    n.conv(1, 1, act='sigmoid')


def densenet(n):
    """DenseNet-BC of growth 12 and 40 layers, for CIFAR-10."""
    n.conv(24, 3)
    for block in range(3):
        for _ in range(6):
            x = n.last
            n.batch_norm()
            n.act('relu')
            n.conv(48, 1, act='relu')
            n.concat(x, n.conv(12, 3))
        n.batch_norm()
        n.act('relu')
        if block < 2:
            n.conv(n.shapes[n.last][0] // 2, 1)
            n.pool('Average', 2, 2)
    n.global_average()
    n.flatten()
    n.dense(10, 'softmax')


def yolo_tiny(n):
    """YOLOv3-tiny's layers, on 256x256: boxes of the finer scale."""
    for filters in (16, 32, 64, 128):
        n.conv(filters, 3, act='leaky_relu')
        n.pool('Max', 2, 2)
    fine = n.conv(256, 3, act='leaky_relu')
    n.pool('Max', 2, 2)
    n.conv(512, 3, act='leaky_relu')
    n.conv(256, 1, act='leaky_relu')
    n.conv(128, 1, act='leaky_relu')
    n.concat(n.upsample(), fine)
    n.conv(256, 3, act='leaky_relu')
    n.conv(255, 1)


def inception_b(n):
    """Two of the ten blocks B of Inception-ResNet-v1 (Szegedy and others, 2017), of 7x7 in a row and a column."""
    for _ in range(2):
        x = n.last
        plain = n.conv(128, 1, act='relu')
        n.conv(128, 1, act='relu', source=x)
        n.conv(128, (1, 7), act='relu')
        n.concat(plain, n.conv(128, (7, 1), act='relu'))
        n.add(x, n.conv(896, 1), 'relu')


def tcn(n):
    """A stage of MS-TCN (Abu Farha and Gall, 2019): ten dilated layers over 1000 frames."""
    n.conv(64, 1)
    for layer in range(10):
        x = n.last
        n.conv(64, (1, 3), dilation=(1, 2 ** layer), act='relu')
        n.add(x, n.conv(64, 1))
    n.conv(19, 1)


def context(n):
    """A context module (Yu and Koltun, 2016): what a dense prediction sees grows from layer to layer."""
    for dilation in (1, 1, 2, 4, 8, 16, 1):
        n.conv(64, 3, dilation=dilation, act='relu')
    n.conv(21, 1)


NETWORKS = [(depth_1_to_256, (1, 28, 28)), (depth_256, (256, 128, 128)), (lenet5, (1, 28, 28)),
            (resnet8, (3, 32, 32)), (dscnn, (1, 49, 10)), (mobilenetv2, (3, 224, 224)),
            (resnet18, (3, 224, 224))]
MORE = [(squeezenet, (3, 224, 224)), (mobilenetv3_small, (3, 224, 224)), (efficientnet_b0, (3, 224, 224)),
        (unet, (3, 128, 128)), (densenet, (3, 32, 32)), (yolo_tiny, (3, 256, 256)),
        (inception_b, (896, 17, 17)), (tcn, (64, 1, 1000)), (context, (64, 64, 64))]
LARGEST = (mobilenetv2, resnet18)      # left out of a short run


# ---- layers: kind, whether in a short run, channels, height (= width), and what conv() takes -----

LAYERS = [
    ('deep 3x3', True, 64, 56, dict(filters=64, kernel=3)),
    ('deep 3x3', False, 256, 56, dict(filters=64, kernel=3)),
    ('deep 3x3', False, 256, 14, dict(filters=256, kernel=3)),
    ('deep 3x3', False, 512, 7, dict(filters=512, kernel=3)),
    ('small 3x3', False, 16, 32, dict(filters=16, kernel=3)),
    ('few channels in', True, 1, 28, dict(filters=256, kernel=3)),
    ('few channels in', False, 3, 56, dict(filters=64, kernel=3)),
    ('few channels in', False, 3, 224, dict(filters=64, kernel=7, stride=2, pad=3)),
    ('few channels out', True, 256, 28, dict(filters=1, kernel=3)),
    ('one to one', False, 1, 128, dict(filters=1, kernel=3)),
    ('pointwise', True, 64, 56, dict(filters=256, kernel=1)),
    ('pointwise', False, 384, 14, dict(filters=64, kernel=1)),
    ('pointwise', False, 960, 7, dict(filters=320, kernel=1)),
    ('strided', True, 128, 56, dict(filters=128, kernel=3, stride=2, pad=1)),
    ('strided', False, 256, 56, dict(filters=512, kernel=1, stride=2, pad='valid')),
    ('depthwise', True, 144, 56, dict(filters=144, kernel=3, groups=144)),
    ('depthwise', False, 144, 56, dict(filters=144, kernel=3, stride=2, pad=1, groups=144)),
    ('depthwise', False, 960, 7, dict(filters=960, kernel=3, groups=960)),
    ('depthwise', False, 240, 28, dict(filters=240, kernel=5, groups=240)),
    ('5x5', False, 6, 14, dict(filters=16, kernel=5)),
    ('5x5', False, 32, 28, dict(filters=64, kernel=5)),
    ('grouped', True, 128, 28, dict(filters=128, kernel=3, groups=32)),
    ('dilated', False, 64, 28, dict(filters=64, kernel=3, dilation=2)),
    ('1x7', True, 128, 17, dict(filters=128, kernel=(1, 7))),
]


def layer_name(channels, height, width, filters, kernel, stride=1, dilation=1, groups=1, pad=None):
    return ('%dx%d %d-%d @%s' % (*pair(kernel), channels, filters, height)
            + ('x%d' % width if width != height else '') + (' /%d' % stride if stride > 1 else '')
            + (' d%d' % dilation if dilation > 1 else '') + (' g%d' % groups if groups > 1 else ''))


def layer(kind, channels, height, width, options):
    net = Net(layer_name(channels, height, width, **options), kind, (channels, height, width))
    net.conv(**options)
    return net


def random_layer(rng):
    """A convolution that nobody tuned for: odd widths and channels, uncommon kernels."""
    depths = (1, 3, 5, 8, 17, 24, 33, 48, 64, 100, 128, 192)
    channels, filters = rng.choice(depths), rng.choice(depths)
    kernel = rng.choice((1, 3, 3, 3, 5, 7, (1, 7), (7, 1), (3, 5), (2, 2)))
    kind = rng.choice(('dense', 'dense', 'strided', 'dilated', 'grouped', 'depthwise'))
    height, width = rng.randint(5, 61), rng.randint(5, 61)
    options = dict(filters=filters, kernel=kernel)
    if kind == 'strided':
        options['stride'] = 2
    elif kind == 'dilated' and kernel != 1:
        options['dilation'] = rng.choice((2, 3))
    elif kind == 'grouped':
        options['groups'] = rng.choice([g for g in range(1, 9) if channels % g == filters % g == 0])
    elif kind == 'depthwise':
        options.update(filters=channels, groups=channels)
    return layer('random', channels, height, width, options)


def random_layers(count, seed):
    """None below half a million multiplications, where the peers' times are those of a call."""
    rng, nets = random.Random(seed), {}
    while len(nets) < count:
        net = random_layer(rng)
        if 0.5e6 <= net.macs <= 300e6:
            nets[net.name] = net
    return list(nets.values())


def build(networks):
    for function, shape in networks:
        net = Net(function.__name__, 'network', shape)
        function(net)
        yield net


def networks(short):
    return build(n for n in NETWORKS if not short or n[0] not in LARGEST)


def more_networks():
    return build(MORE)


def layers(short):
    return [layer(kind, channels, size, size, options)
            for kind, in_short, channels, size, options in LAYERS if in_short or not short]
