"""--precision: how far products of bf16 and weights stored as bf16 are from ONNX Runtime's fp32."""
import json
import re

import numpy as np
import pytest
import vitc

from harness import Reference, compile_model, draw

FLAGS = open("/proc/cpuinfo").read().split("\n\n")[0].split()
NEEDS = {"x86-64-v3": "avx2", "x86-64-v4": "avx512bw", "znver4": "avx512_bf16"}
RUNS = [level for level, flag in NEEDS.items() if flag in FLAGS]
# Of random weights; where these are ill-conditioned (levit), rounding them turns the result of ONNX Runtime as far.
MODELS = ["deit", "swin", "dinov2_reg4", "convnext", "pit", "pvt", "resnet"]


def cosine(found, expected):
    found, expected = found.astype(np.float64).ravel(), expected.astype(np.float64).ravel()
    return found @ expected / np.sqrt((found @ found) * (expected @ expected))


def check(library, reference, batches=(1,)):
    for threads in (1, 2):
        model = vitc.load(library, threads=threads)
        for batch in batches:
            inputs = draw(model, batch)
            found, expected = model.run(inputs), reference.run(inputs)
            for name, value in expected.items():
                assert found[name].dtype == np.float32
                assert cosine(found[name], value) >= 0.9995, name


@pytest.mark.parametrize("level", RUNS)
@pytest.mark.parametrize("name", MODELS)
def test_models_keep_their_direction(name, level, small_model, run_tool, tmp_path):
    compiled = compile_model(run_tool, small_model(name), tmp_path / "m.so", f"--mcpu={level}", "--precision=bf16")
    check(compiled.library, Reference.open(compiled.model))


def test_dynamic_batch(small_model, run_tool, tmp_path):
    compiled = compile_model(run_tool, small_model("deit_batch"), tmp_path / "m.so", "--precision=bf16")
    check(compiled.library, Reference.open(compiled.model), batches=(1, 3))


def info_of(run_tool, library):
    return json.loads(run_tool("vitc", "--info", library).stdout)


def test_weights_take_half_the_memory(small_model, run_tool, tmp_path):
    bytes_of = {}
    for precision in ("fp32", "bf16"):
        library = compile_model(run_tool, small_model("deit"), tmp_path / f"{precision}.so", "--mcpu=x86-64-v3",
                                f"--precision={precision}").library
        info = info_of(run_tool, library)
        assert info["options"]["precision"] == precision
        bytes_of[precision] = info["weights"]["bytes"]
    assert bytes_of["bf16"] < 0.6 * bytes_of["fp32"]


def test_auto_is_fp32_where_nothing_is_gained(small_model, run_tool, tmp_path):
    files = {}
    for precision in ("fp32", "auto"):
        run = run_tool("vitc", small_model("deit"), "--mcpu=x86-64-v3,x86-64-v4", f"--precision={precision}",
                       "--compile-to=tiled")
        assert run.returncode == 0, run.stderr
        files[precision] = run.stdout
    assert files["fp32"] == files["auto"]


def test_assembly_multiplies_pairs_and_spills_nothing(small_model, run_tool, tmp_path):
    compile_model(run_tool, small_model("deit"), tmp_path / "m.so", "--mcpu=znver4", "--precision=bf16", "--emit=asm")
    text = "".join(path.read_text() for path in tmp_path.glob("*.s"))
    kernels = dict(re.findall(r"^((?:gemm|attention)_\d+)[^\n]*:\n(.*?)^\.Lfunc_end", text, re.M | re.S))
    tiles = {name: body for name, body in kernels.items() if body.count("vdpbf16ps") >= 12}
    assert {name.split("_")[0] for name in tiles} == {"gemm", "attention"}
    for name, body in kernels.items():
        assert re.search(r"vdpbf16ps.*%zmm", body), name
        assert not re.search(r"vmov\w+\s+%zmm\d+, -?\d*\(%rsp\)", body), f"{name} spills"


def test_assembly_keeps_tiles_in_registers(small_model, run_tool, tmp_path):
    """Sums of at most 2 x 2 tiles are stored once each, after the loop; a kernel configures its tiles once."""
    compile_model(run_tool, small_model("deit"), tmp_path / "m.so", "--mcpu=sapphirerapids", "--precision=bf16", "--emit=asm")
    text = "".join(path.read_text() for path in tmp_path.glob("*.s"))
    kernels = dict(re.findall(r"^(gemm_\d+)[^\n]*:\n(.*?)^\.Lfunc_end", text, re.M | re.S))
    kernels = {name: body for name, body in kernels.items() if "tdpbf16ps" in body}
    assert kernels
    for name, body in kernels.items():
        assert body.count("ldtilecfg") == 1, name
        assert body.count("tilestored") <= 6 and body.count("tdpbf16ps") == body.count("tilestored"), f"{name} spills tiles"


@pytest.mark.skipif("x86-64-v3" not in RUNS, reason="this processor runs no level")
@pytest.mark.parametrize("name", ["deit", "swin"])
def test_verify_tells_the_cosine(name, small_model, run_tool):
    run = run_tool("vitc", small_model(name), "--verify", "--precision=bf16")
    assert run.returncode == 0, run.stderr
    least, output, worst = re.fullmatch(
        r"verified \d+ ops and 1 output against the unfused path in fp32: cosine at least (\S+), of '.+'\n"
        r"output '.+': cosine (\S+), at most (\S+) of max \|y\|\n", run.stdout).groups()
    assert 0.9995 <= float(least) <= float(output) <= 1 and 0 < float(worst) < 0.1
