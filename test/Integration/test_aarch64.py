"""Libraries for 64-bit Arm, compiled on x86-64 and run by QEMU, against ONNX Runtime on this machine."""
import pathlib
import platform
import shutil
import subprocess

import numpy as np
import pytest

from harness import Reference, assert_agrees, compile_model

SYSROOT = pathlib.Path("/usr/aarch64-linux-gnu")  # of Debian's libc6-dev-arm64-cross
MODELS = ["deit_batch", "swin", "convnext", "resnet", "levit", "lavit"]


@pytest.fixture(scope="module")
def run_model(tmp_path_factory):
    """run_model(library, inputs, outputs, threads, batch): what the library computes; the outputs are as `outputs`."""
    if not shutil.which("qemu-aarch64") or not (SYSROOT / "lib" / "crt1.o").exists():
        pytest.skip("there is no qemu-aarch64 (qemu-user) or no libc for it (libc6-dev-arm64-cross)")
    folder = tmp_path_factory.mktemp("aarch64")
    here, lib = pathlib.Path(__file__).resolve().parent, SYSROOT / "lib"
    command = ["clang-22", "--target=aarch64-linux-gnu", "-O1", "-fuse-ld=lld", "-nostdlib", "-isystem", SYSROOT / "include",
               "-I", here.parents[1] / "include", lib / "crt1.o", lib / "crti.o", here / "run_model.c", "-L", lib, "-lc",
               lib / "crtn.o", "-o", folder / "run_model"]
    subprocess.run(command, check=True)

    def run(library, inputs, outputs, threads=1, batch=0):
        arguments = []
        for i, values in enumerate(inputs.values()):
            values.tofile(folder / f"input{i}")
            arguments += [folder / f"input{i}", "x".join(map(str, values.shape))]
        subprocess.run(["qemu-aarch64", "-L", SYSROOT, folder / "run_model", library, str(threads), str(batch),
                        str(len(outputs)), folder / "outputs", *arguments], check=True, timeout=300)
        elements, found = np.fromfile(folder / "outputs", np.float32), {}
        for name, like in outputs.items():
            found[name], elements = elements[:like.size].reshape(like.shape), elements[like.size:]
        assert elements.size == 0
        return found

    return run


def draw(reference, batch):
    """Normal floats for the model's inputs; a named dimension is `batch` long."""
    rng = np.random.default_rng(3)
    shapes = {spec.name: [extent if isinstance(extent, int) else batch for extent in spec.shape]
              for spec in reference.session.get_inputs()}
    return {name: rng.standard_normal(shape, dtype=np.float32) for name, shape in shapes.items()}


@pytest.mark.parametrize("name", MODELS)
def test_models_run_on_arm(name, run_model, small_model, run_tool, tmp_path):
    model = small_model(name)
    library = compile_model(run_tool, model, tmp_path / "arm.so", "--mcpu=aarch64").library
    reference = Reference.open(model)
    batch = 2 if name.endswith("_batch") else 0
    inputs = draw(reference, batch)
    expected = reference.run(inputs)
    for threads in (1, 2):
        assert_agrees(run_model(library, inputs, expected, threads, batch), expected)


def test_weights_beside_the_library(run_model, small_model, run_tool, tmp_path):
    model = small_model("deit")
    library = compile_model(run_tool, model, tmp_path / "arm.so", "--target=aarch64", "--weights=external").library
    reference = Reference.open(model)
    inputs = draw(reference, 1)
    expected = reference.run(inputs)
    assert_agrees(run_model(library, inputs, expected), expected)


@pytest.mark.skipif(platform.machine() == "aarch64", reason="this processor runs the code")
def test_code_for_arm_does_not_run_here(small_model, run_tool, tmp_path, refuses):
    model = small_model("deit")
    refuses(model, "-o", "m.so", "--mcpu=aarch64", "--verify", says="this machine's CPU has no level it is compiled for")


def test_a_library_is_for_one_architecture(small_model, refuses):
    model = small_model("deit")
    refuses(model, "-o", "m.so", "--mcpu=aarch64,x86-64-v4", status=2,
            says="expected CPU levels of one architecture in a library, got aarch64 and x86-64-v4")
    refuses(model, "-o", "m.so", "--target=aarch64:a64fx", status=2,
            says="expected cpu, cpu:LEVEL, aarch64 or cuda-sm_NN in --target, got 'aarch64:a64fx'")
