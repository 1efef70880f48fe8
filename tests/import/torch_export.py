#!/usr/bin/python3
"""docs/export_torch.py: networks with random weights, exported, evaluated by cnngen, compared with PyTorch.

    torch_export.py CNNGEN OUT

Ends with "N passed, M failed".
"""
import os
import subprocess
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../docs'))
from export_torch import ExportError, export


class Mixed(nn.Module):
    """Functions, a residual, a depthwise convolution, two joined branches, view."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(8, eps=0.01)
        self.dw = nn.Conv2d(8, 8, (3, 5), padding=(1, 2), groups=8)
        self.grouped = nn.Conv2d(8, 12, 3, padding='same', groups=2, dilation=2)
        self.act = nn.PReLU(8)
        self.drop = nn.Dropout()
        self.fc = nn.Linear(20 * 3 * 3, 6)

    def forward(self, x):
        x = F.relu6(self.bn(self.conv(x)))
        y = self.act(self.dw(x)) + x
        z = torch.cat([self.grouped(y), y * torch.sigmoid(x)], 1)
        z = F.max_pool2d(z, 2, padding=0)
        z = self.drop(z)
        return F.log_softmax(self.fc(z.view(z.size(0), -1)), dim=1)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1)
        self.pad = nn.ZeroPad2d((1, 0, 2, 1))
        self.pool = nn.AvgPool2d(3, 2, 1, ceil_mode=True)
        self.more = nn.Upsample(scale_factor=2, mode='bilinear', align_corners=False)
        self.last = nn.Conv2d(6, 2, 1)

    def forward(self, x):
        x = F.leaky_relu(self.up(x), negative_slope=0.1)
        x = self.more(self.pool(self.pad(x)))
        return self.last(F.interpolate(x, scale_factor=2))


class Head(nn.Module):
    """Vectors, several of PyTorch's functions, the mean of an image's pixels."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(2, 5, 3), nn.SiLU(), nn.Hardswish(),
                                  nn.AdaptiveAvgPool2d((2, 3)), nn.GELU())
        self.norm, self.fc = nn.LayerNorm(5), nn.Linear(5, 4)
        self.bn, self.tail = nn.BatchNorm1d(4, affine=False), nn.Sequential(nn.Softplus(), nn.Softmax(dim=1))

    def forward(self, x):
        x = self.body(x).mean([2, 3])
        return self.tail(self.bn(self.fc(self.norm(x))))


class Flat(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, 6, 3), nn.Tanh(), nn.MaxPool2d(2), nn.Flatten(),
                                 nn.BatchNorm1d(6 * 4 * 3),
                                 nn.Linear(72, 7), nn.ELU(0.5), nn.Linear(7, 3))

    def forward(self, x):
        return self.net(x)


class Wrong(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.conv = nn.LSTM(4, 4), nn.Conv2d(3, 3, 3, padding=1, padding_mode='reflect')
        self.twice = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        x = self.twice(self.twice(self.conv(x)))
        return torch.cumsum(x, 2) + 1


def randomise(model):
    """Statistics and scales as after training."""
    for m in model.modules():
        if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d)):
            m.running_mean.uniform_(-0.5, 0.5)
            m.running_var.uniform_(0.5, 2)
            if m.affine:
                nn.init.uniform_(m.weight, 0.5, 1.5)
                nn.init.uniform_(m.bias, -0.5, 0.5)
    return model.eval()


def last(x):
    return np.ascontiguousarray(x.transpose(1, 2, 0)) if x.ndim == 3 else x


def check(name, model, shape, cnngen, out):
    """Why it fails, None when it doesn't."""
    spec = os.path.join(out, name + '.yaml')
    x = torch.rand(1, *shape) * 2 - 1
    with torch.no_grad():
        expected = last(randomise(model)(x)[0].numpy())
    try:
        export(model, shape, spec, name)
    except ExportError as e:
        return str(e)
    np.save(spec + '.in.npy', last(x[0].numpy()))
    done = subprocess.run([cnngen, 'run', '-q', spec, '--input', spec + '.in.npy', '-o',
                           spec + '.npy'],
                          capture_output=True, text=True)
    if done.returncode:
        return done.stderr
    got = np.load(spec + '.npy')
    if not np.allclose(got.ravel(), expected.ravel(),
                       rtol=1e-4, atol=1e-5 * max(1, abs(expected).max())):
        return 'differs by %g of %g' % (abs(got.ravel() - expected.ravel()).max(),
                                        abs(expected).max())
    return None


def refused(out):
    """All reasons at once."""
    wrong = Wrong()
    del wrong.lstm
    try:
        export(wrong, (3, 5, 5), os.path.join(out, 'wrong.yaml'))
    except ExportError as e:
        parts = ['conv (Conv2d): padding_mode is reflect',
                 'twice (Conv2d): it has weights and is called more than once',
                 'cumsum', 'not a tensor and a number']
        missing = [p for p in parts if p not in str(e)]
        if os.path.exists(os.path.join(out, 'wrong.yaml')):
            return 'a specification was written'
        return missing and 'no %r in %s' % (missing[0], e)
    return 'not refused'


def main():
    cnngen, out = sys.argv[1:3]
    os.makedirs(out, exist_ok=True)
    torch.manual_seed(1)
    cases = [('mixed', Mixed(), (3, 13, 11)), ('decoder', Decoder(), (4, 5, 6)),
             ('head', Head(), (2, 8, 11)),
             ('flat', Flat(), (1, 10, 8))]
    try:
        from torchvision import models
        cases += [('resnet18', models.resnet18(), (3, 48, 33)),
                  ('mobilenet_v2', models.mobilenet_v2(), (3, 32, 40))]
    except ImportError:
        print('skip: 2, networks of torchvision: it is not installed')
    results = [(name, check(name, model, shape, cnngen, out)) for name, model, shape in cases]
    results.append(('refused', refused(out)))
    for name, why in results:
        if why:
            print('FAIL %s: %s' % (name, why))
    failed = sum(bool(why) for _, why in results)
    print('%d passed, %d failed' % (len(results) - failed, failed))
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
