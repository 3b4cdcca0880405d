"""Schedules of products that are measured on a GPU: by vitc --tune and bench/gpu/tune.py, behind the mock of the driver."""
import json
import os
import re
import subprocess
import sys

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import pytest
import vitc

from harness import Reference, compile_model, draw

FLAGS = ("--target=cuda-sm_90", "--precision=bf16")
KEY = "cuda-sm_90 bf16 gemm+bias+relu 50x64x96"


@pytest.fixture(scope="module", autouse=True)
def mock(build_dir):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VITC_LIBCUDA", str(build_dir / "lib" / "libvitc-libcuda-mock.so"))
        yield


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """A product of `rows` rows, or of an open number of them, with weights of 64 × 96, a bias and ReLU."""
    helper, rng = onnx.helper, np.random.default_rng(0)
    constants = [onnx.numpy_helper.from_array(rng.standard_normal(shape, dtype=np.float32), name)
                 for name, shape in (("w", (64, 96)), ("b", (96,)))]

    def make(rows):
        nodes = [helper.make_node("MatMul", ["x", "w"], ["product"]), helper.make_node("Add", ["product", "b"], ["sum"]),
                 helper.make_node("Relu", ["sum"], ["y"])]
        ends = [[helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [rows, columns])]
                for name, columns in (("x", 64), ("y", 96))]
        graph = helper.make_graph(nodes, "product", *ends, constants)
        path = tmp_path_factory.mktemp("product") / "product.onnx"
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
        return path

    return make


def tiles_of(run_tool, model, *options):
    """The schedules of a model's products."""
    run = run_tool("vitc", model, *FLAGS, *options, "--compile-to=tiled")
    assert run.returncode == 0, run.stderr
    return re.findall(r"vgpu\.gemm .*\{(.*)\}", run.stdout)


def write(path, schedules, **others):
    path.write_text(json.dumps({"vitc_tuning": 1, "cpu": "", **others, "schedules": schedules}))
    return path


def test_the_fastest_is_kept(product, run_tool, tmp_path):
    """For the mock a block takes a millisecond: the fastest schedule has the fewest, which is not the estimate's choice."""
    model, table = product(50), tmp_path / "t.json"
    run = run_tool("vitc", model, *FLAGS, "--tune=20", "--tuning", table)
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"tuning: 1 of 1 kernels measured, 1 with another schedule than expected; {table}\n"
    assert json.loads(table.read_text())["schedules"] == {KEY: {
        "tile_m": 64, "tile_n": 96, "splits": 1, "nanoseconds": 2_000_000, "expected_nanoseconds": 3_000_000}}
    assert [tile for tile in tiles_of(run_tool, model)] == ["activation = \"relu\", tile_m = 64 : i64, tile_n = 32 : i64"]
    assert tiles_of(run_tool, model, f"--tuning={table}") == ["activation = \"relu\", tile_m = 64 : i64, tile_n = 96 : i64"]
    run = run_tool("vitc", model, *FLAGS, "--tune=20", "--tuning", table)
    assert "tuning: 0 of 1 kernels measured" in run.stdout


def test_open_rows_are_measured_for_many(product, run_tool, tmp_path):
    """And entries of --shapes each for their own. What the file tells beside schedules stays."""
    table = write(tmp_path / "t.json", {"cuda-sm_90 bf16 gemm+bias+relu ?x64x96": {"tile_m": 192, "tile_n": 96}}, gpu="H200")
    cpu = json.loads(table.read_text()) | {"cpu": host_cpu(run_tool, product(50), tmp_path)}
    table.write_text(json.dumps(cpu))
    run = run_tool("vitc", product("rows"), *FLAGS, "--shapes", "x=?x64;x=2x64", "--tune=20", "--tuning", table)
    assert run.returncode == 0 and "tuning: 1 of 2 kernels measured" in run.stdout, run.stderr + run.stdout
    found = json.loads(table.read_text())
    assert found["gpu"] == "H200" and set(found["schedules"]) == {KEY.replace("50x", "?x"), KEY.replace("50x", "2x")}
    assert "tile_m = 192" in tiles_of(run_tool, product("rows"), f"--tuning={table}")[0]


def host_cpu(run_tool, model, folder):
    run_tool("vitc", model, *FLAGS, "--tune=1", "--tuning", folder / "host.json")
    return json.loads((folder / "host.json").read_text())["cpu"]


@pytest.mark.parametrize("schedule", [{"tile_m": 128, "tile_n": 80, "stages": 2}, {"tile_m": 64, "tile_n": 32, "stages": 5}])
def test_schedules_of_a_file_are_right(schedule, product, run_tool, tmp_path):
    table = write(tmp_path / "t.json", {KEY: schedule})
    made = compile_model(run_tool, product(50), tmp_path / "m.so", *FLAGS, f"--tuning={table}")
    model = vitc.load(made.library, device="cuda")
    inputs = draw(model, 1)
    found, expected = model.run(inputs)["y"], Reference.open(made.model).run(inputs)["y"]
    assert np.abs(found - expected).max() <= 1e-2 * np.abs(expected).max()


@pytest.mark.parametrize("schedules, says", [
    ({KEY: {"tile_m": 100, "tile_n": 64}}, f"the schedule of '{KEY}': tiles have 64, 128 or 192 rows"),
    ({KEY: {"tile_m": 64, "tile_n": 64, "tile_k": 8}}, "expected tile_m, tile_n, splits, stages"),
    ({KEY: {"tile_m": "64", "tile_n": 64}}, "expected numbers tile_m and tile_n"),
    ({"cuda-sm_90 bf16 gemm+tanh 1x8x8": {"tile_m": 64, "tile_n": 64}}, "expected a key such as"),
    ({"cuda-sm_80 bf16 gemm 1x8x8": {"tile_m": 64, "tile_n": 64}},
     "it has schedules for cuda-sm_80, expected some for cuda-sm_90"),
    ({"znver4 fp32 gemm 1x8x8": {}}, "it has schedules for znver4, expected some for cuda-sm_90"),
])
def test_other_files_are_refused(schedules, says, product, refuses, tmp_path):
    write(tmp_path / "t.json", schedules)
    refuses(product(50), "-o", "m.so", *FLAGS, "--tuning=t.json", says=["vitc: error: --tuning: 't.json': ", says])


def test_text_that_is_not_json(product, refuses, tmp_path):
    (tmp_path / "t.json").write_text('{"vitc_tuning": 1,')
    refuses(product(50), "-o", "m.so", *FLAGS, "--tuning=t.json", says="--tuning: 't.json' is not a tuning file: ")


def test_what_cannot_be_measured(product, refuses, monkeypatch):
    refuses(product(50), "--tuning=t.json", "--target=cuda-sm_90", "--tune=5", says="products of cuda-sm_90 have schedules with "
            "--precision=bf16, fp16 or tf32 alone")
    monkeypatch.setenv("VITC_MOCK_CAPABILITY", "80")
    refuses(product(50), "--tuning=t.json", *FLAGS, "--tune=5", says="--tune: ")
    monkeypatch.setenv("VITC_LIBCUDA", "/nowhere/libcuda.so.1")
    refuses(product(50), "--tuning=t.json", *FLAGS, "--tune=5", says="--tune: the CUDA driver cannot be loaded")


@pytest.fixture(scope="module")
def tool(source_dir, build_dir):
    def run(name, *arguments):
        command = [sys.executable, source_dir / "bench" / "gpu" / name, *map(str, arguments)]
        return subprocess.run(command, env=os.environ, capture_output=True, text=True, timeout=200)

    return run


def test_the_program_that_tunes(tool, product, build_dir, run_tool, tmp_path, monkeypatch, source_dir):
    """bench/gpu/tune.py: the file is made and read back, and says what it was measured on."""
    monkeypatch.syspath_prepend(source_dir / "bench" / "gpu")
    import cases

    folder = tmp_path / "prepared"
    folder.mkdir()
    (folder / "product.onnx").write_bytes(product("batch").read_bytes())
    cases.save(folder, [cases.Case("product", "models", "model", {"x": ["batch", 64]}, 0, [2, 50])])
    table = tmp_path / "sm_90.json"
    arguments = "--folder", folder, "--output", table, "--vitc", build_dir / "bin" / "vitc"
    run = tool("tune.py", *arguments)
    assert run.returncode == 0 and run.stderr == "", run.stdout + run.stderr
    made = json.loads(table.read_text())
    assert made["gpu"] == "the mock of the driver" and made["note"] == "mock: no time of a GPU" and made["driver"] and made["date"]
    assert set(made["schedules"]) == {KEY, KEY.replace("50x", "2x")}
    assert "product: tuning: 2 of 2 kernels measured" in run.stdout
    assert f"| {KEY} | 64 × 96 | 2000.0 | 0 | another | 3000.0 | 1.50 |" in run.stdout
    assert "tile_n = 96" in tiles_of(run_tool, product(50), f"--tuning={table}")[0]
    # Times of two GPUs do not belong into one file.
    table.write_text(json.dumps(made | {"gpu": "NVIDIA H100"}))
    run = tool("tune.py", *arguments)
    assert run.returncode == 1 and f"{table} was measured on NVIDIA H100, and this machine has the mock" in run.stderr
    run = tool("tune.py", *arguments, "--models", "vit_z99")
    assert run.returncode == 2 and "there is no model vit_z99" in run.stderr and "expected some of product" in run.stderr
