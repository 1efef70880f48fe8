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
    """Small numbers of those shapes, float32."""
    head, data = {}, b""
    for name, shape in shapes.items():
        n = 1
        for extent in shape:
            n *= extent
        head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * n]}
        data += struct.pack(f"<{n}f", *(0.01 * (i % 13 - 6) for i in range(n)))
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def specification(path, weights="random"):
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
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2, 4, 4])], [w])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))


def README(to):
    import numpy
    safetensors(to / "mnist.safetensors", {"conv2d.kernel": [3, 3, 1, 256], "conv2d.bias": [256],
                                           "dense.kernel": [13 * 13 * 256, 10], "dense.bias": [10]})
    program(to / "main.c", "mnist")
    specification(to / "model.yaml")  # until the model of ONNX takes its place
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


def weights(to):
    specification(to / "model.yaml")
    for name in ("open.c", "check.c"):
        (to / name).write_text((HERE / "weights" / name).read_text())


if __name__ == "__main__":
    page, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if page in globals() and page != "main":
        globals()[page](folder)
    sys.exit(0)
