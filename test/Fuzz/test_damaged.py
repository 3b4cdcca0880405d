"""Damaged copies of the zoo's graphs and of the narrow ones: each compiles or is refused with a sentence that says what is
wrong; none crashes or runs on, and a refusal leaves nothing behind."""
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from onnx import TensorProto

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import zoo  # noqa: E402
from damage import damaged  # noqa: E402

NARROW = pathlib.Path(__file__).resolve().parents[1] / "models" / "graphs"
COPIES = 24
CRASHES = ("Stack dump", "LLVM ERROR", "terminate called", "Assertion", "Sanitizer", "runtime error", "defect of vitc")


def load(name, folder, beside):
    """A model whose weights are zeros of one file beside it, which takes no space: what is damaged is the graph."""
    model = zoo.load_graph(name, folder)
    longest = 0
    for tensor in model.graph.initializer:
        if tensor.doc_string.startswith("normal "):
            tensor.ClearField("doc_string")
            length = 4 * int(np.prod(tensor.dims))
            longest = max(longest, length)
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (("location", "weights"), ("offset", "0"), ("length", str(length))):
                tensor.external_data.add(key=key, value=value)
    with open(beside / "weights", "wb") as weights:
        weights.truncate(longest)
    return model


def check(content, build_dir, folder):
    """Compiles a model as far as recognition goes; returns what is wrong about that, or nothing."""
    path = folder / "m.onnx"
    path.write_bytes(content)
    command = [build_dir / "bin" / "vitc", "m.onnx", "--explain"]
    try:
        run = subprocess.run(command, cwd=folder, capture_output=True, timeout=300)
    except subprocess.TimeoutExpired:
        return "ran for five minutes"
    said = run.stderr.decode()  # names that are no text are spelled out
    if run.returncode not in (0, 1):
        return f"ended with {run.returncode}: {said[-2000:]}"
    if any(word in said for word in CRASHES):
        return said[-2000:]
    if run.returncode == 1 and not any(line.startswith("vitc: error: ") for line in said.splitlines()):
        return f"was refused without a sentence: {said!r}"
    return "left files" if {entry.name for entry in folder.iterdir()} != {"m.onnx", "weights"} else None


def check_copies(name, folder, copies, build_dir, tmp_path):
    defects = {}
    for number, content in enumerate(damaged(load(name, folder, tmp_path), COPIES)):
        if number in copies and (defect := check(content, build_dir, tmp_path)):
            defects[number] = defect
    assert not defects, "\n".join(f"copy {number} {defect}" for number, defect in defects.items())


@pytest.mark.parametrize("name", ["deit", "swin", "levit", "vt_batch"])
def test_some_copies(name, build_dir, tmp_path):
    check_copies(name, NARROW, range(4), build_dir, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", zoo.names(NARROW))
def test_narrow_graphs(name, build_dir, tmp_path):
    check_copies(name, NARROW, range(6), build_dir, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", zoo.names())
def test_zoo(name, build_dir, tmp_path):
    check_copies(name, zoo.GRAPHS, range(COPIES), build_dir, tmp_path)
