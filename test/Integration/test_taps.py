"""--tap: tensors of a model as further outputs, as ONNX Runtime computes them."""
import json
import re

import numpy as np
import onnx
import pytest
import vitc
import zoo

from harness import SMALL, Reference, assert_agrees, compile_model, draw, save
from inside import Inside


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


# Kinds. Of each model: the numbers of the LayerNormalization nodes before the MLPs, one a block, and the blocks whose scores
# are inherited.
BLOCKS = {
    "dino": ([1, 3], []),
    "dino.dyn": ([1, 3], []),
    "dinov2_reg4": ([1, 3], []),
    "dinov2_reg4_batch.dyn": ([1, 3], []),
    "swin": ([2, 4, 7, 9], []),
    "swin_batch.dyn": ([2, 4, 7, 9], []),
    "pvt": ([3, 7, 11, 14], []),
    "lavit.dyn": ([3, 7, 10, 12, 14, 17, 19], [3, 4, 5, 6]),
    "deepvit": ([1, 3], []),
    "pit": ([1, 3, 5], []),
    "deit_b2": ([1, 3], []),
}
KINDS = ["scores", "attention", "queries", "keys", "values", "tokens", "norms"]


def expected_taps(inside, norms, inherited, heads):
    """By name, as ONNX Runtime has them, in the shapes that vitc gives them; `heads` of each block."""
    taps = {}
    for layer, (norm, h) in enumerate(zip(norms, heads)):
        def split(array):
            return array.reshape(-1, h, *array.shape[-2:])

        taps[f"tap.scores.{layer}"] = split(inside.scores(layer))
        taps[f"tap.attention.{layer}"] = split(inside.attention(layer))
        if layer not in inherited:
            queries, keys = inside.queries_and_keys(layer)
            taps |= {f"tap.queries.{layer}": split(queries), f"tap.keys.{layer}": split(keys)}
        taps[f"tap.values.{layer}"] = split(inside.values_of(layer))
        tokens = inside.tokens(norm)
        tokens = tokens.reshape(len(tokens), -1, tokens.shape[-1])
        taps |= {f"tap.tokens.{layer}": tokens, f"tap.norms.{layer}": np.linalg.norm(tokens, axis=-1)}
    return taps


@pytest.mark.parametrize("name", BLOCKS)
def test_kinds(name, small_model, run_tool, tmp_path):
    """All kinds of all blocks, beside the model's own outputs."""
    norms, inherited = BLOCKS[name]
    made = compile_model(run_tool, small_model(name), tmp_path / "m.so", *(f"--tap={kind}" for kind in KINDS))
    model = vitc.load(made.library, threads=2)
    inputs = draw(model, 2)
    inside = Inside(small_model(name), inputs)
    found = model.run(inputs)
    heads = [found[f"tap.attention.{layer}"].shape[1] for layer in range(len(norms))]
    expected = expected_taps(inside, norms, inherited, heads)
    own = {output: inside.values[output] for output in inside.outputs}
    order = sorted(expected, key=lambda tap: (KINDS.index(tap.split(".")[1]), int(tap.split(".")[2])))
    assert_agrees(found, own | {tap: expected[tap] for tap in order})


def test_open_sizes(run_tool, tmp_path):
    """Outputs are as long as the picture makes them."""
    zoo.make("dino_sizes.dyn", tmp_path / "m.onnx", folder=SMALL.parent / "sized")
    made = compile_model(run_tool, tmp_path / "m.onnx", tmp_path / "m.so", *(f"--tap={kind}" for kind in KINDS))
    model = vitc.load(made.library, threads=2)
    for shape in ((2, 3, 48, 80), (1, 3, 96, 32)):
        inputs = {"x": np.random.default_rng(0).standard_normal(shape, np.float32)}
        inside, found = Inside(tmp_path / "m.onnx", inputs), model.run(inputs)
        expected = expected_taps(inside, [1, 3], [], [3, 3])
        assert_agrees({tap: found[tap] for tap in expected}, expected)


def test_left_out(small_model, run_tool, tmp_path):
    """Of all blocks those that have keys; a block without, named, is refused."""
    run = run_tool("vitc", small_model("lavit"), "-o", tmp_path / "m.so", "--tap=keys")
    assert run.returncode == 0
    notes = re.findall(r"vitc: note: \S+: tap 'keys': layer (\d) inherits its scores, and has no queries and keys of its own; "
                       "it is left out", run.stderr)
    outputs = [tensor.name for tensor in vitc.load(tmp_path / "m.so", threads=1).outputs]
    assert notes == ["3", "4", "5", "6"] and outputs == ["y", "tap.keys.0", "tap.keys.1", "tap.keys.2"]
    run = run_tool("vitc", small_model("lavit"), "-o", tmp_path / "n.so", "--tap=keys:3")
    assert run.returncode == 1 and "tap 'keys:3': layer 3 inherits its scores" in run.stderr
    assert not (tmp_path / "n.so").exists()


def test_layers(small_model, run_tool, tmp_path):
    """Lists and ranges, from the end too, in the order that they are named in; with an ordinary output among them."""
    flags = ["--tap=norms:-1,0", "--tap=y", "--tap=values:0--1", "--tap-only"]
    made = compile_model(run_tool, small_model("pvt"), tmp_path / "m.so", *flags)
    outputs = [tensor.name for tensor in vitc.load(made.library, threads=1).outputs]
    assert outputs == ["tap.norms.3", "tap.norms.0", "y", *(f"tap.values.{layer}" for layer in range(4))]


@pytest.mark.parametrize("name, tokens", [("dinov2_reg4", (1, 4, 25)), ("deit_batch", (1, 0, 16)), ("swin", (0, 0, None))])
def test_info_has_the_tokens(name, tokens, small_model, run_tool, tmp_path):
    made = compile_model(run_tool, small_model(name), tmp_path / "m.so")
    found = vitc.load(made.library, threads=1).info["tokens"]
    assert found == dict(zip(("cls", "registers", "patches"), tokens))
    assert found | {"patches": tokens[2] or 0} == made.report["tokens"]


def test_shapes_with_other_numbers_of_patches(small_model, run_tool, tmp_path):
    made = compile_model(run_tool, small_model("vit_meta_reg4_batch"), tmp_path / "m.so", "--shapes=x=1x3x70x70;x=2x3x70x70")
    assert vitc.load(made.library, threads=1).info["tokens"]["patches"] == made.report["tokens"]["patches"] > 0


def test_verified(small_model, run_tool):
    """Kinds are compared with the model before rewrites, the other outputs with its unfused path."""
    run = run_tool("vitc", small_model("lavit"), "--verify", "--tap=attention", "--tap=tokens:-1", "--tap=keys")
    assert run.returncode == 0 and re.search(r"verified \d+ ops and 12 outputs", run.stdout), run.stderr
    assert len(re.findall("it is left out", run.stderr)) == 4, "each layer without keys is named once"
    run = run_tool("vitc", small_model("dino"), "--verify", "--tap=cls_attention:-1", "--tap-only")
    assert run.returncode == 0 and re.search(r"verified \d+ ops and 1 output against", run.stdout), run.stderr


def count_macs(run_tool, *args):
    """The multiplications that --report counts."""
    run = run_tool("vitc", *args, "--report")
    assert run.returncode == 0, run.stderr
    return int(re.search(r"^total +\d+ +(\d+)", run.stdout, re.MULTILINE)[1])


@pytest.mark.parametrize("name", ["dino", "dino.dyn", "dinov2_reg4"])
def test_maps_alone(name, small_model, run_tool, tmp_path):
    """The maps of the last block, without what only the model's outputs need, are the whole model's; and so is the row
    of the class token."""
    path = small_model(name)
    full = vitc.load(compile_model(run_tool, path, tmp_path / "full.so", "--tap=attention:-1").library, threads=1)
    maps = compile_model(run_tool, path, tmp_path / "maps.so", "--tap=attention:-1", "--tap-only")
    row = compile_model(run_tool, path, tmp_path / "row.so", "--tap=cls_attention:-1", "--tap-only")
    inputs = draw(full, 1)
    whole = full.run(inputs)["tap.attention.1"]
    found = vitc.load(maps.library, threads=1).run(inputs)
    assert list(found) == ["tap.attention.1"] and np.abs(found["tap.attention.1"] - whole).max() <= 1e-5
    found = vitc.load(row.library, threads=1).run(inputs)
    assert list(found) == ["tap.cls_attention.1"] and np.abs(found["tap.cls_attention.1"] - whole[:, :, :1]).max() <= 1e-5
    plain, tapped = count_macs(run_tool, path), count_macs(run_tool, path, "--tap=attention:-1")
    alone, one = (count_macs(run_tool, path, f"--tap={kind}:-1", "--tap-only") for kind in ("attention", "cls_attention"))
    assert tapped > alone > one > 0 and plain > one, "a classifier's last block answers for the class token alone, too"
