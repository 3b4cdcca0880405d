"""Small graphs with a way to go wrong each: values shared, returned, reduced to one number. As ONNX Runtime says."""
import numpy as np
import onnx
import onnx.parser
import pytest
import vitc

from harness import Reference, assert_agrees, compile_model

# ONNX's textual syntax; `b` is a batch that is not known when the model is compiled.
GRAPHS = {
    # One kernel serves both products, the first of which reads one value twice.
    "same_operand_twice": """(float[4,4] x, float[4,4] z) => (float[4,4] p, float[4,4] q) {
        p = MatMul(x, x)
        q = MatMul(x, z) }""",
    "same_operand_last": """(float[4,4] x, float[4,4] z) => (float[4,4] p, float[4,4] q) {
        q = Mul(x, z)
        p = Mul(x, x) }""",
    # One work item: only one of the threads may run it.
    "sum_of_all": """(float[5,7] x) => (float s, float[1] m) {
        s = ReduceSum <keepdims = 0> (x)
        flat = Flatten <axis = 0> (x)
        t = ReduceMax <keepdims = 0> (flat)
        zero = Constant <value_ints = [0]> ()
        m = Unsqueeze(t, zero) }""",
    "scalars": """(float x) => (float y) { h = Mul(x, x)
        y = Add(h, x) }""",
    # Results of a contraction that are no floats, or are chosen by what is none.
    "compared_product": """(float[b,8] x, float[b,4] z) => (bool[b,4] y)
        <float[8,4] w> { p = MatMul(x, w)
        y = Greater(p, z) }""",
    "masked_product": """(float[b,8] x, float[b,4] z) => (float[b,4] y)
        <float[8,4] w> { p = MatMul(x, w)
        mask = Less(z, p)
        y = Where(mask, p, z) }""",
    "rounded_product": """(float[b,8] x) => (int64[b,4] y)
        <float[8,4] w> { p = MatMul(x, w)
        y = Cast <to = 7> (p) }""",
    "vector_times_matrix": """(float[8] x) => (float[4] y)
        <float[8,4] w, float[4] bias> { p = MatMul(x, w)
        y = Add(p, bias) }""",
    "matrix_times_vector": """(float[b,8] x, float[8] v) => (float[b] y) { y = MatMul(x, v) }""",
    # Results that are inputs, constants, each other, or read again after they are returned.
    "input_returned": """(float[b,4] x) => (float[b,4] y, float[b,4] z) { y = Identity(x)
        z = Relu(x) }""",
    "constant_returned": """(float[b,4] x) => (float[b,4] y, float[4] w) <float[4] w> { y = Add(x, w) }""",
    "returned_twice": """(float[b,4] x) => (float[b,4] y, float[b,4] z) { y = Exp(x)
        z = Identity(y) }""",
    "returned_and_read": """(float[b,8] x) => (float[b,8] y, float[b,8] z)
        <float[8,8] w> { y = Tanh(x)
        p = MatMul(y, w)
        z = Add(p, y) }""",
    "view_returned": """(float[b,8] x) => (float[b,2,4] y) { e = Exp(x)
        shape = Constant <value_ints = [0, 2, 4]> ()
        y = Reshape(e, shape) }""",
    # A residual that the following product overwrites would be read too late.
    "residual_chain": """(float[b,8] x) => (float[b,8] y)
        <float[8,8] w, float[8,8] v> { p = MatMul(x, w)
        q = Add(p, x)
        r = MatMul(q, v)
        s = Add(r, q)
        y = Mul(s, p) }""",
    # An operand of the epilogue that differs from picture to picture only.
    "picture_bias": """(float[b,3,8] x, float[b,1,4] e) => (float[b,3,4] y)
        <float[8,4] w> { p = MatMul(x, w)
        y = Add(p, e) }""",
    "row_bias": """(float[b,3,8] x) => (float[b,3,4] y)
        <float[8,4] w, float[3,1] e> { p = MatMul(x, w)
        y = Sub(e, p) }""",
    "outer_product": """(float[b,3,1] x) => (float[b,3,5] y)
        <float[1,5] w> { y = MatMul(x, w) }""",
    # Rows that kernels cannot read as they lie.
    "every_other_feature": """(float[b,5,12] x) => (float[b,5,6] y, float[b,5,7] z, float[b,5,6] n)
        <float[6,7] w, float[6] g> {
        first = Constant <value_ints = [1]> ()
        last = Constant <value_ints = [12]> ()
        axis = Constant <value_ints = [2]> ()
        step = Constant <value_ints = [2]> ()
        s = Slice(x, first, last, axis, step)
        y = Softmax(s)
        z = MatMul(s, w)
        n = LayerNormalization(s, g) }""",
    "last_feature": """(float[b,5,4,3] x) => (float[b,5,4] y) <float[4] g> {
        last = Constant <value_int = -1> ()
        s = Gather <axis = 3> (x, last)
        y = LayerNormalization(s, g) }""",
    "beside_a_transpose": """(float[b,5,1,3,4] x, float[b,5,1,4,4] z) => (float[b,5,1,7,1] y) {
        t = Transpose <perm = [0, 1, 2, 4, 3]> (z)
        c = Concat <axis = 3> (t, x)
        y = ReduceL2 <axes = [4]> (c) }""",
    "vector_norm": """(float[8] x) => (float[8] y) <float[8] g> { y = LayerNormalization(x, g) }""",
    "deep_product": """(float[b,57,3072] x) => (float[b,57,20] y) <float[3072,20] w> { y = MatMul(x, w) }""",
    "softmax_over_rows": """(float[b,5,8] x) => (float[b,5,8] y) { y = Softmax <axis = 1> (x) }""",
    # Powers of negative numbers: by products, whole, and one exponent a feature.
    "powers": """(float[b,4] x, float[b,3] z) => (float[b,4] p, float[b,4] q, float[b,4] r, float[b,3] s) {
        four = Constant <value_float = 4.0> ()
        p = Pow(x, four)
        five = Constant <value_float = 5.0> ()
        q = Pow(x, five)
        each = Constant <value_floats = [2.0, 3.0, -1.0, 6.0]> ()
        r = Pow(x, each)
        t = Abs(z)
        some = Constant <value_floats = [0.3, -1.5, 2.0]> ()
        s = Pow(t, some) }""",
    # Two dimensions that are not known, around products and views of their rows.
    "open_batch_and_tokens": """(float[b,m,16] x) => (float[b,2,m,8] y, float[b,2,m,m] s)
        <float[16,16] w, float[16] c> { p = MatMul(x, w)
        q = Add(p, c)
        shape = Constant <value_ints = [0, 0, 2, 8]> ()
        r = Reshape(q, shape)
        y = Transpose <perm = [0, 2, 1, 3]> (r)
        k = Transpose <perm = [0, 2, 3, 1]> (r)
        s = MatMul(y, k) }""",
    # Heads combined twice between softmax and values.
    "two_head_mixes": """(float[b,2,5,4] q) => (float[b,2,5,4] y)
        <float[2,2,1,1] w, float[2] c, float[2,2,1,1] u, float[2] d> {
        k = Transpose <perm = [0, 1, 3, 2]> (q)
        s = MatMul(q, k)
        p = Softmax <axis = -1> (s)
        m = Conv(p, w, c)
        n = Conv(m, u, d)
        y = MatMul(n, q) }""",
    # And mixed heads of which some are used.
    "some_mixed_heads": """(float[b,4,5,4] q) => (float[b,2,5,4] y)
        <float[4,4,1,1] w> { k = Transpose <perm = [0, 1, 3, 2]> (q)
        s = MatMul(q, k)
        p = Softmax <axis = -1> (s)
        m = Conv(p, w)
        first = Constant <value_ints = [0]> ()
        last = Constant <value_ints = [2]> ()
        axis = Constant <value_ints = [1]> ()
        h = Slice(m, first, last, axis)
        v = Slice(q, first, last, axis)
        y = MatMul(h, v) }""",
    # Queries of which some meet values, while all scores and probabilities are read.
    "cls_and_maps": """(float[b,2,5,4] q) => (float[b,2,2,4] y, float[b,2,5] s, float[b,2,5,5] p) {
        k = Transpose <perm = [0, 1, 3, 2]> (q)
        scores = MatMul(q, k)
        p = Softmax <axis = -1> (scores)
        axis = Constant <value_ints = [2]> ()
        s = ReduceSum <keepdims = 0> (scores, axis)
        first = Constant <value_ints = [0]> ()
        last = Constant <value_ints = [2]> ()
        rows = Slice(p, first, last, axis)
        y = MatMul(rows, q) }""",
    "integers": """(int64[b,4] x, int64[4] z) => (int64[b,4] y, bool[b,4] c) { s = Mul(x, z)
        y = Sub(s, x)
        c = Equal(s, y) }""",
}


def make_model(text, path, rng):
    """The graph with weights drawn for every initializer that has none."""
    model = onnx.parser.parse_model('<ir_version: 8, opset_import: ["" : 17]> g ' + fill(text, rng))
    onnx.checker.check_model(model)
    onnx.save(model, path)


def fill(text, rng):
    """`<float[2,3] w>` after the signature, with values: the syntax wants initializers to have them."""
    head, arrow, rest = text.partition("=>")
    results, brace, body = rest.partition("{")
    if "<" not in results:
        return text
    results, _, weights = results.partition("<")
    declared = []
    for weight in weights.rstrip().rstrip(">").split(", "):
        type_, name = weight.split()
        shape = [int(extent) for extent in type_.removeprefix("float[").removesuffix("]").split(",")]
        values = ", ".join(repr(float(value)) for value in rng.standard_normal(np.prod(shape)).astype(np.float32))
        declared.append(f"{type_} {name} = {{{values}}}")
    return f"{head}{arrow}{results}<{', '.join(declared)}> {{{body}"


def draw(model, batch, rng):
    """Values for each input; integers are small."""
    inputs = {}
    for spec in model.inputs:
        shape = [extent if isinstance(extent, int) else batch for extent in spec.shape]
        normal = np.asarray(2 * rng.standard_normal(shape))
        inputs[spec.name] = np.round(3 * normal).astype(np.int64) if spec.dtype == np.int64 else normal.astype(np.float32)
    return inputs


@pytest.mark.parametrize("name", GRAPHS)
def test_program(name, run_tool, tmp_path):
    rng = np.random.default_rng(7)
    make_model(GRAPHS[name], tmp_path / "m.onnx", rng)
    library = compile_model(run_tool, tmp_path / "m.onnx", tmp_path / "m.so").library
    reference = Reference.open(tmp_path / "m.onnx")
    for batch in (1, 5, 2):
        inputs = draw(vitc.load(library, threads=1), batch, rng)
        expected = reference.run(inputs)
        for threads in (1, 2, 3):
            found = vitc.load(library, threads=threads).run(inputs)
            floats = {key for key, value in expected.items() if value.dtype == np.float32}
            assert_agrees({key: found[key] for key in found if key in floats}, {key: expected[key] for key in expected if key in floats})
            for key in expected.keys() - floats:
                np.testing.assert_array_equal(found[key], expected[key])
                assert found[key].dtype == expected[key].dtype


def test_rows_masked_by_the_lowest_float(run_tool, tmp_path):
    """What Hugging Face writes for a mask: such a row is the mean of the values, not NaN as one of −inf is."""
    mask = np.zeros((5, 5), np.float32)
    mask[1], mask[3], mask[2, 3] = [np.finfo(np.float32).min] * 3
    text = """(float[1,2,5,8] q, float[1,2,5,8] k, float[1,2,5,8] v) => (float[1,2,5,8] y) {
        t = Transpose <perm = [0, 1, 3, 2]> (k)
        s = MatMul(q, t)
        m = Add(s, mask)
        p = Softmax <axis = -1> (m)
        y = MatMul(p, v) }"""
    model = onnx.parser.parse_model('<ir_version: 8, opset_import: ["" : 17]> g ' + text)
    model.graph.initializer.append(onnx.numpy_helper.from_array(mask, "mask"))
    onnx.save(model, tmp_path / "m.onnx")
    compiled = compile_model(run_tool, tmp_path / "m.onnx", tmp_path / "m.so")
    assert compiled.report["recognized"]["attention"] == 1
    library = vitc.load(compiled.library, threads=1)
    inputs = draw(library, 1, np.random.default_rng(7))
    assert_agrees(library.run(inputs), Reference.open(tmp_path / "m.onnx").run(inputs))
