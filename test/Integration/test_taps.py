"""--tap: tensors of a model as further outputs, as ONNX Runtime computes them."""
import json

import onnx
import pytest
import vitc

from harness import Reference, assert_agrees, compile_model, draw, save


def with_outputs(model, names, path):
    """The model with these tensors as its last outputs."""
    model = onnx.load(model)
    for name in names:
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    return save(model, path)


def pick(model, *ops):
    """The first result of the last node of each kind."""
    nodes = onnx.load(model).graph.node
    return [[node.output[0] for node in nodes if node.op_type == op][-1] for op in ops]


@pytest.mark.parametrize("name", ["deit", "deit_batch"])
def test_taps_are_outputs(name, small_model, run_tool, tmp_path):
    """Probabilities, what multiplies them, a normalised stream and a residual: fused away where nobody taps them."""
    taps = pick(small_model(name), "Softmax", "MatMul", "LayerNormalization", "Add")
    expected = Reference.open(with_outputs(small_model(name), taps, tmp_path / "reference.onnx"))
    flags = [f"--tap={tap}" for tap in taps]
    model = vitc.load(compile_model(run_tool, small_model(name), tmp_path / "m.so", *flags).library, threads=2)
    inputs = draw(model, 2)
    assert_agrees(model.run(inputs), expected.run(inputs))


def test_tap_only(small_model, run_tool, tmp_path):
    path = small_model("deit")
    [tap] = pick(path, "Softmax")
    made = compile_model(run_tool, path, tmp_path / "m.so", f"--tap={tap}", "--tap-only")
    info = json.loads(run_tool("vitc", "--info", made.library).stdout)
    assert [output["name"] for output in info["functions"][0]["outputs"]] == [tap]
    whole = compile_model(run_tool, path, None)
    assert made.report["macs"]["imported"] < whole.report["macs"]["imported"], "what follows the tap is not computed"
    model = vitc.load(made.library, threads=1)
    inputs = draw(model, 1)
    expected = Reference.open(with_outputs(path, [tap], tmp_path / "reference.onnx")).run(inputs)
    assert_agrees(model.run(inputs), {tap: expected[tap]})


def test_recognition_sees_the_reader(small_model, run_tool):
    """Scores before the softmax are needed: that attention is not fused, and says why."""
    path = small_model("deit")
    scores = [node.input[0] for node in onnx.load(path).graph.node if node.op_type == "Softmax"][0]
    whole, tapped = compile_model(run_tool, path, None).report, compile_model(run_tool, path, None, f"--tap={scores}").report
    assert tapped["recognized"]["attention"] <= whole["recognized"]["attention"]
    assert [output for output in tapped["missed"] if output not in whole["missed"]] or tapped["recognized"] == whole["recognized"]


def test_name_of_no_tensor(small_model, run_tool, tmp_path):
    path = small_model("deit")
    [tap] = pick(path, "Softmax")
    run = run_tool("vitc", path, "-o", tmp_path / "m.so", f"--tap={tap[:-1]}x")
    assert run.returncode == 1 and list(tmp_path.iterdir()) == []
    assert f"the model has no tensor '{tap[:-1]}x'; did you mean " in run.stderr and f"'{tap}'" in run.stderr
