"""Models of a few nodes, compiled and compared with ONNX Runtime."""
from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from harness import compare, compile_model, save

FLOAT = TensorProto.FLOAT


def weights(seed: int, **shapes: Sequence[int]) -> dict[str, np.ndarray]:
    """Normal values, of the size that a product with them keeps."""
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal(shape, dtype=np.float32) / np.float32(max(1, shape[-1]) ** 0.5)
            for name, shape in shapes.items()}


@dataclasses.dataclass
class Graph:
    """Nodes over float inputs of these shapes; outputs are `y`, or those named."""

    nodes: list[onnx.NodeProto]
    inputs: dict[str, Sequence[int | str]]
    constants: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    outputs: Sequence[str] = ("y",)
    output_types: dict[str, int] = dataclasses.field(default_factory=dict)
    opset: int = 20

    def save(self, path: pathlib.Path) -> pathlib.Path:
        graph = helper.make_graph(
            self.nodes, "graph", [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in self.inputs.items()],
            [helper.make_tensor_value_info(name, self.output_types.get(name, FLOAT), None) for name in self.outputs],
            [numpy_helper.from_array(value, name) for name, value in self.constants.items()])
        return save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=9), path)


def agrees(graph: Graph, run_tool: Callable[..., Any], folder: pathlib.Path, batches: Sequence[int] = (1,)) -> None:
    made = compile_model(run_tool, graph.save(folder / "graph.onnx"), folder / "graph.so")
    compare(made.library, made.model, batches=batches)


def node(op: str, inputs: Sequence[str] = ("x",), outputs: Sequence[str] = ("y",), **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(op, list(inputs), list(outputs), name=f"{op}_{next(name for name in outputs if name)}", **attributes)
