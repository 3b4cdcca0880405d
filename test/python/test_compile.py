"""vitc.compile: how it finds and calls the driver, with a driver that copies a library and writes down its arguments."""
import gc
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import vitc
from vitc._compiler import flags_of


REPORT = json.dumps({
    "version": 1, "recognized": {"attention": 12, "gelu": 1}, "tokens": {"cls": 1, "registers": 0, "patches": 196}, "blocks": [],
    "missed": [{"node": "/n", "op": "linalg.generic", "candidate": "gelu", "reason": "it is none"}], "pruned_rows": [],
    "rewrites": [{"name": "qkv", "where": "/b", "macs_saved": 1024}], "macs": {"imported": 4096, "final": 3072}})


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
        "if '--help' in sys.argv:\n"
        "    for name in 'tap-only', 'tuning', 'mcpu', 'shape', 'verify', 'emit':\n"
        "        print(f'  --{name} <x>  Help')\n"
        "    sys.exit()\n"
        "if '--explain=json' in sys.argv:\n"
        f"    print({REPORT!r})\n"
        "if '-o' in sys.argv:\n"
        f"    shutil.copy({str(add_so)!r}, sys.argv[sys.argv.index('-o') + 1])\n"
    )
    path.chmod(0o755)
    return path


def test_compiles(driver, tmp_path, monkeypatch):
    monkeypatch.setenv("VITC", str(driver))
    model = vitc.compile("m.onnx", tmp_path / "m.so", threads=1, mcpu="x86-64-v3", shape={"x": (1, 3, 8, 8)})
    ones = np.ones((2, 4), np.float32)
    assert model(ones, ones)[1, 3] == 1001
    assert json.load(open(tmp_path / "arguments.json")) == [
        "m.onnx", "-o", str(tmp_path / "m.so"), "--mcpu=x86-64-v3", "--shape=x=1x3x8x8", "--explain=json"]


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


def test_options(driver, tmp_path, monkeypatch):
    monkeypatch.setenv("VITC", str(driver))
    vitc.compile("m.onnx", tmp_path / "m.so", target=["cpu:x86-64-v3", "cpu:x86-64-v4"], precision="bf16",
                 taps=["scores:-1", "b,c"], taps_only=True, tuning="t.json", shapes=[{"x": (1, 3, 8, 8), "m": (1, 5)}, {"x": (None, 3, 16, 16)}])
    assert json.load(open(tmp_path / "arguments.json"))[3:] == [
        "--target=cpu:x86-64-v3,cpu:x86-64-v4", "--precision=bf16", "--shapes=x=1x3x8x8,m=1x5;x=?x3x16x16",
        "--tap=scores:-1", "--tap=b,c", "--tap-only", "--tuning=t.json", "--explain=json"]


def test_options_that_there_are_not(driver, tmp_path, monkeypatch):
    monkeypatch.setenv("VITC", str(driver))
    with pytest.raises(vitc.Error, match="^there is no option 'tap_onli'; did you mean 'tap_only'( or .*)?\\?$"):
        vitc.compile("m.onnx", tap_onli=True)
    with pytest.raises(vitc.Error, match="^there is no option 'zzz'; `vitc --help` lists them$"):
        vitc.explain("m.onnx", zzz=1)
    with pytest.raises(vitc.Error, match="^shapes is .*; expected a list with a dict for each set of shapes"):
        vitc.compile("m.onnx", shapes=[(1, 3, 8, 8)])


@pytest.mark.parametrize("options, message", [
    ({"shapes": 3}, "shapes is 3; expected a list with a dict"),
    ({"taps": 3}, "taps is 3; expected a kind or a tensor's name"),
    ({"constant": [1]}, "constant is a list; expected a dict of arrays"),
    ({"constant": {"x": [[1], [1, 2]]}}, "the constant 'x' cannot be made an array"),
    ({"constant": {"x": None}}, "the constant 'x' has elements of type object; expected numbers"),
    ({"output": 3}, "output is of type int; expected a path"),
    ({"output": ""}, "output is ''; expected a path"),
    ({"precision": "a\0b"}, "'--precision=a.x00b' has a zero character"),
    ({"batch": "models.txt"}, "the option 'batch' makes no library: run `vitc --batch`"),
    ({"compile_to": "vit"}, "the option 'compile_to' makes no library: run `vitc --compile-to`"),
    ({"emit": "obj"}, "emit is 'obj'; expected so among it"),
], ids=str)
def test_wrong_options(driver, monkeypatch, options, message):
    monkeypatch.setenv("VITC", str(driver))
    with pytest.raises(vitc.Error, match=f"^{message}"):
        vitc.compile("m.onnx", **options)


def test_a_path_is_no_option(driver, tmp_path, monkeypatch):
    monkeypatch.setenv("VITC", str(driver))
    vitc.compile("--help", tmp_path / "m.so", emit="so,header")
    assert json.load(open(tmp_path / "arguments.json")) == [
        "./--help", "-o", str(tmp_path / "m.so"), "--emit=so,header", "--explain=json"]
    vitc.explain("-o")
    assert json.load(open(tmp_path / "arguments.json")) == ["./-o", "--explain=json"]


def test_help_lists_the_options(run_tool):
    """What `compile` reads from it."""
    listed = re.findall(r"^  --([a-z][a-z-]*)", run_tool("vitc", "--help").stdout, re.M)
    assert {"target", "mcpu", "precision", "shape", "shapes", "tap", "tap-only", "constant", "explain"} <= set(listed)


def test_explains(driver, tmp_path, monkeypatch):
    monkeypatch.setenv("VITC", str(driver))
    report = vitc.compile("m.onnx", tmp_path / "m.so").explain()
    assert report == json.loads(REPORT) and report.recognized == {"attention": 12, "gelu": 1}
    assert str(report).splitlines() == [
        "recognized: 12 attention, 1 gelu", "tokens: cls 1, registers 0, patches 196", "rewritten: qkv at /b, 1,024 MACs saved",
        "missed: /n: no gelu: it is none", "MACs: 4,096 imported, 3,072 final"]
    with pytest.raises(AttributeError, match="the report has no 'recognised'; it has version, recognized"):
        report.recognised
    with pytest.raises(vitc.Error, match="m.so was loaded, and a library does not hold what was recognised"):
        vitc.load(tmp_path / "m.so").explain()


def test_explains_beside_options_that_print(driver, tmp_path, monkeypatch):
    """The driver writes no report in JSON beside them."""
    monkeypatch.setenv("VITC", str(driver))
    model = vitc.compile("m.onnx", tmp_path / "m.so", verify=True, mcpu="x86-64-v3", emit="so")
    assert model.explain().version == 1
    assert json.load(open(tmp_path / "arguments.json")) == ["m.onnx", "--mcpu=x86-64-v3", "--explain=json"]


def test_a_driver_that_prints_no_report(driver, tmp_path, monkeypatch):
    monkeypatch.setenv("VITC", str(driver))
    driver.write_text(driver.read_text().replace("--explain=json", "--other"))
    with pytest.raises(vitc.Error, match="printed no report; it is of another version than this package"):
        vitc.compile("m.onnx", tmp_path / "m.so")


def test_flags():
    options = {"mcpu": ["x86-64-v3", "x86-64-v4"], "tap_only": True, "verify": False, "weights": None,
               "tap": ["a", "b,c"], "shape": {"x": "1x3", "y": [2]}, "max_memory": 7, "taps": "d", "shapes": {"x": (1, "n")}}
    assert list(flags_of(options)) == [
        "--mcpu=x86-64-v3,x86-64-v4", "--tap-only", "--tap=a", "--tap=b,c", "--shape=x=1x3", "--shape=y=2", "--max-memory=7",
        "--tap=d", "--shapes=x=1x?"]


def test_module_is_the_driver(driver, source_dir, tmp_path):
    environment = {**os.environ, "VITC": str(driver), "PYTHONPATH": str(source_dir / "python")}
    subprocess.run([sys.executable, "-m", "vitc", "m.onnx", "-o", tmp_path / "m.so"], env=environment, check=True)
    assert json.load(open(tmp_path / "arguments.json"))[0] == "m.onnx"
