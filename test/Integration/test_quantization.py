"""Quantised tensors and models: as ONNX Runtime computes them."""
import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest
import vitc
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization

from harness import compile_model, save

QUANTIZED = [np.int8, np.uint8, np.int16, np.uint16]


def name_of(dtype):
    return np.dtype(dtype).name


def type_of(dtype):
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def both(run_tool, folder, nodes, inputs, outputs, constants=None, opset=21, shapes=None):
    """The outputs, whose types are given, by vitc and by ONNX Runtime, which computes node by node."""
    shapes = shapes or {}
    infos = [helper.make_tensor_value_info(name, type_of(array.dtype), shapes.get(name, array.shape)) for name, array in inputs.items()]
    results = [helper.make_tensor_value_info(name, type_of(dtype), None) for name, dtype in outputs.items()]
    weights = [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()]
    graph = helper.make_graph(nodes, "g", infos, results, weights)
    path = save(helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", opset)]), folder / "m.onnx")
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    reference = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    compile_model(run_tool, path, folder / "m.so")
    return vitc.load(folder / "m.so", threads=2).run(inputs), dict(zip(outputs, reference.run(list(outputs), inputs)))


def assert_same(got, wanted):
    for name, values in wanted.items():
        assert got[name].dtype == values.dtype and got[name].shape == values.shape
        np.testing.assert_array_equal(got[name], values, err_msg=name)


def assert_within_one(got, wanted):
    """Integers: the same but for a few that are rounded to the other side."""
    for name, values in wanted.items():
        difference = np.abs(got[name].astype(np.int64) - values)
        assert difference.max() <= 1 and difference.mean() < 1e-2 and values.std() > 0, name


def scales(shape, rng):
    return rng.uniform(0.01, 0.05, shape).astype(np.float32)


def zeros(shape, dtype, rng):
    info = np.iinfo(dtype)
    return rng.integers(max(info.min, -100), min(info.max, 100), shape, dtype)


GRANULARITIES = {"tensor": ((), {}), "axis": ((4,), {"axis": -2}), "blocks": ((2, 3, 5), {"axis": 1, "block_size": 2}),
                 "ragged": ((2, 4, 2), {"axis": -1, "block_size": 3})}


@pytest.mark.parametrize("dtype", QUANTIZED, ids=name_of)
@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("constant", [False, True], ids=["inputs", "constants"])
def test_quantize_and_dequantize(run_tool, tmp_path, dtype, granularity, constant):
    """Values beyond the type's range among them; scales that are inputs, too."""
    rng = np.random.default_rng(0)
    shape, attributes = GRANULARITIES[granularity]
    extents = (2, 6 if granularity == "blocks" else 4, 5)
    x = (rng.standard_normal(extents) * (1e3 if np.dtype(dtype).itemsize == 2 else 3)).astype(np.float32)
    x.flat[:3] = 1e7, -1e7, 0
    parameters = {"s": scales(shape, rng), "z": zeros(shape, dtype, rng)}
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], **attributes),
             helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"], **attributes)]
    inputs = {"x": x} if constant else {"x": x, **parameters}
    assert_same(*both(run_tool, tmp_path, nodes, inputs, {"q": dtype, "y": np.float32}, parameters if constant else None))


def test_defaults(run_tool, tmp_path):
    """Halves go to even numbers; no zero point, another type of result, integers of 32 bits, a scale of one element."""
    x = np.float32([0.5, 1.5, 2.5, -0.5, -1.5, 3.49, 300, -300])
    nodes = [helper.make_node("QuantizeLinear", ["x", "one"], ["u8"]),
             helper.make_node("QuantizeLinear", ["x", "list"], ["i8"], output_dtype=TensorProto.INT8),
             helper.make_node("DequantizeLinear", ["i", "one"], ["y"])]
    inputs = {"x": x, "i": np.int32([-7, 0, 1 << 20])}
    outputs = {"u8": np.uint8, "i8": np.int8, "y": np.float32}
    got, wanted = both(run_tool, tmp_path, nodes, inputs, outputs, {"one": np.float32(1), "list": np.float32([1])})
    assert_same(got, wanted)
    assert got["u8"].tolist() == [0, 2, 2, 0, 0, 3, 255, 0]


def test_not_a_number_is_zero(run_tool, tmp_path):
    text = """<ir_version: 8, opset_import: ["" : 17]> g (float[3] x) => (uint8[3] y) <float s = {0.5}, uint8 z = {7}>
        { y = QuantizeLinear(x, s, z) }"""
    compile_model(run_tool, save(onnx.parser.parse_model(text), tmp_path / "m.onnx"), tmp_path / "m.so")
    np.testing.assert_array_equal(vitc.load(tmp_path / "m.so")(np.float32([np.nan, np.inf, -np.inf])), np.uint8([0, 255, 0]))


@pytest.mark.parametrize("low, high", [(-3, 5), (1, 5), (-5, -1), (0, 0)], ids=["both", "positive", "negative", "zero"])
def test_dynamic_quantization(run_tool, tmp_path, low, high):
    x = np.random.default_rng(0).uniform(low, high, (3, 50)).astype(np.float32)
    node = helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "s", "z"])
    got, wanted = both(run_tool, tmp_path, [node], {"x": x}, {"y": np.uint8, "s": np.float32, "z": np.uint8}, shapes={"x": ["b", 50]})
    assert got["z"] == wanted["z"] and (got["y"] == wanted["y"]).all()
    np.testing.assert_allclose(got["s"], wanted["s"] if high > low else 0, rtol=1e-6)


MATRICES = {"2d": ((5, 33), (33, 6)), "batch": ((2, 3, 5, 33), (2, 3, 33, 6)), "broadcast": ((2, 5, 33), (33, 6))}


@pytest.mark.parametrize("a_type, b_type", [(np.uint8, np.int8), (np.uint8, np.uint8), (np.int8, np.int8)], ids=name_of)
@pytest.mark.parametrize("shapes", MATRICES)
def test_matrix_products_of_integers(run_tool, tmp_path, a_type, b_type, shapes):
    """With zero points of all granularities, and none."""
    rng = np.random.default_rng(0)
    a, b = (rng.integers(np.iinfo(t).min, np.iinfo(t).max, shape, t, endpoint=True)
            for t, shape in zip((a_type, b_type), MATRICES[shapes]))
    nodes = [helper.make_node("MatMulInteger", ["a", "b"], ["plain"]),
             helper.make_node("MatMulInteger", ["a", "b", "za", "zb"], ["shifted"]),
             helper.make_node("MatMulInteger", ["a", "b", "", "columns"], ["listed"])][: 3 if b.ndim == 2 else 2]
    zero = {"za": zeros((), a_type, rng), "zb": zeros((), b_type, rng), "columns": zeros((6,), b_type, rng)}
    assert_same(*both(run_tool, tmp_path, nodes, {"a": a, "b": b}, {node.output[0]: np.int32 for node in nodes}, zero))


def test_zero_points_of_rows(run_tool, tmp_path):
    """Which ONNX Runtime lacks: a list for matrices, a tensor for batches."""
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 255, (2, 5, 7), np.uint8), rng.integers(0, 255, (7, 6), np.uint8)
    rows, columns = rng.integers(0, 255, (2, 5, 1), np.uint8), rng.integers(0, 255, (6,), np.uint8)
    text = """<ir_version: 8, opset_import: ["" : 17]>
        g (uint8[2,5,7] a, uint8[5,7] m, uint8[7,6] b, uint8[2,5,1] r, uint8[5] l, uint8[6] c) => (int32[2,5,6] x, int32[5,6] y)
        { x = MatMulInteger(a, b, r, c)
        y = MatMulInteger(m, b, l, c) }"""
    compile_model(run_tool, save(onnx.parser.parse_model(text), tmp_path / "m.onnx"), tmp_path / "m.so")
    x, y = vitc.load(tmp_path / "m.so").run({"a": a, "m": a[0].copy(), "b": b, "r": rows, "l": rows[0, :, 0].copy(), "c": columns}).values()
    wide = [array.astype(np.int32) for array in (a, b, rows, columns)]
    np.testing.assert_array_equal(x, (wide[0] - wide[2]) @ (wide[1] - wide[3]))
    np.testing.assert_array_equal(y, x[0])


@pytest.mark.parametrize("dtype", [np.int8, np.uint8], ids=name_of)
@pytest.mark.parametrize("columns", [False, True], ids=["tensor", "columns"])
def test_quantized_matrix_product(run_tool, tmp_path, dtype, columns):
    rng = np.random.default_rng(0)
    info = np.iinfo(dtype)
    a, b = (rng.integers(info.min, info.max, shape, dtype) for shape in [(3, 5, 33), (33, 6)])
    shape = (6,) if columns else ()
    constants = {"sa": scales((), rng), "za": zeros((), dtype, rng), "sb": scales(shape, rng), "zb": zeros(shape, dtype, rng),
                 "sy": np.float32(5), "zy": zeros((), dtype, rng), "b": b}
    node = helper.make_node("QLinearMatMul", ["a", "sa", "za", "b", "sb", "zb", "sy", "zy"], ["y"])
    assert_within_one(*both(run_tool, tmp_path, [node], {"a": a}, {"y": dtype}, constants, shapes={"a": ["b", 5, 33]}))


CONVOLUTIONS = {
    "plain": ((2, 6, 9, 8), (4, 6, 3, 3), {}),
    "padded": ((2, 6, 9, 8), (4, 6, 3, 3), {"pads": [1, 0, 2, 1], "strides": [2, 1], "dilations": [1, 2]}),
    "grouped": ((2, 6, 9, 8), (4, 3, 3, 3), {"group": 2, "pads": [1, 1, 1, 1]}),
    "depthwise": ((2, 6, 9, 8), (6, 1, 3, 3), {"group": 6, "auto_pad": "SAME_UPPER"}),
    "one_dimension": ((2, 6, 9), (4, 6, 3), {"pads": [1, 1]}),
}


@pytest.mark.parametrize("kind", CONVOLUTIONS)
@pytest.mark.parametrize("filters", [False, True], ids=["tensor", "filters"])
def test_convolutions(run_tool, tmp_path, kind, filters):
    """What is padded is the zero point."""
    rng = np.random.default_rng(0)
    x_shape, w_shape, attributes = CONVOLUTIONS[kind]
    x, w = rng.integers(0, 255, x_shape, np.uint8), rng.integers(-128, 127, w_shape, np.int8)
    shape = w_shape[:1] if filters else ()
    constants = {"sx": scales((), rng), "zx": np.uint8(120), "sw": scales(shape, rng), "zw": np.zeros(shape, np.int8),
                 "sy": np.float32(0.7), "zy": np.uint8(128), "w": w, "bias": rng.integers(-5000, 5000, w_shape[0], np.int32)}
    nodes = [helper.make_node("QLinearConv", ["x", "sx", "zx", "w", "sw", "zw", "sy", "zy", "bias"], ["y"], **attributes)]
    assert_within_one(*both(run_tool, tmp_path, nodes, {"x": x}, {"y": np.uint8}, constants, shapes={"x": ["b", *x_shape[1:]]}))
    if x.ndim == 4 and not filters:
        nodes = [helper.make_node("ConvInteger", ["x", "u", "zx"], ["z"], **attributes)]
        constants = {"zx": constants["zx"], "u": w.view(np.uint8)}
        assert_same(*both(run_tool, tmp_path, nodes, {"x": x}, {"z": np.int32}, constants))


class Pictures(quantization.CalibrationDataReader):
    def __init__(self, name, shape):
        rng = np.random.default_rng(1)
        self.batches = iter([{name: rng.standard_normal(shape, dtype=np.float32)} for _ in range(4)])

    def get_next(self):
        return next(self.batches, None)


def test_quantized_vision_transformer(small_model, run_tool, tmp_path):
    """Quantised by ONNX Runtime, with QuantizeLinear and DequantizeLinear around each op."""
    original = onnx.load(small_model("deit"))
    graph_input = original.graph.input[0]
    shape = [dim.dim_value for dim in graph_input.type.tensor_type.shape.dim]
    quantized = tmp_path / "quantized.onnx"
    quantization.quantize_static(str(small_model("deit")), str(quantized), Pictures(graph_input.name, shape),
                                 quant_format=quantization.QuantFormat.QDQ, per_channel=True,
                                 activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    reference = onnxruntime.InferenceSession(quantized, options, providers=["CPUExecutionProvider"])
    compile_model(run_tool, quantized, tmp_path / "m.so")
    last = [node for node in onnx.load(quantized).graph.node if node.op_type == "DequantizeLinear"][-1]
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(quantized).graph.initializer}
    x = np.random.default_rng(2).standard_normal(shape, dtype=np.float32)
    wanted = reference.run(None, {graph_input.name: x})[0]
    got = vitc.load(tmp_path / "m.so", threads=2)(x)
    step = values[last.input[1]].max()
    assert got.shape == wanted.shape and np.abs(got - wanted).max() <= 1.01 * step < 0.1 * np.abs(wanted).max()
