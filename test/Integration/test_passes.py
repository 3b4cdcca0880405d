"""A batch that is run in several passes: which models, what it changes of results, memory and reports, and what forbids it."""
import re

import numpy as np
import onnx
import pytest
import vitc

from harness import Reference, assert_agrees, compare, compile_model
from nodes import make_model, node

BATCH = 6


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def save(path, nodes, inputs, weights):
    """A model of `nodes` whose outputs are those that no node reads."""
    model = make_model(nodes, inputs, weights)
    read = {name for each in nodes for name in each.input}
    kept = [output for output in model.graph.output if output.name not in read]
    del model.graph.output[:]
    model.graph.output.extend(kept)
    onnx.save(model, path)
    return path


def cnn(path, batch=BATCH):
    """Convolutions, pooling and a head: images of one input, and a vector each of another."""
    weights = {"w1": draw(8, 3, 3, 3), "b1": draw(8), "w2": draw(16, 8, 3, 3, seed=1), "head": draw(16, 10, seed=2)}
    nodes = [node("Conv", ["x", "w1", "b1"], "a", pads=[1, 1, 1, 1]), node("Relu", ["a"], "b"),
             node("MaxPool", ["b"], "c", kernel_shape=[2, 2], strides=[2, 2]),
             node("Conv", ["c", "w2"], "d", pads=[1, 1, 1, 1]), node("GlobalAveragePool", ["d"], "e"), node("Flatten", ["e"], "f"),
             node("Add", ["f", "v"], "g"), node("MatMul", ["g", "head"], "y"), node("Softmax", ["y"], "z", axis=-1)]
    return save(path, nodes, {"x": np.zeros((batch, 3, 32, 32), np.float32), "v": np.zeros((batch, 16), np.float32)}, weights)


def tokens(path, tail, **weights):
    """A dense layer over 196 tokens of 6 images, and `tail`, from "h" (6, 196, 32)."""
    weights = {"w": draw(16, 32) / 4, **weights}
    return save(path, [node("MatMul", ["x", "w"], "h"), *tail], {"x": np.zeros((BATCH, 196, 16), np.float32)}, weights)


def passes_of(run_tool, path):
    run = run_tool("vitc", path, "--compile-to=fused")
    assert run.returncode == 0, run.stderr
    found = re.findall(r"vit\.passes = (\d+)", run.stdout)
    return int(found[0]) if found else 1


APART = {
    "rows": ([node("Relu", ["h"], "y")], {}),
    "transposed": ([node("Transpose", ["h"], "t", perm=[0, 2, 1]), node("Exp", ["t"], "y")], {}),
    "merged": ([node("Reshape", ["h", "rows"], "r"), node("MatMul", ["r", "v"], "s"), node("Reshape", ["s", "whole"], "y")],
               {"rows": np.array([-1, 32]), "whole": np.array([BATCH, 196, 8]), "v": draw(32, 8)}),
    "same_for_all": ([node("Add", ["h", "c"], "y")], {"c": np.full((BATCH, 196, 32), 0.5, np.float32)}),
    "repeated": ([node("Add", ["h", "c"], "y")], {"c": np.tile(draw(1, 1, 32), (BATCH, 1, 1))}),
    "softmax": ([node("Softmax", ["h"], "y", axis=1)], {}),
}
TOGETHER = {
    "mean": ([node("ReduceMean", ["h", "first"], "m", keepdims=1), node("Sub", ["h", "m"], "y")], {"first": np.array([0])}),
    "reversed_tokens": ([node("Slice", ["h", "from", "to", "axis", "step"], "y")],  # they do not, but that is not proved
                        {"from": np.array([195]), "to": np.array([-10**6]), "axis": np.array([1]), "step": np.array([-1])}),
    "norm": ([node("LpNormalization", ["h"], "y", axis=0, p=2)], {}),
    "own_constants": ([node("Add", ["h", "c"], "y")], {"c": draw(BATCH, 1, 32)}),
    "softmax": ([node("Softmax", ["h"], "y", axis=0)], {}),
    "reversed_images": ([node("Slice", ["h", "from", "to", "axis", "step"], "y")],
                        {"from": np.array([5]), "to": np.array([-10**6]), "axis": np.array([0]), "step": np.array([-1])}),
    "first_image": ([node("Gather", ["h", "first"], "f", axis=0), node("Add", ["h", "f"], "y")], {"first": np.array([0])}),
    "regrouped": ([node("Reshape", ["h", "groups"], "g"), node("Softmax", ["g"], "s", axis=1), node("Reshape", ["s", "whole"], "y")],
                  {"groups": np.array([4, 294, 32]), "whole": np.array([BATCH, 196, 32])}),
    "running_sum": ([node("CumSum", ["h", "first"], "y")], {"first": np.array([0])}),
    "joined": ([node("Concat", ["h", "h"], "j", axis=0), node("Reshape", ["j", "whole"], "y")], {"whole": np.array([BATCH, 392, 32])}),
}


@pytest.mark.parametrize("name", APART)
def test_images_apart(name, run_tool, tmp_path):
    tail, weights = APART[name]
    path = tokens(tmp_path / "m.onnx", tail, **weights)
    assert passes_of(run_tool, path) == BATCH
    compare(compile_model(run_tool, path, tmp_path / "m.so").library, path, threads=(1, 2, 3))


@pytest.mark.parametrize("name", TOGETHER)
def test_images_that_meet(name, run_tool, tmp_path):
    tail, weights = TOGETHER[name]
    path = tokens(tmp_path / "m.onnx", tail, **weights)
    assert passes_of(run_tool, path) == 1
    compare(compile_model(run_tool, path, tmp_path / "m.so").library, path, threads=(1, 2))


def test_a_whole_model(run_tool, tmp_path):
    path, one = cnn(tmp_path / "m.onnx"), cnn(tmp_path / "one.onnx", batch=1)
    assert passes_of(run_tool, path) == BATCH and passes_of(run_tool, one) == 1
    library = compile_model(run_tool, path, tmp_path / "m.so").library
    compare(library, path, threads=(1, 2, 3))
    model, single = vitc.load(library, threads=1), vitc.load(compile_model(run_tool, one, tmp_path / "one.so").library, threads=1)
    assert [list(spec.shape) for spec in model.inputs] == [[BATCH, 3, 32, 32], [BATCH, 16]]
    assert [list(spec.shape) for spec in model.outputs] == [[BATCH, 10]]
    kept = [made.info["functions"][0]["arena_bytes"] for made in (model, single)]
    assert kept[0] == kept[1], "what a pass keeps is that of one image"

    def macs(model, batch):
        steps = model.profile({"x": draw(batch, 3, 32, 32), "v": draw(batch, 16)})
        return sum(step["macs"] for step in steps), len(steps)

    (all_macs, all_steps), (one_macs, one_steps) = macs(model, BATCH), macs(single, 1)
    assert all_macs == BATCH * one_macs and all_steps == BATCH * one_steps
    for threads, rounds in {2: 3, 4: 1 + 2, 6: 1, 7: 6}.items():  # each thread's own images, then those that all share
        assert macs(vitc.load(library, threads=threads), BATCH) == (all_macs, rounds * one_steps)


def test_reports_count_the_whole(run_tool, tmp_path):
    totals = []
    for batch in (1, BATCH):
        run = run_tool("vitc", cnn(tmp_path / f"{batch}.onnx", batch), "-o", tmp_path / "m.so", "--report")
        assert run.returncode == 0, run.stderr
        totals.append(int(next(line for line in run.stdout.splitlines() if line.startswith("total")).split()[2]))
    assert totals[1] == BATCH * totals[0]


def test_verify_compares_all_images(run_tool, tmp_path):
    run = run_tool("vitc", cnn(tmp_path / "m.onnx"), "-o", tmp_path / "m.so", "--verify")
    assert run.returncode == 0, run.stderr
    assert "verified" in run.stdout + run.stderr


def test_taps_of_all_images(run_tool, tmp_path):
    path = cnn(tmp_path / "m.onnx")
    expected = cnn(tmp_path / "reference.onnx")
    model = onnx.load(expected)
    model.graph.output.append(onnx.helper.make_tensor_value_info("c", onnx.TensorProto.FLOAT, [BATCH, 8, 16, 16]))
    onnx.save(model, expected)
    compiled = vitc.load(compile_model(run_tool, path, tmp_path / "m.so", "--tap=c").library, threads=2)
    inputs = {"x": draw(BATCH, 3, 32, 32), "v": draw(BATCH, 16)}
    assert_agrees(compiled.run(inputs), Reference.open(expected).run(inputs))
