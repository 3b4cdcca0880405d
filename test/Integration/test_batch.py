"""--batch and --max-memory: many models in one call, and a bound of what vitc may allocate."""
import json

import numpy as np
import onnx
import pytest
import vitc
from onnx import TensorProto, helper

from harness import save


def make(path, op="Relu", width=4):
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, width]) for name in "xy")
    graph = helper.make_graph([helper.make_node(op, ["x"], ["y"], name=f"the_{op}")], "graph", [x], [y])
    return save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.fixture
def batch(run_tool, tmp_path):
    """batch(lines, flags…): the run of a list in the folder of its models."""

    def run(text, *flags):
        (tmp_path / "list").write_text(text)
        return run_tool("vitc", "--batch", "list", *flags, cwd=tmp_path, timeout=300)

    return run


def libraries(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix not in (".onnx", "") or path.name.startswith("vitc"))


def test_all_models(batch, tmp_path):
    make(tmp_path / "a.onnx")
    make(tmp_path / "with space.onnx", "Exp")
    run = batch("# two models\n\na.onnx -o a.so\n  'with space.onnx' -o b.so --mcpu=x86-64-v3\r\n")
    assert run.returncode == 0, run.stderr
    assert run.stderr.splitlines() == ["vitc: [1/2] a.onnx -o a.so", "vitc: [2/2] 'with space.onnx' -o b.so --mcpu=x86-64-v3",
                                       "vitc: 2 of 2 done"]
    x = np.float32([[-1, 0, 1, 2]])
    np.testing.assert_allclose(vitc.load(tmp_path / "a.so", threads=1)(x), np.maximum(x, 0))
    model = vitc.load(tmp_path / "b.so", threads=1)
    np.testing.assert_allclose(model(x), np.exp(x), rtol=1e-6)
    assert model.info["targets"] == ["x86-64-v3"]


def test_failures_are_told_and_the_rest_is_done(batch, tmp_path):
    make(tmp_path / "a.onnx")
    make(tmp_path / "bad.onnx", "Frobnicate")
    run = batch("bad.onnx -o bad.so\na.onnx --frobnicate\nnothere.onnx -o n.so\n\n--help\na.onnx -o a.so\n")
    assert run.returncode == 1
    for said in ("Frobnicate", "unknown option '--frobnicate'", "nothere.onnx: cannot read the model", "expected a model",
                 "1 of 5 done", "list:1: failed: bad.onnx -o bad.so", "list:2: ", "list:3: ", "list:5: failed: --help"):
        assert said in run.stderr, run.stderr
    assert "list:6" not in run.stderr
    assert libraries(tmp_path) == ["a.so"]


@pytest.mark.parametrize("flags", [["--mcpu=x86-64-v3"], ["--mcpu", "x86-64-v3"]], ids=" ".join)
def test_options_for_all_lines(batch, run_tool, tmp_path, flags):
    make(tmp_path / "a.onnx")
    assert batch("a.onnx -o a.so\na.onnx -o b.so --mcpu=x86-64-v4\n", *flags).returncode == 0
    targets = [json.loads(run_tool("vitc", "--info", tmp_path / name).stdout)["targets"] for name in ("a.so", "b.so")]
    assert targets == [["x86-64-v3"], ["x86-64-v4", "x86-64-v3"]]


def test_no_list(run_tool, tmp_path):
    run = run_tool("vitc", "--batch", tmp_path / "nowhere")
    assert run.returncode == 1 and "cannot read the list" in run.stderr


@pytest.mark.parametrize("bytes_", ["", "0", "-1", "12X", "1.5G", "99999999999G", "M"])
def test_malformed_bound(run_tool, tmp_path, bytes_):
    make(tmp_path / "a.onnx")
    run = run_tool("vitc", tmp_path / "a.onnx", "-o", tmp_path / "a.so", f"--max-memory={bytes_}")
    assert run.returncode == 2 and "--max-memory" in run.stderr
    assert libraries(tmp_path) == []


def test_enough_memory(run_tool, small_model, tmp_path):
    plain = run_tool("vitc", small_model("deit"), "-o", tmp_path / "plain.so")
    bounded = run_tool("vitc", small_model("deit"), "-o", tmp_path / "m.so", "--max-memory=4G", "--prefix=plain")
    assert plain.returncode == bounded.returncode == 0, bounded.stderr


@pytest.mark.parametrize("bytes_", ["1M", "12M", "20M", "28M", "36M", "44M", "52M", "60M"])
def test_too_little_memory(run_tool, small_model, tmp_path, bytes_):
    """Wherever it runs out: a sentence, exit code 1 and no file. Enough is exit code 0."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    run = run_tool("vitc", small_model("deit"), "-o", tmp_path / "m.so", f"--max-memory={bytes_}",
                   env={"TMPDIR": str(temporary), "PATH": "/usr/bin:/bin"})
    if run.returncode == 0:
        assert int(bytes_[:-1]) > 40  # with one core, and so one thread, less is enough
        return
    assert run.returncode == 1, run.stderr
    expected = f"{small_model('deit')}: out of memory: more is needed than the {int(bytes_[:-1]) << 20} bytes of --max-memory"
    assert run.stderr == f"vitc: error: {expected}\n"
    assert list(tmp_path.iterdir()) == [temporary] and list(temporary.iterdir()) == []


def test_batch_goes_on_after_one_that_is_too_large(batch, small_model, tmp_path):
    make(tmp_path / "a.onnx")
    onnx.save(onnx.load(small_model("deit")), tmp_path / "large.onnx")
    run = batch("large.onnx -o large.so --max-memory=16M\na.onnx -o a.so --max-memory=4G\n")
    assert run.returncode == 1, run.stderr
    assert "large.onnx: out of memory" in run.stderr and "1 of 2 done" in run.stderr
    assert libraries(tmp_path) == ["a.so"]
