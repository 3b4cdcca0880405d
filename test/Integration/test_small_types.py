"""Floats of eight bits and less, and integers of less: stored, cast, quantised to and from."""
import ml_dtypes
import numpy as np
import onnx
import pytest
import vitc
from onnx import TensorProto, helper, numpy_helper

from harness import compile_model, save

FLOATS = {"FLOAT8E4M3FN": ml_dtypes.float8_e4m3fn, "FLOAT8E4M3FNUZ": ml_dtypes.float8_e4m3fnuz, "FLOAT8E5M2": ml_dtypes.float8_e5m2,
          "FLOAT8E5M2FNUZ": ml_dtypes.float8_e5m2fnuz, "FLOAT4E2M1": ml_dtypes.float4_e2m1fn}
INTEGERS = {"INT4": ml_dtypes.int4, "UINT4": ml_dtypes.uint4, "INT2": ml_dtypes.int2, "UINT2": ml_dtypes.uint2}


def data_type(name):
    return getattr(TensorProto, name)


def one_cast(run_tool, folder, source, target, shape, value=None, **attributes):
    """A compiled y = Cast(x); of a constant, where `value` is given."""
    node = helper.make_node("Cast", ["x"], ["y"], to=target, **attributes)
    inputs = [helper.make_tensor_value_info("x", source, shape)] if value is None else []
    constants = [] if value is None else [numpy_helper.from_array(value, "x")]
    graph = helper.make_graph([node], "g", inputs, [helper.make_tensor_value_info("y", target, shape)], constants)
    model = helper.make_model(graph, ir_version=13, opset_imports=[helper.make_opsetid("", 25)])
    compile_model(run_tool, save(model, folder / "m.onnx"), folder / "m.so")
    return vitc.load(folder / "m.so")


def codes(dtype):
    return np.arange(16 if dtype is ml_dtypes.float4_e2m1fn else 256, dtype=np.uint8).view(dtype)


def numbers(dtype):
    """Every number of a format, those halfway between neighbours, those beside them, and what is too large."""
    values = codes(dtype).astype(np.float64)
    finite = np.unique(values[np.isfinite(values)])
    middle = ((finite[1:] + finite[:-1]) / 2).astype(np.float32)
    large = np.float32([1.01, 1.1, 2, 1e10]) * np.float32(finite[-1])
    x = np.concatenate([finite.astype(np.float32), middle, np.nextafter(middle, np.float32(np.inf)),
                        np.nextafter(middle, np.float32(-np.inf)), large, -large, np.float32([np.inf, -np.inf, 0.0, -0.0])])
    return x[(x == 0) | (np.abs(x) >= np.finfo(np.float32).tiny)]


def assert_same(got, wanted):
    """Equal as numbers, zeros by their sign, and NaN where NaN is."""
    assert got.dtype == wanted.dtype
    got, wanted = got.astype(np.float32), wanted.astype(np.float32)
    np.testing.assert_array_equal(got, wanted)
    np.testing.assert_array_equal(np.signbit(got)[~np.isnan(got)], np.signbit(wanted)[~np.isnan(got)])


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("constant", [False, True], ids=["input", "constant"])
def test_widening_is_exact(run_tool, tmp_path, name, constant):
    values = np.tile(codes(FLOATS[name]), 8)
    model = one_cast(run_tool, tmp_path, data_type(name), TensorProto.FLOAT, [len(values)], values if constant else None)
    assert_same(model() if constant else model(values), values.astype(np.float32))


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("saturate", [1, 0])
def test_rounding_is_to_nearest_even(run_tool, tmp_path, name, saturate):
    x, dtype = numbers(FLOATS[name]), FLOATS[name]
    attributes = {} if name == "FLOAT4E2M1" else {"saturate": saturate}
    got = one_cast(run_tool, tmp_path, TensorProto.FLOAT, data_type(name), [len(x)], **attributes)(x)
    largest = np.float32(ml_dtypes.finfo(dtype).max)
    wanted = np.clip(x, -largest, largest).astype(dtype) if saturate else x.astype(dtype)
    assert_same(got, wanted)
    if name == "FLOAT4E2M1":  # which has no NaN
        assert_same(one_cast(run_tool, tmp_path, TensorProto.FLOAT, data_type(name), [1])(np.float32([np.nan])), np.array([-0.0], dtype))
    else:
        nan = one_cast(run_tool, tmp_path, TensorProto.FLOAT, data_type(name), [1])(np.float32([np.nan]))
        assert np.isnan(nan.astype(np.float32)).all()


@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize("constant", [False, True], ids=["input", "constant"])
def test_small_integers(run_tool, tmp_path, name, constant):
    """Read from low bits; of what is too large, these are written."""
    dtype = INTEGERS[name]
    info = ml_dtypes.iinfo(dtype)
    values = np.resize(np.arange(int(info.min), int(info.max) + 1), 37).astype(dtype)
    model = one_cast(run_tool, tmp_path, data_type(name), TensorProto.FLOAT, [37], values if constant else None)
    np.testing.assert_array_equal(model() if constant else model(values), values.astype(np.float32))
    x = np.float32([-100, -9, -8, -2.9, -1, 0, 0.5, 1, 2.9, 3, 7, 15, 16, 100])
    got = one_cast(run_tool, tmp_path, TensorProto.FLOAT, data_type(name), [len(x)])(x)
    np.testing.assert_array_equal(got.astype(np.int32), np.trunc(x).astype(np.int32).astype(dtype).astype(np.int32))


def quantized(run_tool, folder, name, x, scale, zero):
    """x quantised and dequantised again, and the quantised values."""
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]), helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"])]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
                              [helper.make_tensor_value_info("q", data_type(name), x.shape),
                               helper.make_tensor_value_info("y", TensorProto.FLOAT, x.shape)],
                              [numpy_helper.from_array(np.float32(scale), "s"), numpy_helper.from_array(zero, "z")])
    model = helper.make_model(graph, ir_version=13, opset_imports=[helper.make_opsetid("", 25)])
    compile_model(run_tool, save(model, folder / "m.onnx"), folder / "m.so")
    return vitc.load(folder / "m.so").run({"x": x}).values()


@pytest.mark.parametrize("name", ["FLOAT8E4M3FN", "FLOAT8E5M2", "FLOAT4E2M1", "INT4", "UINT4"])
def test_quantization(run_tool, tmp_path, name):
    dtype = {**FLOATS, **INTEGERS}[name]
    x = np.random.default_rng(0).standard_normal((3, 40)).astype(np.float32) * 20
    q, y = quantized(run_tool, tmp_path, name, x, 2.0, np.zeros((), dtype))
    info = ml_dtypes.finfo(dtype) if name in FLOATS else ml_dtypes.iinfo(dtype)
    scaled = np.clip(x / 2 if name in FLOATS else np.rint(x / 2), np.float32(info.min), np.float32(info.max))
    np.testing.assert_array_equal(q.astype(np.float32), scaled.astype(dtype).astype(np.float32))
    np.testing.assert_array_equal(y, q.astype(np.float32) * 2)


def test_weights_of_four_bits(run_tool, tmp_path):
    """Packed in the file, in blocks: a product with them."""
    rng = np.random.default_rng(0)
    w, s = rng.integers(-8, 8, (64, 12)).astype(ml_dtypes.int4), rng.uniform(0.1, 1, (4, 12)).astype(np.float32)
    nodes = [helper.make_node("DequantizeLinear", ["w", "s"], ["d"], axis=0, block_size=16), helper.make_node("MatMul", ["x", "d"], ["y"])]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["b", 64])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["b", 12])],
                              [numpy_helper.from_array(w, "w"), numpy_helper.from_array(s, "s")])
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)])
    compiled = compile_model(run_tool, save(model, tmp_path / "m.onnx"), tmp_path / "m.so")
    assert compiled.report["recognized"].get("linear", 1) == 1
    x = rng.standard_normal((5, 64), dtype=np.float32)
    wanted = x @ (w.astype(np.float32) * np.repeat(s, 16, axis=0))
    np.testing.assert_allclose(vitc.load(tmp_path / "m.so")(x), wanted, atol=1e-4 * np.abs(wanted).max())


def powers(x, mode, saturate):
    """The codes of FLOAT8E8M0 for numbers that are not negative, by the table of ONNX's Cast."""
    with np.errstate(divide="ignore"):
        exact = np.log2(x.astype(np.float64))
    whole = np.floor(exact)
    if mode == "up":
        whole = np.ceil(exact)
    if mode == "nearest":
        whole = np.where(x.astype(np.float64) >= 1.5 * 2.0 ** np.clip(whole, -200, 200), whole + 1, whole)
    codes = np.clip(whole, -127, 127) + 127
    outside = (whole > 127) | (x.astype(np.float64) < 2.0 ** -127)
    return np.where(np.isnan(x) | (outside & (not saturate)), 255, codes).astype(np.uint8)


@pytest.mark.parametrize("saturate", [1, 0])
@pytest.mark.parametrize("mode", ["up", "down", "nearest"])
def test_powers_of_two(run_tool, tmp_path, mode, saturate):
    tiny = np.float32(2.0 ** -126)
    x = np.float32([1, 1.25, 1.5, 1.75, 2, 3, 0.7, 1e-30, 1e30, 3e38, np.inf, np.nan, tiny, tiny * 1.25, tiny * 1.5, 0])
    got = one_cast(run_tool, tmp_path, TensorProto.FLOAT, TensorProto.FLOAT8E8M0, [len(x)], round_mode=mode, saturate=saturate)(x)
    np.testing.assert_array_equal(got.view(np.uint8), powers(x, mode, saturate))


def test_all_powers_of_two(run_tool, tmp_path):
    codes = np.arange(256, dtype=np.uint8).view(ml_dtypes.float8_e8m0fnu)
    got = one_cast(run_tool, tmp_path, TensorProto.FLOAT8E8M0, TensorProto.FLOAT, [256])(codes)
    np.testing.assert_array_equal(got, np.append(2.0 ** (np.arange(255.0) - 127), np.nan).astype(np.float32))


@pytest.mark.parametrize("name", [*FLOATS, *INTEGERS])
def test_types_are_named(run_tool, tmp_path, name):
    """As NumPy and ml_dtypes do; arrays of bytes are taken as bits, and others refused by name."""
    dtype = {**FLOATS, **INTEGERS}[name]
    model = one_cast(run_tool, tmp_path, data_type(name), TensorProto.FLOAT, [3])
    assert model.inputs[0].type == np.dtype(dtype).name
    x = np.array([0, 1, 1], dtype)
    np.testing.assert_array_equal(model(x.view(np.int8 if name.startswith("INT") else np.uint8)), [0, 1, 1])
    with pytest.raises(vitc.Error, match=np.dtype(dtype).name):
        model(np.zeros(3, np.float32))


def test_refused(run_tool, tmp_path):
    """What has no type here is named."""
    node = helper.make_node("Cast", ["x"], ["y"], name="the_cast", to=TensorProto.COMPLEX64)
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3])],
                              [helper.make_tensor_value_info("y", TensorProto.COMPLEX64, [3])])
    onnx.save(helper.make_model(graph, ir_version=13, opset_imports=[helper.make_opsetid("", 25)]), tmp_path / "m.onnx")
    run = run_tool("vitc", tmp_path / "m.onnx", "-o", tmp_path / "m.so")
    assert run.returncode == 1 and "the_cast" in run.stderr and "COMPLEX64, which vitc does not support" in run.stderr
