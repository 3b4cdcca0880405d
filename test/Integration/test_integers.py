"""Arithmetic on integers of all sizes: wrapping, and defined where the processor would stop the program."""
import itertools

import ml_dtypes
import numpy as np
import pytest
import vitc
from onnx import TensorProto, helper, numpy_helper

from harness import compile_model, save

SIGNED = [np.int8, np.int16, np.int32, np.int64]
UNSIGNED = [np.uint8, np.uint16, np.uint32, np.uint64]
ALL = [*SIGNED, *UNSIGNED]
FLOATS = [np.float32, np.float16, ml_dtypes.bfloat16]


def name_of(dtype):
    return np.dtype(dtype).name


def type_of(dtype):
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def run_graph(run_tool, folder, nodes, inputs, outputs, constants=()):
    """The outputs, whose types are given, of a graph of nodes on arrays by name."""
    infos = [helper.make_tensor_value_info(name, type_of(array.dtype), array.shape) for name, array in inputs.items()]
    results = [helper.make_tensor_value_info(name, type_of(dtype), None) for name, dtype in outputs.items()]
    graph = helper.make_graph(nodes, "g", infos, results, [numpy_helper.from_array(value, name) for name, value in constants])
    model = helper.make_model(graph, ir_version=13, opset_imports=[helper.make_opsetid("", 28)])
    compile_model(run_tool, save(model, folder / "m.onnx"), folder / "m.so")
    return vitc.load(folder / "m.so", threads=2).run(inputs)


def edges(dtype):
    """Numbers of a type around its limits and around 0, and others."""
    info, rng = np.iinfo(dtype), np.random.default_rng(0)
    near = [info.min, info.min + 1, info.max - 1, info.max, 0, 1, 2, 3, 5, 7]
    near += [-1, -2, -3, -5] if info.min < 0 else []
    return np.array([*near, *rng.integers(info.min, info.max, 40, dtype, endpoint=True)], dtype)


def pairs(dtype):
    a, b = zip(*itertools.product(edges(dtype), repeat=2))
    return np.array(a, dtype), np.array(b, dtype)


def shift(a, b, left):
    bits = a.dtype.itemsize * 8
    short = (b >= 0) & (b < bits)
    with np.errstate(over="ignore"):
        shifted = np.where(short, a << np.where(short, b, 0) if left else a >> np.where(short, b, 0), 0)
    fill = np.where(a < 0, -1, 0) if a.dtype.kind == "i" and not left else 0
    return np.where(short, shifted, fill)


def divide(a, b):
    """Towards 0; by 0 it is 0, and the least by −1 wraps."""
    return [0 if y == 0 else abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1) for x, y in zip(a.tolist(), b.tolist())]


def modulo(a, b):
    return [0 if y == 0 else x % y for x, y in zip(a.tolist(), b.tolist())]


def remainder(a, b):
    return [0 if y == 0 else x - y * q for x, y, q in zip(a.tolist(), b.tolist(), divide(a, b))]


def power(a, b):
    def one(x, y):
        if y >= 0:
            return pow(x, y, 1 << 64)
        return x if x == 1 else (1 if y % 2 == 0 else -1) if x == -1 else 0

    return [one(x, y) for x, y in zip(a.tolist(), b.tolist())]


def wrapped(values, dtype):
    """Python's integers in the bits of a type."""
    bits = np.dtype(dtype).itemsize * 8
    return np.array([value % (1 << bits) for value in values], np.uint64).astype(f"u{bits // 8}").view(dtype)


BINARY = {
    "Add": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b,
    "Div": divide,
    "Mod": modulo,
    "Pow": power,
    "Min": np.minimum,
    "Max": np.maximum,
    "BitwiseAnd": np.bitwise_and,
    "BitwiseOr": np.bitwise_or,
    "BitwiseXor": np.bitwise_xor,
    "Equal": np.equal,
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
}
UNARY = {"Abs": np.abs, "Sign": np.sign, "BitwiseNot": np.invert}


@pytest.mark.parametrize("dtype", ALL, ids=name_of)
def test_elementwise(run_tool, tmp_path, dtype):
    a, b = pairs(dtype)
    unary = dict(UNARY, Neg=np.negative, Relu=lambda a: np.maximum(a, 0)) if dtype in SIGNED else UNARY
    nodes = [helper.make_node(op, ["a", "b"], [op]) for op in BINARY]
    nodes += [helper.make_node(op, ["a"], [op]) for op in unary]
    nodes += [helper.make_node("BitShift", ["a", "b"], [direction], direction=direction) for direction in ("LEFT", "RIGHT")]
    nodes += [helper.make_node("Mod", ["a", "b"], ["FMod"], fmod=1), helper.make_node("Clip", ["a", "low", "high"], ["Clip"]),
              helper.make_node("Where", ["Less", "a", "b"], ["Where"]), helper.make_node("Pow", ["a", "three"], ["Cube"])]
    names = [node.output[0] for node in nodes]
    bools = {"Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"}
    low, high = sorted([dtype(3), dtype(100)])
    constants = [("low", np.array(low)), ("high", np.array(high)), ("three", np.array(3, dtype))]
    got = run_graph(run_tool, tmp_path, nodes, {"a": a, "b": b}, {name: bool if name in bools else dtype for name in names}, constants)
    with np.errstate(all="ignore"):
        wanted = {op: compute(a, b) for op, compute in BINARY.items()} | {op: compute(a) for op, compute in unary.items()}
        wanted |= {"LEFT": shift(a, b, True), "RIGHT": shift(a, b, False), "FMod": remainder(a, b), "Where": np.minimum(a, b),
                   "Clip": np.clip(a, low, high), "Cube": a * a * a}
    for name in names:
        values = wrapped(wanted[name], dtype) if isinstance(wanted[name], list) else np.asarray(wanted[name])
        np.testing.assert_array_equal(got[name], values if name in bools else values.astype(dtype), err_msg=name)


def cast(values, to):
    """Integers wrap; floats saturate, and NaN is 0."""
    if values.dtype.kind in "iub" or np.dtype(to).kind not in "iu":
        return values.astype(to)
    info = np.iinfo(to)
    return np.array([0 if np.isnan(x) else min(max(int(x) if np.isfinite(x) else int(np.sign(x)) << 70, info.min), info.max)
                     for x in values.astype(np.float64)], to)


@pytest.mark.parametrize("source", [*ALL, *FLOATS, np.bool_], ids=name_of)
def test_casts(run_tool, tmp_path, source):
    """To every type; numbers that the type lacks among them."""
    if source is np.bool_:
        x = np.array([True, False, True])
    elif source in ALL:
        x = edges(source)
    else:
        limits = [sign * 2.0**power + add for power in (7, 8, 15, 16, 31, 32, 63, 64) for sign in (1, -1) for add in (0, -1, 1)]
        x = np.array([*limits, 0, -0.0, 0.5, -0.5, -0.99, 1.99, -1.99, np.inf, -np.inf, np.nan, 1e30, -1e30], np.float64)
        with np.errstate(over="ignore"):
            x = x.astype(source)
    targets = [to for to in (*ALL, *FLOATS, np.bool_) if to is not source]
    nodes = [helper.make_node("Cast", ["x"], [name_of(to)], to=type_of(to)) for to in targets]
    got = run_graph(run_tool, tmp_path, nodes, {"x": x}, {name_of(to): to for to in targets})
    with np.errstate(all="ignore"):
        for to in targets:
            found, wanted = got[name_of(to)], cast(x, to)
            assert found.dtype == wanted.dtype
            if to in FLOATS:  # NumPy does not know the others' NaN
                found, wanted = found.astype(np.float32), wanted.astype(np.float32)
            np.testing.assert_array_equal(found, wanted, err_msg=name_of(to))


@pytest.mark.parametrize("constant", [False, True], ids=["input", "constant"])
def test_small_casts_are_the_same_at_compile_time(run_tool, tmp_path, constant):
    """Shape inference evaluates short constants."""
    x = np.float32([300, -300, np.inf, np.nan, 2.9, -2.9])
    y = helper.make_node("Cast", ["x"], ["y"], to=TensorProto.INT8)
    inputs, constants = ({}, [("x", x)]) if constant else ({"x": x}, [])
    got = run_graph(run_tool, tmp_path, [y], inputs, {"y": np.int8}, constants)["y"]
    np.testing.assert_array_equal(got, np.int8([127, -128, 127, 0, 2, -2]))


@pytest.mark.parametrize("base", [np.int32, np.int64, np.uint8], ids=name_of)
def test_fractional_powers(run_tool, tmp_path, base):
    """Of integers: truncated, exact where the exponent or the result is whole; whole powers wrap, others are cast."""
    x, y = (array.ravel() for array in np.meshgrid(np.arange(1, 13, dtype=base), np.float32([0, 0.5, 1, 1.5, 2, 3, -1, -0.5, 2.5])))
    got = run_graph(run_tool, tmp_path, [helper.make_node("Pow", ["x", "y"], ["z"])], {"x": x, "y": y}, {"z": base})["z"]
    exact = x.astype(np.float64) ** y
    wanted = np.where(np.abs(exact - np.round(exact)) < 1e-9, np.round(exact), np.trunc(exact))
    whole = wrapped(wanted.astype(np.int64).tolist(), base)
    np.testing.assert_array_equal(got, np.where(y == np.trunc(y), whole, cast(wanted, base)))


@pytest.mark.parametrize("exponent", ALL, ids=name_of)
def test_floats_to_whole_powers(run_tool, tmp_path, exponent):
    x = np.float32([-3, -2, -1, -0.5, 0.5, 1, 2, 3])
    y = np.array([0, 1, 2, 3, 4, 5, 6, 7], exponent)
    got = run_graph(run_tool, tmp_path, [helper.make_node("Pow", ["x", "y"], ["z"])], {"x": x, "y": y}, {"z": np.float32})["z"]
    np.testing.assert_allclose(got, x.astype(np.float64) ** y, rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint32, np.uint64], ids=name_of)
def test_products(run_tool, tmp_path, dtype):
    """MatMul with and without a constant, and Gemm; sums wrap."""
    rng = np.random.default_rng(0)
    info = np.iinfo(dtype)
    a, b, c, w = (rng.integers(info.min, info.max, shape, dtype) for shape in [(3, 5, 7), (3, 7, 6), (6,), (7, 6)])
    nodes = [helper.make_node("MatMul", ["a", "b"], ["p"]), helper.make_node("MatMul", ["a", "w"], ["q"]),
             helper.make_node("Add", ["q", "c"], ["r"]), helper.make_node("Gemm", ["m", "w", "c"], ["s"]),
             helper.make_node("ReduceSum", ["a", "last"], ["t"])]
    inputs = {"a": a, "b": b, "c": c, "m": a[0].copy()}
    got = run_graph(run_tool, tmp_path, nodes, inputs, dict.fromkeys("pqrst", dtype), [("w", w), ("last", np.int64([2]))])
    with np.errstate(all="ignore"):
        for name, wanted in {"p": a @ b, "q": a @ w, "r": a @ w + c, "s": a[0] @ w + c, "t": a.sum(2, dtype, keepdims=True)}.items():
            np.testing.assert_array_equal(got[name], wanted, err_msg=name)


def test_bit_casts(run_tool, tmp_path):
    """Between all types of a size; those that are only stored keep their bits too."""
    rng = np.random.default_rng(0)
    sizes = {1: [np.int8, np.uint8], 2: [np.int16, np.uint16, np.float16, ml_dtypes.bfloat16], 4: [np.int32, np.uint32, np.float32],
             8: [np.int64, np.uint64]}
    inputs = {f"x{size}": rng.integers(0, 256, 40 * size, np.uint8).view(types[0]) for size, types in sizes.items()}
    inputs["flags"] = np.array([True, False, True])
    nodes = [helper.make_node("BitCast", ["flags"], ["flags_u8"], to=TensorProto.UINT8)]
    outputs = {"flags_u8": np.uint8}
    for size, types in sizes.items():
        for to in types[1:]:
            name = name_of(to)
            nodes += [helper.make_node("BitCast", [f"x{size}"], [name], to=type_of(to)),
                      helper.make_node("BitCast", [name], [f"{name}_back"], to=type_of(types[0]))]
            outputs |= {name: to, f"{name}_back": types[0]}
    got = run_graph(run_tool, tmp_path, nodes, inputs, outputs)
    assert got["flags_u8"].tolist() == [1, 0, 1]
    for size, types in sizes.items():
        for to in types[1:]:
            bits = inputs[f"x{size}"].view(f"u{size}")
            nan = np.isnan(bits.view(to).astype(np.float32)) if np.dtype(to).kind not in "iu" else np.zeros(bits.shape, bool)
            for name in (name_of(to), f"{name_of(to)}_back"):
                np.testing.assert_array_equal(got[name].view(f"u{size}")[~nan], bits[~nan], err_msg=name)
