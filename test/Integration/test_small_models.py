"""Small copies of every family, by both exporters, compiled and run: as ONNX Runtime says, on any number of threads."""
import pytest
import zoo

from gaps import REFUSED
from harness import LIBRARIES, SMALL, accepted, compare, compile_model, needed_libraries

SYMBOLIC = [name for name in zoo.names(SMALL) if name.removesuffix(".dyn").endswith("_batch")]
# One of each kind of kernel, for what need not be asked of every model.
SELECTED = ["dinov2_reg4", "vit_odd_batch", "hf_dinov2_batch", "swin.dyn", "pvt_v2", "convnext", "levit"]


@pytest.mark.parametrize("name", accepted(SMALL))
def test_agrees(name, compiled):
    made = compiled(name)
    batch = 2 if name.removesuffix(".dyn").endswith("_b2") else 1
    compare(made.library, made.model, batches=(1, 3, 2) if name in SYMBOLIC else (batch,))


@pytest.mark.parametrize("name", [name for name in zoo.names(SMALL) if name in REFUSED])
def test_refused(name, small_model, run_tool, tmp_path):
    run = run_tool("vitc", small_model(name), "-o", tmp_path / "model.so")
    assert run.returncode == 1 and REFUSED[name] in run.stderr, f"accepted now, or for another reason:\n{run.stderr}"


@pytest.mark.parametrize("name", SELECTED)
def test_agrees_at_each_level(name, small_model, run_tool, tmp_path):
    made = compile_model(run_tool, small_model(name), tmp_path / "model.so", "--mcpu=x86-64-v3")
    compare(made.library, made.model, batches=(1, 2) if name in SYMBOLIC else (1,))


@pytest.mark.parametrize("name", SELECTED)
def test_same_bytes_again(name, compiled, run_tool, tmp_path):
    made = compiled(name)
    again = compile_model(run_tool, made.model, tmp_path / made.library.name)
    assert again.library.read_bytes() == made.library.read_bytes()


@pytest.mark.parametrize("name", SELECTED)
def test_needs_libc_libm_and_the_loader_alone(name, compiled):
    assert needed_libraries(compiled(name).library) <= LIBRARIES


def test_fixed_shape(small_model, run_tool, tmp_path):
    """--shape fixes a symbolic batch."""
    made = compile_model(run_tool, small_model("deit_batch"), tmp_path / "model.so", "--shape=x=2x3x64x64")
    compare(made.library, made.model, batches=(2,))


def test_external_weights(small_model, run_tool, tmp_path):
    made = compile_model(run_tool, small_model("deit"), tmp_path / "model.so", "--weights=external")
    compare(made.library, made.model)
    assert made.library.stat().st_size < 1 << 20


def test_external_data(tmp_path, run_tool):
    """An ONNX file whose weights lie beside it."""
    zoo.make("deit", tmp_path / "deit.onnx", external=True, folder=SMALL)
    made = compile_model(run_tool, tmp_path / "deit.onnx", tmp_path / "deit.so")
    compare(made.library, made.model)
