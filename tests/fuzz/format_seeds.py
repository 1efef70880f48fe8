#!/usr/bin/python3
"""Small files of the formats that cnngen recognises by content, to fuzz from: format_seeds.py FOLDER."""
import os
import pickle
import struct
import sys
import zipfile

FOLDER = sys.argv[1]
ARCHIVES = {
    'npz': ['kernel.npy', 'bias.npy'], 'keras': ['config.json', 'metadata.json',
                                                 'model.weights.h5'],
    'torch': ['net/data.pkl', 'net/data/0'], 'torchscript': ['net/constants.pkl', 'net/data.pkl'],
    'exported': ['net/archive_format'], 'zipped': ['model.json'], 'office': ['[Content_Types].xml'],
    'zip': ['readme.txt'], 'empty': [],
}
FILES = {
    'npy': b'\x93NUMPY\1\0', 'hdf5': b'\x89HDF\r\n\x1a\n' + bytes(40),
    'userblock': bytes(512) + b'\x89HDF\r\n\x1a\n',
    'safetensors': (2).to_bytes(8, 'little') + b'{}', 'pickle': pickle.dumps({'a': 1}),
    'old_torch': pickle.dumps(0x1950a86a20f9469cfc6c), 'graph': b'\n\7\n\1x\x12\2No\0',
    'tfjs': b'{"modelTopology": {}, "weightsManifest": []}',
    'graph_model': b'{"format": "graph-model"}',
    'spec': b'cnngen: 1\nname: a\nlayers: []\n', 'json': b'{"cnngen": 1}',
    'onnx': b'\x08\x08:\2\n\0',
    'coreml': b'\x08\4\x12\2\n\0\xa2\x1f\2\n\0', 'caffe': b'\n\1a\xa2\6\2\n\0',
    'prototxt': b'layer {\n}\n',
    'openvino': b'<?xml version="1.0"?>\n<net name="a">', 'darknet': b'[net]\n',
    'ncnn': b'7767517\n1 1\n',
    'paddle': b'\n\x0f\x08\0\x10' + b'\xff' * 9 + b'\1\x1a\0 \1', 'pir': b'{"base_code":{}}',
    'tensorrt': b'\2\0\0\0{}ftrt' + bytes(20),
    'lfs': b'version https://git-lfs.github.com/spec/v1\n',
    'mnn': struct.pack('<I14HiIII', 32, 28, 20, 0, 0, 0, 4, 0, 0, 0, 8, 12, 0, 0, 0, 28, 16, 20, 3) + bytes(80),
}

for name, members in ARCHIVES.items():
    with zipfile.ZipFile(os.path.join(FOLDER, name), 'w') as archive:
        for member in members:
            archive.writestr(member, 'x')
for name, content in FILES.items():
    with open(os.path.join(FOLDER, name), 'wb') as f:
        f.write(content)
