"""--report: what a model costs."""
import json
import re

import pytest

from harness import compile_model


def table(text):
    """kind → the numbers of its row."""
    rows = [line.split() for line in text.split("\n\n")[0].splitlines()[1:]]
    return {kind: [float(number) for number in numbers] for kind, *numbers in rows}


@pytest.mark.parametrize("name, flags", [("deit", []), ("deit_batch", ["--shape=x=3x3x64x64"]), ("swin", [])], ids=str)
def test_counts(name, flags, small_model, run_tool, tmp_path):
    run = run_tool("vitc", small_model(name), "--report", "--mcpu=x86-64-v3,x86-64-v4", *flags)
    assert run.returncode == 0, run.stderr
    rows = table(run.stdout)
    explained = compile_model(run_tool, small_model(name), None, *flags).report
    assert rows["total"][1] == explained["macs"]["final"] > 0
    for column in range(5):
        kinds = [row[column] for kind, row in rows.items() if kind != "total"]
        assert sum(kinds) == pytest.approx(rows["total"][column], abs=0.01)
    assert rows["vit.linear"][0] > 0 and rows["vit.attention"][1] > 0
    better, worse = rows["total"][-2:]
    assert 0 < better < worse <= 2 * better + 0.001


def test_ops_add_up_to_their_kinds(small_model, run_tool):
    """A row an op, with the node of the model that it came from."""
    run = run_tool("vitc", small_model("deit"), "--report", "--mcpu=x86-64-v3")
    assert run.returncode == 0, run.stderr
    kinds = table(run.stdout)
    sums = {}
    for line in run.stdout.split("\n\n")[1].splitlines()[1:]:
        kind, node, *numbers = re.fullmatch(r"(\S+) +(.{48}) +(\d+) +(\d+) +(\d+) +([\d.]+)", line).groups()
        assert node.startswith("/"), line
        sums[kind] = [a + float(b) for a, b in zip(sums.get(kind, [0] * 5), ["1", *numbers])]
    assert list(sums) == [kind for kind in kinds if kind != "total"]
    for kind, numbers in sums.items():
        assert numbers == pytest.approx(kinds[kind], abs=0.05)


def test_batch_multiplies(small_model, run_tool):
    """Of one picture alone, the first block's class token is a constant."""
    totals = []
    for batch in (2, 6):
        run = run_tool("vitc", small_model("deit_batch"), "--report", f"--shape=x={batch}x3x64x64")
        totals.append(table(run.stdout)["total"])
    assert totals[1][1] == 3 * totals[0][1]
    assert totals[1][2] == totals[0][2], "weights do not depend on the batch"


def test_memory_is_that_of_the_library(small_model, run_tool, tmp_path):
    """With -o the library is written as well; without, nothing is."""
    run = run_tool("vitc", small_model("deit"), "--report", "-o", tmp_path / "m.so", "--mcpu=x86-64-v3")
    assert run.returncode == 0, run.stderr
    info = json.loads(run_tool("vitc", "--info", tmp_path / "m.so").stdout)
    assert f"weights in the library: {info['weights']['bytes']} bytes" in run.stdout
    assert f"x86-64-v3: {info['functions'][0]['arena_bytes']} bytes alive at once" in run.stdout
    assert re.search(r"times, x86-64-v3: one thread at 3.0 GHz, 2 FMAs of 8 floats a cycle, .*; plain products;", run.stdout)


def test_open_shapes_are_refused(small_model, run_tool, tmp_path):
    run = run_tool("vitc", small_model("deit_batch"), "--report", "-o", tmp_path / "m.so")
    assert run.returncode == 1 and run.stdout == ""
    assert "--report needs all sizes; give those that are open with --shape x=?x3x64x64" in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_on_a_gpu(small_model, run_tool):
    """Times are those of a data sheet's peaks, of tensor cores where they multiply."""
    totals = {}
    for precision, macs in (("fp32", "33.5"), ("bf16", "494.7")):
        run = run_tool("vitc", small_model("deit"), "--report", "--target=cuda-sm_90", f"--precision={precision}")
        assert run.returncode == 0, run.stderr
        totals[precision] = table(run.stdout)["total"]
        assert f"times, cuda-sm_90: the peaks of the data sheet of the H100 SXM, {macs} T multiplications a second" in run.stdout
        assert "GHz" not in run.stdout
    assert totals["fp32"][:4] == totals["bf16"][:4] and totals["bf16"][4] <= totals["fp32"][4] < 0.1


def test_memory_of_open_batches_on_a_gpu(small_model, run_tool):
    """As much as the same library needs that is compiled for that batch: kernels are the same."""
    flags = "--report", "--target=cuda-sm_90", "--precision=bf16"
    run = run_tool("vitc", small_model("deit_batch"), *flags)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("costs are counted where all sizes are given, by --shape x=?x3x64x64\n")
    assert re.search(r"memory of a session, cuda-sm_90: \d+\*batch bytes alive at once", run.stdout)
    found = {int(batch): int(size) for batch, size in re.findall(r"^  batch +(\d+): +(\d+) bytes$", run.stdout, re.M)}
    assert list(found) == [1, 8, 64, 256] and found[64] == 64 * found[1] > 0
    fixed = run_tool("vitc", small_model("deit_batch"), *flags, "--shape=x=64x3x64x64").stdout
    assert f"memory of a session, cuda-sm_90: {found[64]} bytes alive at once" in fixed
    both = run_tool("vitc", small_model("deit_batch"), *flags, "--target=cpu,cuda-sm_90")
    assert both.returncode == 1 and "--report needs all sizes" in both.stderr


@pytest.mark.parametrize("flag, says", [("--explain=json", "JSON alone"), ("--compile-to=fused", "--compile-to")])
def test_not_with(flag, says, small_model, run_tool):
    run = run_tool("vitc", small_model("deit"), "--report", flag)
    assert run.returncode == 2 and run.stdout == "" and says in run.stderr
