"""Products of two tensors that are not weights, in every arrangement of their dimensions, as float64 NumPy says."""
import numpy as np
import onnx
import onnx.parser
import pytest
import vitc

from harness import compile_model

EXTENTS = {"b": 2, "h": 3, "m": 20, "n": 33, "k": 16, "l": 5, "e": 7, "o": 1, "u": 1, "v": 1}
# An equation, and the letters whose extents are not known when the model is compiled.
EQUATIONS = [
    ("bmk,bkn->bmn", ""),
    ("bhmk,bhnk->bhmn", "b"),
    ("mk,bhkn->bhmn", "b"),  # one matrix from the left for the whole batch
    ("bmk,kn->bmn", "b"),  # and one from the right
    ("bmhk,bnhk->bhmn", "b"),  # scores of token-major queries and keys
    ("bhmn,bnhe->bmhe", "b"),  # and their values
    ("bhmk,hkn->bhmn", "b"),  # repeated along a part of the batch
    ("bmkl,bkln->bmn", "b"),  # summed over two dimensions
    ("bkml,bkln->bmn", ""),
    ("bmk,bkn->nbm", ""),
    ("mk,nk->nm", ""),
    ("bk,bkn->bn", "b"),  # one row
    ("k,kn->n", ""),
    ("mk,k->m", ""),
    ("bmk,bk->bm", "b"),
    ("bmk,bkn->bmn", "bm"),
    ("bouk,bovk->bouv", ""),  # matrices of one element
    # Nothing is summed.
    ("bm,bn->bmn", "b"),
    ("mn,bmn->nbm", ""),
    ("m,n->nm", ""),
    # No matrices, or of sizes that no kernel is made for: loops.
    ("bk,bk->b", ""),
    ("k,k->", ""),
    ("mk,nk->nm", "m"),
    ("bmk,bkn->bmn", "n"),
    ("bmk,bkn->bmn", "k"),
]


def make_model(equation, symbolic, path):
    operands, result = equation.split("->")
    types = [f"float[{','.join(c if c in symbolic else str(EXTENTS[c]) for c in term)}]" if term else "float" for term in (*operands.split(","), result)]
    text = f'<ir_version: 8, opset_import: ["" : 17]> g ({types[0]} x, {types[1]} w) => ({types[2]} y) {{ y = Einsum <equation = "{equation}"> (x, w) }}'
    onnx.save(onnx.parser.parse_model(text), path)


@pytest.mark.parametrize("equation, symbolic", EQUATIONS)
def test_product(equation, symbolic, run_tool, tmp_path):
    make_model(equation, symbolic, tmp_path / "m.onnx")
    library = compile_model(run_tool, tmp_path / "m.onnx", tmp_path / "m.so").library
    rng = np.random.default_rng(0)
    x, w = (rng.standard_normal([EXTENTS[c] for c in term]).astype(np.float32) for term in equation.split("->")[0].split(","))
    expected = np.einsum(equation, x.astype(np.float64), w.astype(np.float64))
    for threads in (1, 2, 3):
        found = vitc.load(library, threads=threads)(x, w)
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= 1e-6 * np.abs(expected).max()
