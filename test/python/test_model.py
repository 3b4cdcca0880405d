"""vitc.load and calling a model: arrays in every form, any batch, threads, forks, and every error as a sentence."""
import concurrent.futures
import gc
import hashlib
import os
import threading

import numpy as np
import pytest
import vitc

SCALE = np.array([1, 10, 100, 1000], np.float32)


def arrays(batch, seed=0):
    random = np.random.default_rng(seed)
    return [random.normal(size=(batch, 4)).astype(np.float32) for _ in range(2)]


def expected(a, b):
    return a + b * SCALE


@pytest.fixture
def model(add_so):
    return vitc.load(add_so, threads=2)


def test_signature(model):
    assert [(t.name, t.dtype, t.shape) for t in model.inputs] == [
        ("a", np.float32, ("batch", 4)), ("b", np.float32, ("batch", 4))]
    assert [t.name for t in model.outputs] == ["sum"]
    assert model.info["name"] == "add"
    assert "add.so" in repr(model)


@pytest.mark.parametrize("batches", [(1, 2, 3), (7, 1, 7, 9)])
def test_any_batch(model, batches):
    for batch in batches:
        a, b = arrays(batch)
        np.testing.assert_array_equal(model(a, b), expected(a, b))


def test_by_name(model):
    a, b = arrays(2)
    np.testing.assert_array_equal(model(b=b, a=a), expected(a, b))
    np.testing.assert_array_equal(model(a, b=b), expected(a, b))
    np.testing.assert_array_equal(model({"b": b, "a": a}), expected(a, b))
    np.testing.assert_array_equal(model.run({"b": b, "a": a})["sum"], expected(a, b))


def test_results_belong_to_the_caller(model):
    a, b = arrays(2)
    first = model(a, b)
    kept = first.copy()
    model(b, b)
    np.testing.assert_array_equal(first, kept)


def test_several_outputs(add_so):
    pair = vitc.load(add_so, threads=3, function="pair")
    x = np.arange(10).reshape(5, 2)
    result = pair(x)
    assert list(result) == ["twice", "total"]
    np.testing.assert_array_equal(result["twice"], 2 * x)
    assert result["total"].shape == () and result["total"] == 45


@pytest.mark.parametrize(
    "change",
    [
        lambda x: np.asfortranarray(x),
        lambda x: np.repeat(x, 2, axis=1)[:, ::2],
        lambda x: x.astype(">f4"),
        lambda x: np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(np.float32).reshape(x.shape),
        lambda x: x.tolist(),
    ],
    ids=["fortran", "strided", "big-endian", "unaligned", "list"],
)
def test_forms_of_arrays(model, change):
    a, b = arrays(3)
    np.testing.assert_array_equal(model(change(a), b), expected(a, b))


def test_read_only_arrays(model):
    a, b = arrays(3)
    a.flags.writeable = False
    np.testing.assert_array_equal(model(a, b), expected(a, b))


F = np.float32


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda m: m(np.zeros((1, 4))), "no array was given for 'b'"),
        (lambda m: m(np.zeros((1, 4)), np.zeros((1, 4), F)), "input 'a' has type float64; expected float32"),
        (lambda m: m(np.zeros((1, 5), F), np.zeros((1, 4), F)), "input 'a' has shape (1, 5); expected (batch, 4)"),
        (lambda m: m(np.zeros((0, 4), F), np.zeros((0, 4), F)),
         "input 'a' has shape (0, 4); expected batch to be at least 1"),
        (lambda m: m(np.zeros((2, 4), F), np.zeros((3, 4), F)),
         "input 'b' has shape (3, 4); expected (batch, 4) with batch = 2, as in input 'a'"),
        (lambda m: m(np.zeros(4, F), np.zeros((1, 4), F)), "input 'a' has 1 dimensions; expected 2: (batch, 4)"),
        (lambda m: m(1, 2, 3), "3 inputs were given; expected 2"),
        (lambda m: m(1, 2, a=3), "input 'a' was given twice"),
        (lambda m: m(c=1), "the model has no input 'c'; it has 'a', 'b'"),
        (lambda m: m(np.array(["x"]), 1), "the array for 'a' has elements of type <U1; expected float32"),
        (lambda m: m(None, 1), "input 'a' is a NoneType; expected an array, a tensor or a list of numbers"),
    ],
)
def test_wrong_calls(model, call, message):
    with pytest.raises(vitc.Error) as error:
        call(model)
    assert str(error.value) == message
    a, b = arrays(1)
    np.testing.assert_array_equal(model(a, b), expected(a, b))  # and the model still works


def test_wrong_files(tmp_path, add_so):
    with pytest.raises(vitc.Error, match="nothere.so"):
        vitc.load(tmp_path / "nothere.so")
    text = tmp_path / "text.so"
    text.write_text("no library")
    with pytest.raises(vitc.Error, match="cannot load .*text.so"):
        vitc.load(text)
    with pytest.raises(vitc.Error, match="cannot load .*text.onnx: .*; vitc.compile takes ONNX files$"):
        vitc.load(text.rename(tmp_path / "text.onnx"))
    with pytest.raises(vitc.Error, match="is not a model compiled by vitc"):
        vitc.load(_libm())
    with pytest.raises(vitc.Error, match="has no function 'vjp'"):
        vitc.load(add_so, function="vjp")
    with pytest.raises(vitc.Error, match="^the library to load is of type NoneType; expected a path$"):
        vitc.load(None)
    with pytest.raises(vitc.Error, match="^the library to load is ''; expected a path$"):
        vitc.load("")
    with pytest.raises(vitc.Error, match="^weights is of type int; expected a path$"):
        vitc.load(add_so, weights=3)


@pytest.mark.parametrize("part", [0.02, 0.1, 0.5])
def test_cut_off_files(add_so, tmp_path, part):
    """The loader itself would end the process."""
    whole = add_so.read_bytes()
    (tmp_path / "cut.so").write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(vitc.Error, match="cut.so: it ends before its last segment does"):
        vitc.load(tmp_path / "cut.so")


@pytest.mark.parametrize("device", ["gpu", "", "cuda:", "cpu:0", "cuda:-1", f"cuda:{1 << 31}", 0, None])
def test_wrong_devices(add_so, device):
    with pytest.raises(vitc.Error, match="^device is .*; expected cpu, cuda, or cuda:1 and so on$"):
        vitc.load(add_so, device=device)


@pytest.mark.parametrize("wrong", [{"repeat": 0}, {"repeat": 1.5}, {"repeat": "2"}, {"warmup": -1}, {"warmup": None}], ids=str)
def test_wrong_counts_of_runs(model, wrong):
    with pytest.raises(vitc.Error, match="^(repeat|warmup) is .*; expected a number, at least [01]$"):
        model.profile(*arrays(1), **wrong)


@pytest.mark.parametrize("threads", [-1, 1.5, "2", None, 1 << 40])
def test_wrong_numbers_of_threads(add_so, threads):
    with pytest.raises(vitc.Error, match="^threads is .*; expected a number, 0 for one a core$"):
        vitc.load(add_so, threads=threads)


def _libm():
    return next(line.split()[-1] for line in open("/proc/self/maps") if "libm.so" in line or "libm-" in line)


def test_wrong_isa(add_so, monkeypatch):
    monkeypatch.setenv("VITC_ISA", "x86-64-v9")
    with pytest.raises(vitc.Error) as error:
        vitc.load(add_so)
    assert str(error.value) == "VITC_ISA asks for 'x86-64-v9'; the library holds x86-64-v3, baseline"
    assert error.value.status == 5


def test_closed(model):
    model.close()
    with pytest.raises(vitc.Error, match="the model is closed"):
        model(*arrays(1))
    model.close()


def test_many_threads(model):
    def work(seed):
        for batch in (1, 5, 3):
            a, b = arrays(batch, seed)
            np.testing.assert_array_equal(model(a, b), expected(a, b))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(64)))


def test_four_threads_with_results_of_their_own(model):
    """Each writes its results to the same memory of its own, call after call, beside the others."""
    def work(seed):
        out = np.empty((5, 4), np.float32)
        for _ in range(200):
            a, b = arrays(5, seed)
            assert model(a, b, out=out) is out
            np.testing.assert_array_equal(out, expected(a, b))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert 1 <= len(model._idle) <= 4


def run_in_child(body):
    child = os.fork()
    if not child:
        status = 1
        try:
            body()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork(model):
    a, b = arrays(4)
    model(a, b)
    run_in_child(lambda: np.testing.assert_array_equal(model(a, b), expected(a, b)))
    np.testing.assert_array_equal(model(a, b), expected(a, b))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork_while_threads_run(model):
    stop = threading.Event()
    a, b = arrays(4)

    def work():
        while not stop.is_set():
            model(a, b)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(5):
            run_in_child(lambda: np.testing.assert_array_equal(model(a, b), expected(a, b)))
    finally:
        stop.set()
        thread.join()


def test_a_library_that_was_built_again_is_loaded_again(build_add, tmp_path):
    a, b = arrays(1)
    path = build_add(tmp_path / "again.so")
    first = vitc.load(path)
    build_add(path, "ADD_FIRST_WEIGHT=7")
    second = vitc.load(path)
    assert second(a, b)[0, 0] == a[0, 0] + 7 * b[0, 0]
    assert first(a, b)[0, 0] == a[0, 0] + b[0, 0]


def test_unloads(build_add, tmp_path):
    path = build_add(tmp_path / "gone.so")
    model = vitc.load(path, threads=2)
    model(*arrays(1))
    del model
    gc.collect()
    assert "gone.so" not in open("/proc/self/maps").read()


def test_external_weights(build_add, tmp_path, monkeypatch):
    path = build_add(tmp_path / "external.so", "ADD_EXTERNAL_WEIGHTS")
    data = np.zeros(16, np.float32)
    data[:4] = SCALE
    file = tmp_path / "add.weights"
    with pytest.raises(vitc.Error) as error:
        vitc.load(path)
    assert str(error.value) == f"cannot open the weights '{file}': there is no such file"
    file.write_bytes(data.tobytes() + hashlib.sha256(data.tobytes()).digest())
    a, b = arrays(2)
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(vitc.load("external.so", verify_weights=True)(a, b), expected(a, b))
    moved = file.rename(tmp_path / "moved")
    np.testing.assert_array_equal(vitc.load(path, weights=moved)(a, b), expected(a, b))
    moved.write_bytes(b"short")
    with pytest.raises(vitc.Error, match="have 5 bytes; expected 96"):
        vitc.load(path, weights=moved)


def test_profile(model):
    a, b = arrays(300)
    scale, add = model.profile({"a": a, "b": b}, repeat=5, warmup=1)
    assert (scale["kind"], scale["nodes"]) == ("scale", ["Mul"])
    assert (add["kind"], add["nodes"]) == ("add", ["Add", 'Cast "sum"\n'])
    assert (scale["macs"], scale["weight_bytes"], scale["activation_bytes"]) == (4 * 300, 16, 32 * 300)
    for step in scale, add:
        assert step["seconds"] > 0 and step["imbalance"] >= 1 and step["wait_seconds"] >= 0
    np.testing.assert_array_equal(model(a, b), expected(a, b))
    with pytest.raises(vitc.Error, match="repeat is 0"):
        model.profile({"a": a, "b": b}, repeat=0)
    with pytest.raises(vitc.Error, match="no array was given for 'b'"):
        model.profile({"a": a})


def test_profile_takes_what_a_call_takes_and_prints(model):
    a, b = arrays(300)
    profile = model.profile(a, b=b.tolist(), repeat=2)
    header, scale, add, total = str(profile).splitlines()
    assert header.split() == ["step", "kind", "ms", "share", "GFLOP/s", "GB/s", "nodes"]
    assert scale.split()[:2] == ["0", "scale"] and scale.endswith("Mul")
    assert add.split()[:2] == ["1", "add"] and add.endswith("Add and 1 more")
    assert total.endswith(" ms in 2 steps") and isinstance(profile, list)
    assert profile.seconds == pytest.approx(sum(profile.by_kind().values()))
    assert set(profile.by_kind()) == {"scale", "add"}


def test_profile_of_a_function_without_steps(add_so):
    model = vitc.load(add_so, function="fill", threads=2)
    profile = model.profile({"x": np.zeros((2, 3), np.int64)})
    assert profile == [] and str(profile) == "no steps"


def test_profile_of_an_older_library(model, monkeypatch):
    monkeypatch.setattr(model._api, "profile", None)
    a, b = arrays(1)
    with pytest.raises(vitc.Error, match="takes no times: it was compiled by an older version of vitc"):
        model.profile({"a": a, "b": b})
    model.close()
    with pytest.raises(vitc.Error, match="the model is closed"):
        model.profile({"a": a, "b": b})
