"""Convolutions of every kind, compiled and run: as ONNX Runtime says."""
import dataclasses

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from harness import compare, compile_model


@dataclasses.dataclass
class Conv:
    """One Conv or ConvTranspose, (B, channels, height, width) to `filters`, then Relu."""

    channels: int
    filters: int
    kernel: tuple[int, int] = (3, 3)
    size: tuple[int, int] = (9, 11)
    strides: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilations: tuple[int, int] = (1, 1)
    group: int = 1
    transposed: bool = False
    output_padding: tuple[int, int] = (0, 0)

    def node(self, source, target, name, rng):
        """The node and its weight and bias."""
        shape = [self.filters, self.channels // self.group, *self.kernel]
        if self.transposed:
            shape = [self.channels, self.filters // self.group, *self.kernel]
        weight = rng.standard_normal(shape, dtype=np.float32) * np.float32(np.prod(shape[1:]) ** -0.5)
        bias = rng.standard_normal(self.filters, dtype=np.float32)
        extra = {"output_padding": self.output_padding} if self.transposed else {}
        node = helper.make_node("ConvTranspose" if self.transposed else "Conv", [source, f"{name}.w", f"{name}.b"], [target],
                                name=name, kernel_shape=self.kernel, strides=self.strides, pads=self.pads,
                                dilations=self.dilations, group=self.group, **extra)
        return node, [numpy_helper.from_array(weight, f"{name}.w"), numpy_helper.from_array(bias, f"{name}.b")]


CASES = {
    "plain": Conv(5, 40, pads=(1, 1, 1, 1)),
    "strided": Conv(3, 33, strides=(2, 2), pads=(1, 1, 1, 1)),
    "odd": Conv(6, 7, kernel=(3, 2), strides=(2, 1), pads=(1, 0, 2, 1), dilations=(1, 2)),
    "pointwise": Conv(24, 40, kernel=(1, 1)),
    "patches": Conv(3, 32, kernel=(4, 4), size=(12, 8), strides=(4, 4)),
    "depthwise": Conv(20, 20, kernel=(7, 7), pads=(3, 3, 3, 3), group=20),
    "groups": Conv(12, 8, pads=(1, 1, 1, 1), group=4),
    "deconvolution": Conv(8, 40, kernel=(4, 4), size=(8, 8), strides=(2, 2), pads=(1, 1, 1, 1), transposed=True),
    "deconvolution_odd": Conv(5, 7, size=(4, 6), strides=(2, 2), pads=(1, 1, 1, 1), transposed=True, output_padding=(1, 1)),
    "deconvolution_groups": Conv(6, 8, kernel=(2, 2), size=(4, 4), strides=(2, 2), group=2, transposed=True),
    "deconvolution_depthwise": Conv(6, 6, kernel=(5, 3), size=(4, 4), strides=(3, 2), pads=(2, 0, 1, 1), group=6, transposed=True),
}


def make_model(path, convs, size, batch="batch"):
    rng = np.random.default_rng(3)
    nodes, weights, value = [], [], "x"
    for index, conv in enumerate(convs):
        node, constants = conv.node(value, f"c{index}", f"conv{index}", rng)
        nodes.append(node)
        weights += constants
        value = f"c{index}"
        if index + 1 < len(convs) or conv.filters > 1:  # a single channel may be all zeros
            nodes.append(helper.make_node("Relu", [value], [f"r{index}"]))
            value = f"r{index}"
    shape = [batch, convs[0].channels, *size]
    graph = helper.make_graph(
        nodes, "convs", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(value, TensorProto.FLOAT, [batch, convs[-1].filters, None, None])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model)
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("name", CASES)
def test_agrees(name, run_tool, tmp_path):
    model = make_model(tmp_path / f"{name}.onnx", [CASES[name]], CASES[name].size)
    made = compile_model(run_tool, model, tmp_path / f"{name}.so")
    compare(made.library, made.model, batches=(1, 2))


def test_decoder_agrees(run_tool, tmp_path):
    """A chain of deconvolutions, which stays channel-last between its ends."""
    channels = (48, 40, 24, 8)
    layers = [Conv(a, b, kernel=(4, 4), strides=(2, 2), pads=(1, 1, 1, 1), transposed=True) for a, b in zip(channels, channels[1:])]
    model = make_model(tmp_path / "decoder.onnx", [*layers, Conv(8, 1, kernel=(1, 1))], (4, 4))
    made = compile_model(run_tool, model, tmp_path / "decoder.so")
    compare(made.library, made.model, batches=(1, 3))
