"""vitc-run: arrays from and to NumPy's files, comparison, timing, and exit codes 0, 1 and 2."""
import json
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

SCALE = np.array([1, 10, 100, 1000], np.float32)


@pytest.fixture
def data(tmp_path):
    """The folder of a.npy, ab.npz (deflated), sum.npz and wrong.npy."""
    a = np.arange(20, dtype=np.float32).reshape(5, 4)
    np.save(tmp_path / "a.npy", a)
    np.savez_compressed(tmp_path / "ab.npz", a=a, b=a)
    np.savez(tmp_path / "sum.npz", sum=a + a * SCALE)
    np.save(tmp_path / "wrong.npy", a + a * SCALE + 3)
    return tmp_path


@pytest.fixture
def vitc_run(run_tool, add_so):
    return lambda *arguments: run_tool("vitc-run", add_so, *arguments)


def test_info(vitc_run):
    run = vitc_run("--info")
    assert run.returncode == 0 and json.loads(run.stdout)["name"] == "add"


def test_feeds_and_compares(vitc_run, data):
    run = vitc_run("--input", data / "ab.npz", "--compare", data / "sum.npz")
    assert run.returncode == 0, run.stderr
    assert "sum: max |difference| 0, max |expected| 1.9e+04, at element 0, ok" in run.stdout
    run = vitc_run("--input", f"a={data}/a.npy", "--input", f"b={data}/a.npy", "--compare", data / "wrong.npy")
    assert run.returncode == 1 and "DIFFERS" in run.stdout
    run = vitc_run("--input", data / "ab.npz", "--compare", data / "wrong.npy", "--rtol", "1e-3")
    assert run.returncode == 0


def test_not_a_number_differs(vitc_run, data):
    wrong = np.load(data / "sum.npz")["sum"]
    wrong[1, 1] = np.nan
    np.save(data / "nan.npy", wrong)
    run = vitc_run("--input", data / "ab.npz", "--compare", data / "nan.npy")
    assert run.returncode == 1 and "infinity or NaN on one side alone, at element 5" in run.stdout


def test_draws_inputs_from_the_seed(vitc_run, data):
    outputs = []
    for seed in (1, 1, 2):
        assert vitc_run("--batch=3", f"--seed={seed}", "--output", data / "out.npz").returncode == 0
        outputs.append(np.load(data / "out.npz")["sum"])
    assert outputs[0].shape == (3, 4)
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert (outputs[0] != outputs[2]).any()


def test_saves_outputs(vitc_run, data):
    run = vitc_run("--function=pair", "--dims=rows=2", "--output", f"total={data}/t.npy", "--output", data / "all.npz")
    assert run.returncode == 0, run.stderr
    everything = np.load(data / "all.npz")
    assert everything["twice"].dtype == np.int64
    np.testing.assert_array_equal(everything["twice"].sum(), 2 * np.load(data / "t.npy"))


def test_times(vitc_run):
    run = vitc_run("--repeat=5", "--warmup=2", "--threads=2")
    assert run.returncode == 0 and run.stdout.startswith("time: median ") and "5 runs" in run.stdout


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--input", "{}/nothere.npy"], "nothere.npy: No such file"),
        (["--input", "c={}/a.npy"], "the function 'main' has no input named 'c'"),
        (["--input", "{}/a.npy"], "which of the model's tensors is"),
        (["--input", "a={}/ab.npz"], "holds 2 arrays"),
        (["--input", "a={}/double.npy"], "input 'a' has type float64; expected float32"),
        (["--input", "a={}/fortran.npy"], "it is in Fortran order"),
        (["--input", "a={}/cut.npy"], "its data is cut off"),
        (["--input", "{}/cut.npz"], "the archive is damaged"),
        (["--input", "{}/flipped.npz"], "the archive is damaged"),
        (["--input", "a={}/text.npy"], "it is not a .npy file"),
        (["--dims=width=2"], "no dimension named 'width'"),
        (["--function=vjp"], "the library has no function 'vjp'"),
        (["--compare", "other={}/a.npy"], "no output named 'other'"),
        (["--compare", "{}/a.npy"], "output 'sum': the shapes differ"),
        (["--output", "{}/nowhere/out.npz"], "No such file"),
    ],
)
def test_failures(vitc_run, data, arguments, message):
    a = np.load(data / "a.npy")
    np.save(data / "double.npy", a.astype(float))
    np.save(data / "fortran.npy", np.asfortranarray(a))
    (data / "text.npy").write_text("text")
    (data / "cut.npy").write_bytes((data / "a.npy").read_bytes()[:-1])
    archive = (data / "ab.npz").read_bytes()
    (data / "cut.npz").write_bytes(archive[:100])
    (data / "flipped.npz").write_bytes(archive[:90] + bytes([archive[90] ^ 1]) + archive[91:])
    run = vitc_run(*[argument.format(data) for argument in arguments])
    assert run.returncode == 1
    assert message in run.stderr and run.stderr.startswith("vitc-run: error: ")


@pytest.mark.parametrize(
    "arguments", [["--frobnicate"], ["--dims=batch"], ["--dims=batch=0"], ["--repeat=0"], ["--threads=x"], ["second.so"]])
def test_usage(vitc_run, arguments):
    run = vitc_run(*arguments)
    assert run.returncode == 2 and "see --help" in run.stderr


def test_no_model(run_tool, tmp_path):
    assert run_tool("vitc-run").returncode == 2
    run = run_tool("vitc-run", tmp_path / "nothere.so")
    assert run.returncode == 1 and "nothere.so" in run.stderr


@pytest.mark.parametrize("tool, before", [("vitc-run", ()), ("vitc", ("--info",))])
def test_library_cut_off(add_so, run_tool, tmp_path, tool, before):
    """The loader maps segments that the file has not, and the process would end where it reads them."""
    library = pathlib.Path(add_so).read_bytes()
    for size in (len(library) // 8, len(library) // 2, len(library) - 1):
        (tmp_path / "cut.so").write_bytes(library[:size])
        run = run_tool(tool, *before, tmp_path / "cut.so")
        # Past the last segment there is but the table of sections, which nobody reads.
        cut = "cut.so ends before its last segment does" in run.stderr
        assert (run.returncode, cut) in [(1, True), (0, False)] and (cut or size == len(library) - 1)
    (tmp_path / "cut.so").write_bytes(library[:40])
    run = run_tool(tool, *before, tmp_path / "cut.so")
    assert run.returncode == 1 and "file too short" in run.stderr


@pytest.mark.parametrize("dtype", ["float64", "float16", "int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64", "bool"])
def test_every_type_is_read(vitc_run, data, dtype):
    np.save(data / "x.npy", np.ones((1, 4), dtype))
    run = vitc_run("--input", f"a={data}/x.npy")
    assert f"input 'a' has type {dtype}; expected float32" in run.stderr


def events_of(trace):
    """The events of each track, in order."""
    tracks = {}
    for event in trace["traceEvents"]:
        if event["ph"] == "X":
            tracks.setdefault(event["tid"], []).append(event)
    return tracks


def check_trace(trace):
    """Events of a track do not overlap and leave no more than 10 % of the run free."""
    for events in events_of(trace).values():
        for before, after in zip(events, events[1:]):
            assert before["ts"] + before["dur"] <= after["ts"] + 1e-6
        covered = sum(event["dur"] for event in events)
        assert covered >= 0.9 * (events[-1]["ts"] + events[-1]["dur"])


def test_profile(vitc_run):
    run = vitc_run("--profile", "--batch=500", "--threads=1")
    assert run.returncode == 0, run.stderr
    steps, kinds, notes = run.stdout.split("\n\n")
    timed, header, scale, add = steps.splitlines()
    assert "20 runs" in timed and header.split()[:4] == ["step", "kind", "node", "ms"]
    assert scale.split()[:3] == ["0", "scale", "Mul"] and "KB" in scale
    assert add.split()[:4] == ["1", "add", "Add", "+1"]
    assert len({len(line) for line in (header, scale, add)}) == 1 and len(header) <= 140
    assert [line.split()[0] for line in kinds.splitlines()][-1] == "all" and len(kinds.splitlines()) == 4
    assert "1 thread, medians of 20 runs" in notes and "GFLOP/s" in notes and "slow" not in header


def test_profile_of_threads(vitc_run, tmp_path):
    run = vitc_run("--profile=" + str(tmp_path / "t.json"), "--batch=20000", "--threads=2", "--repeat=3", "--warmup=0")
    assert run.returncode == 0, run.stderr
    assert "3 runs" in run.stdout and "slow  waits" in run.stdout and "2 threads at once" in run.stdout
    trace = json.loads((tmp_path / "t.json").read_text())
    assert trace["otherData"]["threads"] == 2 and trace["otherData"]["flops_per_second"] > 1e8
    assert sorted(events_of(trace)) == [0, 1]
    names = [event["args"]["name"] for event in trace["traceEvents"] if event["ph"] == "M"]
    assert names == ["thread 0", "thread 1"]
    scale, add = [event for event in events_of(trace)[0] if event["cat"] != "barrier"]
    assert scale["name"] == "Mul" and scale["cat"] == "scale" and add["args"]["nodes"] == ["Add", 'Cast "sum"\n']
    assert scale["args"]["macs"] == 4 * 20000 and scale["args"]["weight_bytes"] == 16
    assert scale["args"]["gflops"] > 0 and add["args"]["macs"] == 0
    for events in events_of(trace).values():
        for before, after in zip(events, events[1:]):
            assert before["ts"] + before["dur"] <= after["ts"] + 1e-6


def test_profile_of_a_function_without_steps(vitc_run):
    run = vitc_run("--profile", "--function=fill")
    assert run.returncode == 0, run.stderr
    assert "all" in run.stdout


def test_profile_that_cannot_be_written(vitc_run, tmp_path):
    run = vitc_run(f"--profile={tmp_path}/missing/t.json")
    assert run.returncode == 1 and "No such file or directory" in run.stderr


def test_older_library_takes_no_times(add_so, run_tool, tmp_path):
    """Its table ends before `profile`."""
    data = bytearray(add_so.read_bytes())
    table = (1).to_bytes(4, "little") + (88).to_bytes(4, "little")
    assert data.count(table) == 1
    data[data.index(table) + 4] = 80
    (tmp_path / "old.so").write_bytes(data)
    run = run_tool("vitc-run", tmp_path / "old.so", "--profile")
    assert run.returncode == 1 and "the library takes no times: it was compiled by an older version" in run.stderr
    assert run_tool("vitc-run", tmp_path / "old.so").returncode == 0


def test_roofline(vitc_run, source_dir, tmp_path):
    """bench/roofline.py draws a dot for each step with products, and one for each kind in the legend."""
    assert vitc_run(f"--profile={tmp_path}/t.json", "--batch=500", "--threads=1").returncode == 0
    subprocess.run([sys.executable, source_dir / "bench" / "roofline.py", tmp_path / "t.json"], check=True)
    svg = "{http://www.w3.org/2000/svg}"
    drawing = ElementTree.parse(tmp_path / "t.svg").getroot()
    dots = drawing.findall(svg + "circle")
    assert [dot.find(svg + "title").text.split(",")[0] for dot in dots if len(dot)] == ["Mul: scale"]
    assert len(dots) == 3
    texts = " ".join(text.text for text in drawing.findall(svg + "text"))
    assert "add.so:" in texts and "steps without products" in texts and "GB/s from memory" in texts
