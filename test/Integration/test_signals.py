"""Fourier transforms: of real and complex numbers, forward and back, whole and one-sided, against NumPy."""
import numpy as np
import pytest

from nodes import assert_close, make_model, node, run_model

RNG = np.random.default_rng(4)


def to_complex(x):
    return x[..., 0] if x.shape[-1] == 1 else x[..., 0] + 1j * x[..., 1]


def to_parts(z):
    return np.stack([z.real, z.imag], -1).astype(np.float32)


def transform(x, axis, length, inverse, onesided):
    z = to_complex(x.astype(np.float64))
    axis = axis + x.ndim if axis < 0 else axis
    if onesided:
        return np.fft.irfft(z, length, axis)[..., None].astype(np.float32) if inverse else to_parts(np.fft.rfft(z, length, axis))
    return to_parts((np.fft.ifft if inverse else np.fft.fft)(z, length, axis))


@pytest.mark.parametrize("length", [None, 5, 9, 12], ids=str)
@pytest.mark.parametrize("parts, inverse, onesided", [(1, 0, 0), (2, 0, 0), (1, 1, 0), (2, 1, 0), (1, 0, 1), (2, 1, 1)])
def test_dft(run_tool, tmp_path, parts, inverse, onesided, length):
    """Along every axis; what a length leaves out, and what it adds."""
    x = RNG.standard_normal((3, 9, 4, parts)).astype(np.float32)
    axes = {"first": np.int64(0), "second": np.int64(1), "back": np.int64(-3)}
    lengths = {} if length is None else {"length": np.int64(length)}
    nodes = [node("DFT", ["x", *(lengths or [""]), axis], f"y{axis}", inverse=inverse, onesided=onesided) for axis in axes]
    nodes.append(node("DFT", ["x", *lengths], "y", inverse=inverse, onesided=onesided))
    found = run_model(make_model(nodes, {"x": x}, {**axes, **lengths}, opset=20), {"x": x}, run_tool, tmp_path)
    for name, axis in {"first": 0, "second": 1, "back": -3, "": -2}.items():
        assert_close(found["y" + name], transform(x, axis, length, inverse, onesided), name)


def test_before_opset_20(run_tool, tmp_path):
    """The axis was an attribute, by default the first after the batch."""
    x = RNG.standard_normal((2, 6, 5, 1)).astype(np.float32)
    nodes = [node("DFT", ["x"], "y"), node("DFT", ["x"], "z", axis=2)]
    found = run_model(make_model(nodes, {"x": x}, opset=17), {"x": x}, run_tool, tmp_path)
    assert_close(found["y"], transform(x, 1, None, 0, 0))
    assert_close(found["z"], transform(x, 2, None, 0, 0))


def test_symbolic_extents(run_tool, tmp_path):
    """Of the batch, and of the axis itself: roots are computed in the run."""
    x = RNG.standard_normal((3, 10, 4, 2)).astype(np.float32)
    nodes = [node("DFT", ["x", "", "axis"], "y"), node("DFT", ["x", "", "axis"], "z", inverse=1)]
    model = make_model(nodes, {"x": x}, {"axis": np.int64(1)}, opset=20, symbolic={"x": {0: "batch", 1: "length"}})
    found = run_model(model, {"x": x}, run_tool, tmp_path)
    assert_close(found["y"], transform(x, 1, None, 0, 0))
    assert_close(found["z"], transform(x, 1, None, 1, 0))


def test_of_a_global_filter(run_tool, tmp_path):
    """A picture's spectrum, times a filter, and back: over two axes, as networks that mix tokens by it do."""
    x = RNG.standard_normal((2, 14, 14, 3, 1)).astype(np.float32)
    axes = {"rows": np.int64(1), "columns": np.int64(2)}
    nodes = [node("DFT", ["x", "", "columns"], "a", onesided=1), node("DFT", ["a", "", "rows"], "b"),
             node("DFT", ["b", "", "rows"], "c", inverse=1), node("DFT", ["c", "", "columns"], "y", inverse=1, onesided=1)]
    found = run_model(make_model(nodes, {"x": x}, axes, opset=20), {"x": x}, run_tool, tmp_path)
    assert_close(found["b"], to_parts(np.fft.fft(np.fft.rfft(x[..., 0], axis=2), axis=1)))
    assert_close(found["y"], x)
