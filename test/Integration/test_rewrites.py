"""Rewrites of small graphs: that they are made, what they report, and that numbers stay those of ONNX Runtime."""
import re

import numpy as np
import onnx
import onnx.parser
import pytest
import vitc

from harness import Reference, assert_agrees, compile_model, draw, save


def graph(text, path, **weights):
    """A graph in ONNX's textual syntax, `weights` its initializers: drawn arrays of these shapes."""
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> g {text}')
    rng = np.random.default_rng(5)
    for name, shape in weights.items():
        spread = 1 / np.sqrt(shape[-1]) if len(shape) > 1 else 0.5
        values = (spread * rng.standard_normal(shape)).astype(np.float32)
        model.graph.initializer.append(onnx.numpy_helper.from_array(values, name))
    return save(model, path)


@pytest.fixture
def rewritten(run_tool, tmp_path):
    """rewritten(text, shapes..): compiles, compares with ONNX Runtime, and returns the report."""

    def run(text, **weights):
        path = graph(text, tmp_path / "m.onnx", **weights)
        made = compile_model(run_tool, path, tmp_path / "m.so")
        library, reference = vitc.load(made.library, threads=2), Reference.open(path)
        for batch in (1, 3):
            inputs = draw(library, batch)
            assert_agrees(library.run(inputs), reference.run(inputs))
        return made.report

    return run


def names(report):
    return [rewrite["name"] for rewrite in report["rewrites"]]


# Scores of n tokens, two heads of 4 features, and what later layers make of them after an attention of the scores themselves.
LAYERS = """(float[b,{n},8] x) => (float[b,2,{n},4] y, float[b,2,{n},4] z) {{
    heads = Constant <value_ints = [0, {n}, 2, 4]> ()
    x_q = MatMul(x, w_q)
    x_k = MatMul(x, w_k)
    r_q = Reshape(x_q, heads)
    r_k = Reshape(x_k, heads)
    r_v = Reshape(x, heads)
    q = Transpose <perm = [0, 2, 1, 3]> (r_q)
    t = Transpose <perm = [0, 2, 3, 1]> (r_k)
    v = Transpose <perm = [0, 2, 1, 3]> (r_v)
    a = MatMul(q, t)
    p = Softmax <axis = -1> (a)
    y = MatMul(p, v)
    {layers}
    r = Softmax <axis = -1> ({last})
    z = MatMul(r, v) }}"""


def layer(before, after):
    """Θ and Ψ of a layer, as LaViT exports them."""
    return f"""
    {after}_t = MatMul({before}, theta_{after})
    {after}_tb = Add({after}_t, theta_bias_{after})
    {after}_tt = Transpose <perm = [0, 1, 3, 2]> ({after}_tb)
    {after}_p = MatMul({after}_tt, psi_{after})
    {after}_pb = Add({after}_p, psi_bias_{after})
    {after} = Transpose <perm = [0, 1, 3, 2]> ({after}_pb)"""


def weights_of(n, *layers):
    matrices = {f"{kind}_{name}": (n, n) for name in layers for kind in ("theta", "psi")}
    biases = {f"{kind}_bias_{name}": (n,) for name in layers for kind in ("theta", "psi")}
    return matrices | biases | {"w_q": (8, 8), "w_k": (8, 8)}


@pytest.mark.parametrize("n, pushed", [(5, False), (6, False), (7, True), (20, True)])
def test_push_through_where_3d_is_less_than_2n(n, pushed, rewritten):
    text = LAYERS.format(n=n, layers=layer("a", "c"), last="c")
    assert ("push_through" in names(rewritten(text, **weights_of(n, "c")))) == pushed


@pytest.mark.parametrize("n, name, macs", [(5, "compose_inheritance", 2 * 2 * 5**3), (20, "push_through", None)])
def test_chain_of_which_the_end_is_read(n, name, macs, rewritten):
    """Two layers by one, all biases in one constant; pushed through where that is less."""
    report = rewritten(LAYERS.format(n=n, layers=layer("a", "c") + layer("c", "d"), last="d"), **weights_of(n, "c", "d"))
    [found] = [rewrite for rewrite in report["rewrites"] if rewrite["name"] == name]
    assert macs is None or found["macs_saved"] == macs
    assert "compose_inheritance" not in names(report) or n == 5


def test_chain_over_a_softmax(rewritten):
    """Probabilities that are inherited start a chain of their own."""
    report = rewritten(LAYERS.format(n=5, layers=layer("p", "c") + layer("c", "d"), last="d"), **weights_of(5, "c", "d"))
    assert "compose_inheritance" in names(report) and "push_through" not in names(report)


def test_lavit_f_weights_that_depend_on_the_input(rewritten):
    """A product with activations is no Θ: that layer is an attention on the general path."""
    layers = """k_t = Transpose <perm = [0, 1, 3, 2]> (q)
    w = MatMul(v, k_t)
    c = MatMul(a, w)"""
    report = rewritten(LAYERS.format(n=20, layers=layers, last="c"), **weights_of(20))
    assert "inherited_attention" not in report["recognized"] and names(report) == []


# Class token and registers, each layout's way to put them before 6 patches; `prefix` is one initializer of all 5 rows.
PREFIXES = {
    "separate": "t = Concat <axis = 1> (cls, registers, placed)",
    "merged": "t = Concat <axis = 1> (prefix, placed)",
    "merged_then_placed": """unplaced = Concat <axis = 1> (prefix, x)
        t = Add(unplaced, every_position)""",
    "meta_of_merged": """first = Slice(prefix, zero, one, one)
        rest = Slice(prefix, one, five, one)
        seen = Concat <axis = 1> (first, x)
        seen_placed = Add(seen, cls_and_patch_position)
        head = Slice(seen_placed, zero, one, one)
        tail = Slice(seen_placed, one, seven, one)
        t = Concat <axis = 1> (head, rest, tail)""",
}


@pytest.mark.parametrize("output, registers, cls", [("y = Gather <axis = 1> (z, zero_scalar)", 4, 1),
                                                    ("y = ReduceMean <axes = [1], keepdims = 0> (z)", 0, 0)])
@pytest.mark.parametrize("form", PREFIXES)
def test_merged_initializers_are_split_by_liveness(form, output, registers, cls, rewritten):
    constants = {"zero": [0], "one": [1], "five": [5], "seven": [7]}
    lines = "".join(f"{name} = Constant <value_ints = {values}> ()\n" for name, values in constants.items())
    report = rewritten(f"""(float[1,6,8] x) => (float[1,8] y) {{
        {lines}
        zero_scalar = Constant <value_int = 0> ()
        placed = Add(x, position)
        {PREFIXES[form]}
        q = MatMul(t, w_q)
        k = MatMul(t, w_k)
        k_t = Transpose <perm = [0, 2, 1]> (k)
        s = MatMul(q, k_t)
        p = Softmax <axis = -1> (s)
        o = MatMul(p, t)
        z = Add(t, o)
        {output} }}""", cls=(1, 1, 8), registers=(1, 4, 8), prefix=(1, 5, 8), position=(1, 6, 8), every_position=(1, 11, 8),
        cls_and_patch_position=(1, 7, 8), w_q=(8, 8), w_k=(8, 8))
    assert (report["tokens"]["registers"], report["tokens"]["cls"]) == (registers, cls)


@pytest.mark.parametrize("name", ["swin", "swin.dyn", "swin_batch.dyn"])
def test_shifted_windows_move_once(name, compiled, run_tool):
    """Two blocks of four are shifted: one copy of their tokens in, one back; bias and mask are one constant."""
    made = compiled(name)
    places = {rewrite["name"]: rewrite["where"].split(", ") for rewrite in made.report["rewrites"]}
    assert len(places["compose_moves"]) == 4 and len(places["merge_addends"]) == 2
    text = run_tool("vitc", made.model, "--compile-to=fused").stdout
    assert len(re.findall(r"vit\.gather_rows", text)) == 4 and "tensor.concat" not in text
    assert not re.search(r"vit\.attention .* addends\(%\w+, ", text)


@pytest.mark.parametrize("name", ["pvt", "pvt.dyn", "pvt_v2", "lavit", "pvt_batch"])
def test_spatial_reduction_reads_tokens_where_they_lie(name, compiled, run_tool):
    """The picture's patches are rows of a product; those of tokens are convolved in place, with no copy to channel-first."""
    model = compiled(name).model
    fused = run_tool("vitc", model, "--compile-to=fused").stdout
    assert fused.count("vit.patchify") == (0 if name == "pvt_v2" else 1)
    reductions = [line for line in re.findall(r"vit\.conv .*", fused) if "groups = " not in line
                  and (stride := re.findall(r"strides = array<i64: (\d+), ", line)[0]) != "1" and f"x{stride}x{stride}xf32>) ->" in line]
    assert len(reductions) >= 2
    tiled = run_tool("vitc", model, "--compile-to=tiled").stdout
    moved = re.findall(r"vcpu\.pack ins\(%\w+ : tensor<([\dx?]+)xf32>\).* permutation = \[0, 2, 1\]", tiled)
    tokens = [shape for shape in moved if shape.split("x")[1] != "3"]  # not of the picture
    assert len(tokens) == (2 if name == "lavit" else 0)  # the map of scores that is convolved across stages, there and back


@pytest.mark.parametrize("name", ["deit", "deit.dyn", "dinov2_reg4", "vit_meta_reg4"])
def test_positions_are_part_of_the_patch_embedding(name, compiled, run_tool):
    """Added where a patch's product is; those of class token and registers are in the constant prefix."""
    text = run_tool("vitc", compiled(name).model, "--compile-to=fused").stdout
    [patches] = re.findall(r"(%\w+) = vit\.patchify", text)
    assert re.search(rf"vit\.linear {patches}, .* extras\(%\w+ : tensor<\d+x96xf32>\).* epilogue", text)


@pytest.mark.parametrize("name", ["vit_swiglu", "vit_swiglu.dyn"])
def test_gated_mlps_of_the_last_block_are_of_one_row(name, compiled):
    """Features and gate are slices of one product."""
    report = compiled(name).report
    assert report["pruned_rows"] == [29]
    assert sum(rewrite["macs_saved"] for rewrite in report["rewrites"]) == report["macs"]["imported"] - report["macs"]["final"]
