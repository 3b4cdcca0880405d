"""docs/OutOfTree.md: the package as it is installed, the plugin in mlir-opt, and a project that is not ours."""
import os
import re
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def output(source_dir, build_dir, tmp_path_factory):
    """A folder in which all commands of the page ran in order, what they printed, and what they said of it."""
    if not (build_dir / "lib" / "VitcPlugin.so").exists():
        pytest.skip("this build has no plugin: configure it with -DVITC_PLUGIN=ON")
    folder = tmp_path_factory.mktemp("out_of_tree")
    (folder / "build").mkdir()
    (folder / "build" / "release").symlink_to(build_dir)
    (folder / "test").symlink_to(source_dir / "test")
    page = (source_dir / "docs" / "OutOfTree.md").read_text()
    commands = re.findall(r"```sh\n(.*?)```", page, re.S)
    environment = {**os.environ, "PATH": f"/usr/lib/llvm-22/bin:{os.environ['PATH']}"}
    run = subprocess.run(["bash", "-eu", "-c", "".join(commands)], cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, (run.stdout + run.stderr)[-4000:]
    return folder, run.stdout, run.stderr


def test_plugin_recognises(output):
    assert output[1].count("= vit.attention ") == 1 and output[1].count("= vit.linear ") == 4


def test_project_runs(output):
    assert "remark: attention of 6 heads of 64, 197 queries, 197 keys, 29805312 multiplications" in output[2]
    assert "100% tests passed" in output[1]


def test_installed_compiler_runs(output, small_model, tmp_path):
    """The installed package of Python finds the installed compiler."""
    prefix = output[0] / "vitc-install"
    environment = {key: value for key, value in os.environ.items() if key != "VITC"} | {"PYTHONPATH": str(prefix / "lib/vitc/python")}
    program = "import sys, vitc; print(vitc._compiler.find_driver()); print(len(vitc.compile(sys.argv[1]).outputs))"
    run = subprocess.run([sys.executable, "-c", program, small_model("deepvit")], cwd=tmp_path, env=environment,
                         capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, f"{prefix}/bin/vitc\n1\n"), run.stderr


def test_every_library_is_listed(source_dir):
    """The page names every library of the package, and no other."""
    listed = set(re.findall(r"vitc::(Vitc\w+)", (source_dir / "docs" / "OutOfTree.md").read_text()))
    text = (source_dir / "cmake" / "VitcInstall.cmake").read_text()
    assert listed == set(re.search(r"VITC_PACKAGE_LIBRARIES(.*?)\)", text, re.S)[1].split())
