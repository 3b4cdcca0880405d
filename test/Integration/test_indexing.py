"""Elements at indices, scatters, extrema, rearrangements: every mode and type against ONNX Runtime, on odd extents and on a
symbolic batch."""
import numpy as np
import pytest

from nodes import assert_close, compare_nodes, make_model, node, run_model

RNG = np.random.default_rng(5)
FLOATS = RNG.standard_normal((3, 5, 7)).astype(np.float32)
INTS = RNG.integers(-4, 5, (3, 5, 7))  # with many equal elements


def test_extrema(run_tool, tmp_path):
    data = {"x": FLOATS, "i": INTS.astype(np.int32), "u": (INTS + 4).astype(np.uint8)}
    nodes = [node(op, [name], f"{op}{name}{axis}{last}", axis=axis, keepdims=axis % 2, select_last_index=last)
             for op in ("ArgMax", "ArgMin") for name in data for axis in (0, -1) for last in (0, 1)]
    compare_nodes(nodes, data, run_tool, tmp_path, symbolic=("x",))


def test_sums(run_tool, tmp_path):
    data = {"x": FLOATS, "i": INTS.astype(np.int32), "j": INTS}
    axes = {"first": np.int64(0), "last": np.int32(-1)}
    nodes = [node("CumSum", [name, axis], f"{name}{axis}{exclusive}{reverse}", exclusive=exclusive, reverse=reverse)
             for name in data for axis in axes for exclusive in (0, 1) for reverse in (0, 1)]
    compare_nodes(nodes, data, run_tool, tmp_path, {k: np.asarray(v) for k, v in axes.items()}, symbolic=("x",))


def test_products(run_tool, tmp_path):
    data = {"x": FLOATS, "i": INTS.astype(np.int32)}
    nodes = [node("CumProd", [name, "axis"], f"{name}{exclusive}{reverse}", exclusive=exclusive, reverse=reverse)
             for name in data for exclusive in (0, 1) for reverse in (0, 1)]
    found = run_model(make_model(nodes, data, {"axis": np.int64(-1)}, opset=26, symbolic=("x",)), data, run_tool, tmp_path)
    for name, x in data.items():
        ones = np.ones_like(x[..., :1])
        for reverse in (0, 1):
            turned = x[..., ::-1] if reverse else x
            exclusive = np.concatenate([ones, turned[..., :-1]], -1).cumprod(-1, dtype=x.dtype)
            inclusive = turned.cumprod(-1, dtype=x.dtype)
            for product, which in (inclusive, 0), (exclusive, 1):
                assert_close(found[f"{name}{which}{reverse}"], product[..., ::-1] if reverse else product, name)


def test_top_k(run_tool, tmp_path):
    data = {"x": FLOATS, "i": INTS.astype(np.int32), "j": INTS, "long": RNG.permutation(1000).astype(np.float32)}
    nodes = [node("TopK", [name, k], [f"{name}{k}{axis}{largest}v", f"{name}{k}{axis}{largest}i"], axis=axis, largest=largest)
             for name in ("x", "i", "j") for k in ("two", "three") for axis in (0, -1) for largest in (0, 1)]
    nodes.append(node("TopK", ["long", "many"], ["lv", "li"]))
    sizes = {"two": np.int64([2]), "three": np.int64([3]), "many": np.int64([1000])}
    compare_nodes(nodes, data, run_tool, tmp_path, sizes)


def test_top_k_of_a_symbolic_batch(run_tool, tmp_path):
    compare_nodes([node("TopK", ["x", "k"], ["v", "i"], axis=1)], {"x": FLOATS}, run_tool, tmp_path, {"k": np.int64([4])}, symbolic=("x",))


def test_gather(run_tool, tmp_path):
    data = {"x": FLOATS, "e": RNG.integers(-5, 5, (3, 4, 6)), "e32": RNG.integers(-3, 3, (2, 5, 7)).astype(np.int32),
            "n": RNG.integers(-3, 3, (4, 2)), "bn": RNG.integers(-5, 5, (3, 6, 1)), "b": FLOATS > 0}
    nodes = [
        node("GatherElements", ["x", "e"], "ge", axis=1),
        node("GatherElements", ["x", "e32"], "ge32", axis=0),
        node("GatherElements", ["b", "e"], "gb", axis=-2),
        node("GatherND", ["x", "n"], "gn"),
        node("GatherND", ["x", "bn"], "gbn", batch_dims=1),
        node("Gather", ["x", "n"], "g", axis=1),
    ]
    compare_nodes(nodes, data, run_tool, tmp_path)
    compare_nodes([nodes[0], nodes[4]], {k: data[k] for k in ("x", "e", "bn")}, run_tool, tmp_path, symbolic=("x", "e", "bn"))


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.int64])
def test_scatter(dtype, run_tool, tmp_path):
    # Indices repeat: the order of updates counts.
    data = {"x": (FLOATS * 4).astype(dtype), "e": RNG.integers(-5, 5, (3, 5, 6)), "u": (RNG.standard_normal((3, 5, 6)) * 3).astype(dtype),
            "z": RNG.integers(-3, 3, (2, 5, 7)), "w": (RNG.standard_normal((2, 5, 7)) * 3).astype(dtype),
            "n": np.stack([RNG.integers(-3, 3, 9), RNG.integers(-5, 5, 9)], -1), "s": (RNG.standard_normal((9, 7)) * 3).astype(dtype)}
    reductions = ("none", "add", "mul", "max", "min")
    nodes = [node("ScatterElements", ["x", "e", "u"], f"e{r}", axis=1, reduction=r) for r in reductions]
    nodes += [node("ScatterElements", ["x", "z", "w"], f"z{r}", reduction=r) for r in reductions]
    nodes += [node("ScatterND", ["x", "n", "s"], f"n{r}", reduction=r) for r in reductions]
    compare_nodes(nodes, data, run_tool, tmp_path)


def test_scatter_in_a_symbolic_batch(run_tool, tmp_path):
    data = {"x": FLOATS, "e": RNG.integers(-7, 7, (3, 5, 4)), "u": RNG.standard_normal((3, 5, 4)).astype(np.float32)}
    compare_nodes([node("ScatterElements", ["x", "e", "u"], "y", axis=2, reduction="add")], data, run_tool, tmp_path, symbolic=("x", "e", "u"))


def test_scatter_of_bytes_and_bools(run_tool, tmp_path):
    """Unsigned extrema are unsigned; the input stays as it is."""
    x = np.array([0, 200, 3, 255], np.uint8)
    inputs = {"x": x, "i": np.array([0, 1, -2, 0]), "u": np.array([130, 7, 250, 4], np.uint8), "b": x > 100, "v": np.array([True, False, True, False])}
    model = make_model([node("ScatterElements", ["x", "i", "u"], "most", reduction="max"), node("ScatterElements", ["x", "i", "u"], "least", reduction="min"),
                        node("ScatterElements", ["b", "i", "v"], "bools")], inputs)
    found = run_model(model, inputs, run_tool, tmp_path)
    assert found["most"].tolist() == [130, 200, 250, 255] and found["least"].tolist() == [0, 7, 3, 255]
    assert found["bools"].tolist() == [False, False, True, True] and x.tolist() == [0, 200, 3, 255]


def test_scatter_before_opset_11(run_tool, tmp_path):
    data = {"x": FLOATS, "e": RNG.integers(0, 7, (3, 5, 4)), "u": RNG.standard_normal((3, 5, 4)).astype(np.float32)}
    compare_nodes([node("Scatter", ["x", "e", "u"], "y", axis=2)], data, run_tool, tmp_path, opset=10)


def test_indices_outside_are_clamped(run_tool, tmp_path):
    x, i, u = FLOATS[:, 0, :], np.array([[9, -9, 2]]), np.float32([[1, 2, 3]])
    far = np.array([[2**62, -(2**62)]])
    inputs = {"x": x, "i": i, "u": u, "far": far, "s": np.float32([8])}
    model = make_model([node("GatherElements", ["x", "i"], "ge", axis=1), node("Gather", ["x", "far"], "g", axis=0), node("GatherND", ["x", "far"], "gn"),
                        node("ScatterElements", ["x", "i", "u"], "se", axis=1), node("ScatterND", ["x", "far", "s"], "sn")], inputs)
    found = run_model(model, inputs, run_tool, tmp_path)
    assert_close(found["ge"], x[:1, [6, 0, 2]])
    assert_close(found["g"], x[[[2, 0]]])
    assert_close(found["gn"], x[[2], [0]])
    expected = x.copy()
    expected[0, [6, 0, 2]] = [1, 2, 3]
    assert_close(found["se"], expected)
    expected = x.copy()
    expected[2, 0] = 8
    assert_close(found["sn"], expected)


def test_one_hot(run_tool, tmp_path):
    data = {"i": RNG.integers(-7, 8, (3, 4)), "f": RNG.integers(-7, 8, (2, 3)).astype(np.float32), "s": np.asarray(-2), "u": np.array([1, 4, 200], np.uint8)}
    constants = {"d": np.int64([5]), "on": np.float32([0.5, 2]), "ints": np.int64([-1, 7])}
    nodes = [node("OneHot", ["i", "d", values], f"i{axis}{values}", axis=axis) for axis in (-1, 0, 1) for values in ("on", "ints")]
    compare_nodes(nodes, {"i": data["i"]}, run_tool, tmp_path, constants, opset=11, symbolic=("i",))
    data.pop("i")
    model = make_model([node("OneHot", ["f", "d", "on"], "y", axis=1), node("OneHot", ["u", "d", "on"], "z"), node("OneHot", ["s", "d", "ints"], "scalar")], data, constants, 11)
    found = run_model(model, data, run_tool, tmp_path)
    def expect(indices, axis):
        wrapped = np.where(indices < 0, indices + 5, indices)
        return np.moveaxis(np.where(wrapped[..., None] == np.arange(5), np.float32(2), np.float32(0.5)), -1, axis)
    assert_close(found["y"], expect(data["f"], 1))
    assert_close(found["z"], expect(data["u"].astype(int), -1))
    assert found["scalar"].tolist() == [-1, -1, -1, 7, -1]


def test_diagonals(run_tool, tmp_path):
    data = {"x": FLOATS, "m": FLOATS[0], "j": INTS, "b": INTS > 0}
    constants = {"up": np.asarray(2), "down": np.asarray(-3), "far": np.asarray(2**40)}
    nodes = [node("EyeLike", ["m"], f"eye{k}", k=k) for k in (0, 2, -3, 9)]
    nodes += [node("EyeLike", ["m"], f"eyes{t}", dtype=t, k=1) for t in (6, 7, 1)]
    nodes += [node("Trilu", [name, k], f"{name}{k}{upper}", upper=upper) for name in ("x", "j", "b") for k in constants for upper in (0, 1)]
    compare_nodes(nodes, data, run_tool, tmp_path, constants)


def test_blocks(run_tool, tmp_path):
    x = RNG.standard_normal((3, 8, 4, 6)).astype(np.float32)
    nodes = [node("DepthToSpace", ["x"], f"d{mode}", blocksize=2, mode=mode) for mode in ("DCR", "CRD")]
    nodes.append(node("SpaceToDepth", ["x"], "s", blocksize=2))
    compare_nodes(nodes, {"x": x}, run_tool, tmp_path, symbolic=("x",))


def test_blocks_in_the_other_order(run_tool, tmp_path):
    x = RNG.standard_normal((1, 3, 4, 6)).astype(np.float32)
    model = make_model([node("SpaceToDepth", ["x"], "y", blocksize=2, mode="CRD")], {"x": x}, opset=21)
    model.opset_import[0].version = 28
    found = run_model(model, {"x": x}, run_tool, tmp_path)["y"]
    assert_close(found, x.reshape(1, 3, 2, 2, 3, 2).transpose(0, 1, 3, 5, 2, 4).reshape(1, 12, 2, 3))


def test_reverse_sequence(run_tool, tmp_path):
    data = {"x": FLOATS, "j": INTS, "first": np.array([1, 5, 3]), "second": np.array([1, 3, 2, 1, 3])}
    nodes = [node("ReverseSequence", ["x", "first"], "a", batch_axis=0, time_axis=1), node("ReverseSequence", ["j", "second"], "b", batch_axis=1, time_axis=0)]
    compare_nodes(nodes, data, run_tool, tmp_path)


def test_padding(run_tool, tmp_path):
    data = {"x": FLOATS, "j": INTS, "value": np.asarray(np.float32(3))}
    pads = {"all": np.int64([1, 0, 3, 0, 2, 5]), "some": np.int64([2, 1]), "negative": np.int64([0, -1, 2, 1, 0, -3])}
    constants = pads | {"axis": np.int64([-1]), "seven": np.asarray(7)}
    nodes = [node("Pad", [name, "all"], f"{name}{mode}", mode=mode) for name in ("x", "j") for mode in ("constant", "edge", "reflect", "wrap")
             if mode != "reflect" or name == "x"]
    nodes += [node("Pad", ["x", "some", "", "axis"], "axis1", mode="reflect"),
              node("Pad", ["x", "negative", "value"], "value1"), node("Pad", ["j", "negative", "seven"], "value7")]
    compare_nodes(nodes, data, run_tool, tmp_path, constants)


def test_parts_and_copies(run_tool, tmp_path):
    data = {"x": FLOATS, "j": INTS, "b": INTS > 0, "u": INTS.astype(np.uint8)}
    constants = {"starts": np.int64([-1, 10]), "ends": np.int64([-10, 0]), "axes": np.int64([1, 2]), "steps": np.int64([-2, -3]),
                 "repeats": np.int64([2, 1, 3])}
    nodes = [node("Slice", [name, "starts", "ends", "axes", "steps"], f"slice{name}") for name in data]
    nodes += [node("Tile", [name, "repeats"], f"tile{name}") for name in ("x", "j", "b", "u")]
    compare_nodes(nodes, data, run_tool, tmp_path, constants)


def test_compress(run_tool, tmp_path):
    constants = {"some": np.array([True, False, True]), "none": np.array([False]), "all": RNG.random(105) > 0.5}
    nodes = [node("Compress", ["x", "some"], f"y{axis}", axis=axis) for axis in (0, 1, -1)] + [node("Compress", ["j", "all"], "flat"), node("Compress", ["x", "none"], "empty", axis=1)]
    compare_nodes(nodes, {"x": FLOATS, "j": INTS}, run_tool, tmp_path, constants)
