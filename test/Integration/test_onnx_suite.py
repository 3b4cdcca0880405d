"""The node suite of the ONNX package through `VitcBackend`: its inputs, and its own outputs as the truth.

Cases that are expected to fail stand in onnx_suite_failures.txt, each with its reason. That list may only shrink: a case
that passes must not be in it.
"""
import json

import numpy as np
import onnx
import onnx_suite
import pytest
import vitc
from vitc.onnx_backend import VitcBackend

# Operators that are one op of the vit dialect: name -> the kind that the report counts.
KINDS = {
    "Attention": "attention", "Gelu": "gelu", "HardSwish": "hard_swish", "RMSNormalization": "rms_norm", "Swish": "silu",
}
HELD = sorted(name for name, case in onnx_suite.load().items() if onnx_suite.is_held(case))
OTHERS = sorted(set(onnx_suite.load()) - set(HELD))
FAILURES = onnx_suite.read_failures()
LEAST_HELD, LEAST_OTHERS = 778, 947


def as_array(value):
    return onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def run_case(name):
    case = onnx_suite.load()[name]
    backend = VitcBackend.prepare(case.model, threads=2)
    for inputs, outputs in case.data_sets:
        found = backend.run([as_array(value) for value in inputs])
        onnx_suite.assert_passes(case, found, [np.asarray(as_array(value)) for value in outputs])


@pytest.fixture(autouse=True)
def driver(build_dir, monkeypatch):
    monkeypatch.setenv("VITC", str(build_dir / "bin" / "vitc"))


def test_numbers():
    assert len(HELD) == 780
    assert len(set(HELD) - set(FAILURES)) >= LEAST_HELD
    assert len(set(OTHERS) - set(FAILURES)) >= LEAST_OTHERS
    assert not set(FAILURES) - set(HELD) - set(OTHERS)


@pytest.mark.parametrize("name", [*HELD, *(pytest.param(name, marks=pytest.mark.long) for name in OTHERS)])
def test_case(name):
    if name not in FAILURES:
        run_case(name)
        return
    with pytest.raises((vitc.Error, AssertionError)) as failure:
        run_case(name)
    # What vitc does not do, it says; a wrong result is listed as such.
    assert isinstance(failure.value, vitc.Error) == (not FAILURES[name].startswith("differs"))


@pytest.mark.parametrize("name", [name for name in HELD if onnx_suite.load()[name].model.graph.node[0].op_type in KINDS])
def test_is_one_op(name, run_tool, tmp_path):
    model = onnx_suite.load()[name].model
    onnx.save(model, tmp_path / "m.onnx")
    explained = run_tool("vitc", tmp_path / "m.onnx", "--explain=json")
    assert explained.returncode == 0, explained.stderr
    assert json.loads(explained.stdout)["recognized"][KINDS[model.graph.node[0].op_type]] == 1
