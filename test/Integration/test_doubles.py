"""Computations in float64, in part of a model or in all of it: as precise as NumPy's."""
import numpy as np
import pytest

from nodes import assert_close, make_model, node, run_model

RNG = np.random.default_rng(2)
X = RNG.standard_normal((5, 7)) * 3
Y = RNG.standard_normal((7, 4))


def run(run_tool, tmp_path, nodes, inputs, initializers=None, **options):
    return run_model(make_model(nodes, inputs, initializers, **options), inputs, run_tool, tmp_path)


def assert_precise(found, expected, rtol=1e-14):
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-300)


def test_arithmetic(run_tool, tmp_path):
    nodes = [node("Add", "xz", "add"), node("Sub", "xz", "sub"), node("Mul", "xz", "mul"), node("Div", "xz", "div"),
             node("Max", "xz", "max"), node("Min", "xz", "min"), node("Neg", "x", "neg"), node("Abs", "x", "abs"),
             node("Floor", "x", "floor"), node("Ceil", "x", "ceil"), node("Round", "x", "round"), node("Sqrt", ["abs"], "sqrt"),
             node("Reciprocal", "x", "reciprocal"), node("Less", "xz", "less"), node("Where", ["less", "x", "z"], "where"),
             node("Relu", "x", "relu"), node("Sign", "x", "sign")]
    z = RNG.standard_normal((5, 1))
    found = run(run_tool, tmp_path, nodes, {"x": X, "z": z}, symbolic=("x",))
    expected = dict(add=X + z, sub=X - z, mul=X * z, div=X / z, max=np.maximum(X, z), min=np.minimum(X, z), neg=-X, abs=np.abs(X),
                    floor=np.floor(X), ceil=np.ceil(X), round=np.rint(X), sqrt=np.sqrt(np.abs(X)), reciprocal=1 / X, less=X < z,
                    where=np.where(X < z, X, z), relu=np.maximum(X, 0), sign=np.sign(X))
    for name, value in expected.items():
        assert_precise(found[name], value) if value.dtype != bool else np.testing.assert_array_equal(found[name], value)


def test_products_and_sums(run_tool, tmp_path):
    nodes = [node("MatMul", "xy", "product"), node("Einsum", "xy", "einsum", equation="ij,jk->ki"),
             node("ReduceSum", ["x", "one"], "sum"), node("ReduceMean", ["x", "one"], "mean"), node("ReduceMax", ["x", "one"], "most"),
             node("ReduceLogSumExp", ["x", "one"], "logsumexp", keepdims=0), node("Softmax", "x", "softmax"),
             node("CumSum", ["x", "axis"], "cumsum"), node("Transpose", "x", "turned"), node("Concat", "xx", "twice", axis=0)]
    found = run(run_tool, tmp_path, nodes, {"x": X, "y": Y}, {"one": np.int64([1]), "axis": np.int64(1)}, symbolic=("x",))
    powers = np.exp(X)
    expected = dict(product=X @ Y, einsum=(X @ Y).T, sum=X.sum(1, keepdims=True), mean=X.mean(1, keepdims=True),
                    most=X.max(1, keepdims=True), logsumexp=np.log(powers.sum(1)), softmax=powers / powers.sum(1, keepdims=True),
                    cumsum=X.cumsum(1), turned=X.T, twice=np.concatenate([X, X]))
    for name, value in expected.items():
        assert_precise(found[name], value, rtol=1e-12)


def test_exp_and_log(run_tool, tmp_path):
    """Over their whole range: within a few units of the last place, at zeros, infinities and NaN. Subnormal numbers are zero."""
    x = np.concatenate([RNG.uniform(-745, 710, 4000), RNG.uniform(-1, 1, 1000), [0, -0.0, np.inf, -np.inf, np.nan, 709.78, -708.5, -745.2, 1e300]])
    y = np.concatenate([np.exp(RNG.uniform(-708, 709, 4000)), RNG.uniform(0.5, 2, 1000), 1 + RNG.uniform(-1e-6, 1e-6, 100),
                        [1, 0, -0.0, -1, np.inf, -np.inf, np.nan, 2.2250738585072014e-308, 1.7976931348623157e308]])
    found = run(run_tool, tmp_path, [node("Exp", "x", "exp"), node("Log", "y", "log")], {"x": x, "y": y})
    with np.errstate(all="ignore"):
        exp, log = np.exp(x), np.log(y)
    normal = ~((exp < 2.3e-308) & (exp > 0))
    np.testing.assert_allclose(found["exp"][normal], exp[normal], rtol=1e-15)
    np.testing.assert_allclose(found["exp"], exp, rtol=1e-15, atol=2.3e-308)
    np.testing.assert_allclose(found["log"], log, rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int32, np.int64, np.uint8, np.bool_])
def test_casts(run_tool, tmp_path, dtype):
    """To double and back; a third is not what it is in fewer bits."""
    x = np.abs(RNG.standard_normal((4, 9)) * 50).astype(dtype)
    kind = {np.float32: 1, np.float16: 10, np.int32: 6, np.int64: 7, np.uint8: 2, np.bool_: 9}[dtype]
    nodes = [node("Cast", "x", "d", to=11), node("Div", ["d", "three"], "t"), node("Mul", ["t", "three"], "m"), node("Cast", ["m"], "y", to=kind)]
    found = run(run_tool, tmp_path, nodes, {"x": x}, {"three": np.float64(3)})
    assert_precise(found["t"], x.astype(np.float64) / 3)
    assert_close(found["y"], (x.astype(np.float64) / 3 * 3).astype(dtype))


def test_inside_a_model(run_tool, tmp_path):
    """A norm in float64 between layers of float32: these are recognised, and that is precise where float32 cancels."""
    x = (RNG.standard_normal((3, 5, 16)) + 1000).astype(np.float32)
    w = RNG.standard_normal((16, 8)).astype(np.float32)
    nodes = [node("Cast", "x", "d", to=11), node("ReduceMean", ["d", "last"], "m"), node("Sub", ["d", "m"], "c"), node("Mul", ["c", "c"], "cc"),
             node("ReduceMean", ["cc", "last"], "v"), node("Add", ["v", "eps"], "ve"), node("Sqrt", ["ve"], "s"), node("Div", ["c", "s"], "n"),
             node("Cast", ["n"], "f", to=1), node("MatMul", ["f", "w"], "y")]
    found = run(run_tool, tmp_path, nodes, {"x": x}, {"last": np.int64([-1]), "eps": np.float64(1e-6), "w": w}, symbolic=("x",))
    wide = x.astype(np.float64)
    centred = wide - wide.mean(-1, keepdims=True)
    normed = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6)
    assert_precise(found["n"], normed, rtol=1e-9)
    assert_close(found["y"], (normed.astype(np.float32) @ w))
