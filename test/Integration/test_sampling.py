"""Resize, GridSample, RoiAlign and their like: every mode against ONNX Runtime, on odd extents and on a symbolic batch."""
import itertools

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from nodes import assert_close, compare_nodes, make_model, node, run_model

RNG = np.random.default_rng(7)
IMAGE = RNG.standard_normal((2, 3, 7, 5)).astype(np.float32)
COORDINATES = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"]
UP, DOWN = np.float32([1, 1, 1.7, 2.5]), np.float32([1, 1, 0.6, 0.35])


def resize(name, scales=None, sizes=None, x="x", roi="", **attributes):
    inputs = [x, roi, scales or "", sizes or ""]
    return node("Resize", inputs if sizes else inputs[:3], name, **attributes)


@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_interpolation(mode, run_tool, tmp_path):
    nodes = [resize(f"{c}{s}", s, mode=mode, coordinate_transformation_mode=c) for c in COORDINATES for s in ("up", "down")]
    nodes += [resize(f"{c}{s}", sizes=s, mode=mode, coordinate_transformation_mode=c) for c in COORDINATES for s in ("larger", "one")]
    if mode == "cubic":
        nodes += [resize(f"out{s}", s, mode=mode, exclude_outside=1, cubic_coeff_a=-0.5) for s in ("up", "down")]
    sizes = {"up": UP, "down": DOWN, "larger": np.int64([2, 3, 11, 8]), "one": np.int64([2, 3, 1, 4])}
    compare_nodes(nodes, {"x": IMAGE}, run_tool, tmp_path, sizes)


def test_nearest(run_tool, tmp_path):
    """At positions that are not halfway between two elements: there the last bit of single precision decides."""
    nodes = [resize(f"{c}{r}{s}", s, coordinate_transformation_mode=c, nearest_mode=r)
             for c in COORDINATES for r in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil") for s in ("up", "down") if "symmetric" not in c]
    nodes += [resize(f"{t}{s}", s, x=t) for t in ("i", "u") for s in ("up", "down")]
    data = {"x": IMAGE, "i": RNG.integers(-9, 9, IMAGE.shape).astype(np.int32), "u": RNG.integers(0, 255, IMAGE.shape).astype(np.uint8)}
    compare_nodes(nodes, data, run_tool, tmp_path, {"up": np.float32([1, 1, 1.73, 2.31]), "down": np.float32([1, 1, 0.63, 0.37])})


def test_other_dimensions(run_tool, tmp_path):
    """One, three, and not the last ones."""
    data = {"line": RNG.standard_normal((2, 3, 9)).astype(np.float32), "volume": RNG.standard_normal((1, 2, 3, 4, 5)).astype(np.float32), "x": IMAGE}
    sizes = {"l": np.float32([1, 1, 1.5]), "v": np.float32([1, 1, 2, 0.5, 1.2]), "c": np.int64([5, 4]), "h": np.float32([1, 1, 2, 1])}
    nodes = [resize("line1", "l", x="line", mode="linear"), resize("volume1", "v", x="volume", mode="linear"), resize("volume2", "v", x="volume"),
             resize("rows", "h", mode="cubic"), resize("axes", sizes="c", mode="linear", axes=[2, 3]), resize("swapped", sizes="c", mode="linear", axes=[3, 2])]
    compare_nodes(nodes, data, run_tool, tmp_path, sizes)
    compare_nodes([nodes[3], nodes[4]], {"x": IMAGE}, run_tool, tmp_path, sizes, symbolic=("x",))


def test_symbolic_extents(run_tool, tmp_path):
    """Heights and widths of the run: positions and weights are computed in it."""
    nodes = [resize(f"{mode}{c}", "s", mode=mode, coordinate_transformation_mode=c) for mode in ("linear", "cubic") for c in COORDINATES]
    nodes += [resize(f"nearest{r}", "s", nearest_mode=r, coordinate_transformation_mode="asymmetric") for r in ("floor", "ceil")]
    nodes.append(resize("wide", "w", mode="linear"))
    nodes += [resize(f"antialias{mode}", "h", x="wide", mode=mode, antialias=1, exclude_outside=1) for mode in ("linear", "cubic")]
    nodes += [resize(f"fixed{mode}", sizes="z", mode=mode, axes=[2, 3]) for mode in ("linear", "cubic", "nearest")]
    data = {"x": RNG.standard_normal((1, 2, 8, 6)).astype(np.float32)}
    scales = {"s": np.float32([1, 1, 3, 2]), "w": np.float32([1, 1, 4, 4]), "h": np.float32([1, 1, 0.5, 0.25]), "z": np.int64([11, 5])}
    compare_nodes(nodes, data, run_tool, tmp_path, scales, symbolic={"x": {2: "height", 3: "width"}})


def test_long_axes(run_tool, tmp_path):
    """Too many elements for a matrix: each output reads its own few."""
    data = {"x": RNG.standard_normal((1, 2, 130, 97)).astype(np.float32)}
    nodes = [resize(f"{mode}{s}", s, mode=mode) for mode in ("linear", "cubic") for s in ("up", "down")]
    compare_nodes(nodes, data, run_tool, tmp_path, {"up": np.float32([1, 1, 1.3, 2]), "down": np.float32([1, 1, 0.4, 0.7])})


@pytest.mark.parametrize("mode", ["linear", "cubic"])
def test_antialiasing(mode, run_tool, tmp_path):
    """ONNX Runtime drops what lies outside; by the standard it reads the edge, unless excluded."""
    data = {"x": IMAGE, "long": RNG.standard_normal((1, 1, 130, 97)).astype(np.float32)}
    nodes = [resize(f"{x}{s}", s, x=x, mode=mode, antialias=1, exclude_outside=1) for x in data for s in ("down", "up")]
    compare_nodes(nodes, data, run_tool, tmp_path, {"down": np.float32([1, 1, 0.6, 0.3]), "up": np.float32([1, 1, 1.5, 2])})


def test_crops(run_tool, tmp_path):
    nodes = [resize(f"{mode}{r}", sizes="s", roi=r, mode=mode, coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=7.5)
             for mode in ("nearest", "linear", "cubic") for r in ("inner", "outer")]
    constants = {"s": np.int64([2, 3, 6, 9]), "inner": np.float32([0, 0, 0.2, 0.1, 1, 1, 0.7, 0.9]), "outer": np.float32([0, 0, -0.2, 0.3, 1, 1, 1.2, 1.4])}
    compare_nodes(nodes, {"x": IMAGE}, run_tool, tmp_path, constants)


def test_aspect_ratios(run_tool, tmp_path):
    nodes = [resize(f"{policy}{mode}", sizes="s", mode=mode, axes=[2, 3], keep_aspect_ratio_policy=policy)
             for policy in ("not_larger", "not_smaller", "stretch") for mode in ("nearest", "linear")]
    compare_nodes(nodes, {"x": IMAGE}, run_tool, tmp_path, {"s": np.int64([10, 6])})


def test_interpolated_integers(run_tool, tmp_path):
    data = {"u": RNG.integers(0, 255, IMAGE.shape).astype(np.uint8), "i": RNG.integers(-99, 99, IMAGE.shape).astype(np.int32)}
    nodes = [resize(f"{x}{s}", s, x=x, mode="linear") for x in data for s in ("up", "down")]
    compare_nodes(nodes, data, run_tool, tmp_path, {"up": UP, "down": DOWN}, off_by_one=True)


@pytest.mark.parametrize("opset", [7, 9])
def test_upsample(opset, run_tool, tmp_path):
    nodes, constants = [], {"s": np.float32([1, 1, 2, 3])}
    for mode in ("nearest", "linear"):
        nodes.append(node("Upsample", ["x"], mode, mode=mode, scales=[1.0, 1.0, 2.0, 3.0]) if opset == 7 else node("Upsample", ["x", "s"], mode, mode=mode))
    compare_nodes(nodes, {"x": IMAGE}, run_tool, tmp_path, constants if opset == 9 else {}, opset=opset)


def test_grid_sample(run_tool, tmp_path):
    """Grids that leave the map, in two and three dimensions."""
    grid = (RNG.random((2, 4, 6, 2)).astype(np.float32) - 0.5) * 5
    volume = RNG.standard_normal((2, 3, 4, 5, 6)).astype(np.float32)
    data = {"x": IMAGE, "g": grid, "volume": volume, "g3": (RNG.random((2, 3, 2, 4, 3)).astype(np.float32) - 0.5) * 3}
    options = [dict(padding_mode=p, align_corners=a) for p in ("zeros", "border", "reflection") for a in (0, 1)]
    nodes = [node("GridSample", ["x", "g"], f"y{mode}{i}", mode=mode, **o) for mode in ("linear", "nearest", "cubic") for i, o in enumerate(options)
             if mode != "cubic" or o["padding_mode"] != "border"]
    nodes += [node("GridSample", ["volume", "g3"], f"v{mode}{i}", mode=mode, **o) for mode in ("linear", "nearest") for i, o in enumerate(options)]
    compare_nodes(nodes, data, run_tool, tmp_path)


def test_cubic_kernels_at_the_border(run_tool, tmp_path):
    """ONNX Runtime moves a whole position to the edge where one of its coordinates is outside; the standard and PyTorch do not."""
    data = {"x": IMAGE, "g": (RNG.random((2, 4, 6, 2)).astype(np.float32) - 0.5) * 3}
    model = make_model([node("GridSample", ["x", "g"], f"y{a}", mode="cubic", padding_mode="border", align_corners=a) for a in (0, 1)], data)
    found = run_model(model, data, run_tool, tmp_path)
    for name, expected in zip(found, ReferenceEvaluator(model).run(None, data)):
        assert_close(found[name], expected)


def test_grid_sample_of_a_symbolic_batch(run_tool, tmp_path):
    data = {"x": IMAGE, "g": (RNG.random((2, 4, 6, 2)).astype(np.float32) - 0.5) * 3}
    compare_nodes([node("GridSample", ["x", "g"], "y", mode="bilinear")], data, run_tool, tmp_path, opset=16, symbolic=("x", "g"))


def test_maps_of_symbolic_extents(run_tool, tmp_path):
    data = {"x": IMAGE, "g": (RNG.random((2, 4, 6, 2)).astype(np.float32) - 0.5) * 3, "r": boxes() / 4, "b": RNG.integers(0, 2, 6)}
    nodes = [node("GridSample", ["x", "g"], f"y{p}", mode="linear", padding_mode=p) for p in ("zeros", "reflection")]
    nodes.append(node("RoiAlign", ["x", "r", "b"], "roi", output_height=2, output_width=3))
    compare_nodes(nodes, data, run_tool, tmp_path, symbolic={"x": {2: "height", 3: "width"}, "g": {1: "rows"}, "r": {0: "count"}, "b": {0: "count"}})


def test_grids_that_are_no_numbers(run_tool, tmp_path):
    """Nothing is read outside the map."""
    grid = np.full((1, 1, 4, 2), np.nan, np.float32)
    grid[0, 0, 1:] = [[np.inf, -np.inf], [1e30, -1e30], [3e9, 0]]
    data = {"x": IMAGE[:1], "g": grid}
    nodes = [node("GridSample", ["x", "g"], f"{m}{p}", mode=m, padding_mode=p) for m in ("linear", "nearest", "cubic") for p in ("zeros", "border", "reflection")]
    found = run_model(make_model(nodes, data), data, run_tool, tmp_path)
    assert found["nearestborder"].shape == (1, 3, 1, 4) and np.isfinite(found["nearestborder"]).all()


def test_affine_grid(run_tool, tmp_path):
    data = {"t": RNG.standard_normal((2, 2, 3)).astype(np.float32), "t3": RNG.standard_normal((2, 3, 4)).astype(np.float32)}
    constants = {"s": np.int64([2, 1, 4, 5]), "s3": np.int64([2, 1, 2, 3, 4])}
    nodes = [node("AffineGrid", [f"t{d}", f"s{d}"], f"y{d}{a}", align_corners=a) for d in ("", "3") for a in (0, 1)]
    compare_nodes(nodes, data, run_tool, tmp_path, constants)


def boxes():
    corners = RNG.random((6, 2)).astype(np.float32) * 30 - 5
    return np.concatenate([corners, corners + RNG.random((6, 2)).astype(np.float32) * 30], 1)


def test_roi_align(run_tool, tmp_path):
    data = {"x": RNG.standard_normal((2, 3, 13, 17)).astype(np.float32), "r": boxes(), "b": RNG.integers(0, 2, 6)}
    nodes = [node("RoiAlign", ["x", "r", "b"], f"{mode}{c}{ratio}", mode=mode, coordinate_transformation_mode=c, sampling_ratio=ratio,
                  output_height=3, output_width=4, spatial_scale=0.5)
             for mode in ("avg", "max") for c in ("half_pixel", "output_half_pixel") for ratio in (0, 2)]
    compare_nodes(nodes, data, run_tool, tmp_path)
    compare_nodes(nodes[:2], data, run_tool, tmp_path, symbolic=("r", "b"))


def test_roi_align_before_opset_16(run_tool, tmp_path):
    data = {"x": RNG.standard_normal((2, 3, 13, 17)).astype(np.float32), "r": boxes(), "b": RNG.integers(0, 2, 6)}
    compare_nodes([node("RoiAlign", ["x", "r", "b"], "y", output_height=2, output_width=2)], data, run_tool, tmp_path, opset=11)


def test_max_roi_pool(run_tool, tmp_path):
    rois = np.concatenate([RNG.integers(0, 2, (6, 1)).astype(np.float32), boxes()], 1)
    data = {"x": RNG.standard_normal((2, 3, 13, 17)).astype(np.float32), "r": rois}
    compare_nodes([node("MaxRoiPool", ["x", "r"], "y", pooled_shape=[3, 4], spatial_scale=0.5)], data, run_tool, tmp_path)


def test_center_crop_pad(run_tool, tmp_path):
    data = {"x": IMAGE, "i": RNG.integers(-9, 9, (4, 5))}
    constants = {"a": np.int64([2, 3, 4, 8]), "b": np.int64([10, 2]), "c": np.int64([3, 8])}
    nodes = [node("CenterCropPad", ["x", "a"], "ya"), node("CenterCropPad", ["x", "b"], "yb", axes=[-2, -1]), node("CenterCropPad", ["i", "c"], "yc")]
    compare_nodes(nodes, data, run_tool, tmp_path, constants)


def test_col2im(run_tool, tmp_path):
    constants = {"image": np.int64([6, 7]), "block": np.int64([2, 3])}
    nodes, data = [], {}
    for i, (strides, pads, dilations) in enumerate(itertools.product(([1, 1], [2, 1]), ([0, 0, 0, 0], [1, 0, 2, 1]), ([1, 1], [2, 2]))):
        count = [(size + pads[d] + pads[d + 2] - (k - 1) * dilations[d] - 1) // strides[d] + 1 for d, (size, k) in enumerate(((6, 2), (7, 3)))]
        data[f"x{i}"] = RNG.standard_normal((2, 3 * 6, int(np.prod(count)))).astype(np.float32)
        nodes.append(node("Col2Im", [f"x{i}", "image", "block"], f"y{i}", strides=strides, pads=pads, dilations=dilations))
    compare_nodes(nodes, data, run_tool, tmp_path, constants)
