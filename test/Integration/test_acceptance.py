"""What recognition and its rewrites promise, row by row: counts and products at full size, read off the graphs as they are
exported (no weight is needed), and numbers against ONNX Runtime, of narrow copies in every run and of full sizes in long ones.

Rows are named as in the project's list of what must hold: REG for register tokens (arXiv 2309.16588), LAVIT for inherited
attention (arXiv 2406.00427), DINO for self-distilled ViTs (arXiv 2104.14294), VT for visual tokens (arXiv 2006.03677).
"""
import functools
import json
import re

import numpy as np
import onnx
import pytest
import vitc
import zoo

from harness import FULL, SMALL, Reference, assert_agrees, compare, compile_model, draw, save

EXPORTS = ["", ".dyn"]
LAYOUTS = ["meta", "timm"]
REGISTERS = [0, 1, 2, 4, 8, 16]


def folder_of(name):
    return next(folder for folder in (FULL, SMALL, zoo.GRAPHS) if name in zoo.names(folder))


def both(*names):
    """The models by both exporters."""
    return [name + export for name in names for export in EXPORTS]


def long(names):
    return [pytest.param(name, marks=pytest.mark.long) for name in names]


@pytest.fixture(scope="module")
def model_of(tmp_path_factory):
    """model_of(name): the path of a model of any size."""
    folder = tmp_path_factory.mktemp("full")

    def make(name):
        if not (folder / f"{name}.onnx").exists():
            zoo.make(name, folder / f"{name}.onnx", folder=folder_of(name))
        return folder / f"{name}.onnx"

    return make


@pytest.fixture(scope="module")
def explain(run_tool, model_of):
    """explain(name, flags..): the report of a graph, or what vitc prints instead of it."""

    @functools.cache
    def run(name, *flags):
        result = run_tool("vitc", model_of(name), *(flags or ["--explain=json"]))
        assert result.returncode == 0, result.stderr
        return result.stdout if flags else json.loads(result.stdout)

    return run


@pytest.fixture
def assert_runs(compiled, model_of, run_tool, tmp_path):
    """assert_runs(name): the compiled model agrees with ONNX Runtime."""

    def check(name):
        if folder_of(name) == SMALL:
            made = compiled(name)
            return compare(made.library, made.model)
        compare(compile_model(run_tool, model_of(name), tmp_path / "model.so").library, model_of(name))
        (tmp_path / "model.so").unlink()
        model_of(name).unlink()

    return check


def rewrites(report, name):
    return [rewrite for rewrite in report["rewrites"] if rewrite["name"] == name]


def saved(report, name):
    return sum(rewrite["macs_saved"] for rewrite in rewrites(report, name))


# Registers


@pytest.mark.parametrize("name, registers, cls", [
    *[(name, 4, 1) for name in both("dinov2_s14_reg4", "vit_s14_meta_reg4", "vit_s14_timm_reg4")],
    *[(name, 0, 1) for name in both("vit_s14_meta_reg0", "vit_s14_timm_reg0")],
    *[(name, 4, 0) for name in both("dinov2_reg4_gap")],
])
def test_reg_a_tokens(name, registers, cls, explain):
    tokens = explain(name)["tokens"]
    assert (tokens["registers"], tokens["cls"]) == (registers, cls)


@pytest.mark.parametrize("name", [*both("vit_dense_reg4", "vit_meta_reg4", "vit_timm_reg4"),
                                  *long(both("vit_s14_dense_reg4", "vit_s14_meta_reg4", "vit_s14_timm_reg4"))])
def test_reg_b_class_and_patch_outputs_agree(name, assert_runs):
    assert_runs(name)


@pytest.mark.parametrize("name", both("dinov2_s14_reg4"))
def test_reg_c_last_block_answers_for_the_class_token(name, explain):
    report = explain(name)
    macs = report["macs"]
    assert 1 - macs["final"] / macs["imported"] == pytest.approx(0.070, abs=0.002)
    assert report["pruned_rows"] == [260]
    # The first block's queries, keys and values of class token and registers are constants.
    assert saved(report, "static_prefix") == 3 * 5 * 384**2
    assert saved(report, "row_liveness") + saved(report, "static_prefix") == macs["imported"] - macs["final"]
    # Queries, projection, MLP and norms of the last block, and of the classifier: one row. Keys and values: all.
    text = explain(name, "--compile-to=fused")
    last = text[text.rindex("= vit.attention "):]
    assert "tensor<1x261x6x64xf32>" in last.splitlines()[0] and "-> tensor<1x1x6x64xf32>" in last.splitlines()[0]
    assert not re.search(r"vit\.(linear|layer_norm).*tensor<1x261x", last)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("export", EXPORTS)
def test_reg_d_registers_cost_little(layout, export, explain):
    with_registers, without = (explain(f"vit_s14_{layout}_reg{n}{export}")["macs"] for n in (4, 0))
    for count in ("imported", "final"):
        assert 1 < with_registers[count] / without[count] <= 1.02


def some_registers(size):
    return [(f"{size}_{layout}_reg{count}{export}", count) for layout in LAYOUTS for count in REGISTERS for export in EXPORTS]


@pytest.mark.parametrize("name, registers", [*some_registers("vit"),
                                             *[pytest.param(*row, marks=pytest.mark.long) for row in some_registers("vit_s14")]])
def test_reg_g_any_number(name, registers, explain, assert_runs):
    tokens = explain(name)["tokens"]
    assert (tokens["registers"], tokens["cls"]) == (registers, 1)
    assert_runs(name)


# Inherited attention


@pytest.mark.parametrize("export", EXPORTS)
def test_lavit_a_counts(export, explain):
    kinds = explain("lavit_t" + export)["recognized"]
    assert kinds.get("attention", 0) + kinds.get("sr_attention", 0) == 5
    assert kinds["inherited_attention"] == 3
    assert kinds["score_residual"] == 1


@pytest.mark.parametrize("name", [*both("lavit", "lavit_residual"), *long(both("lavit_t"))])
def test_lavit_a_agrees(name, assert_runs):
    assert_runs(name)


@pytest.mark.parametrize("export", EXPORTS)
def test_lavit_b_layers_that_inherit_have_no_queries_and_keys(export, explain):
    text = explain("lavit_t" + export, "--compile-to=vit")
    attentions = len(re.findall(r"= vit\.attention ", text))
    inherited = re.findall(r"= vit\.attend %", text)
    assert (attentions, len(inherited)) == (5, 3)  # a softmax each, and no other
    assert "linalg.softmax" not in text and "vit.scores" not in text


@pytest.mark.parametrize("export", EXPORTS)
def test_lavit_c_fewer_products_than_vanilla(export, explain):
    report, twin = explain("lavit_t" + export), explain("lavit_t_vanilla" + export)
    assert report["macs"]["final"] <= 0.97 * twin["macs"]["final"]
    assert saved(report, "push_through") == pytest.approx(38.4e6, rel=0.01)


@pytest.mark.parametrize("export", EXPORTS)
def test_lavit_c_scores_of_the_last_stage(export, explain):
    """49 tokens of width 512: Θ and Ψ on the maps of 8 heads, in place of a projection to queries and keys and their product."""
    inherited, twin = (explain(name + export, "--compile-to=vit") for name in ("lavit_t", "lavit_t_vanilla"))
    maps = re.findall(r"vit\.inherit .*theta.*psi.* -> tensor<1x(8)x(49)x49xf32>", inherited)
    products = re.findall(r"vit\.attention .* -> tensor<1x(49)x(8)x(64)xf32>", twin)
    assert len(maps) == len(products) == 2
    assert not re.search(r"vit\.attention .*tensor<1x49x8x64xf32>", inherited)

    def projected(text):
        """Columns of all products of the last stage's tokens with matrices of 512 rows, the MLP's left out."""
        columns = re.findall(r"vit\.linear .*\(tensor<1x49x512xf32>, tensor<512x(\d+)xf32>\)", text)
        return sum(int(count) for count in columns if int(count) % 2048)

    # Each vanilla block has queries and keys of 512 columns more.
    columns = projected(twin) - projected(inherited)
    assert columns == 2 * 2 * 512
    handed_on = sum(2 * int(heads) * int(tokens)**3 for heads, tokens in maps)
    computed = columns * 49 * 512 + sum(int(tokens)**2 * int(heads) * int(width) for tokens, heads, width in products)
    assert 1 - handed_on / computed == pytest.approx(0.93, abs=0.002)


@pytest.mark.parametrize("export", EXPORTS)
def test_lavit_d_push_through_only_where_it_saves(export, explain):
    # 196 tokens of 64 features: 3 · 64 < 2 · 196. In the last stage, of 49 tokens, it does not hold.
    places = [rewrite["where"] for rewrite in rewrites(explain("lavit_t" + export), "push_through")]
    assert len(places) == 1 and "," not in places[0]
    text = explain("lavit_t" + export, "--compile-to=fused")
    assert len(re.findall(r"vit\.attention .*-> tensor<1x196x5x64xf32>", text)) == 2
    assert len(re.findall(r"linalg\.softmax dimension\(3\) ins\(.*tensor<1x8x49x49xf32>\)", text)) == 2


@pytest.mark.parametrize("name, places", [("lavit", 2), ("lavit_vanilla", 0), ("lavit_post", 0)])
@pytest.mark.parametrize("export", EXPORTS)
def test_lavit_d_pushed_or_not_agrees(name, places, export, compiled, assert_runs):
    """ONNX Runtime multiplies the maps. Of probabilities there is nothing to push through."""
    found = rewrites(compiled(name + export).report, "push_through")
    assert sum(len(rewrite["where"].split(", ")) for rewrite in found) == places
    assert_runs(name + export)


def test_lavit_e_query_biases_only_at_the_end_of_a_chain(explain):
    report = explain("lavit_t")
    places = [rewrite["where"] for rewrite in rewrites(report, "drop_query_bias")]
    assert len(places) == 1 and "stages.3/blocks.1" in places[0]
    # The first layer of that stage is inherited further: its bias stays.
    text = explain("lavit_t", "--compile-to=vit")
    assert len(re.findall(r"vit\.inherit .*psi_bias.* -> tensor<1x8x49x49xf32>", text)) == 2


@pytest.mark.parametrize("export", EXPORTS)
def test_lavit_f_inherited_after_softmax(export, explain, assert_runs):
    """Probabilities that are inherited are none of the scores' chains: nothing is pushed through or composed over a softmax."""
    report = explain("lavit_post" + export)
    assert report["recognized"]["inherited_attention"] == 4
    assert not rewrites(report, "push_through") and not rewrites(report, "compose_inheritance")
    assert "stage = 1" in explain("lavit_post" + export, "--compile-to=vit")
    assert_runs("lavit_post" + export)


@pytest.mark.parametrize("name, kind, count", [("deepvit_16", "reattention", 16), ("pvt_t", "sr_attention", 6), ("swin_t", "window_attention", 10)])
@pytest.mark.parametrize("export", EXPORTS)
def test_lavit_g_other_attention(name, kind, count, export, explain):
    assert explain(name + export)["recognized"][kind] == count


@pytest.mark.parametrize("name", [*both("deepvit", "pvt", "swin"), *long(both("deepvit_16", "pvt_t", "swin_t"))])
def test_lavit_g_other_attention_agrees(name, assert_runs):
    assert_runs(name)


# DINO


@pytest.mark.parametrize("name", [*both("dino", "dino8", "dino_large", "dino_tiny"),
                                  *long(both("dino_s16", "dino_s8", "dino_s16_480", "dino_s16_96", "dino_s8_96"))])
def test_dino_a_any_size_agrees(name, assert_runs):
    assert_runs(name)


def with_class_map(model, path, keep_outputs=False):
    """The model with the last block's map of the class token as an output: one row of probabilities, (B, h, 1 + P)."""
    model = onnx.load(model)
    softmax = [node for node in model.graph.node if node.op_type == "Softmax"][-1]
    row = onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(onnx.helper.make_tensor("v", onnx.TensorProto.INT64, [], [0])), "cls_row")
    model.graph.initializer.append(row)
    model.graph.node.append(onnx.helper.make_node("Gather", [softmax.output[0], "cls_row"], ["cls_map"], name="cls_map", axis=2))
    if not keep_outputs:
        del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_tensor_value_info("cls_map", onnx.TensorProto.FLOAT, None))
    return save(model, path)


@pytest.mark.parametrize("name", both("dino_s16"))
def test_dino_b_an_attention_map_costs_less(name, model_of, run_tool, tmp_path):
    """Of the last block, keys of all tokens and the query of one: N C² + C² + N C products instead of 2 N C² + 10 C² + 2 N C."""
    whole = compile_model(run_tool, model_of(name), None).report["macs"]["final"]
    entry = compile_model(run_tool, with_class_map(model_of(name), tmp_path / "map.onnx"), None).report
    n, c = 197, 384
    assert whole - entry["macs"]["final"] == n * c**2 + 9 * c**2 + n * c
    assert entry["pruned_rows"] == [196]


@pytest.mark.parametrize("name", [*both("dino"), *long(both("dino_s16"))])
@pytest.mark.parametrize("keep_outputs", [False, True])
def test_dino_b_an_attention_map_agrees(name, keep_outputs, model_of, run_tool, tmp_path):
    entry = with_class_map(model_of(name), tmp_path / "map.onnx", keep_outputs)
    made = compile_model(run_tool, entry, tmp_path / "map.so")
    assert made.report["pruned_rows"]
    compare(made.library, entry)


@pytest.mark.parametrize("name", [*both("dino_attention"), *long(both("dino_s16_attention"))])
def test_dino_b_an_entry_of_all_maps_agrees(name, explain, assert_runs):
    report = explain(name)
    assert saved(report, "unread_heads") > 0
    assert sum(rewrite["macs_saved"] for rewrite in report["rewrites"]) == report["macs"]["imported"] - report["macs"]["final"]
    assert_runs(name)


# Visual tokens


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
