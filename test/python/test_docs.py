"""The examples of docs/Runtime.md run."""
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest


@pytest.fixture
def example(source_dir, add_so, tmp_path):
    """example(language) -> its code, to be run in a folder that holds add.so."""
    text = (source_dir / "docs" / "Runtime.md").read_text()
    shutil.copy(add_so, tmp_path)
    return lambda language: re.search(rf"```{language}\n(.*?)```", text, re.S)[1]


def test_c(example, source_dir, tmp_path):
    (tmp_path / "main.c").write_text(example("c"))
    subprocess.run(["/usr/lib/llvm-22/bin/clang", "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror",
                    f"-I{source_dir}/include", "main.c", "-o", "main"], cwd=tmp_path, check=True)
    assert subprocess.run("./main", cwd=tmp_path, capture_output=True, text=True, check=True).stdout == "2\n"


def test_python(example, source_dir, tmp_path):
    run = subprocess.run([sys.executable, "-c", example("python")], cwd=tmp_path, capture_output=True, text=True,
                         env={**os.environ, "PYTHONPATH": str(source_dir / "python")})
    assert (run.returncode, run.stdout) == (0, "a float32 ('batch', 4)\n"), run.stderr


def test_shell(example, build_dir, tmp_path):
    ones = np.ones((2, 4), np.float32)
    np.save(tmp_path / "a.npy", ones)
    np.save(tmp_path / "b.npy", ones)
    np.save(tmp_path / "expected.npy", ones + ones * np.array([1, 10, 100, 1000], np.float32))
    environment = {**os.environ, "PATH": f"{build_dir}/bin:{os.environ['PATH']}"}
    run = subprocess.run(["bash", "-e", "-c", example("sh")], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert np.load(tmp_path / "sum.npz")["sum"].shape == (8, 4)
