"""Every small model with a symbolic batch, by both exporters: one library for any number of pictures, as ONNX Runtime says."""
import pytest
import vitc
import zoo

from harness import SMALL, compare, compile_model

BATCHED = SMALL.parent / "batched"
NAMES = zoo.names(BATCHED)


def is_long(name):
    """Whether the other exporter's graph of the same model is there too, or the graph is a large one (many stages)."""
    is_second = name.endswith(".dyn") and name.removesuffix(".dyn") in NAMES + zoo.names(SMALL)
    return is_second or (BATCHED / f"{name}.onnx.xz").stat().st_size > 4000


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * is_long(name)) for name in NAMES])
def test_agrees(name, run_tool, tmp_path):
    model = tmp_path / "model.onnx"
    zoo.make(name, model, folder=BATCHED)
    library = compile_model(run_tool, model, tmp_path / "model.so").library
    assert vitc.load(library, threads=1).info["functions"][0]["symbols"] == ["batch"]
    compare(library, model, batches=(1, 3, 2))
