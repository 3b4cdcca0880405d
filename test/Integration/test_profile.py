"""vitc-run --profile on compiled models: steps with the nodes of the ONNX file, multiplications, and traces."""
import json

import numpy as np
import onnx
import pytest
import vitc

from harness import draw


def steps_of(trace):
    """What the trace says of each step, in order; checks that the events of a track do not overlap and cover its run."""
    tracks = {}
    for event in trace["traceEvents"]:
        if event["ph"] == "X":
            tracks.setdefault(event["tid"], []).append(event)
    for events in tracks.values():
        for before, after in zip(events, events[1:]):
            assert before["ts"] + before["dur"] <= after["ts"] + 1e-6
    assert len(tracks) == trace["otherData"]["threads"]
    first = tracks[0]
    assert sum(event["dur"] for event in first) >= 0.9e6 * trace["otherData"]["seconds"]
    return [event for event in first if event["cat"] != "barrier"]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", ["deit", "swin", "convnext", "pvt_v2"])
def test_steps(name, threads, compiled, run_tool, tmp_path):
    model = compiled(name)
    run = run_tool("vitc-run", model.library, f"--profile={tmp_path}/t.json", f"--threads={threads}", "--repeat=5")
    assert run.returncode == 0, run.stderr
    assert max(map(len, run.stdout.splitlines())) <= 140
    steps = steps_of(json.loads((tmp_path / "t.json").read_text()))
    nodes = {node.name for node in onnx.load(model.model, load_external_data=False).graph.node}
    named = [step for step in steps if step["args"]["nodes"] and set(step["args"]["nodes"]) <= nodes]
    assert len(named) >= 0.95 * len(steps), [step["args"]["nodes"] for step in steps if step not in named]
    macs = sum(step["args"]["macs"] for step in steps)
    assert macs == pytest.approx(model.report["macs"]["final"], rel=0.02)
    weights = sum(step["args"]["weight_bytes"] for step in steps)
    assert 0 < weights <= 1.01 * vitc.load(model.library).info["weights"]["bytes"]
    assert {"gemm", "layer_norm"} <= {step["cat"] for step in steps}


def test_sizes_follow_the_batch(compiled):
    model = vitc.load(compiled("deit_batch").library, threads=1)
    found = [model.profile(draw(model, batch), repeat=1, warmup=0) for batch in (2, 6)]
    assert len(found[0]) == len(found[1]) > 10
    for two, six in zip(*found):
        assert (two["kind"], two["nodes"], two["weight_bytes"]) == (six["kind"], six["nodes"], six["weight_bytes"])
        assert six["macs"] == 3 * two["macs"]
    assert sum(step["seconds"] for step in found[0]) > 0


def test_computed_extents_count_as_found(run_tool, tmp_path):
    """Steps after a NonZero cost what it has found."""
    x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
            for name, shape in (("x", [64]), ("y", [1, "found"])))
    nodes = [onnx.helper.make_node("NonZero", ["x"], ["where"], "find"),
             onnx.helper.make_node("Cast", ["where"], ["floats"], "convert", to=onnx.TensorProto.FLOAT),
             onnx.helper.make_node("Exp", ["floats"], ["y"], "exponential")]
    graph = onnx.helper.make_graph(nodes, "g", [x], [y])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]), tmp_path / "m.onnx")
    run = run_tool("vitc", tmp_path / "m.onnx", "-o", tmp_path / "m.so")
    assert run.returncode == 0, run.stderr
    model = vitc.load(tmp_path / "m.so")
    few, many = (model.profile({"x": (np.arange(64) < count).astype(np.float32)}, repeat=1) for count in (3, 50))

    def last(steps):
        return next(step["activation_bytes"] for step in reversed(steps) if "exponential" in step["nodes"])

    assert 0 < last(few) < last(many)
