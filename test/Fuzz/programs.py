"""Random programs: a dozen ops of any kind on tensors of rank 1 to 5, their operands what came before.

These know nothing of transformers; they look for what shapes, views, in-place results and odd extents break.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from graphs import BATCH, Graph, Shape

LARGEST = 3000  # elements of what an op reads


@dataclasses.dataclass(frozen=True)
class Value:
    name: str
    shape: Shape

    @property
    def rank(self) -> int:
        return len(self.shape)


def elements(shape: Shape) -> int:
    return int(np.prod([3 if extent == BATCH else extent for extent in shape]))


def with_extent(shape: Shape, axis: int, *extents: int | str) -> Shape:
    """The shape with these extents instead of the axis's."""
    return shape[:axis] + extents + shape[axis + 1:]


class Program:
    """Values drawn so far, and the ops that make another one of a value. An op that does not apply does nothing."""

    def __init__(self, seed: int) -> None:
        self.g = Graph(seed)
        self.values: list[Value] = []

    def add(self, name: str, shape: Shape) -> str:
        self.values.append(Value(name, tuple(shape)))
        return name

    def op(self, shape: Shape, kind: str, *inputs, **attributes) -> str:
        return self.add(self.g.op(kind, *inputs, **attributes), shape)

    def pick(self, wanted: Callable[[Shape], bool]) -> Value | None:
        """One of the values of a wanted shape, later ones more often."""
        found = [value for value in self.values if wanted(value.shape)]
        weights = np.arange(1, len(found) + 1)
        return found[self.g.rng.choice(len(found), p=weights / weights.sum())] if found else None

    def fixed_axis(self, v: Value, least: int = 1) -> int | None:
        axes = [axis for axis, extent in enumerate(v.shape) if extent != BATCH and extent >= least]
        return self.g.choose(*axes) if axes else None

    def broadcastable(self, shape: Shape) -> np.ndarray:
        tail = shape[self.g.count(0, len(shape)):]
        return self.g.normal(*(1 if extent == BATCH or self.g.chance(0.4) else extent for extent in tail))

    def unary(self, v: Value) -> None:
        kind = self.g.choose("Relu", "Sigmoid", "Tanh", "Erf", "Neg", "Abs", "Identity", "LeakyRelu", "HardSigmoid", "Softplus", "Exp")
        if kind == "Exp":
            v = Value(self.op(v.shape, "Tanh", v.name), v.shape)
        self.op(v.shape, kind, v.name)

    def binary(self, v: Value) -> None:
        kind = self.g.choose("Add", "Mul", "Sub", "Max", "Min")
        other = self.broadcastable(v.shape) if self.g.chance(0.4) else self.pick(lambda shape: shape == v.shape).name
        self.op(v.shape, kind, *((v.name, other) if self.g.chance() else (other, v.name)))

    def where(self, v: Value) -> None:
        condition = self.g.op(self.g.choose("Greater", "LessOrEqual"), v.name, self.broadcastable(v.shape))
        self.op(v.shape, "Where", condition, v.name, self.pick(lambda shape: shape == v.shape).name)

    def linear(self, v: Value) -> None:
        if v.shape[-1] == BATCH:
            return
        features = self.g.count(1, 20)
        shape = with_extent(v.shape, v.rank - 1, features)
        product = self.op(shape, "MatMul", v.name, self.g.normal(v.shape[-1], features))
        if self.g.chance(0.6):
            self.op(shape, "Add", product, self.g.normal(features))

    def product(self, v: Value) -> None:
        """v times another value, transposed."""
        other = self.pick(lambda shape: len(shape) == v.rank and shape[:-2] == v.shape[:-2] and shape[-1] == v.shape[-1])
        if v.rank < 2 or not other or v.shape[-1] == BATCH:
            return
        perm = [*range(v.rank - 2), v.rank - 1, v.rank - 2]
        transposed = self.op([other.shape[axis] for axis in perm], "Transpose", other.name, perm=perm)
        self.op(v.shape[:-1] + (other.shape[-2],), "MatMul", v.name, transposed)

    def softmax(self, v: Value) -> None:
        self.op(v.shape, "Softmax", v.name, axis=self.g.count(-v.rank, v.rank - 1))

    def layer_norm(self, v: Value) -> None:
        if v.shape[-1] != BATCH:
            self.op(v.shape, "LayerNormalization", v.name, self.g.normal(v.shape[-1]), self.g.normal(v.shape[-1]), epsilon=1e-2)

    def reduce(self, v: Value) -> None:
        axis, keeps = self.g.count(0, v.rank - 1), v.rank < 3 or self.g.chance()
        name = self.g.reduce(self.g.choose("ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2"), v.name, axis, keeps)
        self.add(name, with_extent(v.shape, axis, *([1] if keeps else [])))

    def transpose(self, v: Value) -> None:
        perm = [int(axis) for axis in self.g.rng.permutation(v.rank)]
        self.op([v.shape[axis] for axis in perm], "Transpose", v.name, perm=perm)

    def reshape(self, v: Value) -> None:
        axis = self.fixed_axis(v)
        if axis is None:
            return
        extent = v.shape[axis]
        if self.g.chance() and axis + 1 < v.rank and v.shape[axis + 1] != BATCH:
            shape = v.shape[:axis] + (extent * v.shape[axis + 1],) + v.shape[axis + 2:]
        else:
            divisor = self.g.choose(*(d for d in range(1, extent + 1) if extent % d == 0))
            shape = with_extent(v.shape, axis, divisor, extent // divisor)
        if len(shape) <= 5:
            self.op(shape, "Reshape", v.name, np.array([-1 if d == BATCH else d for d in shape]))

    def unsqueeze(self, v: Value) -> None:
        axis = self.g.count(0, v.rank)
        if v.rank < 5:
            self.op(v.shape[:axis] + (1,) + v.shape[axis:], "Unsqueeze", v.name, np.array([axis]))

    def slice(self, v: Value) -> None:
        axis = self.fixed_axis(v)
        if axis is None:
            return
        start = self.g.count(0, v.shape[axis] - 1)
        end, step = self.g.count(start + 1, v.shape[axis]), self.g.count(1, 2)
        self.add(self.g.slice(v.name, axis, start, end, step), with_extent(v.shape, axis, -(-(end - start) // step)))

    def concat(self, v: Value) -> None:
        axis = self.fixed_axis(v)
        if axis is None:
            return
        other = self.pick(lambda shape: len(shape) == v.rank and shape[axis] != BATCH
                          and with_extent(shape, axis) == with_extent(v.shape, axis))
        self.op(with_extent(v.shape, axis, v.shape[axis] + other.shape[axis]), "Concat", v.name, other.name, axis=axis)

    def split(self, v: Value) -> None:
        axis = self.fixed_axis(v, least=2)
        if axis is None:
            return
        first = self.g.count(1, v.shape[axis] - 1)
        lengths = [first, v.shape[axis] - first]
        for name, length in zip(self.g.ops("Split", [v.name, self.g.constant(np.array(lengths))], 2, axis=axis), lengths):
            self.add(name, with_extent(v.shape, axis, length))

    def gather(self, v: Value) -> None:
        axis = self.fixed_axis(v)
        if axis is None:
            return
        extent = v.shape[axis]
        if self.g.chance() and v.rank > 2:
            self.op(with_extent(v.shape, axis), "Gather", v.name, np.array(self.g.count(-extent, extent - 1)), axis=axis)
        else:
            self.op(with_extent(v.shape, axis, 3), "Gather", v.name, self.g.rng.integers(-extent, extent, size=3), axis=axis)

    def pad(self, v: Value) -> None:
        if v.shape[-1] == BATCH:
            return
        before, after, zeros = self.g.count(0, 2), self.g.count(0, 2), [0] * (v.rank - 1)
        pads = np.array([*zeros, before, *zeros, after])
        self.op(with_extent(v.shape, v.rank - 1, v.shape[-1] + before + after), "Pad", v.name, pads, np.float32(0.5))

    def expand(self, v: Value) -> None:
        axes = [axis for axis, extent in enumerate(v.shape) if extent == 1]
        if axes:
            axis = self.g.choose(*axes)
            self.op(with_extent(v.shape, axis, 4), "Expand", v.name, np.array([4] + [1] * (v.rank - 1 - axis)))

    def convolution(self, v: Value) -> None:
        if v.rank != 4 or BATCH in v.shape[1:]:
            return
        _, channels, height, width = v.shape
        kernel = [self.g.count(1, min(3, extent)) for extent in (height, width)]
        stride, pads = self.g.count(1, 2), [self.g.count(0, 1) for _ in range(4)]
        group = channels if self.g.chance(0.3) else 1
        filters = self.g.count(1, 6) * group
        extents = [(extent + pads[k] + pads[k + 2] - kernel[k]) // stride + 1 for k, extent in enumerate((height, width))]
        self.op((v.shape[0], filters, *extents), "Conv", v.name, self.g.normal(filters, channels // group, *kernel),
                self.g.normal(filters), strides=[stride, stride], pads=pads, group=group)

    KINDS = (unary, binary, binary, where, linear, linear, product, softmax, layer_norm, reduce, transpose, transpose, reshape,
             unsqueeze, slice, concat, split, gather, pad, expand, convolution)


def draw_program(seed: int) -> Graph:
    program = Program(seed)
    g = program.g
    batch = g.choose(BATCH, BATCH, 2)
    for _ in range(g.count(1, 3)):
        shape = (batch, *(g.count(1, 8) for _ in range(g.count(1, 3))))
        program.add(g.input(*shape), shape)
    inputs = len(program.values)
    for _ in range(g.count(6, 15)):
        g.choose(*Program.KINDS)(program, program.pick(lambda shape: elements(shape) < LARGEST))
    read = {name for node in g.nodes for name in node.input}
    names = [value.name for value in program.values[inputs:]]
    g.outputs = [name for name in names if name not in read or g.chance(0.15)][-8:]
    return g
