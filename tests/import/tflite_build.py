"""TFLite files written field by field: a FlatBuffer builder that knows tables, lists and text, and the
fields of TFLite's schema by number. Shares nothing with the importer."""
import struct

import numpy as np

TYPES = {np.dtype(np.float32): 0, np.dtype(np.float16): 1, np.dtype(np.int32): 2, np.dtype(np.uint8): 3,
         np.dtype(np.int64): 4, np.dtype(np.bool_): 6, np.dtype(np.int8): 9}
FORMATS = {'byte': '<b', 'int': '<i', 'uint': '<I', 'long': '<q', 'float': '<f'}


class Table:
    """Fields by number: ('int', 3), another Table, a list of Tables, ('ints', [...]), bytes, text."""

    def __init__(self, **fields):
        self.fields = {int(k.lstrip('f')): v for k, v in fields.items() if v is not None}


class Buffer:
    """Tables lie behind those that point at them; each has its vtable in front."""

    def __init__(self, root, identifier=b'TFL3'):
        self.data = bytearray(8)
        self.data[4:8] = identifier
        struct.pack_into('<I', self.data, 0, self.table(root))

    def align(self, n=4):
        self.data += bytes(-len(self.data) % n)

    def table(self, table):
        count = max(table.fields, default=-1) + 1
        sizes = {i: struct.calcsize(FORMATS[v[0]]) if isinstance(v, tuple) and v[0] in FORMATS
                 else 4
                 for i, v in table.fields.items()}
        places, at = {}, 4
        for i, size in sizes.items():
            at += -at % size
            places[i], at = at, at + size
        self.align()
        vtable = len(self.data)
        self.data += struct.pack('<HH', 4 + 2 * count, at)
        for i in range(count):
            self.data += struct.pack('<H', places.get(i, 0))
        self.align()
        start = len(self.data)
        self.data += struct.pack('<i', start - vtable) + bytes(at - 4)
        for i, value in table.fields.items():
            here = start + places[i]
            if isinstance(value, tuple) and value[0] in FORMATS:
                struct.pack_into(FORMATS[value[0]], self.data, here, value[1])
            else:
                struct.pack_into('<I', self.data, here, self.value(value) - here)
        return start

    def value(self, value):
        if isinstance(value, Table):
            return self.table(value)
        if isinstance(value, list):
            return self.tables(value)
        if isinstance(value, str):
            value = value.encode()
        elif isinstance(value, tuple):
            values = value[1]
            self.align(8)
            at = len(self.data)
            self.data += struct.pack('<I', len(values))
            for v in values:
                self.data += struct.pack(FORMATS[value[0][:-1]], v)
            return at
        self.align(4)
        at = len(self.data)
        self.data += struct.pack('<I', len(value)) + value + b'\0'
        return at

    def tables(self, tables):
        self.align()
        at = len(self.data)
        self.data += struct.pack('<I', len(tables)) + bytes(4 * len(tables))
        for i, t in enumerate(tables):
            here = at + 4 + 4 * i
            struct.pack_into('<I', self.data, here, self.table(t) - here)
        return at


class Net:
    """A graph in the making. Tensors are numbers; constants are arrays where an operand is asked for."""

    def __init__(self):
        self.tensors, self.buffers, self.codes, self.nodes = [], [b''], [], []
        self.inputs, self.outputs = [], []

    def tensor(self, shape, dtype=np.float32, name=None, data=None, quant=None, signature=None,
               bytes_=None):
        buffer = 0
        if data is not None or bytes_ is not None:
            self.buffers.append(bytes_ if bytes_ is not None
                                else np.ascontiguousarray(data).tobytes())
            buffer = len(self.buffers) - 1
        q = quant and Table(f2=('floats', quant[0]), f3=('longs', quant[1]), f6=('int', quant[2]))
        kind = dtype if isinstance(dtype, int) else TYPES[np.dtype(dtype)]
        self.tensors.append(Table(
            f0=('ints', list(shape)), f1=('byte', kind), f2=('uint', buffer),
            f3=name or 't%d' % len(self.tensors), f4=q,
            f7=signature and ('ints', list(signature))))
        return len(self.tensors) - 1

    def input(self, shape, dtype=np.float32, **more):
        self.inputs.append(self.tensor(shape, dtype, **more))
        return self.inputs[-1]

    def const(self, value, dtype=None, **more):
        value = np.asarray(value, dtype)
        return self.tensor(value.shape, value.dtype, data=value, **more)

    def op(self, code, inputs, shape, options=None, dtype=np.float32, custom=None, old=True):
        """One operator; shape: of its output, or a list of shapes of several."""
        key = (code, custom, old)
        if key not in self.codes:
            self.codes.append(key)
        inputs = [i if isinstance(i, int) else self.const(i) for i in inputs]
        shapes = shape if isinstance(shape, list) else [shape]
        outputs = [self.tensor(s, dtype) for s in shapes]
        self.nodes.append(Table(f0=('uint', self.codes.index(key)), f1=('ints', inputs),
                                f2=('ints', outputs), f3=('byte', 1 if options else 0), f4=options))
        return outputs if isinstance(shape, list) else outputs[0]

    def file(self, *outputs, version=3, identifier=b'TFL3'):
        codes = [Table(f0=('byte', min(code, 127)), f1=custom, f3=('int', code))
                 for code, custom, _ in self.codes]
        graph = Table(f0=self.tensors, f1=('ints', self.inputs), f2=('ints', list(outputs)),
                      f3=self.nodes)
        model = Table(f0=('uint', version), f1=codes, f2=[graph], f3='made by a test',
                      f4=[Table(f0=b) if b else Table() for b in self.buffers])
        return bytes(Buffer(model, identifier).data)
