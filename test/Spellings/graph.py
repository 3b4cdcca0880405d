"""Builds ONNX graphs of tensors whose dimensions have names.

An axis is a string of letters, the outermost first: ("b", "n", "hd") is a batch of rows of n tokens whose features are heads
times head width, "" is a dimension of 1. A graph knows the extent of every letter, so that one call, `arrange`, writes whatever
reshapes and transposes lead from one arrangement to another.
"""
from __future__ import annotations

import dataclasses
import math

import numpy as np
import onnx
from onnx import TensorProto, helper

Axes = tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Tensor:
    name: str
    axes: Axes


class Graph:
    """The extents are those of draws; the first axis of an input is symbolic where `symbolic` is its letter."""

    def __init__(self, extents: dict[str, int], symbolic: str = "", traced: bool = False, rng: np.random.Generator | None = None):
        self.extents, self.symbolic, self.traced = extents, symbolic, traced
        self.rng = rng or np.random.default_rng(0)
        self.nodes: list[onnx.NodeProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.shapes: dict[str, tuple[int, ...]] = {}  # of inputs, at the drawn extents
        self.booleans: dict[str, int] = {}  # inputs: the axis of keys, the first of which is always allowed

    def extent(self, axis: str) -> int:
        return math.prod(self.extents[letter] for letter in axis)

    def shape(self, axes: Axes) -> tuple[int, ...]:
        return tuple(self.extent(axis) for axis in axes)

    def input(self, name: str, axes: Axes, boolean: bool = False) -> Tensor:
        known = ["batch" if self.symbolic and axis == self.symbolic else self.extent(axis) for axis in axes]
        element = TensorProto.BOOL if boolean else TensorProto.FLOAT
        self.inputs.append(helper.make_tensor_value_info(name, element, known))
        self.shapes[name] = self.shape(axes)
        if boolean:
            self.booleans[name] = axes.index("n")
        return Tensor(name, axes)

    def output(self, tensor: Tensor) -> None:
        self.outputs.append(helper.make_tensor_value_info(tensor.name, TensorProto.FLOAT, [None] * len(tensor.axes)))

    def constant(self, values: np.ndarray, axes: Axes = ()) -> Tensor:
        """Its elements stand in the IR's text: they are no raw bytes, which the importer would leave in the file."""
        name = f"c{len(self.initializers)}"
        element = helper.np_dtype_to_tensor_dtype(values.dtype)
        self.initializers.append(helper.make_tensor(name, element, values.shape, values.flatten()))
        return Tensor(name, axes)

    def scalar(self, value: float) -> Tensor:
        return self.constant(np.array(value, np.float32))

    def indices(self, *values: int) -> Tensor:
        return self.constant(np.array(values, np.int64))

    def weight(self, axes: Axes, scale: float = 1.0) -> tuple[Tensor, np.ndarray]:
        """Drawn values, in float64 too."""
        values = (scale * self.rng.standard_normal(self.shape(axes))).astype(np.float32)
        return self.constant(values, axes), values.astype(np.float64)

    def op(self, kind: str, *operands: Tensor, axes: Axes, **attributes) -> Tensor:
        return self.ops(kind, *operands, axes=[axes], **attributes)[0]

    def ops(self, kind: str, *operands: Tensor, axes: list[Axes], **attributes) -> list[Tensor]:
        names = [f"{kind.lower()}{len(self.nodes)}_{index}" for index in range(len(axes))]
        self.nodes.append(helper.make_node(kind, [operand.name for operand in operands], names, name="/" + names[0], **attributes))
        return [Tensor(name, each) for name, each in zip(names, axes)]

    # Layout.

    def reshape(self, tensor: Tensor, axes: Axes) -> Tensor:
        if tensor.axes == axes:
            return tensor
        return self.op("Reshape", tensor, self._target(tensor, axes), axes=axes)

    def _target(self, tensor: Tensor, axes: Axes) -> Tensor:
        symbolic = [index for index, axis in enumerate(axes) if self.symbolic and self.symbolic in axis]
        sizes = [-1 if index in symbolic else self.extent(axis) for index, axis in enumerate(axes)]
        if not (self.traced and symbolic and axes[symbolic[0]] == self.symbolic and self.symbolic in tensor.axes):
            return self.indices(*sizes)
        # As TorchScript traces x.shape[0].
        shape = self.op("Shape", tensor, axes=("",))
        extent = self.op("Gather", shape, self.constant(np.array(tensor.axes.index(self.symbolic), np.int64)), axes=(), axis=0)
        parts = [self.indices(size) for size in sizes]
        parts[symbolic[0]] = self.op("Unsqueeze", extent, self.indices(0), axes=("",))
        return self.op("Concat", *parts, axes=("",), axis=0)

    def transpose(self, tensor: Tensor, axes: Axes) -> Tensor:
        if tensor.axes == axes:
            return tensor
        return self.op("Transpose", tensor, axes=axes, perm=[tensor.axes.index(axis) for axis in axes])

    def arrange(self, tensor: Tensor, axes: Axes) -> Tensor:
        """The tensor in other axes. Letters of extent 1 come and go."""
        if tensor.axes == axes:
            return tensor
        if sorted(tensor.axes) == sorted(axes) and "" not in axes:
            return self.transpose(tensor, axes)
        before = [letter for axis in tensor.axes for letter in axis]
        after = [letter for axis in axes for letter in axis]
        lost = {letter for letter in before if letter not in after} | {letter for letter in after if letter not in before}
        assert all(self.extents[letter] == 1 and letter != self.symbolic for letter in lost), (tensor.axes, axes)
        kept = [letter for letter in after if letter not in lost]
        if [letter for letter in before if letter not in lost] == kept:
            return self.reshape(tensor, axes)
        split = self.reshape(tensor, self._coarse(tensor.axes, axes, lost))
        moved = self.transpose(split, tuple(sorted(split.axes, key=lambda axis: kept.index(axis[0]))))
        return self.reshape(moved, axes)

    @staticmethod
    def _coarse(source: Axes, target: Axes, lost: set[str]) -> Axes:
        """The source's axes cut where the target's need it: letters that stay neighbours stay one axis."""
        keep = lambda axis: [letter for letter in axis if letter not in lost]  # noqa: E731
        neighbours = {pair for axis in target for pair in zip(keep(axis), keep(axis)[1:])}
        cut: list[str] = []
        for axis in source:
            letters = keep(axis)
            for index, letter in enumerate(letters):
                if index and (letters[index - 1], letter) in neighbours:
                    cut[-1] += letter
                else:
                    cut.append(letter)
        return tuple(cut)

    # Elementwise.

    def binary(self, kind: str, left: Tensor, right: Tensor, commuted: bool = False, axes: Axes | None = None) -> Tensor:
        operands = (right, left) if commuted and kind in ("Add", "Mul") else (left, right)
        return self.op(kind, *operands, axes=axes or left.axes)

    def unary(self, kind: str, tensor: Tensor, **attributes) -> Tensor:
        return self.op(kind, tensor, axes=tensor.axes, **attributes)

    # Products.

    def matmul(self, left: Tensor, right: Tensor) -> Tensor:
        return self.op("MatMul", left, right, axes=(*left.axes[:-1], right.axes[-1]))

    def einsum(self, left: Tensor, right: Tensor, axes: Axes) -> Tensor:
        letters = {axis: chr(ord("a") + index) for index, axis in enumerate(dict.fromkeys((*left.axes, *right.axes)))}
        spell = lambda of: "".join(letters[axis] for axis in of)  # noqa: E731
        return self.op("Einsum", left, right, axes=axes, equation=f"{spell(left.axes)},{spell(right.axes)}->{spell(axes)}")

    # The model.

    def model(self, opset: int = 18) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, "spelling", self.inputs, self.outputs, self.initializers)
        return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", opset)])

    def draw(self, seed: int) -> dict[str, np.ndarray]:
        rng, values = np.random.default_rng(seed), {}
        for name, shape in self.shapes.items():
            values[name] = rng.standard_normal(shape).astype(np.float32)
            if name in self.booleans:
                values[name] = values[name] > -0.5
                np.moveaxis(values[name], self.booleans[name], 0)[0] = True
        return values
