"""Attention that is written almost as usual: what is not recognised says why, and computes the same as ONNX Runtime."""
import numpy as np
import onnx
import onnx.parser
import pytest
import vitc

from harness import Reference, assert_agrees, compile_model

# ONNX's textual syntax: name -> (graph, the reason that --explain gives; none where only the result matters).
GRAPHS = {
    # Recognised: a learned query, the same for every picture, as in pooling by attention.
    "learned_query": ("""(float[b,2,5,4] k, float[b,2,5,4] v) => (float[b,2,3,4] y) <float[1,2,3,4] q> {
        t = Transpose <perm = [0, 1, 3, 2]> (k)
        s = MatMul(q, t)
        p = Softmax <axis = -1> (s)
        y = MatMul(p, v) }""", None),
    # A bias that makes two heads' scores of one head's.
    "bias_makes_heads": ("""(float[b,1,5,4] q, float[b,1,5,4] k, float[b,2,5,4] v) => (float[b,2,5,4] y) <float[1,2,5,5] bias> {
        t = Transpose <perm = [0, 1, 3, 2]> (k)
        s = MatMul(q, t)
        m = Add(s, bias)
        p = Softmax <axis = -1> (m)
        y = MatMul(p, v) }""", "the scores are broadcast by an addend"),
    "sum_of_two_products": ("""(float[b,2,5,4] q, float[b,2,5,4] k) => (float[b,2,5,4] y) {
        t = Transpose <perm = [0, 1, 3, 2]> (k)
        s = MatMul(q, t)
        r = MatMul(k, t)
        m = Add(s, r)
        p = Softmax <axis = -1> (m)
        y = MatMul(p, k) }""", "both sides of a sum are products"),
    # Features in another order in the queries than in the keys.
    "interleaved_query": ("""(float[b,2,5,4] x, float[b,2,5,4] k) => (float[b,2,5,4] y) {
        cut = Constant <value_ints = [0, 0, 0, 2, 2]> ()
        c = Reshape(x, cut)
        i = Transpose <perm = [0, 1, 2, 4, 3]> (c)
        whole = Constant <value_ints = [0, 0, 0, 4]> ()
        q = Reshape(i, whole)
        t = Transpose <perm = [0, 1, 3, 2]> (k)
        s = MatMul(q, t)
        p = Softmax <axis = -1> (s)
        y = MatMul(p, k) }""", "queries or keys are contracted over features that are not contiguous in order"),
    "values_twice": ("""(float[b,2,5,4] q, float[b,2,5,4] k) => (float[b,2,5,4] y, float[b,2,5,4] z) {
        t = Transpose <perm = [0, 1, 3, 2]> (k)
        s = MatMul(q, t)
        p = Softmax <axis = -1> (s)
        y = MatMul(p, k)
        z = MatMul(p, q) }""", "several contractions read the probabilities"),
    "scores_of_no_product": ("""(float[b,2,5,5] s, float[b,2,5,4] v) => (float[b,2,5,4] y) {
        n = Neg(s)
        p = Softmax <axis = -1> (n)
        y = MatMul(p, v) }""", "the scores do not come from a contraction"),
    # Recognised: the pictures' queries are rows of one attention.
    "keys_of_all_pictures": ("""(float[b,2,5,4] q, float[1,2,5,4] k) => (float[b,2,5,4] y) {
        t = Transpose <perm = [0, 1, 3, 2]> (k)
        s = MatMul(q, t)
        p = Softmax <axis = -1> (s)
        y = MatMul(p, k) }""", None),
    # Keys across the border of the heads.
    "rolled_features": ("""(float[b,5,8] x, float[b,2,5,4] q) => (float[b,2,5,4] y) {
        two = Constant <value_ints = [2]> ()
        zero = Constant <value_ints = [0]> ()
        end = Constant <value_ints = [8]> ()
        axis = Constant <value_ints = [2]> ()
        tail = Slice(x, two, end, axis)
        head = Slice(x, zero, two, axis)
        r = Concat <axis = 2> (tail, head)
        cut = Constant <value_ints = [0, 5, 2, 4]> ()
        c = Reshape(r, cut)
        t = Transpose <perm = [0, 2, 3, 1]> (c)
        s = MatMul(q, t)
        p = Softmax <axis = -1> (s)
        y = MatMul(p, q) }""", None),
}


def make_model(text, path, rng):
    """The graph with drawn weights: `<float[2,3] w>` after the signature is an initializer."""
    head, _, body = text.partition("{")
    signature, _, weight = head.rstrip().partition(" <")
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> g {signature} {{{body}')
    if weight:
        type_, name = weight.rstrip(">").split()
        shape = [int(extent) for extent in type_.removeprefix("float[").removesuffix("]").split(",")]
        model.graph.initializer.append(onnx.numpy_helper.from_array(rng.standard_normal(shape, dtype=np.float32), name))
    onnx.save(model, path)


@pytest.mark.parametrize("name", GRAPHS)
def test_near_miss(name, run_tool, tmp_path):
    text, reason = GRAPHS[name]
    rng = np.random.default_rng(3)
    make_model(text, tmp_path / "m.onnx", rng)
    made = compile_model(run_tool, tmp_path / "m.onnx", tmp_path / "m.so")
    if reason:
        assert reason in [missed["reason"] for missed in made.report["missed"]]
        assert "attention" not in made.report["recognized"]
    library, reference = vitc.load(made.library, threads=2), Reference.open(tmp_path / "m.onnx")
    for batch in (1, 3):
        inputs = {spec.name: rng.standard_normal([d if isinstance(d, int) else batch for d in spec.shape], dtype=np.float32)
                  for spec in library.inputs}
        assert_agrees(library.run(inputs), reference.run(inputs))
