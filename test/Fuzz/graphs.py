"""What random ONNX graphs are built with: every choice comes from one seeded generator, so that a seed is a graph."""
from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto, helper, numpy_helper

BATCH = "b"  # an extent that is not known when the model is compiled
Shape = tuple[int | str, ...]


class Graph:
    """An ONNX graph that grows by calls; values are names. Opset 17 has axes of reductions as attributes, 20 has Gelu."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.opset = self.choose(17, 20)
        self.inputs: dict[str, Shape] = {}
        self.outputs: list[str] = []
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def chance(self, probability: float = 0.5) -> bool:
        return bool(self.rng.random() < probability)

    def choose(self, *options):
        return options[self.rng.integers(len(options))]

    def count(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def normal(self, *shape: int) -> NDArray[np.float32]:
        return self.rng.standard_normal(shape).astype(np.float32)

    def input(self, *shape: int | str) -> str:
        name = f"x{len(self.inputs)}"
        self.inputs[name] = shape
        return name

    def constant(self, value: ArrayLike) -> str:
        array = np.asarray(value)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def ops(self, kind: str, inputs: list[str], results: int, **attributes) -> list[str]:
        number = len(self.nodes)
        outputs = [f"v{number}_{k}" if results > 1 else f"v{number}" for k in range(results)]
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=f"{kind}_{number}", **attributes))
        return outputs

    def op(self, kind: str, *inputs: str | ArrayLike, **attributes) -> str:
        """An op with one result; an input that is no name becomes a constant."""
        names = [value if isinstance(value, str) else self.constant(value) for value in inputs]
        return self.ops(kind, names, 1, **attributes)[0]

    def either(self, kind: str, a: str | ArrayLike, b: str | ArrayLike) -> str:
        """A commutative op, its operands in any order."""
        return self.op(kind, a, b) if self.chance() else self.op(kind, b, a)

    def reduce(self, kind: str, value: str, axis: int, keepdims: bool = True) -> str:
        if kind == "ReduceSum" or self.opset >= 18:
            return self.op(kind, value, np.array([axis]), keepdims=int(keepdims))
        return self.op(kind, value, axes=[axis], keepdims=int(keepdims))

    def reshape(self, value: str, *shape: int) -> str:
        return self.op("Reshape", value, np.array(shape))

    def transpose(self, value: str, *perm: int) -> str:
        return self.op("Transpose", value, perm=list(perm))

    def slice(self, value: str, axis: int, start: int, end: int, step: int = 1) -> str:
        return self.op("Slice", value, *(np.array([number]) for number in (start, end, axis, step)))

    def roll(self, value: str, axis: int, by: int) -> str:
        """The first `by` elements of an axis go to its end."""
        return self.op("Concat", self.slice(value, axis, by, 1 << 31), self.slice(value, axis, 0, by), axis=axis)

    def model(self) -> onnx.ModelProto:
        inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in self.inputs.items()]
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in dict.fromkeys(self.outputs)]
        graph = helper.make_graph(self.nodes, "fuzz", inputs, outputs, self.initializers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=9)

    def feeds(self) -> list[dict[str, NDArray[np.float32]]]:
        """Drawn inputs, at several batches where the batch is open."""
        batches = (3, 1, 2) if any(BATCH in shape for shape in self.inputs.values()) else (1,)
        return [{name: self.normal(*(batch if extent == BATCH else extent for extent in shape))
                 for name, shape in self.inputs.items()} for batch in batches]
