"""bench/gpu: prepared, run and reported, behind the mock of the driver."""
import csv
import importlib.util
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
import zoo

from harness import SMALL


# One of whose tools works.
SANITIZER = """#!/bin/sh
[ "$2" = memcheck ] || exit 7
shift 2
"$@" > "$0.log" && echo "========= ERROR SUMMARY: 0 errors"
"""


@pytest.fixture(scope="module")
def tool(source_dir, build_dir):
    """tool("run.py", arguments…, variables…) -> a process that has ended."""
    mock = build_dir / "lib" / "libvitc-libcuda-mock.so"

    def run(name, *arguments, **variables):
        environment = {**os.environ, "VITC_LIBCUDA": str(mock), **variables}
        return subprocess.run([sys.executable, source_dir / "bench" / "gpu" / name, *map(str, arguments)], env=environment,
                              capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture(scope="module")
def prepared(tool, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    run = tool("prepare.py", "--tiny", "--folder", folder)
    assert run.returncode == 0, run.stderr
    return folder


def rows_of(output):
    with open(output / "results.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_from_one_end_to_the_other(tool, prepared, build_dir, tmp_path):
    """Every kernel and model is right and timed, every peer is timed or named with the reason, no time passes for a GPU's."""
    sanitizer = tmp_path / "bin" / "compute-sanitizer"
    sanitizer.parent.mkdir()
    sanitizer.write_text(SANITIZER)
    sanitizer.chmod(0o755)
    run = tool("run.py", "--folder", prepared, "--output", tmp_path / "out", "--rounds", 1,
               "--vitc", build_dir / "bin" / "vitc", PATH=f"{sanitizer.parent}:{os.environ['PATH']}")
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""  # the mock tells of misuse, and of what is left behind
    rows = rows_of(tmp_path / "out")
    cases = json.loads((prepared / "manifest.json").read_text())
    for case in cases:
        for batch in case["batches"]:
            wanted = case["name"], str(batch), "vitc"
            found = {row["metric"]: row for row in rows if (row["case"], row["batch"], row["engine"]) == wanted}
            checked = "least cosine" if case["part"] == "models" else "relative error"
            assert float(found["ms"]["value"]) > 0 and float(found[checked]["value"]) > 0 and found[checked]["note"] == ""
    assert all(row["note"] for row in rows if not row["value"])
    assert {row["machine"] for row in rows} == {"mock: no time of a GPU"}
    peers = {"torch eager", "torch.compile max-autotune", "AOTInductor", "TensorRT", "cuBLAS", "cuDNN SDPA"}
    assert peers <= {row["engine"] for row in rows}
    assert [row["value"] for row in rows if row["part"] == "sanitizer"] == ["0", "", "", ""]
    summary = (tmp_path / "out" / "summary.md").read_text()
    assert "times are not those of a GPU" in summary and "TensorRT is not installed" in summary and "## Goals" not in summary
    assert (tmp_path / "out" / "results.png").exists() == (importlib.util.find_spec("matplotlib") is not None)


def test_a_library_that_crashes(tool, prepared, tmp_path):
    """It takes no other case with it, and is named."""
    folder = shutil.copytree(prepared, tmp_path / "crashing")
    source = tmp_path / "crash.c"
    source.write_text("#include <stdlib.h>\n__attribute__((constructor)) static void crash(void) { abort(); }\n")
    command = ["/usr/lib/llvm-22/bin/clang", "-shared", "-fPIC", source, "-o", folder / "deit_batch.so"]
    subprocess.run(command, check=True)
    run = tool("run.py", "--folder", folder, "--output", tmp_path / "out", "--parts", "models", "--batches", 1)
    assert run.returncode == 0, run.stderr
    told = {row["engine"]: row["note"] for row in rows_of(tmp_path / "out")}
    assert told["vitc"].startswith("its check ended with status -6") and told["TensorRT"] == "TensorRT is not installed"


def test_wrong_results_are_told(tool, prepared, build_dir, tmp_path):
    folder = shutil.copytree(prepared, tmp_path / "tampered")
    for path in folder.glob("*.npz"):
        with np.load(path) as values:
            np.savez(path, **{name: values[name][:, ::-1] for name in values.files})
    run = tool("run.py", "--folder", folder, "--output", tmp_path / "out", "--parts", "models", "--batches", 1, "--only-check",
               "--vitc", build_dir / "bin" / "vitc")
    assert run.returncode == 1 and "WRONG: less than 0.9995" in run.stdout and "1 results are wrong" in run.stdout


def test_a_tuning_file(tool, prepared, build_dir, tmp_path):
    """Libraries are compiled by it, as tune.py writes it; one that does not fit is told of."""
    key, table = "cuda-sm_90 bf16 gemm+bias+gelu 70x64x40", tmp_path / "t.json"
    case = "gemm_70x64x40"
    options = ("--folder", prepared, "--parts", "kernels", "--cases", case, "--rounds", 1, "--engines", "none", "--tuning", table,
               "--vitc", build_dir / "bin" / "vitc")
    table.write_text(json.dumps({"vitc_tuning": 1, "cpu": "", "schedules": {key: {"tile_m": 192, "tile_n": 48}}}))
    run = tool("run.py", *options, "--output", tmp_path / "tuned")
    assert run.returncode == 0 and run.stderr == "", run.stderr
    found = {row["metric"]: row for row in rows_of(tmp_path / "tuned") if row["engine"] == "vitc"}
    assert float(found["relative error"]["value"]) > 0 and found["relative error"]["note"] == ""
    assert float(found["ms"]["value"]) == 2  # the mock says that a block takes a millisecond
    table.write_text(json.dumps({"vitc_tuning": 1, "cpu": "", "schedules": {key: {"tile_m": 65, "tile_n": 48}}}))
    run = tool("run.py", *options, "--output", tmp_path / "wrong")
    note, = [row["note"] for row in rows_of(tmp_path / "wrong") if row["engine"] == "vitc"]
    assert "vitc does not compile it: vitc: error: --tuning: " in note and "tiles have 64, 128 or 192 rows" in note


def test_another_precision(tool, prepared, build_dir, tmp_path):
    run = tool("run.py", "--folder", prepared, "--output", tmp_path, "--parts", "kernels", "--rounds", 1, "--engines", "none",
               "--precision", "tf32", "--vitc", build_dir / "bin" / "vitc")
    assert run.returncode == 0, run.stdout + run.stderr
    errors = [float(row["value"]) for row in rows_of(tmp_path) if row["metric"] == "relative error"]
    assert len(errors) == 3 and max(errors) < 2e-3 and sum(error > 1e-5 for error in errors) == 2  # norms stay float32


def test_what_is_missing(tool, prepared, tmp_path):
    """A compiler, a folder, a part that there is not, a GPU: sentences."""
    run = tool("run.py", "--folder", prepared, "--output", tmp_path, "--parts", "kernels", "--vitc", tmp_path / "vitc")
    assert run.returncode == 0 and run.stdout.count("there is neither a library nor a compiler") == 3
    run = tool("run.py", "--folder", tmp_path, "--output", tmp_path)
    assert run.returncode == 2 and "has no manifest.json: prepare.py makes it" in run.stderr
    run = tool("run.py", "--folder", prepared, "--output", tmp_path, "--parts", "kernel")
    assert run.returncode == 2 and "there is no part kernel; expected some of ceilings" in run.stderr
    run = tool("run.py", "--folder", prepared, "--output", tmp_path, VITC_LIBCUDA="/nowhere/libcuda.so.1")
    assert run.returncode == 1 and run.stderr.startswith("run.py: the CUDA driver cannot be loaded")
    assert "Traceback" not in run.stderr
    run = tool("prepare.py", "--models", "vit_z99")
    assert run.returncode == 2 and "there is no model vit_z99; expected some of vit_b16" in run.stderr


def test_weights_are_those_of_the_zoo(prepared, source_dir, tmp_path, monkeypatch):
    """What is drawn on the GPU's machine, without onnx."""
    monkeypatch.syspath_prepend(source_dir / "bench" / "gpu")
    import cases

    case = next(case for case in cases.load(prepared) if case.part == "models")
    shutil.copy(prepared / f"{case.name}.onnx", tmp_path)
    case.write_weights(tmp_path)
    drawn = onnx.load(tmp_path / f"{case.name}.onnx")
    expected = zoo.load(case.name, SMALL)
    assert case.weights and len(drawn.graph.initializer) == len(expected.graph.initializer)
    for found, wanted in zip(drawn.graph.initializer, expected.graph.initializer):
        np.testing.assert_array_equal(onnx.numpy_helper.to_array(found), onnx.numpy_helper.to_array(wanted))


def test_goals(source_dir, monkeypatch, tmp_path):
    """What the summary says of figures that a GPU gave."""
    monkeypatch.syspath_prepend(source_dir / "bench" / "gpu")
    import report

    rows = [report.Row("ceilings", "gemm_8192x8192x8192", 1, "cuBLAS", "TFLOP/s", 800.0),
            report.Row("models", "vit_b16", 256, "vitc", "TFLOP/s", 500.0),
            report.Row("models", "vit_b16", 256, "vitc", "ms", 10.0),
            report.Row("models", "vit_b16", 256, "torch.compile max-autotune", "ms", 11.0)]
    found = {what: (value, least) for what, value, least in report.goals(rows)}
    assert found["vit_b16, batch 256: share of the GEMM ceiling"] == (0.625, 0.6)
    assert found["vit_b16, batch 256: speedup over torch.compile max-autotune"] == (pytest.approx(1.1), 1.15)
    assert found["attention, 1370 tokens, heads of 64: speed by cuDNN's"] == (None, 0.9)
    rows.append(report.Row("models", "vit_b16", 1, "TensorRT", "ms", None, "it is not there"))
    report.write_summary(tmp_path / "summary.md", rows, {"GPU": "H100"}, mock=False)
    summary = (tmp_path / "summary.md").read_text()
    assert "| vit_b16, batch 256: share of the GEMM ceiling | 0.62 | 0.60 | yes |" in summary
    assert "| vit_b16, batch 256: speedup over torch.compile max-autotune | 1.10 | 1.15 | no |" in summary
    assert "| attention, 1370 tokens, heads of 64: speed by cuDNN's | missing | 0.90 | ? |" in summary
    assert "| vit_b16 | 256 | – | 10.000 | 11.000 | 0.91 |" in summary and "- TensorRT, vit_b16: it is not there" in summary
    assert "mock" not in summary
