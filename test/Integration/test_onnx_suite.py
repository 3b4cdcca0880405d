"""Operators of ONNX's own test suite: its inputs and outputs, which ONNX Runtime does not have for all of them."""
import functools
import warnings

import numpy as np
import onnx
import pytest
import vitc

from harness import TOLERANCE, compile_model

# Operators that are one op of the vit dialect: name -> the kind that the report counts.
KINDS = {
    "Attention": "attention", "Gelu": "gelu", "HardSwish": "hard_swish", "RMSNormalization": "rms_norm", "Swish": "silu",
}
OPERATORS = [*KINDS, "LayerNormalization", "Mish", "RotaryEmbedding"]


@functools.cache
def cases():
    """Name -> case, of those with one node; the others are what the operator means in terms of older ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        found = collect_testcases(None)
    return {case.name: case for case in found if len(case.model.graph.node) == 1 and case.model.graph.node[0].op_type in OPERATORS}


def is_float32(case):
    """Whether all of its floats are; what the others compute is not supported yet."""
    inputs = case.data_sets[0][0]
    return all(not np.issubdtype(value.dtype, np.inexact) and value.dtype.kind in "biu" or value.dtype == np.float32 for value in inputs)


def names(float32):
    return [name for name, case in cases().items() if is_float32(case) == float32]


def assert_close(found, expected):
    """Equal where they are infinite, else within the tolerance, relative to the largest."""
    assert found.shape == expected.shape and found.dtype == expected.dtype
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(found[~finite], expected[~finite])
    largest = np.abs(expected[finite]).max(initial=0)
    assert np.abs(found[finite] - expected[finite]).max(initial=0) <= TOLERANCE * largest


def test_suite_is_whole():
    assert len(names(float32=True)) > 100 and names(float32=False)


@pytest.mark.parametrize("name", names(float32=True))
def test_case(name, run_tool, tmp_path):
    case = cases()[name]
    onnx.save(case.model, tmp_path / "m.onnx")
    made = compile_model(run_tool, tmp_path / "m.onnx", tmp_path / "m.so")
    operator = case.model.graph.node[0].op_type
    if operator in KINDS:
        assert made.report["recognized"].get(KINDS[operator]) == 1
    library = vitc.load(made.library, threads=2)
    inputs, outputs = case.data_sets[0]
    found = library.run({spec.name: value for spec, value in zip(library.inputs, inputs)})
    assert len(found) == len(outputs)
    for value, expected in zip(found.values(), outputs):
        assert_close(value, np.asarray(expected))


@pytest.mark.parametrize("name", names(float32=False))
def test_other_types_are_refused(name, run_tool, tmp_path):
    onnx.save(cases()[name].model, tmp_path / "m.onnx")
    run = run_tool("vitc", tmp_path / "m.onnx", "-o", tmp_path / "m.so")
    assert run.returncode == 1 and not (tmp_path / "m.so").exists()
    assert "is not supported yet, expected float32 or integers" in run.stderr
