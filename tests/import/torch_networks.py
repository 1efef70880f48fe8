#!/usr/bin/python3
"""Networks exported by PyTorch, imported and compared with PyTorch's results.

    torch_networks.py IMPORTER CNNGEN OUT

Ends with "N passed, M failed".
"""
import os
import subprocess
import sys
import warnings

import numpy as np
import torch
import torchvision
from torch import nn

warnings.filterwarnings('ignore')

NETWORKS = ('resnet18', 'mobilenet_v2', 'mobilenet_v3_small', 'shufflenet_v2_x1_0', 'densenet121',
            'squeezenet1_1', 'efficientnet_b0', 'googlenet', 'mnasnet0_5', 'regnet_y_400mf',
            'convnext_tiny')
SIZE = {'squeezenet1_1': 96, 'googlenet': 96}
OPSETS = (11, 13, 16)
# What is exported otherwise than most.
EXPORT = {'warp': {'opset_version': 16},
          'upscale_functions': {'opset_version': 16, 'export_modules_as_functions': True},
          'norms_functions': {'opset_version': 16, 'export_modules_as_functions': True},
          'branches': {'dynamic_axes': {'input': {0: 'n', 1: 'c', 2: 'h', 3: 'w'}}}}


class Upscale(nn.Module):
    """Super-resolution: transposed convolution, pixel shuffle, interpolation, a skip."""

    def __init__(self):
        super().__init__()
        self.a = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.PReLU(8))
        self.b = nn.Sequential(nn.Conv2d(8, 12, 3, padding=1), nn.PixelShuffle(2),
                               nn.LeakyReLU(0.1))
        self.c = nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1)

    def forward(self, x):
        y = self.a(x)
        up = nn.functional.interpolate(x, scale_factor=2, mode='bilinear', align_corners=False)
        return torch.tanh(self.b(y) + self.c(y)) + up


class Norms(nn.Module):
    """Normalizations and activations that exporters spell in small operators."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.group, self.instance = nn.GroupNorm(4, 8), nn.InstanceNorm2d(8, affine=True)
        self.layer, self.head = nn.LayerNorm(8), nn.Linear(8, 5)

    def forward(self, x):
        y = nn.functional.hardswish(self.group(self.conv(x)))
        y = nn.functional.silu(self.instance(y)) + nn.functional.mish(y)
        y = nn.functional.gelu(self.layer(y.permute(0, 2, 3, 1))).mean((1, 2))
        return torch.softmax(self.head(nn.functional.normalize(y)), -1)


class Warp(nn.Module):
    """Optical flow: images read where a convolution says; channels in another order, running sums, einsum."""

    def __init__(self):
        super().__init__()
        self.flow, self.mix = nn.Conv2d(3, 2, 3, padding=1), nn.Parameter(torch.randn(4, 9))

    def forward(self, x):
        h, w = x.shape[2:]
        v, u = torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing='ij')
        grid = torch.stack([u, v], -1)[None] + 0.4 * torch.tanh(self.flow(x)).permute(0, 2, 3, 1)
        y = [nn.functional.grid_sample(x, grid, mode, padding, corners) for mode, padding,
             corners in (
            ('bilinear', 'zeros', False), ('bilinear', 'reflection', True), ('bicubic', 'border', False))]
        y = torch.cat(y, 1)[:, [8, 0, 4, 2, 2, 7, 1, 3, 5]]
        return torch.einsum('nchw,kc->nkhw', y, self.mix) + torch.cumsum(y, 3)[:, :4]


class Branches(nn.Module):
    """Compiled by PyTorch: each if stays in the model where the input's shape is left open, and so does squeeze."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(1, 8, 3)

    def forward(self, x):
        if x.size(1) == 3:
            y = self.a(x)
        else:
            y = self.b(x)
        if x.size(2) > 100:
            y = torch.relu(y)
        else:
            u, v = torch.split(y, 4, dim=1)
            y = u * torch.sigmoid(v)
        return y.squeeze(0).unsqueeze(0)


def shaken(net):
    """Random statistics: those of a fresh network would hide an error."""
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.1)
            m.running_var.uniform_(0.5, 1.5)
            m.weight.data.uniform_(0.5, 1.5)
            m.bias.data.normal_(0, 0.1)
    return net.eval()


def networks():
    for name in NETWORKS:
        options = {'init_weights': True} if name == 'googlenet' else {}
        yield name, getattr(torchvision.models, name)(weights=None, **options), SIZE.get(name, 64)
    yield 'upscale', Upscale(), 17
    yield 'norms', Norms(), 16
    yield 'warp', Warp(), 15
    yield 'upscale_functions', Upscale(), 17
    yield 'norms_functions', Norms(), 16
    yield 'branches', torch.jit.script(Branches()), 16


def check(importer, cnngen, out, name, net, size, opset):
    """Why the network fails, None when it doesn't."""
    path = os.path.join(out, name)
    x = torch.randn(1, 3, size, size)
    with torch.no_grad():
        expected = net(x)
        torch.onnx.export(net, x, path + '.onnx', input_names=['input'], output_names=['result'],
                          **{'opset_version': opset, **EXPORT.get(name, {})})
    expected = (expected[0] if isinstance(expected, tuple) else expected).numpy()
    np.save(path + '.in.npy', x.numpy())
    for command in ([importer, path + '.onnx', '-o', path + '.yaml', '-q', '--shape',
                     'input=1,3,%d,%d' % (size, size)],
                    [cnngen, 'run', '-q', path + '.yaml', '--input', path + '.in.npy', '-o',
                     path + '.out.npy'],
                    [cnngen, 'verify', '-q', path + '.yaml', '--input', path + '.in.npy']):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            return done.stdout + done.stderr
    got = np.load(path + '.out.npy').ravel()
    scale = np.abs(expected).max()
    return None if np.allclose(got, expected.ravel(), rtol=1e-4, atol=1e-5 * scale) else (
        'differs by %g of %g' % (np.abs(got - expected.ravel()).max(), scale))


def main():
    importer, cnngen, out = sys.argv[1:4]
    torch.manual_seed(1)
    passed = failed = 0
    for i, (name, net, size) in enumerate(networks()):
        why = check(importer, cnngen, out, name, shaken(net), size, OPSETS[i % len(OPSETS)])
        passed += why is None
        failed += why is not None
        if why:
            print('%s: %s' % (name, why))
    print('%d passed, %d failed' % (passed, failed))
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
