"""--verify: the compiled model beside its unfused path."""
import re

import numpy as np
import pytest


@pytest.mark.parametrize("name", ["deit_batch", "swin", "lavit", "clip_text", "resnet"], ids=str)
def test_models_agree(name, small_model, run_tool):
    run = run_tool("vitc", small_model(name), "--verify")
    assert run.returncode == 0, run.stderr
    ops, outputs, worst = re.fullmatch(
        r"verified (\d+) ops and (\d+) outputs? against the unfused path: at most (\S+) of max \|y\|, of '.+'\n", run.stdout
    ).groups()
    assert int(ops) > 10 and int(outputs) >= 1
    assert float(worst) < 1e-4


def test_inputs_of_a_file(small_model, run_tool, tmp_path):
    model, file = small_model("deit"), tmp_path / "inputs.npz"
    np.savez_compressed(file, x=np.random.default_rng(0).standard_normal((1, 3, 64, 64), dtype=np.float32))
    run = run_tool("vitc", model, f"--verify={file}", "-o", tmp_path / "model.so")
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "model.so").exists()
    np.savez(file, z=np.zeros(3, np.float32))
    run = run_tool("vitc", model, f"--verify={file}", "-o", tmp_path / "other.so")
    assert run.returncode == 1
    assert "the model has no input 'z'" in run.stderr and "Traceback" not in run.stderr
    assert not (tmp_path / "other.so").exists(), "what was not verified is not written"


def test_infinite_inputs_are_no_drift(small_model, run_tool, tmp_path):
    file = tmp_path / "inputs.npz"
    np.savez(file, x=np.full((1, 3, 64, 64), np.nan, np.float32))
    run = run_tool("vitc", small_model("deit"), f"--verify={file}")
    assert run.returncode == 0, run.stderr


def test_usage(small_model, run_tool, tmp_path):
    for flags, message in (
        ([f"--verify={tmp_path}/none.npz"], "does not exist"),
        (["--verify", "--compile-to=vit"], "expected --verify or --compile-to"),
        (["--verify", "--explain=json"], "expected --verify or --explain=json"),
    ):
        run = run_tool("vitc", small_model("deit"), *flags)
        assert run.returncode == 2 and message in run.stderr, run.stderr
