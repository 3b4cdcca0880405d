"""What recognition finds in whole graphs of both exporters, and that it leaves the same program of both."""
import functools
import json
import re

import pytest
import zoo
from onnx import TensorProto

# attention of any kind, layer_norm, class tokens, registers
EXPECTED = {
    "deit_s": (12, 25, 1, 0),
    "deit3_s": (12, 25, 1, 0),
    "dino_s16": (12, 25, 1, 0),
    "dino_s8": (12, 25, 1, 0),
    "vit_b16": (12, 25, 1, 0),
    "dinov2_s14_reg4": (12, 25, 1, 4),
    "swin_t": (12, 29, 0, 0),
    "pvt_v2_b1": (8, 30, 0, 0),
    "nest_t": (12, 27, 0, 0),
    "pit_s": (12, 25, 1, 0),
    "levit_256": (14, 0, 0, 0),
    "convnext_t": (0, 23, 0, 0),
    "resnet50": (0, 0, 0, 0),
    "vgg19": (0, 0, 0, 0),
}
PLAIN = ["deit_s", "deit3_s", "dino_s16", "dino_s8", "vit_b16", "dinov2_s14_reg4"]
ATTENTIONS = ["attention", "window_attention", "sr_attention", "class_attention", "reattention", "inherited_attention"]


def without_weights(name, folder):
    """The graph with its large tensors in a sparse file: recognition reads no weight."""
    model = zoo.load_graph(name)
    largest = 0
    for tensor in model.graph.initializer:
        if not tensor.doc_string.startswith("normal "):
            continue
        size = 4
        for dim in tensor.dims:
            size *= dim
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", "weights"), ("offset", "0"), ("length", str(size))):
            tensor.external_data.add(key=key, value=value)
        largest = max(largest, size)
    with open(folder / "weights", "wb") as weights:
        weights.truncate(largest)
    path = folder / f"{name}.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture(scope="module")
def stage(run_tool, tmp_path_factory):
    """stage(name, flags...) -> what vitc prints of the vit stage of a graph."""

    @functools.cache
    def run(name, *flags):
        model = without_weights(name, tmp_path_factory.mktemp(name))
        result = run_tool("vitc", model, "--compile-to=vit", *flags)
        assert result.returncode == 0, result.stderr
        return result.stdout

    return run


def report_of(stage, name):
    return json.loads(stage(name, "--explain=json"))


@pytest.mark.parametrize("name", zoo.names())
def test_counts(stage, name):
    report = report_of(stage, name)
    found = report["recognized"]
    attentions = sum(found.get(kind, 0) for kind in ATTENTIONS)
    tokens = report["tokens"]
    counts = attentions, found.get("layer_norm", 0), tokens["cls"], tokens["registers"]
    assert counts == EXPECTED[name.removesuffix(".dyn")]


@pytest.mark.parametrize("name", PLAIN)
def test_plain_families_are_recognised_whole(stage, name):
    report = report_of(stage, name)
    assert report["recognized"]["mlp"] == 12 and report["recognized"]["patch_embed"] == 1
    assert report["missed"] == []


@pytest.mark.parametrize("name", PLAIN)
def test_both_exporters_give_the_same_program(stage, name):
    def operations(ir):
        """Without constants and their names: equal weights are one constant in one of the files."""
        lines = [line for line in ir.split("func.func", 1)[1].splitlines()[1:] if "arith.constant" not in line]
        text = re.sub(r"%cst(_\d+)?\b", "%cst", "\n".join(lines))
        numbers = {}
        return re.sub(r"%(?!cst\b)\w+", lambda name: f"%{numbers.setdefault(name[0], len(numbers))}", text).splitlines()

    torchscript, dynamo = operations(stage(name)), operations(stage(name + ".dyn"))
    assert torchscript == dynamo
    left = set(re.findall(r"= linalg\.(\w+)", "\n".join(torchscript)))
    assert left <= {"elementwise"}, f"residual additions alone are no op of the dialect, got {left}"


def test_report_follows_its_schema(stage, source_dir):
    schema = json.loads((source_dir / "docs" / "explain.schema.json").read_text())
    report = report_of(stage, "pvt_v2_b1")
    assert set(schema["required"]) <= set(report)
    assert set(report["recognized"]) <= set(schema["properties"]["recognized"]["propertyNames"]["enum"])
    assert report["missed"]
    for key in ("blocks", "missed", "rewrites"):
        required = schema["properties"][key]["items"]["required"]
        assert all(set(required) == set(item) for item in report[key])
