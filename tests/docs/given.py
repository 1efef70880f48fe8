"""What a page of the documentation takes for granted, written into a folder.

    python3 given.py PAGE FOLDER

Each page has a function of its name, or needs nothing.
"""
import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "import"))


def safetensors(path, shapes):
    """Small numbers of those shapes, variances near 1, float32."""
    head, data = {}, b""
    for name, shape in shapes.items():
        n = 1
        for extent in shape:
            n *= extent
        head[name] = {"dtype": "F32", "shape": shape,
                      "data_offsets": [len(data), len(data) + 4 * n]}
        data += struct.pack(f"<{n}f", *((1 if "var" in name else 0) + 0.01 * (i % 13 - 6)
                                        for i in range(n)))
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def small_network(path, weights="random"):
    path.write_text(f"cnngen: 1\nname: model\nweights: {weights}\nlayers:\n  - {{type: Input, shape: [6, 6, 1]}}\n"
                    "  - {type: Conv2D, filters: 4, kernel_size: 3}\n  - Flatten\n  - {type: Dense, units: 2}\n")


def program(path, model):
    """A main that runs the model once."""
    upper = model.upper()
    path.write_text(f"#include <stdalign.h>\n#include \"{model}.h\"\n\n"
                    f"static alignas({upper}_ARENA_ALIGN) unsigned char arena[{upper}_ARENA_BYTES];\n"
                    f"static float input[{upper}_INPUT_SIZE], output[{upper}_OUTPUT_SIZE];\n\n"
                    f"int main(void)\n{{\n    return {model}_run(input, output, arena, sizeof arena);\n}}\n")


def onnx_model(path):
    import numpy
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    w = numpy_helper.from_array(numpy.full((2, 1, 3, 3), 0.1, numpy.float32), "w")
    graph = helper.make_graph([helper.make_node("Conv", ["x", "w"], ["y"])], "g",
                              [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 6, 6])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2, 4, 4])],
                              [w])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
              str(path))


def README(to):
    import numpy
    safetensors(to / "mnist.safetensors", {"conv2d.kernel": [3, 3, 1, 256], "conv2d.bias": [256],
                                           "dense.kernel": [13 * 13 * 256, 10], "dense.bias": [10]})
    program(to / "main.c", "mnist")
    small_network(to / "model.yaml")  # until the model of ONNX takes its place
    numpy.save(to / "x.npy", numpy.zeros((1, 6, 6), numpy.float32))
    onnx_model(to / "model.onnx")
    (to / "mismatch.cnn.yaml").write_text((HERE.parent.parent / "examples/mismatch/mismatch.cnn.yaml").read_text())


def onnx(to):
    onnx_model(to / "model.onnx")


def keras(to):
    import keras_cases
    import keras_files
    import numpy
    keras_files.write(str(to / "model.keras"), keras_cases.classifier(), "keras")
    numpy.savez(to / "weights.npz", **{"conv.kernel": numpy.zeros((3, 3, 1, 2), numpy.float32)})


def tflite(to):
    from tflite_build import Net
    net = Net()
    (to / "model.tflite").write_bytes(net.file(net.op(19, [net.input((1, 4))], (1, 4))))


def specification(to):
    """A network with a layer of each row of the page's table of weights, and its weights in both orders."""
    lines = ["{type: Input, shape: [6, 6, 4]}",
             "{type: Conv2D, name: conv, filters: 6, kernel_size: [3, 2], groups: 2}",
             "{type: DepthwiseConv2D, name: depthwise, kernel_size: 2, depth_multiplier: 2}",
             "{type: SeparableConv2D, name: separable, filters: 5, kernel_size: 2, depth_multiplier: 3}",
             "{type: Conv2DTranspose, name: transpose, filters: 7, kernel_size: [2, 3]}",
             "{type: BatchNormalization, name: bn}",
             "{type: GroupNormalization, name: gn, groups: 7}",
             "{type: PReLU, name: prelu, shared_axes: [1, 2]}",
             "{type: Input, name: sound, shape: [15, 7]}",
             "{type: Conv1D, name: signal, filters: 4, kernel_size: 3}",
             "{type: LayerNormalization, name: ln}", "{type: Dense, name: dense, units: 2}"]
    vectors = {"bn": 7, "gn": 7, "ln": 4}
    keras = {"conv.kernel": [3, 2, 2, 6], "depthwise.depthwise_kernel": [2, 2, 6, 2],
             "depthwise.bias": [12],
             "separable.depthwise_kernel": [2, 2, 12, 3],
             "separable.pointwise_kernel": [1, 1, 36, 5], "separable.bias": [5],
             "transpose.kernel": [2, 3, 7, 5], "bn.moving_mean": [7], "bn.moving_variance": [7],
             "prelu.alpha": [1, 1, 7],
             "signal.kernel": [3, 7, 4], "dense.kernel": [4, 2]}
    torch = {"conv.weight": [6, 2, 3, 2], "depthwise.weight": [12, 1, 2, 2], "depthwise.bias": [12],
             "separable.depthwise.weight": [36, 1, 2, 2],
             "separable.pointwise.weight": [5, 36, 1, 1],
             "separable.pointwise.bias": [5], "transpose.weight": [5, 7, 2, 3],
             "bn.running_mean": [7], "bn.running_var": [7],
             "prelu.weight": [7], "signal.weight": [4, 7, 3], "dense.weight": [2, 4]}
    for layer, n in vectors.items():
        keras.update({layer + ".gamma": [n], layer + ".beta": [n]})
        torch.update({layer + ".weight": [n], layer + ".bias": [n]})
    for shapes, order in ((keras, "keras"), (torch, "torch")):
        shapes.update({"conv.bias": [6], "transpose.bias": [7], "signal.bias": [4],
                       "dense.bias": [2]})
        safetensors(to / f"every-{order}.safetensors", shapes)
        text = f"cnngen: 1\nweights: every-{order}.safetensors\noutputs: [prelu, dense]\nlayers:\n" + "".join(f"  - {line}\n" for line in lines)
        (to / f"every-{order}.yaml").write_text(text)


def weights(to):
    small_network(to / "model.yaml")
    for name in ("open.c", "check.c"):
        (to / name).write_text((HERE / "weights" / name).read_text())


if __name__ == "__main__":
    page, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if page in globals() and page != "main":
        globals()[page](folder)
    sys.exit(0)
