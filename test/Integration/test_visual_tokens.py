"""Tokenizers and projectors beside those of test/models: biases, factors, other orders, and what is almost one. All compute
what ONNX Runtime computes."""
import re

import numpy as np
import onnx
import onnx.parser
import pytest
import vitc

from harness import Reference, assert_agrees, compile_model

# Of x (b, 5, 4, 6), a map: c (b, 5, 24) and its positions r (b, 24, 5). Weights are drawn: w_5_3 is (5, 3).
POSITIONS = "lines = Constant <value_ints = [0, 5, 24]> () c = Reshape(x, lines) r = Transpose <perm = [0, 2, 1]> (c)"
MAPS = "s = MatMul(r, w_5_3) a = Softmax <axis = 1> (s) m = Transpose <perm = [0, 2, 1]> (a)"
STATIC = f"{MAPS} t = MatMul(m, r)"
READ = "g = Transpose <perm = [0, 2, 1]> (k) e = MatMul(q, g) p = Softmax <axis = -1> (e)"

# Bodies that make y, and how many of each kind are found.
GRAPHS = {
    "biases": ("""s = MatMul(r, w_5_3) d = Add(s, b_3) a = Softmax <axis = 1> (d) m = Transpose <perm = [0, 2, 1]> (a)
        n = MatMul(r, v_5_7) v = Add(n, b_7) y = MatMul(m, v)""", {"tokenize": 1}),
    "factor": ("""s = MatMul(r, w_5_3) f = Constant <value_float = 0.4472136> () d = Mul(s, f) a = Softmax <axis = 1> (d)
        m = Transpose <perm = [0, 2, 1]> (a) y = MatMul(m, r)""", {"tokenize": 1}),
    "convolutions": ("""n = Conv(x, w_3_5_1_1, b_3) heads = Constant <value_ints = [0, 3, 24]> () s = Reshape(n, heads)
        a = Softmax <axis = 2> (s) z = Conv(x, v_10_5_1_1, b_10) wide = Constant <value_ints = [0, 10, 24]> ()
        o = Reshape(z, wide) v = Transpose <perm = [0, 2, 1]> (o) y = MatMul(a, v)""", {"tokenize": 1}),
    "convolutions_in_groups": ("""z0 = Conv(x, w_8_5_1_1) wide = Constant <value_ints = [0, 8, 24]> () o0 = Reshape(z0, wide)
        n = Conv(z0, w_3_8_1_1, b_3) heads = Constant <value_ints = [0, 3, 24]> () s = Reshape(n, heads)
        a = Softmax <axis = 2> (s) z = Conv <group = 4> (z0, v_8_2_1_1, b_8) o = Reshape(z, wide)
        v = Transpose <perm = [0, 2, 1]> (o) y = MatMul(a, v)""", {"tokenize": 1}),
    "recurrent_twice": (f"""{STATIC} u = MatMul(t, w_5_5) h = Add(u, b_5) s2 = MatMul(h, c) a2 = Softmax <axis = -1> (s2)
        t2 = MatMul(a2, r) o = Tanh(t2) q = Transpose <perm = [0, 2, 1]> (o) s3 = MatMul(r, q) a3 = Softmax <axis = 1> (s3)
        m3 = Transpose <perm = [0, 2, 1]> (a3) y = MatMul(m3, r)""", {"tokenize": 3}),
    # Two projections with biases: the query's contributes, the key's does not.
    "projector_with_biases": (f"""{STATIC} q0 = MatMul(r, q_5_9) q = Add(q0, b_9) k0 = MatMul(t, k_5_9) k = Add(k0, c_9) {READ}
        v0 = MatMul(t, v_5_5) v = Add(v0, b_5) j = MatMul(p, v) y = Add(j, r)""", {"tokenize": 1, "project": 1}),
    "projector_with_a_factor": (f"""{STATIC} q0 = MatMul(r, q_5_9) f = Constant <value_float = 0.3333333> () q1 = Mul(q0, f)
        q = Add(q1, b_9) k = MatMul(t, k_5_9) {READ} j = MatMul(p, t) y = Add(r, j)""", {"tokenize": 1, "project": 1}),
    "projector_to_a_map": (f"""{STATIC} z = Conv(x, q_9_5_1_1, b_9) wide = Constant <value_ints = [0, 9, 24]> () o = Reshape(z, wide)
        q = Transpose <perm = [0, 2, 1]> (o) k = MatMul(t, k_5_9) {READ} j = MatMul(p, t) i = Transpose <perm = [0, 2, 1]> (j)
        image = Constant <value_ints = [0, 5, 4, 6]> () h = Reshape(i, image) y = Add(x, h)""", {"tokenize": 1, "project": 1}),
    # Near misses: general path, or an attention.
    "columns_are_pooled": (f"""{MAPS} tx = Transpose <perm = [0, 1, 3, 2]> (x) c2 = Reshape(tx, lines)
        r2 = Transpose <perm = [0, 2, 1]> (c2) y = MatMul(m, r2)""", {}),
    "position_bias": ("""s = MatMul(r, w_5_3) d = Add(s, b_24_3) a = Softmax <axis = 1> (d) m = Transpose <perm = [0, 2, 1]> (a)
        y = MatMul(m, r)""", {"attention": 1}),
    "softmax_over_tokens": ("""s = MatMul(r, w_5_3) a = Softmax <axis = 2> (s) m = Transpose <perm = [0, 2, 1]> (a)
        y = MatMul(m, r)""", {}),
    "residual_of_half": (f"""{STATIC} q = MatMul(r, q_5_9) k = MatMul(t, k_5_9) {READ} j = MatMul(p, t)
        f = Constant <value_float = 0.5> () h = Mul(r, f) y = Add(j, h)""", {"tokenize": 1, "attention": 1}),
}


def make_model(body, path, rng):
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> g (float[b,5,4,6] x) => (float y) {{{POSITIONS} {body}}}')
    for name in dict.fromkeys(re.findall(r"\b\w(?:_\d+)+\b", body)):
        shape = [int(extent) for extent in name.split("_")[1:]]
        model.graph.initializer.append(onnx.numpy_helper.from_array(rng.standard_normal(shape, dtype=np.float32) / 2, name))
    onnx.save(onnx.shape_inference.infer_shapes(model), path)


@pytest.mark.parametrize("name", GRAPHS)
def test_visual_tokens(name, run_tool, tmp_path):
    body, kinds = GRAPHS[name]
    rng = np.random.default_rng(3)
    make_model(body, tmp_path / "m.onnx", rng)
    made = compile_model(run_tool, tmp_path / "m.onnx", tmp_path / "m.so")
    counted = ("tokenize", "project", "attention")
    assert {kind: made.report["recognized"].get(kind, 0) for kind in counted} == dict.fromkeys(counted, 0) | kinds
    library, reference = vitc.load(made.library, threads=2), Reference.open(tmp_path / "m.onnx")
    for batch in (1, 3):
        inputs = {"x": rng.standard_normal((batch, 5, 4, 6), dtype=np.float32)}
        assert_agrees(library.run(inputs), reference.run(inputs))


def test_a_bias_of_queries_is_kept(run_tool, tmp_path):
    """Folded with one addend, which the result depends on."""
    make_model(GRAPHS["projector_with_biases"][0], tmp_path / "m.onnx", np.random.default_rng(3))
    report = compile_model(run_tool, tmp_path / "m.onnx", None).report
    assert [rewrite["name"] for rewrite in report["rewrites"]] == ["fold_projector"]
    text = run_tool("vitc", tmp_path / "m.onnx", "--compile-to=fused").stdout
    assert len(re.findall(r"vit\.attention .*addends\(", text)) == 1
