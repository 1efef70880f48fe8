"""The layers of a Net as a graph in which activations are part of the layer before, as in an optimised model."""
from collections import Counter


def activation_of(layer):
    if layer['type'] == 'LeakyReLU':
        return 'leaky_relu'
    return layer.get('activation')


def with_inputs(layers):
    """Copies of the layers behind the input, each with the names of its inputs and of its weights, which it keeps
    whatever its result is called."""
    return [dict(layer, inputs=layer.get('inputs', [before['name']]), weights=layer['name'])
            for before, layer in zip(layers, layers[1:])]


def uses_of(layers):
    return Counter(name for layer in layers for name in layer['inputs'])


def fuse_activations(layers, fused):
    """Layers without the activations that became the key 'fused' of the one before, which alone they read and whose
    name is then theirs. fused: by type of that one, the names of such activations."""
    uses, result = uses_of(layers), []
    for layer in layers:
        before = result[-1] if result else None
        if (before and layer['inputs'] == [before['name']] and uses[before['name']] == 1
                and activation_of(layer) in fused.get(before['type'], ())):
            before.update(name=layer['name'], fused=activation_of(layer))
            before.update((key, layer[key]) for key in ('negative_slope',) if key in layer)
        else:
            result.append(layer)
    return result


def reusable_operand(before, layer, later):
    """The operand of the addition `layer` that the convolution `before`, right before it, can add its result to where
    it lies, since nobody reads it later; None if there isn't one."""
    if layer['type'] != 'Add' or before['type'] not in ('Conv2D', 'DepthwiseConv2D') or 'fused' in before:
        return None
    others = [name for name in layer['inputs'] if name != before['name']]
    read = {name for each in [before, *later] for name in each['inputs']} | {'x'}
    return others[0] if len(others) == 1 and others[0] not in read else None


def fuse_sums(layers):
    """Layers without the additions that became part of the convolution before, whose second input is then the other
    operand."""
    uses, result = uses_of(layers), []
    for i, layer in enumerate(layers):
        before = result[-1] if result else layer
        other = reusable_operand(before, layer, layers[i + 1:])
        if other and uses[before['name']] == 1:
            before.update((key, layer[key]) for key in ('name', 'fused', 'negative_slope') if key in layer)
            before['inputs'] = before['inputs'] + [other]
        else:
            result.append(layer)
    return result
