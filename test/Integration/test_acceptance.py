"""What recognition and its rewrites promise for models of full size, as they are exported; no weight is read, but where a
model is run: a narrow copy, and the model itself if marked `long`.

Rows are named as in the project's list of what must hold: REG for register tokens (arXiv 2309.16588), LAVIT for inherited
attention (arXiv 2406.00427), VT for visual tokens (arXiv 2006.03677).
"""
import json
import re

import numpy as np
import onnx
import pytest
import vitc
import zoo

from harness import FULL, Reference, assert_agrees, compare, compile_model, draw

EXPORTS = ["", ".dyn"]


@pytest.fixture(scope="module")
def explain(run_tool, tmp_path_factory):
    """explain(name, flags..): the report of a graph, or what vitc prints instead of it."""
    folder = tmp_path_factory.mktemp("full")

    def run(name, *flags):
        model = folder / f"{name}.onnx"
        if not model.exists():
            zoo.make(name, model, folder=FULL if name in zoo.names(FULL) else zoo.GRAPHS)
        result = run_tool("vitc", model, *(flags or ["--explain=json"]))
        assert result.returncode == 0, result.stderr
        return result.stdout if flags else json.loads(result.stdout)

    return run


def saved(report, name):
    return sum(rewrite["macs_saved"] for rewrite in report["rewrites"] if rewrite["name"] == name)


@pytest.mark.parametrize("export", EXPORTS)
def test_reg_a_tokens_of_dinov2(export, explain):
    tokens = explain("dinov2_s14_reg4" + export)["tokens"]
    assert (tokens["registers"], tokens["cls"]) == (4, 1)


@pytest.mark.parametrize("export", EXPORTS)
def test_reg_c_last_block_answers_for_the_class_token(export, explain):
    report = explain("dinov2_s14_reg4" + export)
    macs = report["macs"]
    assert 1 - macs["final"] / macs["imported"] == pytest.approx(0.070, abs=0.002)
    assert report["pruned_rows"] == [260]
    assert saved(report, "row_liveness") == macs["imported"] - macs["final"]


@pytest.mark.parametrize("export", EXPORTS)
def test_lavit_a_counts(export, explain):
    kinds = explain("lavit_t" + export)["recognized"]
    assert kinds.get("attention", 0) + kinds.get("sr_attention", 0) == 5
    assert kinds["inherited_attention"] == 3
    assert kinds["score_residual"] == 1


def test_lavit_b_layers_that_inherit_have_no_queries_and_keys(explain):
    text = explain("lavit_t", "--compile-to=vit")
    attentions = len(re.findall(r"= vit\.attention ", text))
    inherited = re.findall(r"= vit\.attend %", text)
    assert (attentions, len(inherited)) == (5, 3)  # a softmax each, and no other
    assert "linalg.softmax" not in text


@pytest.mark.parametrize("export", EXPORTS)
def test_lavit_c_fewer_products_than_vanilla(export, explain):
    report, twin = explain("lavit_t" + export), explain("lavit_t_vanilla" + export)
    assert report["macs"]["final"] <= 0.97 * twin["macs"]["final"]
    assert saved(report, "push_through") == pytest.approx(38.4e6, rel=0.01)


def test_lavit_d_push_through_only_where_it_saves(explain):
    # 196 tokens of 64 features: 3 · 64 < 2 · 196. In the last stage, of 49 tokens, it does not hold.
    report = explain("lavit_t")
    places = [rewrite["where"] for rewrite in report["rewrites"] if rewrite["name"] == "push_through"]
    assert len(places) == 1 and "stages.2" in places[0] and "stages.3" not in places[0]


def test_lavit_e_query_biases_only_at_the_end_of_a_chain(explain):
    report = explain("lavit_t")
    places = [rewrite["where"] for rewrite in report["rewrites"] if rewrite["name"] == "drop_query_bias"]
    assert len(places) == 1 and "stages.3/blocks.1" in places[0]


@pytest.mark.parametrize("name, kind, count", [("deepvit_16", "reattention", 16), ("pvt_t", "sr_attention", 6), ("swin_t", "window_attention", 10)])
@pytest.mark.parametrize("export", EXPORTS)
def test_lavit_g_other_attention(name, kind, count, export, explain):
    assert explain(name + export)["recognized"][kind] == count


def run_full(name, run_tool, folder):
    """Compiles a model of full size and compares it with ONNX Runtime; leaves no file."""
    model = folder / f"{name}.onnx"
    zoo.make(name, model, folder=FULL)
    try:
        compare(compile_model(run_tool, model, folder / "model.so").library, model)
    finally:
        for path in folder.iterdir():
            path.unlink()


# Both forms; the first module's tokenizer is static, the second one's recurrent but where `static` says otherwise.
@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize("name", ["vt", "vt_static", "vt_v1"])
def test_vt_a_agrees(name, export, compiled):
    made = compiled(name + export)
    compare(made.library, made.model)


@pytest.mark.long
@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize("name", ["vt_r18", "vt_r18_v1"])
def test_vt_a_full_size_agrees(name, export, run_tool, tmp_path):
    run_full(name + export, run_tool, tmp_path)


@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize("name, tokens", [("vt_r18", 16), ("vt_r18_v1", 8)])
def test_vt_b_tokenizers_pool_positions(name, tokens, export, explain):
    text = explain(name + export, "--compile-to=vit")
    shapes = [re.findall(r"tensor<1x(\d+)x", line) for line in text.splitlines() if "= vit.tokenize " in line]
    assert len(shapes) == 2
    positions_and_tokens = {int(extent) for shape in shapes for extent in shape}
    assert positions_and_tokens == {196, tokens}
    assert "linalg.softmax" not in text, "every softmax is a tokenizer's, a projector's or an attention's"


@pytest.mark.parametrize("name, positions", [("vt", 1), ("vt_v1", 2)])  # which dimension of (B, H W, L) or (B, L, H W)
def test_vt_c_maps_of_a_token_sum_to_one(name, positions, small_model, run_tool, tmp_path):
    model = onnx.load(small_model(name))
    taps = [node.output[0] for node in model.graph.node if node.op_type == "Softmax" and "tokenizer" in node.name]
    assert len(taps) == 2
    made = compile_model(run_tool, small_model(name), tmp_path / "m.so", *(f"--tap={tap}" for tap in taps))
    assert made.report["recognized"]["tokenize"] == 2
    library = vitc.load(made.library, threads=2)
    inputs = draw(library, 1)
    outputs = library.run(inputs)
    for tap in taps:
        assert outputs[tap].shape[positions] == 64
        assert np.abs(outputs[tap].sum(axis=positions) - 1).max() < 1e-5
        model.graph.output.append(onnx.helper.make_tensor_value_info(tap, onnx.TensorProto.FLOAT, None))
    onnx.save(model, tmp_path / "m.onnx")
    assert_agrees(outputs, Reference.open(tmp_path / "m.onnx").run(inputs))


def resnet18_stages():
    """Products of ResNet-18 at 224 x 224, by stage, and of its classifier."""
    def stage(side, inputs, width):  # two blocks of two convolutions; the first may widen, by a shortcut of 1 x 1
        shortcut = side**2 * inputs * width if inputs != width else 0
        return side**2 * 9 * width * (inputs + 3 * width) + shortcut

    return [112**2 * 49 * 3 * 64, stage(56, 64, 64), stage(28, 64, 128), stage(14, 128, 256), stage(7, 256, 512), 512 * 1000]


@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize("name", ["vt_r18", "vt_r18_v1"])
def test_vt_d_less_than_half_of_the_last_stage(name, export, explain):
    stages = resnet18_stages()
    assert sum(stages) == pytest.approx(1.814e9, rel=1e-3)
    report = explain(name + export)
    imported, final = (report["macs"][when] - sum(stages[:4]) for when in ("imported", "final"))
    assert final <= stages[4] / 2
    assert saved(report, "pool_first") + saved(report, "fold_projector") == imported - final > 0


def test_vt_d_savings(explain):
    """196 positions: 256 wide and 16 tokens; in the first version 512 wide, 8 tokens of 1024, and keys of 512."""
    folded = 196 * 256**2  # 196 · 256² + 16 · 256² + 16 · 196 · 256 become the last two
    assert saved(explain("vt_r18"), "fold_projector") == folded == pytest.approx(14.7e6 - 1.9e6, rel=0.01)
    v1 = explain("vt_r18_v1")
    assert saved(v1, "fold_projector") == 196 * 512 * 512
    assert saved(v1, "pool_first") == 2 * ((196 - 8) * 512 * 1024 + 8 * 196 * (1024 - 512))


@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize("name", ["vt_fpn", "vt_fpn_wide"])  # the largest map 16 x 16 and 24 x 24
def test_vt_e_fpn_agrees_at_two_sizes(name, export, compiled):
    made = compiled(name + export)
    compare(made.library, made.model)
    kinds = made.report["recognized"]
    assert (kinds["tokenize"], kinds["attention"], kinds["project"]) == (4, 1, 4)


@pytest.mark.long
@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize("name", ["vt_fpn_224", "vt_fpn_320"])
def test_vt_e_full_size_agrees(name, export, run_tool, tmp_path):
    run_full(name + export, run_tool, tmp_path)
