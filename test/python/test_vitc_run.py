"""vitc-run: arrays from and to NumPy's files, comparison, timing, and exit codes 0, 1 and 2."""
import json

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


@pytest.mark.parametrize("dtype", ["float64", "float16", "int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64", "bool"])
def test_every_type_is_read(vitc_run, data, dtype):
    np.save(data / "x.npy", np.ones((1, 4), dtype))
    run = vitc_run("--input", f"a={data}/x.npy")
    assert f"input 'a' has type {dtype}; expected float32" in run.stderr
