"""What recognition and its rewrites promise for models of full size, as they are exported; no weight is read.

Rows are named as in the project's list of what must hold: REG for register tokens (arXiv 2309.16588), LAVIT for inherited
attention (arXiv 2406.00427).
"""
import json
import re

import pytest
import zoo

from harness import FULL

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
