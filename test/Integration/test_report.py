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
    assert re.search(r"times, x86-64-v3: one thread at 3.0 GHz, 2 FMAs of 8 floats a cycle", run.stdout)


def test_open_shapes_are_refused(small_model, run_tool, tmp_path):
    run = run_tool("vitc", small_model("deit_batch"), "--report", "-o", tmp_path / "m.so")
    assert run.returncode == 1 and run.stdout == ""
    assert "--report needs all sizes; give those that are open with --shape x=?x3x64x64" in run.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flag, says", [("--explain=json", "JSON alone"), ("--compile-to=fused", "--compile-to")])
def test_not_with(flag, says, small_model, run_tool):
    run = run_tool("vitc", small_model("deit"), "--report", flag)
    assert run.returncode == 2 and run.stdout == "" and says in run.stderr
