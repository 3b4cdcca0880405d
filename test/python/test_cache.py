"""vitc._cache: a library is compiled once, found by what it is made from, and never half there."""
import json
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import vitc
from vitc._cache import cache_folder, compiled, explained


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """A driver that writes its flags into the library, a line into `calls` for each call, and refuses models that say `bad`."""
    path = tmp_path / "bin" / "vitc"
    path.parent.mkdir()
    path.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys, time\n"
        f"print(os.getpid(), file=open({str(tmp_path / 'calls')!r}, 'a'))\n"
        "if len(sys.argv) < 4:\n"
        "    sys.exit(print(json.dumps(sys.argv[2:])))\n"
        "if b'bad' in open(sys.argv[1], 'rb').read():\n"
        "    sys.exit('vitc: it is bad')\n"
        "library = open(sys.argv[3], 'w')\n"
        "time.sleep(float(os.environ.get('DRIVER_SLEEP', 0)))\n"
        "json.dump(sys.argv[4:], library)\n"
    )
    path.chmod(0o755)
    monkeypatch.setenv("VITC", str(path))
    monkeypatch.setenv("VITC_CACHE", str(tmp_path / "cache"))
    return path


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "vit.onnx"
    path.write_bytes(b"a model")
    return path


@pytest.fixture
def calls(tmp_path):
    path = tmp_path / "calls"
    return lambda: len(path.read_text().splitlines()) if path.exists() else 0


def test_compiles_once(driver, model, calls):
    first = compiled(model, tap=["norms:-1"], tap_only=True)
    assert json.loads(first.read_text()) == ["--tap=norms:-1", "--tap-only"]
    assert first.name == "vit.so" and first.is_relative_to(cache_folder())
    assert compiled(model, tap=["norms:-1"], tap_only=True) == first
    assert calls() == 1


def test_explains_once(driver, model, calls):
    assert explained(model) == ["--explain=json"] == explained(model)
    assert calls() == 1


@pytest.mark.parametrize("what", ["model", "options", "constant", "driver", "tuning"])
def test_what_a_library_depends_on(driver, model, calls, tmp_path, what):
    tuning = tmp_path / "t.json"
    tuning.write_text("{}")
    first = compiled(model, constant={"x": [1]}, precision="fp32", tuning=tuning)
    precision, constant = "fp32", [1]
    if what == "model":
        model.write_bytes(b"another")
    elif what == "options":
        precision = "bf16"
    elif what == "constant":
        constant = [2]
    elif what == "tuning":
        tuning.write_text("{ }")
    else:
        driver.write_text(driver.read_text() + "# a later version\n")
    assert compiled(model, constant={"x": constant}, precision=precision, tuning=tuning) != first
    assert calls() == 2


@pytest.mark.parametrize("name", ["w", "w" * 200])
def test_depends_on_external_weights(driver, model, calls, name):
    onnx = pytest.importorskip("onnx", reason="tools/build installs it")
    tensor = onnx.numpy_helper.from_array(np.ones(300, np.float32), "w")
    graph = onnx.helper.make_graph([], "g", [], [], [tensor])
    onnx.save(onnx.helper.make_model(graph), model, save_as_external_data=True, location=name)
    first = compiled(model)
    assert compiled(model) == first
    weights = model.with_name(name)
    weights.write_bytes(b"\1" + weights.read_bytes()[1:])
    assert compiled(model) != first


def test_a_model_that_is_replaced_meanwhile(driver, model, calls, monkeypatch):
    """What was compiled of the old file, the new one, or half of each, is not kept under the digest of either."""
    monkeypatch.setenv("DRIVER_SLEEP", "0.5")
    timer = threading.Timer(0.25, model.write_bytes, [b"another model"])
    timer.start()
    library = compiled(model)
    timer.join()
    assert calls() == 2
    assert [path.name for path in cache_folder().iterdir() if path.is_dir()] == [library.parent.name]
    assert compiled(model) == library and calls() == 2
    model.write_bytes(b"a model")
    assert compiled(model) != library and calls() == 3


def test_a_model_that_never_rests(driver, model, calls, monkeypatch):
    monkeypatch.setenv("DRIVER_SLEEP", "0.4")
    timers = [threading.Timer(0.1 * i, model.write_bytes, [bytes([i])]) for i in range(1, 40)]
    for timer in timers:
        timer.start()
    with pytest.raises(vitc.Error, match="vit.onnx changes while it is compiled"):
        compiled(model)
    for timer in timers:
        timer.cancel()
    assert calls() == 3 and not [path for path in cache_folder().iterdir() if path.is_dir()]


def test_errors(driver, model, tmp_path, monkeypatch):
    model.write_text("bad")
    with pytest.raises(vitc.Error, match="vitc: it is bad"):
        compiled(model)
    assert [path.suffix for path in cache_folder().iterdir()] == [".lock"]
    with pytest.raises(vitc.Error, match="cannot read the model .*nothere.onnx: No such file"):
        compiled(tmp_path / "nothere.onnx")
    model.write_text("good")
    monkeypatch.setenv("VITC_CACHE", str(model / "cache"))
    with pytest.raises(vitc.Error, match="cannot keep the compiled model in .*cache: Not a directory; VITC_CACHE may"):
        compiled(model)


def test_many_ask_at_once(driver, model, calls, monkeypatch):
    monkeypatch.setenv("DRIVER_SLEEP", "0.3")
    found = []
    threads = [threading.Thread(target=lambda: found.append(compiled(model))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1 and calls() == 1
    assert found[0].read_text() == "[]"


def test_killed_while_compiling(driver, model, calls, source_dir):
    code = "import sys; from vitc._cache import compiled; compiled(sys.argv[1])"
    environment = {**os.environ, "PYTHONPATH": str(source_dir / "python"), "DRIVER_SLEEP": "3"}
    process = subprocess.Popen([sys.executable, "-c", code, model], env=environment)
    while not calls():
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert compiled(model).read_text() == "[]"
    assert calls() == 2


def test_folders(monkeypatch, tmp_path):
    monkeypatch.delenv("VITC_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "vitc"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "vitc"
