"""vitc.compile: how it finds and calls the driver, with a driver that copies a library and writes down its arguments."""
import gc
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import vitc
from vitc._compiler import flags_of


@pytest.fixture
def driver(tmp_path, add_so):
    """A driver that writes its arguments to `arguments.json` and makes the library that `-o` names."""
    path = tmp_path / "bin" / "vitc"
    path.parent.mkdir()
    path.write_text(
        f"#!{sys.executable}\n"
        "import json, shutil, sys\n"
        f"json.dump(sys.argv[1:], open({str(tmp_path / 'arguments.json')!r}, 'w'))\n"
        "if 'bad' in sys.argv[1]:\n"
        "    sys.exit('vitc: bad.onnx is no ONNX file')\n"
        f"shutil.copy({str(add_so)!r}, sys.argv[sys.argv.index('-o') + 1])\n"
    )
    path.chmod(0o755)
    return path


def test_compiles(driver, tmp_path, monkeypatch):
    monkeypatch.setenv("VITC", str(driver))
    model = vitc.compile("m.onnx", tmp_path / "m.so", threads=1, mcpu="x86-64-v3", shape={"x": (1, 3, 8, 8)}, explain=True)
    ones = np.ones((2, 4), np.float32)
    assert model(ones, ones)[1, 3] == 1001
    assert json.load(open(tmp_path / "arguments.json")) == [
        "m.onnx", "-o", str(tmp_path / "m.so"), "--mcpu=x86-64-v3", "--shape=x=1x3x8x8", "--explain"]


def test_compiles_into_a_folder_that_goes_with_the_model(driver, monkeypatch):
    monkeypatch.setenv("VITC", str(driver))
    model = vitc.compile("vit.onnx")
    path = model.path
    assert path.endswith("/vit.so") and os.path.exists(path)
    del model
    gc.collect()
    assert not os.path.exists(path)


def test_finds_the_driver_on_the_path(driver, tmp_path, monkeypatch):
    monkeypatch.delenv("VITC", raising=False)
    monkeypatch.setenv("PATH", f"{driver.parent}:{os.environ['PATH']}")
    assert vitc.compile("m.onnx", tmp_path / "m.so").info["name"] == "add"


def test_driver_fails(driver, monkeypatch):
    monkeypatch.setenv("VITC", str(driver))
    with pytest.raises(vitc.Error) as error:
        vitc.compile("bad.onnx")
    assert str(error.value) == "vitc: bad.onnx is no ONNX file"
    assert error.value.status == 1


def test_no_driver(monkeypatch, tmp_path):
    monkeypatch.setenv("VITC", str(tmp_path / "nothere"))
    with pytest.raises(vitc.Error, match="cannot run .*nothere: No such file"):
        vitc.compile("m.onnx")
    monkeypatch.delenv("VITC")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("vitc._compiler._DRIVERS", (tmp_path / "vitc",))
    with pytest.raises(vitc.Error, match="was not found: set VITC"):
        vitc.compile("m.onnx")


def test_flags():
    options = {"mcpu": ["x86-64-v3", "x86-64-v4"], "tap_only": True, "verify": False, "weights": None,
               "tap": ["a", "b,c"], "shape": {"x": "1x3", "y": [2]}, "max_memory": 7}
    assert list(flags_of(options)) == [
        "--mcpu=x86-64-v3,x86-64-v4", "--tap-only", "--tap=a", "--tap=b,c", "--shape=x=1x3", "--shape=y=2", "--max-memory=7"]


def test_module_is_the_driver(driver, source_dir, tmp_path):
    environment = {**os.environ, "VITC": str(driver), "PYTHONPATH": str(source_dir / "python")}
    subprocess.run([sys.executable, "-m", "vitc", "m.onnx", "-o", tmp_path / "m.so"], env=environment, check=True)
    assert json.load(open(tmp_path / "arguments.json"))[0] == "m.onnx"
