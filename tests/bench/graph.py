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


def fuse_activations(layers, activations, types):
    """Layers without those of the activations that became the key 'fused' of the one before, which alone they read
    and which is of one of the types; its name is then theirs."""
    uses, result = uses_of(layers), []
    for layer in layers:
        before = result[-1] if result else None
        if (before and layer['inputs'] == [before['name']] and uses[before['name']] == 1
                and activation_of(layer) in activations and before['type'] in types):
            before.update(name=layer['name'], fused=activation_of(layer))
            before.update((key, layer[key]) for key in ('negative_slope',) if key in layer)
        else:
            result.append(layer)
    return result
