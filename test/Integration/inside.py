"""The insides of a model's attention blocks, as ONNX Runtime computes them: found in the graph by its nodes alone."""
from __future__ import annotations

import pathlib

import numpy as np
import onnx
import onnxruntime


class Inside:
    """Every tensor of a model on given inputs, and what of them is which part of a block.

    A block is counted by its Softmax. Shapes are the graph's; scales may stand on queries, keys or scores.
    """

    def __init__(self, path: pathlib.Path, inputs: dict[str, np.ndarray]) -> None:
        model = onnx.load(path)
        self.outputs = [output.name for output in model.graph.output]
        self.nodes = list(model.graph.node)
        self.makers = {name: node for node in self.nodes for name in node.output}
        known = set(self.outputs)
        extra = [name for node in self.nodes for name in node.output if name and name not in known]
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in extra)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        self.values = dict(zip(self.outputs + extra, session.run(self.outputs + extra, inputs)))
        self.values |= {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        self.softmaxes = [node for node in self.nodes if node.op_type == "Softmax"]
        self.norms = [node for node in self.nodes if node.op_type == "LayerNormalization"]

    def scores(self, layer: int) -> np.ndarray:
        return self.values[self.softmaxes[layer].input[0]]

    def attention(self, layer: int) -> np.ndarray:
        return self.values[self.softmaxes[layer].output[0]]

    def values_of(self, layer: int) -> np.ndarray:
        """(.., N, d): the other operand of the product that the probabilities reach."""
        name = self.softmaxes[layer].output[0]
        while True:
            node = next(node for node in self.nodes if name in node.input)
            if node.op_type == "MatMul":
                return self.values[node.input[1]]
            name = node.output[0]

    def queries_and_keys(self, layer: int) -> tuple[np.ndarray, np.ndarray]:
        """(.., N, d) each, without factors: the operands of the product that the scores come from."""
        names = [self.softmaxes[layer].input[0]]
        for name in names:
            node = self.makers.get(name)
            if node and node.op_type == "MatMul":
                break
            names.extend(node.input if node else ())
        queries, keys = (self.values[name] / self._factor(name) for name in node.input)
        return queries, keys.swapaxes(-1, -2)

    def tokens(self, norm: int) -> np.ndarray:
        """The sum of what a LayerNormalization (by number) reads, the one before an MLP, with what comes of it."""
        read = self._origin(self.norms[norm].input[0])
        for node in self.nodes:
            if node.op_type == "Add" and read in map(self._origin, node.input) and node.output[0] != read:
                return self.values[node.output[0]]
        raise AssertionError("no residual sum")

    def _origin(self, name: str) -> str:
        """The tensor that a chain of reshapes begins with."""
        while name in self.makers and self.makers[name].op_type in ("Reshape", "Flatten", "Identity"):
            name = self.makers[name].input[0]
        return name

    def _factor(self, name: str) -> float:
        """The product of the scalars that a tensor was multiplied with on its way through views."""
        factor = 1.0
        while node := self.makers.get(name):
            if node.op_type in ("Mul", "Div"):
                first, second = (self.values[operand] for operand in node.input)
                scalar, name = (second, node.input[0]) if second.size == 1 else (first, node.input[1])
                factor *= float(scalar.item()) ** (1 if node.op_type == "Mul" else -1)
            elif node.op_type in ("Transpose", "Reshape", "Cast"):
                name = node.input[0]
            else:
                break
        return factor
