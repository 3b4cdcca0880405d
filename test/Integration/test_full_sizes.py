"""Models of full size that are in no public zoo, by both exporters: compiled, compared, and what is recognised in them."""
import pytest
import zoo

from expected import FULL as EXPECTED, MACS
from gaps import GAPS
from harness import FULL, accepted, assert_recognized, compare, compile_model, family_of


def test_every_model_is_expected():
    assert {family_of(name) for name in zoo.names(FULL)} == set(EXPECTED)


@pytest.mark.long
@pytest.mark.parametrize("name", accepted(FULL))
def test_agrees_and_counts(name, run_tool, tmp_path):
    family, model = family_of(name), tmp_path / f"{name}.onnx"
    zoo.make(name, model, folder=FULL)
    try:
        made = compile_model(run_tool, model, tmp_path / "model.so")
        compare(made.library, model)
        assert_recognized(made.report, EXPECTED[family], GAPS.get(family, {}))
        if family in MACS:
            assert made.report["macs"]["imported"] == pytest.approx(MACS[family] * 1e9, rel=1e-3)
    finally:
        for path in tmp_path.iterdir():
            path.unlink()
