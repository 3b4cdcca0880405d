"""Models are compiled for Hopper in bf16: all of the zoo and those of python/vitc/models, at full size."""
import pathlib
import sys
import time

import pytest
import zoo

from harness import FULL, accepted, compile_model

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "gpu"))
import sass  # noqa: E402
import toolkit  # noqa: E402

FLAGS = ("--target=cuda-sm_90", "--precision=bf16")
TINY = ["deit", "dinov2_reg4", "lavit", "swin"]
SECONDS = 60  # for ViT-B/16, which takes 5


def check(library: pathlib.Path, chip: str = "sm_90a") -> None:
    """It holds kernels, of which ptxas serialises no products, and spills nothing in those on tensor cores."""
    texts = sass.embedded_ptx(library, chip)
    assert texts and all(".visible .entry" in text for text in texts)
    if not (toolkit.find("ptxas") and toolkit.find("nvdisasm")):
        return
    for text in texts:
        made = sass.assemble(text, chip)
        assert made.serialised == [] and made.kernels
        for name, kernel in made.kernels.items():
            if kernel.count("HGMMA", "HMMA"):
                assert (kernel.spilled, kernel.count("LDL", "STL")) == (0, 0), name


@pytest.mark.parametrize("name", TINY)
def test_tiny(name, small_model, run_tool, tmp_path):
    check(compile_model(run_tool, small_model(name), tmp_path / "model.so", *FLAGS).library)


@pytest.mark.parametrize("name", [*TINY[1:3], *(pytest.param(name, marks=pytest.mark.long) for name in (TINY[0], TINY[3]))])
@pytest.mark.parametrize("target, precision, chip", [("sm_80", "bf16", "sm_80"), ("sm_90", "tf32", "sm_90a")])
def test_tiny_by_warps(name, target, precision, chip, small_model, run_tool, tmp_path):
    """Before Hopper all products, of tf32 those of tokens with tokens."""
    flags = (f"--target=cuda-{target}", f"--precision={precision}")
    check(compile_model(run_tool, small_model(name), tmp_path / "model.so", *flags).library, chip)


def test_time_of_vit_b16(run_tool, tmp_path):
    zoo.make("vit_b16", tmp_path / "vit_b16.onnx")
    start = time.monotonic()
    made = compile_model(run_tool, tmp_path / "vit_b16.onnx", tmp_path / "vit_b16.so", *FLAGS)
    seconds = time.monotonic() - start
    print(f"vit_b16: {seconds:.1f} s")
    assert seconds <= SECONDS
    made.model.unlink()
    made.library.unlink()


# What ptxas might say of a kernel, in its place; the cubin is nothing that a driver takes.
PTXAS = """#!/bin/sh
cat <<'END'
ptxas info    : Compiling entry function 'gemm_0' for 'sm_90a'
ptxas info    : Function properties for gemm_0
    16 bytes stack frame, 24 bytes spill stores, 8 bytes spill loads
{said}
END
for last; do :; done
printf cubin > "$last"
"""


@pytest.mark.parametrize("said, warned", [
    ("", []),
    ("ptxas info : (C7510) Potential Performance Loss: wgmma.mma_async instructions are serialized in the function 'gemm_0'",
     ["ptxas does not overlap its products: ptxas info : (C7510) Potential Performance Loss: "]),
])
def test_slow_kernels_are_named(said, warned, small_model, run_tool, tmp_path, monkeypatch):
    """By their nodes, and the library is written all the same."""
    ptxas = tmp_path / "ptxas"
    ptxas.write_text(PTXAS.replace("{said}", said))
    ptxas.chmod(0o755)
    monkeypatch.setenv("VITC_PTXAS", str(ptxas))
    run = run_tool("vitc", small_model("deit"), *FLAGS, "-o", tmp_path / "model.so")
    assert run.returncode == 0 and (tmp_path / "model.so").exists()
    lines = run.stderr.splitlines()
    assert len(lines) == len(warned) + 1
    for line, words in zip(lines, [*warned, "it spills 32 bytes a thread"]):
        assert line.startswith("vitc: warning: /patch_embed/proj/Conv: the kernel gemm_0 for cuda-sm_90 is slower than it should be: ")
        assert words in line


@pytest.mark.long
@pytest.mark.parametrize("folder, name", [(folder, name) for folder in (zoo.GRAPHS, FULL) for name in accepted(folder)])
def test_all(folder, name, run_tool, tmp_path):
    model, library = tmp_path / f"{name}.onnx", tmp_path / "model.so"
    zoo.make(name, model, folder=folder)
    try:
        check(compile_model(run_tool, model, library, *FLAGS).library)
    finally:  # hundreds of megabytes each
        model.unlink()
        library.unlink(missing_ok=True)
