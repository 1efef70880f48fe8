"""Writes the layers of a Net as steps, for the programs that build a network call by call (steps.h reads them).

XNNPACK.steps and oneDNN.steps are text, one line for each step:

    OPERATOR A B ACTIVATION SLOPE IC IH IW OC OH OW KH KW SH SW TOP LEFT BOTTOM RIGHT DH DW GROUPS

OPERATOR is a layer's type, or an activation that stays a step of its own. A and B are what it reads: 0 is the
network's input, N the result of the Nth step, -1 none; a convolution that has B adds to it. steps.bin has the
weights, step after step: PyTorch's order and then the bias, or, of a batch normalization, what to multiply by and
what to add. There is no Flatten: a dense layer reads an image as its kernel would, [units, channels, height, width].
"""
import numpy as np

from graph import activation_of, fuse_activations, fuse_sums, with_inputs
from net import pair

CONVOLUTIONS = ('Conv2D', 'DepthwiseConv2D', 'Dense')
LIMITS = ('relu', 'relu6')
OTHERS = ('leaky_relu', 'sigmoid', 'silu', 'hard_silu', 'hard_sigmoid')
FUSED = {       # by peer and type of layer: activations that it takes as part of a step
    'XNNPACK': dict.fromkeys((*CONVOLUTIONS, 'BatchNormalization', 'Add'), LIMITS),
    'oneDNN': dict(dict.fromkeys((*CONVOLUTIONS, 'Add'), LIMITS + OTHERS), BatchNormalization=('relu',)),
}
LACKS = {       # by peer: types of layers that it doesn't have, and what the report says of it
    'XNNPACK': {'Concatenate': 'its graphs have no concatenation'},
}


def reason_against(net, peer):
    """Why the peer cannot run the network; None if it can."""
    lacks = LACKS.get(peer, {})
    return next((lacks[layer['type']] for layer in net.layers if layer['type'] in lacks), None)


def left_out(nets, peers):
    """(peer, names of networks, reason) where a peer cannot run them."""
    found = {}
    for peer in peers:
        for net in nets:
            found.setdefault((peer, reason_against(net, peer)), []).append(net.name)
    return [(peer, ', '.join(names), reason) for (peer, reason), names in found.items() if reason]


def image_of(net, name):
    return (net.shapes[name] + (1, 1))[:3]


def without_flatten(layers):
    """Layers that read what a Flatten reads, not its result."""
    source, result = {}, []
    for layer in layers:
        inputs = [source.get(name, name) for name in layer['inputs']]
        if layer['type'] == 'Flatten':
            source[layer['name']] = inputs[0]
        else:
            result.append(dict(layer, inputs=inputs))
    return result


def operator_of(net, layer):
    _, *size = image_of(net, layer['inputs'][0])
    if layer['type'] == 'AveragePooling2D' and pair(layer['pool_size']) == size:
        return 'GlobalAveragePooling2D'
    return activation_of(layer) or layer['type']


def geometry(net, layer):
    """As struct layer of steps.h has it; a kernel of 1x1 where there is none."""
    (channels, *size), out = image_of(net, layer['inputs'][0]), image_of(net, layer['name'])
    if layer['type'] in ('Dense', 'GlobalAveragePooling2D'):
        kernel = size
    else:
        kernel = pair(layer.get('kernel_size') or layer.get('pool_size') or 1)
    pad = layer.get('padding', 0)
    (top, bottom), (left, right) = [[pad] * 2] * 2 if isinstance(pad, int) else pad
    groups = channels if layer['type'] == 'DepthwiseConv2D' else layer.get('groups', 1)
    return [channels, *size, *out, *kernel, *pair(layer.get('strides', 1)), top, left, bottom, right,
            *pair(layer.get('dilation_rate', 1)), groups]


def write_weights(f, net, layer):
    tensor = {part: net.tensors.get('%s.%s' % (layer['weights'], part))
              for part in ('weight', 'bias', 'running_mean', 'running_var')}
    if layer['type'] == 'BatchNormalization':
        scale = tensor['weight'] / np.sqrt(tensor['running_var'] + np.float32(layer['epsilon']))
        f.write(scale.tobytes() + (tensor['bias'] - tensor['running_mean'] * scale).tobytes())
    elif layer['type'] in CONVOLUTIONS:
        f.write(tensor['weight'].tobytes() + tensor['bias'].tobytes())


def write_steps(net, folder, peer):
    layers = fuse_activations(without_flatten(with_inputs(net.layers)), FUSED[peer])
    if peer == 'oneDNN':
        layers = fuse_sums(layers)
    place = {name: i for i, name in enumerate(['x'] + [layer['name'] for layer in layers])}
    with open('%s/%s.steps' % (folder, peer), 'w') as f:
        for layer in layers:
            a, b = ([place[name] for name in layer['inputs']] + [-1])[:2]
            f.write('%s %d %d %s %.9g %s\n' % (
                operator_of(net, layer), a, b, layer.get('fused', 'none'), layer.get('negative_slope', 0),
                ' '.join(map(str, geometry(net, layer)))))


def write(net, folder):
    """Of the network all that its peers read, but for those that lack a layer."""
    with open(folder + '/steps.bin', 'wb') as f:
        for layer in without_flatten(with_inputs(net.layers)):
            write_weights(f, net, layer)
    for peer in FUSED:
        if not reason_against(net, peer):
            write_steps(net, folder, peer)
