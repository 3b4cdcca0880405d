"""A spelling as an ONNX model together with what it means, and the check of one against the other in float64."""
from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from graph import Graph, Tensor
from projections import QKV
from spelling import Build, Spelling
from steps import ADDENDS, SCALES, result_of, scale_operand, scale_scores, scores_of, softmax_of, times, values_of, FACTOR


@dataclasses.dataclass(frozen=True)
class Change:
    """What a near miss does to a spelling; None leaves a step as it is."""

    operands: Callable[[Build, dict[str, Tensor]], dict[str, Tensor]] | None = None  # q, k and v together
    operand: Callable[[Build, str, Tensor], Tensor] | None = None  # q, k or v before they are multiplied, by role
    scores: Callable[[Build, Tensor], Tensor] | None = None  # before softmax
    softmax: Callable[[Build, Tensor], Tensor] | None = None  # instead of softmax
    probs: Callable[[Build, Tensor], Tensor] | None = None  # after softmax
    values: Callable[[Build, Tensor, Tensor], Tensor] | None = None  # instead of the product with the values


@dataclasses.dataclass
class Example:
    model: onnx.ModelProto
    graph: Graph
    build: Build
    result: Tensor

    def formula(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """In float64, in the axes of the first output."""
        values = self.build.attention({name: value.astype(np.float64) for name, value in inputs.items()})
        if self.build.projection is not None:
            return values.reshape(self.graph.shape(self.result.axes))
        extents = self.graph.extents
        values = values.reshape([extents[letter] for letter in "bwmhe"])
        order = [letter for axis in self.result.axes for letter in axis]
        order = [letter for letter in "bwmhe" if letter not in order] + order  # of extent 1
        return values.transpose(["bwmhe".index(letter) for letter in order]).reshape(self.graph.shape(self.result.axes))

    def evaluate(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """The first output, op by op in float64."""
        doubles = {name: value if value.dtype == bool else value.astype(np.float64) for name, value in inputs.items()}
        with np.errstate(all="ignore"):
            return ReferenceEvaluator(in_float64(self.model)).run(None, doubles)[0]

    def drift(self, seed: int) -> float:
        """How far the graph is from the formula, of the formula's largest value; infinite where it is no number."""
        inputs = self.graph.draw(seed)
        expected, found = self.formula(inputs), self.evaluate(inputs)
        assert np.isfinite(expected).all()
        difference = np.abs(found - expected).max()
        return difference / np.abs(expected).max() if np.isfinite(difference) else np.inf


def in_float64(model: onnx.ModelProto) -> onnx.ModelProto:
    double = onnx.ModelProto()
    double.CopyFrom(model)
    graph, pair = double.graph, (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE)
    for value in [*graph.input, *graph.output]:
        if value.type.tensor_type.elem_type == pair[0]:
            value.type.tensor_type.elem_type = pair[1]
    for tensor in graph.initializer:
        if tensor.data_type == pair[0]:
            tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor).astype(np.float64), tensor.name))
    for attribute in (attribute for node in graph.node for attribute in node.attribute if attribute.name == "to"):
        attribute.i = pair[1] if attribute.i == pair[0] else attribute.i
    return double


def build(spelling: Spelling, change: Change = Change()) -> Example:
    made = Build(spelling)
    operands = QKV[spelling.qkv](made)
    for role in operands:
        operands[role] = scale_operand(made, role, operands[role], early=True)
        if change.operand:
            operands[role] = change.operand(made, role, operands[role])
    if change.operands:
        operands = change.operands(made, operands)
    made.scale = SCALES[spelling.scale]
    raw = scores_of(made, operands["q"], operands["k"])
    scores = with_addends(made, scale_scores(made, raw))
    if change.scores:
        scores = change.scores(made, scores)
    probs = (change.softmax or softmax_of)(made, scores)
    weights = change.probs(made, probs) if change.probs else probs
    result = result_of(made, (change.values or values_of)(made, weights, operands["v"]))
    made.graph.output(result)
    if spelling.reader != "none":
        made.graph.output({"probs": probs, "scores": scores, "raw": raw}[spelling.reader])
    return Example(made.graph.model(), made.graph, made, result)


def with_addends(made: Build, scores: Tensor) -> Tensor:
    """Addends meet scores of one letter an axis; softmax reads those, or what the product left."""
    graph, before = made.graph, scores.axes
    if made.spelling.addends:
        whole = made.full() if before.index("n") > before.index("m") else (*made.full()[:-2], "n", "m")
        scores = graph.arrange(scores, whole)
    for name in made.spelling.addends:
        scores = ADDENDS[name](made, scores)
    if made.spelling.scale in ("mul_sum", "div_sum"):
        scores = times(made, scores, FACTOR, "Mul" if made.spelling.scale == "mul_sum" else "Div")
    return graph.arrange(scores, before) if made.spelling.seed % 2 else scores
