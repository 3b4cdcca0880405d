"""What the README and the pages of docs/ say about the tools is so."""
import os
import re
import subprocess
import sys

import pytest
from onnx import TensorProto, helper

from harness import save


@pytest.fixture(scope="session")
def readme(source_dir):
    return (source_dir / "README.md").read_text()


def test_options_are_those_of_vitc(readme, run_tool):
    listed = set(re.findall(r"^  (-o|--[a-z-]+)", run_tool("vitc", "--help").stdout, re.M)) - {"--help", "--version"}
    table = readme.split("## Options of `vitc`")[1].split("\n## ")[0]
    assert set(re.findall(r"`(-o|--[a-z-]+)", table.split("Exit codes")[0])) == listed


def test_pins_are_those_of_the_requirements(source_dir, readme):
    pins = {}
    for path in (source_dir / "tools" / "requirements").glob("*.txt"):
        pins.update(re.findall(r"^([\w.-]+)==(\S+)$", path.read_text(), re.M))
    named = re.findall(r"\b([\w-]+)\s(\d[\w.]*\d)", readme.split("From PyPI")[1].split("\n## ")[0])
    assert len(named) >= 14
    assert {name: pins.get(name) for name, _ in named} == dict(named)


PAGES = ["README.md", "docs/Architecture.md", "docs/OutOfTree.md", "docs/Rationale.md", "docs/Recognition.md", "docs/Runtime.md",
         "docs/Vision.md"]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(source_dir, page):
    text = (source_dir / page).read_text()
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    assert not [target for target in targets if not (source_dir / page).parent.joinpath(target).exists()]


def test_examples_run(readme, source_dir, build_dir, tmp_path):
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 224, 224]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"], name="relu")], "model", [x], [y])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "model.onnx")
    section = readme.split("## Compile and run")[1]
    code = {language: re.search(rf"```{language}\n(.*?)```", section, re.S)[1] for language in ("sh", "python")}
    environment = {**os.environ, "PATH": f"{build_dir}/bin:{os.environ['PATH']}", "PYTHONPATH": str(source_dir / "python")}
    for command in (["bash", "-ec", code["sh"]], [sys.executable, "-c", code["python"] + "assert result.shape == (1, 3, 224, 224)"]):
        run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
