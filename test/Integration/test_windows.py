"""Pools, convolutions in one and three dimensions, and norms over windows: as ONNX Runtime says."""
import numpy as np
import pytest
import vitc
from onnx import TensorProto, helper, numpy_helper

from harness import compile_model, save
from single_nodes import Graph, agrees, node, weights

IMAGE, VOLUME, LINE = ("batch", 3, 11, 10), ("batch", 3, 6, 7, 5), ("batch", 3, 17)

POOLS = {
    "average_line": (LINE, dict(kernel_shape=[4], strides=[3], pads=[1, 2])),
    "average_line_ceil": (LINE, dict(kernel_shape=[4], strides=[3], pads=[1, 2], ceil_mode=1)),
    "average_volume": (VOLUME, dict(kernel_shape=[2, 3, 2], strides=[2, 1, 1], pads=[1, 1, 0, 0, 1, 1])),
    "average_volume_pads": (VOLUME, dict(kernel_shape=[2, 3, 2], pads=[1, 1, 0, 0, 1, 1], count_include_pad=1, ceil_mode=1)),
    "average_same": (VOLUME, dict(kernel_shape=[2, 3, 2], strides=[2, 2, 2], auto_pad="SAME_LOWER")),
}


@pytest.mark.parametrize("name", POOLS)
def test_average_pool(name, run_tool, tmp_path):
    shape, attributes = POOLS[name]
    agrees(Graph([node("AveragePool", **attributes)], {"x": shape}), run_tool, tmp_path, batches=(1, 2))


MAXIMA = {
    "line": (LINE, dict(kernel_shape=[3], strides=[2], dilations=[2], pads=[1, 1])),
    "image": (IMAGE, dict(kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1])),
    "image_ceil": (IMAGE, dict(kernel_shape=[3, 2], strides=[2, 3], ceil_mode=1)),
    "image_columns": (IMAGE, dict(kernel_shape=[3, 2], strides=[2, 1], storage_order=1)),
    "volume": (VOLUME, dict(kernel_shape=[2, 3, 2], strides=[2, 1, 1], pads=[1, 1, 0, 0, 1, 1])),
}


@pytest.mark.parametrize("indices", (False, True))
@pytest.mark.parametrize("name", MAXIMA)
def test_max_pool(name, indices, run_tool, tmp_path):
    shape, attributes = MAXIMA[name]
    outputs = ("y", "i") if indices else ("y",)
    graph = Graph([node("MaxPool", outputs=outputs, **attributes)], {"x": shape}, outputs=outputs,
                  output_types={"i": TensorProto.INT64})
    agrees(graph, run_tool, tmp_path, batches=(1, 2))


def test_average_pool_of_symbolic_space(run_tool, tmp_path):
    graph = Graph([node("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])], {"x": (2, 3, "height", 7)})
    agrees(graph, run_tool, tmp_path, batches=(5, 8))


NORMS = {
    "lp_1": (IMAGE, node("LpPool", kernel_shape=[3, 2], p=1)),
    "lp_3": (IMAGE, node("LpPool", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1], p=3)),
    "global_lp": (VOLUME, node("GlobalLpPool", p=3)),
    "lrn": (("batch", 7, 4, 5), node("LRN", size=3, alpha=0.3, beta=0.6, bias=1.5)),
    "lrn_wide": (("batch", 3, 4, 1), node("LRN", size=9, alpha=0.3)),
    "l1": (IMAGE, node("LpNormalization", axis=1, p=1)),
    "l2": (IMAGE, node("LpNormalization", axis=-2, p=2)),
}


@pytest.mark.parametrize("name", NORMS)
def test_norm(name, run_tool, tmp_path):
    shape, built = NORMS[name]
    agrees(Graph([built], {"x": shape}), run_tool, tmp_path, batches=(1, 2))


CONVOLUTIONS = {
    "line_groups": ("Conv", (2, 6, 17), (9, 2, 3), dict(group=3, dilations=[2], strides=[2], pads=[2, 1])),
    "volume": ("Conv", (2, 4, 6, 7, 5), (6, 4, 3, 2, 3), dict(strides=[2, 1, 1], pads=[1, 0, 1, 0, 1, 2])),
    "volume_groups": ("Conv", (2, 4, 6, 7, 5), (6, 2, 2, 2, 2), dict(group=2, dilations=[2, 1, 3])),
    "volume_depthwise": ("Conv", (1, 4, 6, 7, 5), (4, 1, 3, 3, 3), dict(group=4, auto_pad="SAME_UPPER", strides=[2, 2, 2])),
    "up_line": ("ConvTranspose", (2, 4, 9), (4, 3, 4), dict(strides=[3], pads=[1, 2], output_padding=[1])),
    "up_dilated": ("ConvTranspose", (2, 4, 5, 6), (4, 3, 3, 2), dict(dilations=[2, 3], strides=[2, 1], pads=[1, 0, 2, 1])),
    "up_groups_dilated": ("ConvTranspose", (2, 4, 5, 6), (4, 3, 3, 2), dict(group=2, dilations=[2, 1])),
    "up_small_kernel": ("ConvTranspose", (2, 4, 5, 6), (4, 3, 1, 2), dict(strides=[2, 3], output_padding=[1, 1])),
    "up_cut": ("ConvTranspose", (2, 4, 5, 6), (4, 3, 2, 2), dict(strides=[3, 3], pads=[2, 3, 2, 3])),
    "up_shape": ("ConvTranspose", (2, 4, 5, 6), (4, 3, 3, 3), dict(strides=[2, 2], dilations=[2, 2], output_shape=[12, 13])),
    "up_volume": ("ConvTranspose", (2, 4, 3, 4, 3), (4, 3, 3, 2, 3), dict(strides=[2, 1, 2], pads=[1, 0, 1, 0, 1, 1])),
    "up_volume_groups": ("ConvTranspose", (2, 4, 3, 4, 3), (4, 2, 2, 2, 2), dict(group=2, auto_pad="SAME_UPPER", strides=[2, 2, 2])),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolution(name, run_tool, tmp_path):
    op, shape, kernel, attributes = CONVOLUTIONS[name]
    filters = kernel[0] if op == "Conv" else kernel[1] * attributes.get("group", 1)
    constants = weights(5, w=kernel, b=(filters,))
    agrees(Graph([node(op, ("x", "w", "b"), **attributes)], {"x": shape}, constants), run_tool, tmp_path)


@pytest.mark.parametrize("mask", (False, True))
@pytest.mark.parametrize("groups", (1, 2))
def test_deformable_convolution(groups, mask, run_tool, tmp_path):
    """Offsets that reach outside the image, of one group or two, read with or without a mask."""
    constants = weights(9, w=(6, 4 // groups, 3, 2), b=(6,), o=(2, groups * 12, 7, 8), m=(2, groups * 6, 7, 8))
    constants["o"] *= 6
    inputs = ("x", "w", "o", "b", *(["m"] if mask else []))
    built = node("DeformConv", inputs, pads=[1, 0, 1, 1], dilations=[1, 2], group=groups, offset_group=groups)
    expected = {"x": (2, 4, 7, 9)}
    agrees(Graph([built], expected, {name: constants[name] for name in inputs[1:]}, opset=19), run_tool, tmp_path)


def test_training_batch_normalization(run_tool, tmp_path):
    outputs = ("y", "mean", "var")
    constants = weights(7, s=(3,), b=(3,), m=(3,)) | {"v": np.float32([1, 2, 3])}
    built = node("BatchNormalization", ("x", "s", "b", "m", "v"), outputs, training_mode=1, momentum=0.7)
    agrees(Graph([built], {"x": (4, 3, 5)}, constants, outputs), run_tool, tmp_path)


@pytest.mark.parametrize("sized", (False, True))
def test_max_unpool(sized, run_tool, tmp_path):
    """Maxima go back to where they were."""
    nodes = [node("MaxPool", outputs=("p", "i"), kernel_shape=[2, 2], strides=[2, 2]),
             node("MaxUnpool", ("p", "i", *(["s"] if sized else [])), kernel_shape=[2, 2], strides=[2, 2])]
    constants = {"s": np.int64([2, 3, 6, 8])} if sized else {}
    agrees(Graph(nodes, {"x": (2, 3, 6, 8)}, constants), run_tool, tmp_path)


@pytest.mark.parametrize("outputs", (["y", "m", "v"], ["y", "m", "v", "sm", "sv"], ["y", "m"]), ids=len)
def test_training_before_opset_14(outputs, run_tool, tmp_path):
    """Nothing but further outputs says that a BatchNormalization takes the statistics of its batch; two were not defined."""
    rng = np.random.default_rng(6)
    x = rng.standard_normal((4, 3, 5)).astype(np.float32)
    weights = {name: rng.uniform(0.5, 2, 3).astype(np.float32) for name in ("scale", "b", "mean", "var")}
    built = helper.make_node("BatchNormalization", ["x", *weights], outputs, momentum=0.75, epsilon=1e-3)
    graph = helper.make_graph([built], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
                              [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs[:3]],
                              [numpy_helper.from_array(array, name) for name, array in weights.items()])
    path = save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=8), tmp_path / "m.onnx")
    found = vitc.load(compile_model(run_tool, path, tmp_path / "m.so").library).run({"x": x})
    mean, var = x.mean((0, 2)), x.var((0, 2))
    spread = lambda vector: vector[:, None]
    expected = {"y": (x - spread(mean)) / np.sqrt(spread(var) + 1e-3) * spread(weights["scale"]) + spread(weights["b"]),
                "m": 0.75 * weights["mean"] + 0.25 * mean, "v": 0.75 * weights["var"] + 0.25 * var}
    for name, value in found.items():
        np.testing.assert_allclose(value, expected[name], atol=1e-5)
