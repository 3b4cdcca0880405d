"""Writes the seeds of the fuzz targets: seeds.py FOLDER

The smallest graphs of test/models without their weights, which the targets draw, small models of one or a few nodes that
have what large ones seldom have: integers that state shapes, functions, subgraphs, external data; and the nodes of ONNX's
node suite, which has every operator.
"""
import itertools
import pathlib
import sys
import warnings

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.loader import load_model_tests

SOURCE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(SOURCE / "zoo"))
import zoo  # noqa: E402

GRAPHS = SOURCE / "test" / "models" / "graphs"
LARGEST_GRAPH = 24_000  # bytes
LARGEST_NODE = 2_000  # bytes
KEPT = 64  # elements of a float tensor that the targets do not draw


def without_weights(model):
    for tensor in model.graph.initializer:
        tensor.ClearField("doc_string")
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) > KEPT:
            tensor.ClearField("raw_data")
            tensor.ClearField("float_data")
    return model


def graphs():
    for name in zoo.names(GRAPHS):
        model = without_weights(zoo.load_graph(name, GRAPHS))
        if model.ByteSize() <= LARGEST_GRAPH:
            yield name, model


def small(nodes, shape=(1, 4, 8, 8), opset=21, functions=(), **constants):
    """A model of x with these nodes; constants by name."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    opsets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid("local", 1)] if functions else [])
    graph = helper.make_graph(nodes, "graph", [x], [y], tensors)
    return helper.make_model(graph, opset_imports=opsets, ir_version=10, functions=list(functions))


def one(op, *inputs, opset=21, shape=(1, 4, 8, 8), attributes=None, **constants):
    return small([helper.make_node(op, inputs, ["y"], name="node", **(attributes or {}))], shape, opset, **constants)


def ints(*values):
    return np.array(values, np.int64)


def weights(*shape):
    return np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)


def single_nodes():
    yield "conv", one("Conv", "x", "w", w=weights(6, 2, 3, 3), attributes={"group": 2, "pads": [1, 1, 1, 1], "strides": [2, 2]})
    yield "conv_transpose", one("ConvTranspose", "x", "w", w=weights(4, 3, 2, 2), attributes={"strides": [2, 2]})
    yield "max_pool", one("MaxPool", "x", attributes={"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1})
    yield "average_pool", one("AveragePool", "x", attributes={"kernel_shape": [2, 2], "count_include_pad": 1, "pads": [1, 1, 0, 0]})
    yield "resize", one("Resize", "x", "", "", "s", s=ints(1, 4, 16, 12), attributes={"mode": "linear"})
    yield "resize_scales", one("Resize", "x", "", "s", s=np.array([1, 1, 2, 2], np.float32), attributes={"mode": "cubic"})
    yield "slice", one("Slice", "x", "b", "e", "a", "t", b=ints(0, -1), e=ints(3, -9), a=ints(1, 2), t=ints(1, -2))
    yield "pad", one("Pad", "x", "p", p=ints(0, 0, 1, 1, 0, 0, 2, 2), attributes={"mode": "reflect"})
    yield "expand", one("Expand", "x", "s", s=ints(2, 1, 4, 8, 8))
    yield "tile", one("Tile", "x", "s", s=ints(1, 2, 1, 3))
    yield "reshape", one("Reshape", "x", "s", s=ints(0, -1, 16))
    yield "split", small([helper.make_node("Split", ["x", "s"], ["a", "b"], axis=1), helper.make_node("Sub", ["a", "b"], ["y"])], s=ints(2, 2))
    yield "gather", one("Gather", "x", "i", i=ints(3, 0, -1), attributes={"axis": 1})
    yield "top_k", one("TopK", "x", "k", k=ints(3), attributes={"axis": 1})
    yield "einsum", one("Einsum", "x", "w", w=weights(4, 5), attributes={"equation": "bchw,cd->bdhw"})
    yield "gemm", one("Gemm", "x", "w", "b", w=weights(5, 8), b=weights(5), shape=(3, 8), attributes={"transB": 1, "alpha": 0.5})
    yield "layer_norm", one("LayerNormalization", "x", "s", "b", s=weights(8), b=weights(8), attributes={"axis": -1})
    yield "group_norm", one("GroupNormalization", "x", "s", "b", s=weights(4), b=weights(4), attributes={"num_groups": 2})
    yield "batch_norm", one("BatchNormalization", "x", "s", "s", "s", "v", s=weights(4), v=np.ones(4, np.float32))
    yield "reduce", one("ReduceMean", "x", "a", a=ints(-1, 1), attributes={"keepdims": 0})
    yield "where", one("Where", "m", "x", "w", m=np.array([True, False] * 4), w=np.float32(0))
    yield "attention", one("Attention", "x", "x", "x", opset=23, attributes={"is_causal": 1})
    yield "depth_to_space", one("DepthToSpace", "x", attributes={"blocksize": 2})
    yield "symbolic", one("Reshape", "x", "s", s=ints(0, -1), shape=("batch", 4, "height", 8))


def several_nodes():
    def chain(*steps, **constants):
        nodes, value = [], "x"
        for number, (op, inputs, attributes) in enumerate(steps):
            result = "y" if number + 1 == len(steps) else f"v{number}"
            nodes.append(helper.make_node(op, [value, *inputs], [result], name=f"node{number}", **attributes))
            value = result
        return small(nodes, **constants)

    shape_arithmetic = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["b"], axis=0),
        helper.make_node("Unsqueeze", ["b", "axes"], ["u"]),
        helper.make_node("Concat", ["u", "rest"], ["t"], axis=0),
        helper.make_node("Reshape", ["x", "t"], ["y"]),
    ]
    yield "shapes", small(shape_arithmetic, ("batch", 4, 8, 8), zero=np.int64(0), axes=ints(0), rest=ints(-1, 8))
    yield "constants", small([
        helper.make_node("ConstantOfShape", ["s"], ["c"], value=numpy_helper.from_array(np.array([2], np.float32))),
        helper.make_node("Range", ["a", "b", "d"], ["r"]),
        helper.make_node("Cast", ["r"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["c", "f"], ["m"]),
        helper.make_node("Add", ["x", "m"], ["y"]),
    ], s=ints(8, 8), a=np.int64(0), b=np.int64(8), d=np.int64(1))
    yield "roll", chain(("Slice", ["b", "e", "a"], {}), ("Concat", ["x"], {"axis": 2}), b=ints(3), e=ints(8), a=ints(2))
    yield "norm", chain(("ReduceMean", ["a"], {}), ("Sub", ["x"], {}), ("Mul", ["w"], {}), a=ints(-1), w=weights(8))
    function = helper.make_function("local", "F", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])], [helper.make_opsetid("", 21)])
    yield "function", small([helper.make_node("F", ["x"], ["y"], domain="local")], functions=[function])
    branch = helper.make_graph([helper.make_node("Relu", ["x"], ["r"])], "branch", [],
                               [helper.make_tensor_value_info("r", TensorProto.FLOAT, None)])
    yield "if", one("If", "c", c=np.array(True), attributes={"then_branch": branch, "else_branch": branch})
    external = one("Add", "x", "w", w=weights(8))
    external.graph.initializer[0].ClearField("raw_data")
    external.graph.initializer[0].data_location = TensorProto.EXTERNAL
    external.graph.initializer[0].external_data.add(key="location", value="weights")
    yield "external", external


def suite():
    """Nodes of the suite; its small integers, which state shapes and indices, as constants if an input is left."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, of the values that the suite makes
        cases = load_model_tests(kind="node")
    for case in cases:
        model, inputs = case.model, case.data_sets[0][0]
        for info, value in list(zip(model.graph.input, inputs))[1:]:
            if isinstance(value, np.ndarray) and value.dtype in (np.int32, np.int64) and value.size <= KEPT:
                model.graph.initializer.append(numpy_helper.from_array(value, info.name))
                model.graph.input.remove(info)
        if "_expanded" not in case.name and model.ByteSize() <= LARGEST_NODE:
            yield case.name, model


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in itertools.chain(graphs(), single_nodes(), several_nodes(), suite()):
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())


if __name__ == "__main__":
    main()
