"""The wheel: what it holds and needs, and that it works in an environment that has nothing else."""
import os
import pathlib
import re
import subprocess
import sys
import venv
import zipfile

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

pytest.importorskip("auditwheel", reason="tools/build installs what packs wheels")

README_LINES = """
import numpy as np
import vitc
model = vitc.compile("model.onnx", "model.so")
model = vitc.load("model.so", threads=2)
result = model(np.zeros((1, 3, 8, 8), np.float32))
"""


@pytest.fixture(scope="session")
def wheel(source_dir, build_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run = subprocess.run([source_dir / "tools" / "wheel", "--build-dir", build_dir, folder], capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stderr
    path = pathlib.Path(run.stdout.strip())
    assert [path] == list(folder.glob("*.whl"))
    return path


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """The scripts' folder of an environment in which the wheel was installed, and NumPy with it."""
    folder = tmp_path_factory.mktemp("fresh") / "environment"
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel], check=True,
                   timeout=600)
    return folder / "bin"


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """x (1, 3, 8, 8) -> y (1, 4): a convolution, its mean, softmax."""
    weights = np.random.default_rng(0).standard_normal((4, 3, 3, 3), np.float32)
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]), helper.make_node("GlobalAveragePool", ["a"], ["b"]),
             helper.make_node("Flatten", ["b"], ["c"]), helper.make_node("Softmax", ["c"], ["y"])]
    graph = helper.make_graph(nodes, "tiny", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])], [numpy_helper.from_array(weights, "w")])
    path = tmp_path_factory.mktemp("tiny") / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


def run_alone(command, **options):
    """Runs a command without the variables and the PATH of this environment."""
    return subprocess.run(command, env={"HOME": "/nonexistent"}, capture_output=True, text=True, timeout=300, **options)


def test_name_and_contents(wheel, source_dir):
    version = re.search(r"project\(vitc VERSION ([\d.]+)", (source_dir / "CMakeLists.txt").read_text())[1]
    assert re.fullmatch(rf"vitc-{re.escape(version)}-py3-none-manylinux_2_(\d+)_x86_64\.whl", wheel.name)
    assert int(re.search(r"manylinux_2_(\d+)", wheel.name)[1]) <= 36
    names = zipfile.ZipFile(wheel).namelist()
    tracked = subprocess.run(["git", "-C", source_dir / "python", "ls-files", "vitc"], capture_output=True, text=True).stdout.split()
    if tracked:
        assert sorted(name for name in names if name.startswith("vitc/")) == sorted(tracked), "the whole package and nothing else"
    assert {"vitc/py.typed", f"vitc-{version}.data/scripts/vitc", f"vitc-{version}.data/scripts/vitc-run"} <= set(names)
    assert wheel.stat().st_size < 40e6, "the README says how large it is"


@pytest.mark.parametrize("tool", ["vitc", "vitc-run"])
def test_needs_libc_alone(installed, tool):
    listed = subprocess.run(["readelf", "-d", installed / tool], capture_output=True, text=True, check=True).stdout
    needed = set(re.findall(r"NEEDED.*\[(.+)\]", listed))
    assert {"libc.so.6"} <= needed <= {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}
    assert "RUNPATH" not in listed and "RPATH" not in listed


def test_readme_lines_in_a_fresh_environment(installed, tiny_model, tmp_path):
    os.link(tiny_model, tmp_path / "model.onnx")
    code = README_LINES + "print(model.inputs[0].shape, result.shape, result.dtype, vitc.__file__)"
    run = run_alone([installed / "python", "-c", code], cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("(1, 3, 8, 8) (1, 4) float32 ") and str(installed.parent) in run.stdout


def test_programs(installed, tiny_model, tmp_path):
    os.link(tiny_model, tmp_path / "model.onnx")
    run = run_alone([installed / "vitc", "model.onnx", "-o", "model.so", "--mcpu=x86-64-v3,x86-64-v4"], cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    run = run_alone([installed / "vitc", "model.onnx", "-o", "arm.so", "--target=aarch64"], cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    run = run_alone([installed / "vitc-run", "./model.so", "--repeat", "2"], cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    text = run_alone([installed / "vitc", "--help"]).stdout
    assert "--mcpu" in text and run_alone([installed / "python", "-m", "vitc", "--help"]).stdout == text


def test_same_library_as_the_build(installed, build_dir, tiny_model, tmp_path):
    """LLVM inside makes the same code as LLVM's shared library."""
    for name, tool in (("static", installed / "vitc"), ("shared", build_dir / "bin" / "vitc")):
        (tmp_path / name).mkdir()
        subprocess.run([tool, tiny_model, "-o", tmp_path / name / "model.so", "--mcpu=x86-64-v4"], check=True)
    assert (tmp_path / "static" / "model.so").read_bytes() == (tmp_path / "shared" / "model.so").read_bytes()


@pytest.mark.long
def test_pip_builds_from_the_checkout(source_dir, tmp_path):
    """`pip wheel .`, as `pip install .` does it: in a build and an environment of its own."""
    build = ["--config-settings=build-dir=" + str(tmp_path / "build")]
    run = subprocess.run([sys.executable, "-m", "pip", "wheel", source_dir, "--no-deps", "--wheel-dir", tmp_path, *build],
                         capture_output=True, text=True, timeout=3600)
    assert run.returncode == 0, run.stderr
    assert any("scripts/vitc" in name for name in zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
