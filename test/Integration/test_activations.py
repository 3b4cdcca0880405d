"""Activations, functions of angles and reductions: as ONNX Runtime, or NumPy in float64, says."""
import numpy as np
import pytest
import vitc
from onnx import TensorProto

from harness import compile_model
from single_nodes import Graph, agrees, node, weights

ACTIVATIONS = {
    "Celu": dict(alpha=0.7), "Elu": dict(alpha=0.7), "Selu": {}, "Shrink": dict(bias=0.2, lambd=0.6), "Softsign": {},
    "ThresholdedRelu": dict(alpha=0.3),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name, run_tool, tmp_path):
    agrees(Graph([node(name, **ACTIVATIONS[name])], {"x": ("batch", 33)}), run_tool, tmp_path, batches=(1, 3))


@pytest.mark.parametrize("shape", [(4,), (3, 1), (1, 3, 1), ()], ids=str)
def test_prelu(shape, run_tool, tmp_path):
    constants = weights(3, s=shape) if shape else {"s": np.float32(0.3)}
    agrees(Graph([node("PRelu", ["x", "s"])], {"x": (2, 3, 4)}, constants), run_tool, tmp_path)


ANGLES = {
    "Sin": (np.sin, -3e4, 3e4), "Cos": (np.cos, -3e4, 3e4), "Tan": (np.tan, -1.5, 1.5), "Sinh": (np.sinh, -20, 20),
    "Cosh": (np.cosh, -20, 20), "Asin": (np.arcsin, -1, 1), "Acos": (np.arccos, -1, 1), "Atan": (np.arctan, -50, 50),
    "Asinh": (np.arcsinh, -1e5, 1e5), "Acosh": (np.arccosh, 1, 1e5), "Atanh": (np.arctanh, -0.9999, 0.9999),
}


@pytest.mark.parametrize("name", ANGLES)
def test_function_of_angles(name, run_tool, tmp_path):
    function, least, most = ANGLES[name]
    made = compile_model(run_tool, Graph([node(name)], {"x": (4096,)}).save(tmp_path / "m.onnx"), tmp_path / "m.so")
    x = np.linspace(least, most, 4096, dtype=np.float32)
    x[:9] = np.clip(np.float32([0, 1e-6, -1e-6, 1e-3, -1e-3, 0.1, -0.1, 1, -1]), least, most)
    y = vitc.load(made.library, threads=1).run({"x": x})["y"]
    np.testing.assert_allclose(y, function(x.astype(np.float64)), rtol=4e-6, atol=2e-7)


def test_what_is_not_a_number(run_tool, tmp_path):
    """Infinity has no sine; it is infinite, of a sign."""
    nodes = [node("Sin", outputs=["s"]), node("IsNaN", ["s"], ["n"]), node("IsInf", ["x"], ["p"], detect_negative=0),
             node("IsInf", ["x"], ["m"], detect_positive=0)]
    outputs = ("n", "p", "m")
    graph = Graph(nodes, {"x": (4,)}, outputs=outputs, output_types=dict.fromkeys(outputs, TensorProto.BOOL))
    made = compile_model(run_tool, graph.save(tmp_path / "m.onnx"), tmp_path / "m.so")
    y = vitc.load(made.library, threads=1).run({"x": np.float32([np.inf, -np.inf, np.nan, 1])})
    assert [list(map(bool, y[name])) for name in outputs] == [[True, True, True, False], [True, False, False, False], [False, True, False, False]]


REDUCTIONS = ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"]
FORMS = {
    "last": dict(axes=[-1]), "drop": dict(axes=[0, 2], keepdims=0), "all": dict(keepdims=0), "noop": dict(noop_with_empty_axes=1),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reduction(name, form, run_tool, tmp_path):
    attributes = dict(FORMS[form])
    axes = attributes.pop("axes", None)
    inputs = ["a", "axes"] if axes else ["a"]
    nodes = [node("Abs", outputs=["a"]), node(f"Reduce{name}", inputs, **attributes)]
    agrees(Graph(nodes, {"x": (2, 3, 4)}, {"axes": np.int64(axes)} if axes else {}), run_tool, tmp_path)


@pytest.mark.parametrize("name", ["L1", "L2", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"])
def test_reduction_of_integers(name, run_tool, tmp_path):
    nodes = [node("Cast", outputs=["i"], to=TensorProto.INT32), node(f"Reduce{name}", ["i", "axes"], outputs=["r"], keepdims=0),
             node("Cast", ["r"], to=TensorProto.FLOAT)]
    nodes.insert(0, node("Mul", ["x", "nine"], ["x9"]))
    nodes[1].input[0] = "x9"
    agrees(Graph(nodes, {"x": (5, 6)}, {"axes": np.int64([1]), "nine": np.float32(9)}), run_tool, tmp_path)


def test_log_sum_exp_of_large_values(run_tool, tmp_path):
    """Exponentials that overflow by themselves; a row of nothing but minus infinity."""
    graph = Graph([node("ReduceLogSumExp", ["x", "axes"], keepdims=0)], {"x": (4, 3)}, {"axes": np.int64([1])})
    made = compile_model(run_tool, graph.save(tmp_path / "m.onnx"), tmp_path / "m.so")
    x = np.float32([[1000, 1000, 999], [-1000, -1001, -1e30], [-np.inf, -np.inf, -np.inf], [np.inf, 0, -np.inf]])
    y = vitc.load(made.library, threads=1).run({"x": x})["y"]
    np.testing.assert_allclose(y, np.logaddexp.reduce(x.astype(np.float64), axis=1), rtol=1e-6)


def test_mean(run_tool, tmp_path):
    agrees(Graph([node("Mean", ["x", "a", "b"])], {"x": (2, 3, 4)}, weights(3, a=(3, 1), b=(4,))), run_tool, tmp_path)


@pytest.mark.parametrize("axis, opset", [(1, 13), (-1, 13), (0, 13), (1, 12), (2, 12), (-1, 12)])
def test_hardmax(axis, opset, run_tool, tmp_path):
    """The first of equal maxima; before opset 13 of all dimensions from the axis on."""
    nodes = [node("Mul", ["x", "two"], ["t"]), node("Floor", ["t"], ["f"]), node("Hardmax", ["f"], axis=axis)]
    agrees(Graph(nodes, {"x": (3, 4, 5)}, {"two": np.float32(2)}, opset=opset), run_tool, tmp_path)


def test_function_without_an_op(run_tool, tmp_path):
    agrees(Graph([node("MeanVarianceNormalization", axes=[0, 2])], {"x": (2, 3, 4)}, opset=13), run_tool, tmp_path)


@pytest.mark.parametrize("ignored", (None, 2), ids=("all", "ignored"))
@pytest.mark.parametrize("reduction", ("none", "mean", "sum"))
@pytest.mark.parametrize("op", ("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"))
def test_loss(op, reduction, ignored, run_tool, tmp_path):
    constants = {"t": np.int64([[0, 3, 2], [2, 4, 1]]), "w": np.float32([1, 0.5, 2, 3, 0.25])}
    more = {} if ignored is None else {"ignore_index": ignored}
    for inputs in (["x", "t"], ["x", "t", "w"]):
        graph = Graph([node(op, inputs, reduction=reduction, **more)], {"x": (2, 5, 3)},
                      {name: constants[name] for name in inputs[1:]}, opset=13)
        agrees(graph, run_tool, tmp_path)


def test_center_crop_pad(run_tool, tmp_path):
    """One dimension is cropped by an odd number, another one padded by one."""
    constants = {"s": np.int64([4, 8])}
    agrees(Graph([node("CenterCropPad", ["x", "s"], axes=[-1, 1])], {"x": (2, 5, 7)}, constants), run_tool, tmp_path)


def test_group_normalization_with_a_scale_a_group(run_tool, tmp_path):
    constants = weights(3, s=(2,), b=(2,))
    graph = Graph([node("GroupNormalization", ["x", "s", "b"], num_groups=2)], {"x": (2, 6, 4, 3)}, constants, opset=18)
    agrees(graph, run_tool, tmp_path)
