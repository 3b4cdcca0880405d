"""Matrix products by Strassen's algorithm: how near they are to ONNX Runtime's, what mixes, and how to do without."""
import json

import numpy as np
import onnx
import pytest
import vitc

from harness import Reference, assert_agrees, compile_model
from nodes import make_model, node

TOKENS, WIDTH, HIDDEN = 197, 384, 768
FLAGS = open("/proc/cpuinfo").read().split("\n\n")[0].split()
LEVELS = [level for level, flag in {"x86-64-v3": "avx2", "x86-64-v4": "avx512bw"}.items() if flag in FLAGS]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A block's MLP over an odd number of tokens, of an open batch; its products are large enough for the algorithm."""
    draw = np.random.default_rng(3)
    weights = {"up": draw.standard_normal((WIDTH, HIDDEN), np.float32), "up_bias": draw.standard_normal(HIDDEN, np.float32),
               "down": draw.standard_normal((HIDDEN, WIDTH), np.float32) / HIDDEN**0.5}
    weights["tokens"] = np.array([0, TOKENS, WIDTH], np.int64)
    nodes = [node("Reshape", ["image", "tokens"], "x"), node("MatMul", ["x", "up"], "a"), node("Add", ["a", "up_bias"], "b"), node("Relu", ["b"], "c"),
             node("MatMul", ["c", "down"], "d"), node("Add", ["d", "x"], "y")]
    graph = make_model(nodes, {"image": np.zeros((1, TOKENS, 16, WIDTH // 16), np.float32)}, weights, symbolic=["image"])
    del graph.graph.output[:-1]
    path = tmp_path_factory.mktemp("strassen") / "mlp.onnx"
    onnx.save(graph, path)
    return path


def images(count, seed=0):
    return np.random.default_rng(seed).standard_normal((count, TOKENS, 16, WIDTH // 16), np.float32)


def kernels(run_tool, model, *flags):
    run = run_tool("vitc", model, "--compile-to=tiled", *flags)
    assert run.returncode == 0, run.stderr
    return tuple(run.stdout.count(f"vcpu.{kernel} ") for kernel in ("strassen_rows", "strassen_gemm", "gemm"))


def test_a_flag_does_without(model, run_tool):
    for level in ("x86-64-v3", "x86-64-v4", "aarch64"):
        assert kernels(run_tool, model, f"--mcpu={level}") == (1, 2, 0), "the second product's sums come from the first"
    assert kernels(run_tool, model, "--mcpu=x86-64-v4", "--plain-products") == (0, 0, 2)
    assert kernels(run_tool, model, "--mcpu=x86-64-v4", "--precision=bf16") == (0, 0, 2)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("flags", [(), ("--plain-products",)])
def test_agrees(level, flags, model, run_tool, tmp_path):
    library = compile_model(run_tool, model, tmp_path / "m.so", f"--mcpu={level}", *flags).library
    reference = Reference.open(model)
    for threads in (1, 2, 3):
        compiled = vitc.load(library, threads=threads)
        for batch in (1, 2, 5):
            inputs = {"image": images(batch)}
            assert_agrees(compiled.run(inputs), reference.run(inputs))


def test_images_of_a_batch_do_not_mix(model, run_tool, tmp_path):
    """What is no number in one image reaches no other, and an image's result does not depend on its neighbours."""
    compiled = vitc.load(compile_model(run_tool, model, tmp_path / "m.so").library)
    batch = images(3)
    expected = compiled.run({"image": batch})["y"]
    batch[1, 7, 0, 5] = np.nan
    found = compiled.run({"image": batch})["y"]
    assert np.isnan(found[1, [7, 7 + (TOKENS + 1) // 2]]).all(), "not by Strassen's algorithm, which mixes these tokens"
    np.testing.assert_array_equal(found[[0, 2]], expected[[0, 2]])
    np.testing.assert_array_equal(compiled.run({"image": batch[2:]})["y"], expected[2:])


def test_info_says_so(model, run_tool, tmp_path):
    library = compile_model(run_tool, model, tmp_path / "m.so", "--plain-products").library
    assert json.loads(run_tool("vitc", "--info", library).stdout)["options"]["plain-products"] == "true"


def test_large_rows_beside_small_ones(model, run_tool, tmp_path):
    """Errors are relative to an image's largest values; in a vision transformer a few tokens are that much larger."""
    compiled, reference = vitc.load(compile_model(run_tool, model, tmp_path / "m.so").library), Reference.open(model)
    batch = images(1)
    batch[:, 3] *= 1000
    found, expected = compiled.run({"image": batch})["y"], reference.run({"image": batch})["y"]
    assert np.abs(found - expected).max() <= 1e-6 * np.abs(expected).max()
    small = [token for token in range(TOKENS) if token != 3]
    assert np.abs(found - expected)[:, small].max() <= 1e-3 * np.abs(expected[:, small]).max()
