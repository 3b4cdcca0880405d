"""vitc.ray: the work of one process on two workers of a local Ray, also where one is killed; and requests that run together."""
import concurrent.futures
import io
import json
import os
import pathlib
import shutil
import signal
import socket
import tempfile
import threading
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
import vitc
from PIL import Image
from vitc.vision import Backbone, Picker, Preprocess, extract_features

ray = pytest.importorskip("ray", reason="Ray is not installed: tools/build --requirements ray")
import vitc.ray  # noqa: E402
from ray import serve  # noqa: E402
from vitc.ray import library  # noqa: E402

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("vision_cache", "local_ray")]
BAD = {3: b"", 10: b"no image"}
WHOLE = Picker("whole")


@pytest.fixture(scope="module")
def local_ray(source_dir):
    """Ray on two CPUs, with its files in a folder of its own, whose path is short enough for sockets."""
    folder = tempfile.mkdtemp(prefix="vitc-ray-", dir="/tmp")
    settings = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled", "PYTHONPATH": str(source_dir / "python")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        ray.init(num_cpus=2, object_store_memory=100 << 20, include_dashboard=False, log_to_driver=False, _temp_dir=folder)
        try:
            yield
        finally:
            ray.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Eighty images of several sizes, two of them bad."""
    folder = tmp_path_factory.mktemp("ray-images")
    random = np.random.default_rng(0)
    for number in range(80):
        path = folder / f"{number:02}.png"
        if number in BAD:
            path.write_bytes(BAD[number])
        else:
            height, width = random.integers(20, 90, 2)
            Image.fromarray(random.integers(0, 256, (height, width, 3), np.uint8)).save(path)
    return folder


@pytest.fixture
def model(drawn_model):
    return drawn_model("batched/dino_batch")


@pytest.fixture
def alone(folder, model, tmp_path):
    """What one process writes."""
    (tmp_path / "alone").mkdir()
    return extract_features(folder, Backbone(model, threads=1), tmp_path / "alone" / "f.npy", picker=WHOLE, batch=4)


def assert_same_files(folder, alone):
    for name in ("f.npy", "f.json", "f.errors.txt"):
        assert (folder / name).read_bytes() == alone.path.with_name(name).read_bytes(), name
    assert not (folder / "f.npy.partial").exists()


class Slow(Picker):
    """Says which processes run the model, each of which takes its time."""

    def __init__(self, folder):
        super().__init__("whole")
        self.folder = folder

    def __call__(self, backbone, results):
        (self.folder / str(os.getpid())).touch()
        time.sleep(0.1)
        return super().__call__(backbone, results)


def test_equals_one_process(folder, model, alone, tmp_path):
    reported, steps = {}, []
    found = vitc.ray.extract(folder, model, tmp_path / "f.npy", picker=WHOLE, batch=4, workers=2, report=reported.__setitem__,
                             progress=lambda *step: steps.append(step))
    assert_same_files(tmp_path, alone)
    assert (found.names, found.errors) == (alone.names, alone.errors) and len(found.names) == 78
    assert reported == {"03.png": "an empty file", "10.png": "not an image of a format that Pillow reads"}
    assert steps == [(done, 80) for done in range(0, 81, 4)]
    again = vitc.ray.extract(folder, model, tmp_path / "f.npy", picker=WHOLE, batch=4, workers=2)
    assert again == found


def test_a_killed_worker_loses_and_doubles_nothing(folder, model, alone, tmp_path):
    pids = tmp_path / "pids"
    pids.mkdir()
    ray.cloudpickle.register_pickle_by_value(__import__(__name__))
    killed, steps = [], []

    def step(done, total):
        steps.append(done)
        workers = sorted(pids.iterdir())
        if done >= 8 and len(workers) == 2 and not killed:
            killed.append(int(workers[0].name))
            os.kill(killed[0], signal.SIGKILL)

    try:
        vitc.ray.extract(folder, model, tmp_path / "f.npy", picker=Slow(pids), batch=4, workers=2, progress=step)
    finally:
        ray.cloudpickle.unregister_pickle_by_value(__import__(__name__))
    assert killed and len(list(pids.iterdir())) == 3, "another took its place"
    assert steps == list(range(0, 81, 4))
    assert_same_files(tmp_path, alone)


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("first", ["ray", "alone"])
def test_goes_on_where_the_other_stopped(first, folder, model, alone, tmp_path):
    def stop(done, total):
        if done >= 20:
            raise Interrupted

    def run_ray(progress):
        vitc.ray.extract(folder, model, tmp_path / "f.npy", picker=WHOLE, batch=4, workers=2, progress=progress)

    def run_alone(progress):
        extract_features(folder, Backbone(model, threads=1), tmp_path / "f.npy", picker=WHOLE, batch=4, progress=progress)

    one, other = (run_ray, run_alone) if first == "ray" else (run_alone, run_ray)
    with pytest.raises(Interrupted):
        one(stop)
    steps = []
    other(lambda done, total: steps.append(done))
    assert steps == list(range(20, 81, 4))
    assert_same_files(tmp_path, alone)


def test_datasets(folder, model, alone):
    options = {"picker": WHOLE, "batch": 4, "workers": 2}
    of_paths = vitc.ray.features(folder, model, **options)
    of_bytes = vitc.ray.features(ray.data.read_binary_files(str(folder), include_paths=True), model, **options)
    expected = dict(zip(alone.names, alone.load()))
    for dataset in (of_paths, of_bytes):
        rows = dataset.take_all()
        assert sorted(os.path.basename(row["name"]) for row in rows) == sorted([*expected, *alone.errors])
        for row in rows:
            name = os.path.basename(row["name"])
            if name in expected:
                assert row["error"] is None and list(row["shape"]) == [96]
                np.testing.assert_array_equal(np.float32(row["feature"]), expected[name])
            else:
                assert row["error"] and row["feature"] is None


def test_a_library_is_copied_to_where_it_is_not(model, vision_cache, tmp_path):
    """With its external weights; a changed file at its path is not taken for it."""
    (tmp_path / "here").mkdir()
    path = tmp_path / "here" / "dino.so"
    vitc.compile(model, path, weights="external")
    image = np.random.default_rng(0).standard_normal((1, 3, 64, 64), np.float32)
    backbone = Backbone(path, threads=1)
    expected = backbone.run(image)["y"]
    shipped, unshipped = (library.Library.of(backbone, ship=ship) for ship in (True, False))
    assert len(shipped.files) == 2
    assert shipped.open(1).model.path == str(path)
    path.rename(tmp_path / "here" / "moved.so")
    with pytest.raises(vitc.Error, match="dino.so is not the library that was deployed; it must be there"):
        unshipped.open(1)
    path.write_bytes(b"another")
    copied = shipped.open(1)
    assert pathlib.Path(copied.model.path).parent.parent == vision_cache
    np.testing.assert_array_equal(copied.run(image)["y"], expected)
    assert sorted(os.listdir(pathlib.Path(copied.model.path).parent)) == ["dino.so", "dino.weights"]


def test_several_machines_get_code_for_several_processors(model, monkeypatch):
    here = library._machines()
    assert len(library.open_model(model, WHOLE, {}).model.info["targets"]) == 1
    monkeypatch.setattr(library, "_machines", lambda: {**here, "192.0.2.9": {"CPU": 4.0}})
    assert library.cpus() == 6
    assert {"x86-64-v3", "x86-64-v4"} <= set(library.open_model(model, WHOLE, {}).model.info["targets"])
    assert library.open_model(model, WHOLE, {"mcpu": "x86-64-v3"}).model.info["targets"] == ["x86-64-v3"]


def test_refuses(folder, model, tmp_path):
    def extract(source=folder, output="g.npy", **options):
        options = {"picker": WHOLE, "batch": 4, "workers": 2, **options}
        return vitc.ray.extract(source, model, tmp_path / output, **options)

    for message, options in [
        ("g.txt: expected a file .npy or .parquet", {"output": "g.txt"}),
        ("workers is 0; expected a positive number", {"workers": 0}),
        ("batch is 0; expected a positive number", {"batch": 0}),
        ("threads is 9; expected 1 to 2, the CPUs that the largest machine", {"threads": 9}),
        ("Ray's workers read images by their paths", {"source": np.zeros((2, 8, 8, 3), np.uint8)}),
        ("'y' has shape \\(3, 96\\)|'y' has shape \\(4, 96\\)", {"picker": Picker("cls", "y")}),  # says a worker
    ]:
        with pytest.raises(vitc.Error, match=message):
            extract(**options)
    assert os.listdir(tmp_path) == []
    with pytest.raises(vitc.Error, match="the Dataset has the columns id; expected bytes or path"):
        vitc.ray.features(ray.data.range(3), model, picker=WHOLE)
    with pytest.raises(vitc.Error, match="max_batch_size is 0; expected at least 1"):
        vitc.ray.deployment(model, picker=WHOLE, max_batch_size=0)


@pytest.fixture
def service(model):
    """The URL and the handle of a service that waits long enough for batches to fill."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    try:
        application = vitc.ray.deployment(model, picker=WHOLE, max_batch_size=4, batch_wait_timeout_s=0.2, max_bytes=1 << 20)
        yield f"http://127.0.0.1:{port}/", serve.run(application, name="vitc")
    finally:
        serve.shutdown()


def ask(url, data=None, method=None, accept="application/json"):
    """(status, body)"""
    request = urllib.request.Request(url, data, {"Accept": accept}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_service(service, folder, model, alone):
    url, handle = service
    paths = sorted(folder.iterdir())[:32]
    together = threading.Barrier(8)

    def post(path):
        together.wait(60)
        return ask(url, path.read_bytes(), accept="application/x-npy")

    with concurrent.futures.ThreadPoolExecutor(8) as callers:
        answers = dict(zip(paths, callers.map(post, paths)))
    expected = dict(zip(alone.names, alone.load()))
    for path, (status, body) in answers.items():
        if path.name in expected:
            assert status == 200
            np.testing.assert_array_equal(np.load(io.BytesIO(body)), expected[path.name])
        else:
            assert status == 400 and json.loads(body)["error"].startswith("the request: ")
    batches = {int(size): count for size, count in json.loads(ask(url)[1])["batches"].items()}
    assert sum(size * count for size, count in batches.items()) == 30
    assert max(batches) == 4 and sum(batches.values()) < 20, "requests that come together run together"

    first = paths[0].read_bytes()
    status, body = ask(url, first)
    answer = json.loads(body)
    assert status == 200 and answer["shape"] == [96]
    np.testing.assert_array_equal(np.float32(answer["feature"]), expected["00.png"])
    assert ask(url, b"no image") == (400, b'{"error":"the request: not an image of a format that Pillow reads"}')
    assert ask(url, bytes(2 << 20))[0] == 413
    assert ask(url, first, "PUT")[0] == 405
    np.testing.assert_array_equal(handle.feature.remote(first).result(timeout_s=60), expected["00.png"])
    with pytest.raises(vitc.Error, match="the request: not an image"):
        handle.feature.remote(b"no image").result(timeout_s=60)


def test_a_size_that_the_model_refuses_leaves_the_others_of_its_batch_alone(model):
    from vitc.ray.serve import Service

    backbone = Backbone(model, threads=1)
    deployed = library.Library.of(backbone, ship=False)
    service = Service(deployed, WHOLE, Preprocess(64, mean=(0, 0, 0)), 1, 1 << 20, 1 << 20, 2, 0.0)
    good, wrong = np.zeros((3, 64, 64), np.float32), np.zeros((3, 60, 60), np.float32)
    rows = service._run([good, wrong, good])
    np.testing.assert_array_equal(rows[0], backbone.run(good[None])["y"][0])
    np.testing.assert_array_equal(rows[2], rows[0])
    assert isinstance(rows[1], vitc.Error) and "images of 60 × 60" in str(rows[1])
