"""Outputs whose extents depend on data, against ONNX Runtime: counts, choices, suppression, and what follows them."""
import ctypes

import numpy as np
import onnx
import onnxruntime
import pytest
import vitc
from onnx import TensorProto, helper
from vitc import _abi
from vitc._session import fill

TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64,
         np.dtype(np.int32): TensorProto.INT32, np.dtype(np.uint8): TensorProto.UINT8,
         np.dtype(np.bool_): TensorProto.BOOL}


def make(nodes, inputs, outputs, path, constants=None, shapes=None):
    """A model of these nodes; inputs by name are arrays whose shapes hold, or those of `shapes`."""
    values = [helper.make_tensor_value_info(name, TYPES[array.dtype], (shapes or {}).get(name, array.shape))
              for name, array in inputs.items()]
    tensors = [onnx.numpy_helper.from_array(array, name) for name, array in (constants or {}).items()]
    graph = helper.make_graph(nodes, "graph", values, [onnx.ValueInfoProto(name=name) for name in outputs], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def run_reference(path, inputs):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]).run(None, inputs)


def check(path, inputs, rest=(), threads=2, rtol=1e-6):
    """vitc and ONNX Runtime give the same for these inputs, and for each of `rest` from the same library."""
    model = vitc.load(vitc.compile(path, path.with_suffix(".so")).path, threads=threads)
    for arrays in (inputs, *rest):
        results = model.run(arrays)
        for result, expected in zip(results.values(), run_reference(path, arrays), strict=True):
            assert (result.dtype, result.shape) == (expected.dtype, expected.shape)
            np.testing.assert_allclose(result, expected, rtol=rtol)
    return model


def draw_mask(shape, share, dtype, seed=0):
    rng = np.random.default_rng(seed)
    return ((rng.random(shape) < share) * rng.integers(1, 5, shape)).astype(dtype)


# NonZero


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.int32, np.uint8, np.bool_], ids=lambda t: t.__name__)
@pytest.mark.parametrize("shape", [(37,), (5, 7), (2, 3, 4, 5)], ids=str)
def test_non_zero(tmp_path, shape, dtype):
    nodes = [helper.make_node("NonZero", ["x"], ["y"], name="find")]
    some, none, every = (draw_mask(shape, share, dtype) for share in (0.4, 0, 1.1))
    check(make(nodes, {"x": some}, ["y"], tmp_path / "m.onnx"), {"x": some}, [{"x": none}, {"x": every}])


def test_non_zero_counts_nan_and_not_negative_zero(tmp_path):
    x = np.array([0, -0.0, np.nan, np.inf, 1e-45], np.float32)
    model = vitc.compile(make([helper.make_node("NonZero", ["x"], ["y"])], {"x": x}, ["y"], tmp_path / "m.onnx"),
                         tmp_path / "m.so")
    found = model(x)[0].tolist()
    assert found[:2] == [2, 3]  # a denormal number counts as zero, or not


def test_non_zero_of_open_batch(tmp_path):
    """The bound is a product with a symbol: of the session's maximum."""
    nodes = [helper.make_node("NonZero", ["x"], ["y"], name="find")]
    draw = lambda batch: {"x": draw_mask((batch, 6), 0.5, np.int64, batch)}
    path = make(nodes, draw(1), ["y"], tmp_path / "m.onnx", shapes={"x": ("batch", 6)})
    model = check(path, draw(1), [draw(5), draw(2), {"x": np.zeros((3, 6), np.int64)}])
    assert model.outputs[0].shape == (2, "count(find)")


# Compress


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_compress(tmp_path, axis):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((4, 5, 3)).astype(np.float32)
    length = x.size if axis is None else x.shape[axis]
    node = helper.make_node("Compress", ["x", "c"], ["y"], **({} if axis is None else {"axis": axis}))
    draws = [{"x": x, "c": rng.random(length) < share} for share in (0.5, -1, 2)]
    check(make([node], draws[0], ["y"], tmp_path / "m.onnx"), draws[0], draws[1:])


def test_compress_by_a_constant(tmp_path):
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    constants = {"c": np.array([True, False, True])}
    path = make([helper.make_node("Compress", ["x", "c"], ["y"], axis=1)], {"x": x}, ["y"], tmp_path / "m.onnx", constants)
    assert check(path, {"x": x}).outputs[0].shape == (3, 2)


# What follows an extent that a run computes


def follow(*tail):
    """Rows of x whose sum is positive, then these nodes."""
    return [helper.make_node("ReduceSum", ["x", "one"], ["s"], keepdims=0), helper.make_node("Greater", ["s", "zero"], ["p"]),
            helper.make_node("NonZero", ["p"], ["nz"]), helper.make_node("Squeeze", ["nz", "first"], ["i"]),
            helper.make_node("Gather", ["x", "i"], ["rows"], axis=0), *tail]


CONSTANTS = {"one": np.array([1]), "first": np.array([0]), "zero": np.float32(0), "w": np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 6),
             "flat": np.array([-1]), "pairs": np.array([-1, 2]), "same": np.array([0, 2, 2])}
TAILS = {
    "rows": [("Identity", ["rows"], {})],
    "elementwise": [("Exp", ["rows"], {})],
    "transpose": [("Transpose", ["rows"], {"perm": [1, 0]})],
    "flat": [("Reshape", ["rows", "flat"], {})],
    "pairs": [("Reshape", ["rows", "pairs"], {})],
    "split last": [("Reshape", ["rows", "same"], {})],
    "softmax": [("Softmax", ["rows"], {"axis": 1})],
    "matmul": [("MatMul", ["rows", "w"], {})],
    "concat": [("Concat", ["rows", "x", "rows"], {"axis": 0})],
    "reduce columns": [("ReduceSum", ["rows", "one"], {"keepdims": 0})],
    "reduce rows": [("ReduceSum", ["rows", "first"], {"keepdims": 0})],
    "shape": [("Shape", ["rows"], {})],
    "size": [("Size", ["rows"], {})],
    "expand": [("Shape", ["rows"], {}), ("Expand", ["zero", "y0"], {})],
    "range": [("Shape", ["i"], {}), ("Squeeze", ["y0"], {}), ("Range", ["start", "y1", "delta"], {})],
    "pairwise": [("Unsqueeze", ["i", "first"], {}), ("Unsqueeze", ["i", "one"], {}), ("Less", ["y0", "y1"], {})],
    "again": [("Greater", ["rows", "zero"], {}), ("NonZero", ["y0"], {})],
    "gather": [("GatherND", ["x", "nzt"], {})],
}


@pytest.mark.parametrize("name", TAILS)
def test_what_follows(tmp_path, name):
    tail = [helper.make_node("Transpose", ["nz"], ["nzt"], perm=[1, 0])]
    for number, (op, names, attributes) in enumerate(TAILS[name]):
        last = number + 1 == len(TAILS[name])
        tail.append(helper.make_node(op, names, ["y" if last else f"y{number}"], **attributes))
    x = np.random.default_rng(2).standard_normal((9, 4)).astype(np.float32)
    constants = {**CONSTANTS, "start": np.array(0), "delta": np.array(1)}
    path = make(follow(*tail), {"x": x}, ["y"], tmp_path / "m.onnx", constants)
    check(path, {"x": x}, [{"x": -abs(x)}, {"x": abs(x)}], rtol=1e-5)


# NonMaxSuppression


def suppress(center=0, operands=("boxes", "scores", "limit", "iou", "least")):
    return [helper.make_node("NonMaxSuppression", operands, ["y"], name="nms", center_point_box=center)]


def draw_boxes(batches=2, classes=3, boxes=40, seed=3, center=0):
    rng = np.random.default_rng(seed)
    corner, size = rng.random((batches, boxes, 2)), rng.random((batches, boxes, 2)) * 0.5
    pair = (corner, size) if center else (corner, corner + size * rng.choice([-1, 1], size.shape))
    scores = rng.integers(0, 12, (batches, classes, boxes)) / 11  # with ties
    return {"boxes": np.concatenate(pair, -1).astype(np.float32), "scores": scores.astype(np.float32)}


@pytest.mark.parametrize("center", [0, 1])
@pytest.mark.parametrize("limit", [0, 3, 1000])
def test_suppression_by_constants(tmp_path, center, limit):
    inputs = draw_boxes(center=center)
    constants = {"limit": np.array([limit]), "iou": np.array([0.3], np.float32), "least": np.array([0.2], np.float32)}
    check(make(suppress(center), inputs, ["y"], tmp_path / "m.onnx", constants), inputs,
          [draw_boxes(center=center, seed=seed) for seed in range(5)])


def test_suppression_by_inputs(tmp_path):
    """Limit and thresholds of the run: the bound is the number of boxes."""
    rest = [{**draw_boxes(seed=seed), "limit": np.array([limit]), "iou": np.array([iou], np.float32),
             "least": np.array([least], np.float32)}
            for seed, limit, iou, least in [(0, 5, 0.5, 0), (1, 0, 0.5, 0), (2, 10**9, 0, -1), (3, 4, 1, 0.9), (4, 2, 0.1, 2)]]
    check(make(suppress(), rest[0], ["y"], tmp_path / "m.onnx"), rest[0], rest[1:])


@pytest.mark.parametrize("count", range(2, 6))
def test_suppression_with_absent_operands(tmp_path, count):
    operands = ("boxes", "scores", "limit", "iou", "least")[:count]
    inputs = draw_boxes(1, 1, 20)
    constants = {"limit": np.array([7]), "iou": np.array([0.2], np.float32), "least": np.array([0.5], np.float32)}
    used = {name: constants[name] for name in operands[2:]}
    check(make(suppress(operands=operands), inputs, ["y"], tmp_path / "m.onnx", used), inputs)


def test_hostile_values(tmp_path):
    """NaN, infinities and limits below zero: rows stay within what there is, and each box of a class comes once."""
    base = {**draw_boxes(), "limit": np.array([8]), "iou": np.array([0.3], np.float32), "least": np.array([0.1], np.float32)}
    model = vitc.compile(make(suppress(), base, ["y"], tmp_path / "m.onnx"), tmp_path / "m.so")
    rng = np.random.default_rng(5)
    for round in range(40):
        arrays = {name: array.copy() for name, array in base.items()}
        for array in arrays["boxes"], arrays["scores"], arrays["iou"], arrays["least"]:
            hit = rng.random(array.shape) < 0.3
            array[hit] = rng.choice(np.array([np.nan, np.inf, -np.inf, 0, 3e38, -1], np.float32), hit.sum())
        arrays["limit"][0] = rng.choice([-1, -2**63, 2**63 - 1, 2**31, 3])
        rows = model(arrays)
        assert rows.dtype == np.int64 and rows.ndim == 2 and rows.shape[1] == 3
        assert ((rows >= 0) & (rows < (2, 3, 40))).all() and len({tuple(row) for row in rows}) == len(rows)
        assert arrays["limit"][0] > 0 or not len(rows)
        assert not np.isnan(arrays["scores"][rows[:, 0], rows[:, 1], rows[:, 2]]).any()


# Slices, selections and branches whose extents the run computes


@pytest.mark.parametrize("step", [1, 3, -1, -2])
def test_slice_by_inputs(tmp_path, step):
    x = np.arange(7 * 4, dtype=np.float32).reshape(7, 4)
    node = helper.make_node("Slice", ["x", "from", "to", "axes", "step"], ["y"], name="part")
    bounds = [(0, 7), (2, 5), (5, 2), (-3, -1), (-1, -9), (-99, 99), (99, -99), (6, 0), (-2**63, 2**63 - 1), (3, 3)]
    draws = [{"x": x, "from": np.array([first]), "to": np.array([last])} for first, last in bounds]
    path = make([node], draws[0], ["y"], tmp_path / "m.onnx", {"axes": np.array([0]), "step": np.array([step])})
    model = vitc.compile(path, tmp_path / "m.so")
    for draw, (first, last) in zip(draws, bounds):
        np.testing.assert_array_equal(model(draw), x[first:last:step])


def test_slice_of_one_axis_by_an_input(tmp_path):
    """The other axes of the slice are known."""
    x = np.arange(60, dtype=np.int64).reshape(3, 4, 5)
    node = helper.make_node("Slice", ["x", "from", "to", "axes", "step"], ["y"], name="part")
    constants = {"from": np.array([1, 0, 4]), "axes": np.array([0, 1, -1]), "step": np.array([1, 2, 1])}
    draws = [{"x": x, "to": np.array([3, last, 5])} for last in (4, 0, 2, -1)]
    for draw in draws:
        draw["end"] = draw.pop("to")[1:2]
    join = helper.make_node("Concat", ["three", "end", "five"], ["to"], axis=0)
    path = make([join, node], draws[0], ["y"], tmp_path / "m.onnx", {**constants, "three": np.array([3]), "five": np.array([5])})
    assert check(path, draws[0], draws[1:]).outputs[0].shape == (2, "count(part)", 1)


@pytest.mark.parametrize("largest", [0, 1])
@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.uint8], ids=lambda t: t.__name__)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_top_k_by_an_input(tmp_path, axis, dtype, largest):
    rng = np.random.default_rng(6)
    node = helper.make_node("TopK", ["x", "k"], ["v", "i"], axis=axis, largest=largest)
    draws = [{"x": rng.integers(0, 9, (5, 6, 4)).astype(dtype), "k": np.array([k])} for k in (3, 0, 1, 4)]
    check(make([node], draws[0], ["v", "i"], tmp_path / "m.onnx"), draws[0], draws[1:])


def test_top_k_of_more_than_there_is(tmp_path):
    x = np.array([3, np.nan, 1, np.inf, -1], np.float32)
    path = make([helper.make_node("TopK", ["x", "k"], ["v", "i"])], {"x": x, "k": np.array([2])}, ["v", "i"], tmp_path / "m.onnx")
    model = vitc.compile(path, tmp_path / "m.so")
    for k, count in (9, 5), (2**63 - 1, 5), (-1, 0), (-2**63, 0), (4, 4):
        result = model.run({"x": x, "k": np.array([k])})
        assert result["v"].shape == result["i"].shape == (count,) and len(set(result["i"].tolist())) == count


def test_best_of_what_was_found(tmp_path):
    """What detectors do: of the scores above a threshold the best, at most so many, by their boxes."""
    nodes = [helper.make_node("Greater", ["x", "zero"], ["p"]), helper.make_node("NonZero", ["p"], ["nz"]),
             helper.make_node("Squeeze", ["nz", "first"], ["i"]), helper.make_node("Gather", ["x", "i"], ["s"]),
             helper.make_node("Shape", ["i"], ["n"]), helper.make_node("Concat", ["most", "n"], ["both"], axis=0),
             helper.make_node("ReduceMin", ["both"], ["k"], keepdims=1), helper.make_node("TopK", ["s", "k"], ["v", "j"]),
             helper.make_node("Gather", ["i", "j"], ["y"]), helper.make_node("Slice", ["y", "first", "three"], ["head"])]
    rng = np.random.default_rng(7)
    draws = [{"x": (rng.standard_normal(50) + shift).astype(np.float32)} for shift in (0, -1.5, -9, 9)]
    constants = {"zero": np.float32(0), "first": np.array([0]), "most": np.array([20]), "three": np.array([3])}
    check(make(nodes, draws[0], ["v", "y", "head"], tmp_path / "m.onnx", constants), draws[0], draws[1:])


def test_branches_of_different_lengths(tmp_path):
    """Nothing where there is nothing, else what a branch makes of it."""
    none = helper.make_node("Constant", [], ["none"], value=onnx.numpy_helper.from_array(np.zeros((0, 4), np.float32)))
    branches = {"then_branch": helper.make_graph([none], "none", [], [onnx.ValueInfoProto(name="none")]),
                "else_branch": helper.make_graph([helper.make_node("Exp", ["rows"], ["some"])], "some", [],
                                                 [onnx.ValueInfoProto(name="some")])}
    for graph, name in zip(branches.values(), ("none", "some")):
        graph.output[0].CopyFrom(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    tail = [helper.make_node("Size", ["rows"], ["n"]), helper.make_node("Equal", ["n", "nothing"], ["empty"]),
            helper.make_node("If", ["empty"], ["y"], **branches)]
    x = np.random.default_rng(8).standard_normal((9, 4)).astype(np.float32)
    path = make(follow(*tail), {"x": x}, ["y"], tmp_path / "m.onnx", {**CONSTANTS, "nothing": np.array(0)})
    check(path, {"x": x}, [{"x": -abs(x)}, {"x": abs(x)}])


# The C interface


def tensor_of(array):
    """The array as the C interface takes it."""
    tensor = (_abi.DLTensor * 1)()
    tensor.kept = fill(tensor, [(array.shape, _abi.type_of(array.dtype))]), array
    tensor[0].data = array.ctypes.data
    return tensor


def test_room_for_fewer_is_refused(tmp_path):
    x = np.array([[0, 1], [2, 0]])
    model = vitc.compile(make([helper.make_node("NonZero", ["x"], ["y"], name="find")], {"x": x}, ["y"],
                              tmp_path / "m.onnx"), tmp_path / "m.so")
    assert model(x).tolist() == [[0, 1], [1, 0]]
    api, session = model._api, model._idle[0].handle
    given, shape, lent = tensor_of(x), (_abi.DLTensor * 1)(), (_abi.DLTensor * 1)()
    api.check(api.output_shapes(session, given, 1, shape, 1))
    assert shape[0].shape[: shape[0].ndim] == [2, 4]  # the most there can be
    with pytest.raises(vitc.Error, match=r"output 'y' has shape \(2, 3\); expected \(2, 4\)"):
        api.check(api.run(session, given, 1, tensor_of(np.empty((2, 3), np.int64)), 1, None))
    api.check(api.run(session, given, 1, lent, 1, None))
    assert lent[0].shape[: lent[0].ndim] == [2, 2]
    values = ctypes.cast(lent[0].data, ctypes.POINTER(ctypes.c_int64))
    assert values[:4] == [0, 1, 1, 0]


# Unique


def unique(x, axis, ordered):
    """What ONNX says: in ascending order, or as they first occur."""
    y, first, inverse, counts = np.unique(x, return_index=True, return_inverse=True, return_counts=True, axis=axis)
    inverse = inverse.reshape(-1)
    if ordered:
        return y, first, inverse, counts
    order = np.argsort(first)
    names = np.empty_like(order)
    names[order] = np.arange(len(order))
    return np.take(y, order, 0 if axis is None else axis), first[order], names[inverse], counts[order]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.int8, np.uint8, np.bool_], ids=lambda t: t.__name__)
@pytest.mark.parametrize("axis", [None, 0, 1, -1], ids=str)
@pytest.mark.parametrize("ordered", [1, 0])
def test_unique(tmp_path, axis, ordered, dtype):
    rng = np.random.default_rng(3)
    attributes = {"sorted": ordered} | ({} if axis is None else {"axis": axis})
    nodes = [helper.make_node("Unique", ["x"], ["y", "i", "v", "c"], name="find", **attributes)]
    arrays = [rng.integers(0, 2 if axis is not None else 40, (6, 5, 4)).astype(dtype), np.zeros((6, 5, 4), dtype),
              rng.permutation(120).reshape(6, 5, 4).astype(dtype)]
    arrays[0][3], arrays[0][:, 3], arrays[0][..., 3] = arrays[0][1], arrays[0][:, 0], arrays[0][..., 2]
    path = tmp_path / "m.onnx"
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", kind, (6, 5, 4))],
                              [onnx.ValueInfoProto(name=name) for name in "yivc"])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    model = vitc.load(vitc.compile(path, path.with_suffix(".so")).path, threads=2)
    for x in arrays:
        for found, expected in zip(model.run({"x": x}).values(), unique(x, axis, ordered), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_unique_alone_of_numbers_that_are_none(tmp_path):
    """One output alone; NaN is one value, and the last; zeros are equal, whatever their sign. Of many elements."""
    rng = np.random.default_rng(3)
    x = rng.integers(-300, 300, 20000).astype(np.float32)
    x[rng.integers(0, 20000, 500)], x[:3] = np.nan, [np.inf, -np.inf, -0.0]
    path = make([helper.make_node("Unique", ["x"], ["y"])], {"x": x}, ["y"], tmp_path / "m.onnx")
    np.testing.assert_array_equal(vitc.load(vitc.compile(path, path.with_suffix(".so")).path)(x), np.unique(x))


def test_what_follows_unique(tmp_path):
    """The extent is one symbol for all that has it."""
    x = np.array([3, 1, 3, 2, 1, 3], np.float32)
    nodes = [helper.make_node("Unique", ["x"], ["y", "i", "v", "c"]), helper.make_node("Gather", ["y", "v"], ["again"]),
             helper.make_node("Cast", ["c"], ["f"], to=TensorProto.FLOAT), helper.make_node("Mul", ["y", "f"], ["sums"])]
    check(make(nodes, {"x": x}, ["again", "sums"], tmp_path / "m.onnx"), {"x": x}, [{"x": x[::-1].copy()}])
