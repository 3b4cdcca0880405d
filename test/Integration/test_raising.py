"""Raising changes no number: blocks of other front ends, before and after, run by upstream's tools, against NumPy."""
import math
import re
import subprocess

import numpy as np
import pytest

LLVM = "/usr/lib/llvm-22"
LOWER = """builtin.module(one-shot-bufferize{bufferize-function-boundaries},func.func(convert-linalg-to-loops),expand-strided-metadata,
lower-affine,convert-scf-to-cf,convert-math-to-llvm,convert-math-to-libm,convert-arith-to-llvm,finalize-memref-to-llvm,
convert-func-to-llvm,convert-cf-to-llvm,convert-index-to-llvm,reconcile-unrealized-casts)""".replace("\n", "")
MAIN = """
func.func private @printMemrefF32(tensor<*xf32>)
func.func @main() {
  %x = arith.constant VALUES : tensor<2x5x8xf32>
  %y = call @block(%x) : (tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  %any = tensor.cast %y : tensor<2x5x8xf32> to tensor<*xf32>
  call @printMemrefF32(%any) : (tensor<*xf32>) -> ()
  return
}
"""


def literal(array):
    return f'dense<"0x{array.astype("<f4").tobytes().hex().upper()}">'


def with_values(text, seed=0):
    """The module with a drawn value for each resource and for the input, and these values."""
    rng = np.random.default_rng(seed)
    drawn = {name: rng.normal(size=[int(extent) for extent in shape.split("x")]).astype(np.float32)
             for name, shape in re.findall(r"dense_resource<(\w+)> : tensor<([\dx]+)xf32>", text)}
    drawn["x"] = rng.normal(size=(2, 5, 8)).astype(np.float32)
    text = re.sub(r"dense_resource<(\w+)>", lambda match: literal(drawn[match[1]]), text)
    return text + MAIN.replace("VALUES", literal(drawn["x"])), drawn


def run(module):
    """What the block returns."""
    lowered = subprocess.run([f"{LLVM}/bin/mlir-opt", f"--pass-pipeline={LOWER}"], input=module, capture_output=True, text=True)
    assert lowered.returncode == 0, lowered.stderr[-2000:]
    libraries = ",".join(f"{LLVM}/lib/libmlir_{name}runner_utils.so" for name in ("", "c_"))
    done = subprocess.run([f"{LLVM}/bin/mlir-runner", "-e", "main", "-entry-point-result=void", f"-shared-libs={libraries}"],
                          input=lowered.stdout, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return np.array([float(number) for number in re.findall(r"-?\d[\d.e+-]*", done.stdout.split("data =")[1])]).reshape(2, 5, 8)


def block(p, tanh, transposed):
    """The encoder block in double precision; weights are (out, in) where `transposed`."""
    p = {name: value.astype(np.float64) for name, value in p.items()}

    def linear(x, weight, bias):
        return x @ (p[weight].T if transposed else p[weight]) + p[bias]

    def norm(x, scale, bias):
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6) * p[scale] + p[bias]

    def gelu(x):
        if tanh:
            return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        return x / 2 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))

    q, k, v = linear(norm(p["x"], "gamma1", "beta1"), "wqkv", "bqkv").reshape(2, 5, 3, 2, 4).transpose(2, 0, 3, 1, 4)
    scores = q @ k.swapaxes(-1, -2) / 2
    probs = np.exp(scores - scores.max(-1, keepdims=True))
    probs /= probs.sum(-1, keepdims=True)
    x = p["x"] + linear((probs @ v).swapaxes(1, 2).reshape(2, 5, 8), "wproj", "bproj")
    return x + linear(gelu(linear(norm(x, "gamma2", "beta2"), "w1", "b1")), "w2", "b2")


@pytest.mark.parametrize("name, tanh, transposed", [("torch-mlir-block", False, True), ("stablehlo-block", True, False)])
def test_block(name, tanh, transposed, source_dir, run_tool):
    text = (source_dir / "test" / "Recognition" / f"{name}.mlir").read_text()
    module, drawn = with_values(re.sub(r"^//.*\n", "", text, flags=re.M))
    raised = run_tool("vitc-opt", "--vit-raise", input=module)
    assert raised.returncode == 0, raised.stderr
    assert not re.search(r"linalg\.(generic|batch_matmul)", raised.stdout)
    expected = block(drawn, tanh, transposed)
    for version in (module, raised.stdout):
        assert np.abs(run(version) - expected).max() <= 1e-5 * np.abs(expected).max()
