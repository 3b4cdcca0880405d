"""docs/Architecture.md shows what vitc prints, of a block that it compiles correctly."""
import os
import re
import subprocess
import sys

import pytest

from harness import SMALL, compare

sys.path.insert(0, str(SMALL.parent))
import encoder_block  # noqa: E402


@pytest.fixture
def update_architecture(source_dir, build_dir):
    def run(*arguments):
        script = source_dir / "docs" / "update_architecture.py"
        return subprocess.run([sys.executable, script, f"--tools={build_dir}/bin", *arguments], capture_output=True, text=True)

    return run


def test_excerpts_are_what_vitc_prints(update_architecture):
    run = update_architecture("--check")
    assert run.returncode == 0, run.stderr


def test_stages_run_in_vitc_opt(source_dir, build_dir, tmp_path):
    encoder_block.make(tmp_path / "model.onnx")
    command = re.search(r"```sh\n(.*?)```", (source_dir / "docs" / "Architecture.md").read_text(), re.S)[1]
    environment = {**os.environ, "PATH": f"{build_dir}/bin:{os.environ['PATH']}"}
    run = subprocess.run(["bash", "-o", "pipefail", "-ec", command], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "llvm.func @main" in run.stdout


def test_encoder_block_agrees_with_onnx_runtime(run_tool, tmp_path):
    model, library = encoder_block.make(tmp_path / "encoder_block.onnx"), tmp_path / "encoder_block.so"
    run = run_tool("vitc", model, "-o", library)
    assert run.returncode == 0, run.stderr
    compare(library, model)
