"""vitc.vision.features: what is picked, what is skipped, and that an interrupted run loses nothing."""
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import onnx
import pytest
import vitc
from PIL import Image
from vitc.vision import Backbone, Picker, Preprocess, extract_features
from vitc.vision.journal import Journal

pytestmark = pytest.mark.usefixtures("vision_cache")
BAD = {3: b"", 10: b"no image"}


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Forty images of several sizes, two of them bad."""
    folder = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(0)
    for number in range(40):
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
def tap(model):
    """The tensor that the model's last layer norm makes: (batch, 17, 96)."""
    return [node.output[0] for node in onnx.load(model).graph.node if node.op_type == "LayerNormalization"][-1]


@pytest.fixture
def backbone(model, tap):
    return Backbone(model, [tap], threads=1)


def expected_rows(folder, backbone, pick, batch=4):
    """The features, without anything of features.py but the batches."""
    names = sorted(path.name for path in folder.iterdir())
    rows = []
    for start in range(0, len(names), batch):
        good = [name for name in names[start : start + batch] if int(name[:2]) not in BAD]
        tokens = next(iter(backbone.run(np.stack([Preprocess(64)(folder / name) for name in good])).values()))
        rows += list(pick(tokens))
    return np.stack(rows)


def test_rows_names_and_errors(folder, backbone, tap, tmp_path):
    reported, steps = {}, []
    found = extract_features(folder, backbone, tmp_path / "f.npy", picker=Picker("cls", tap), batch=4,
                             report=reported.__setitem__, progress=lambda *step: steps.append(step))
    np.testing.assert_array_equal(found.load(), expected_rows(folder, backbone, lambda tokens: tokens[:, 0]))
    assert found.names == [f"{number:02}.png" for number in range(40) if number not in BAD]
    assert found.errors == reported == {"03.png": "an empty file", "10.png": "not an image of a format that Pillow reads"}
    assert steps == [(done, 40) for done in range(0, 41, 4)]
    assert (tmp_path / "f.errors.txt").read_text().splitlines() == [f"{name}: {why}" for name, why in reported.items()]
    about = json.loads((tmp_path / "f.json").read_text())
    assert about["names"] == found.names and about["settings"]["preprocessing"]["size"] == [64, 64]
    assert sorted(os.listdir(tmp_path)) == ["f.errors.txt", "f.json", "f.npy"]


@pytest.mark.parametrize("pick, of_tokens", [
    ("mean", lambda tokens: tokens[:, 1:].mean(axis=1)),
    ("cls+mean", lambda tokens: np.concatenate([tokens[:, 0], tokens[:, 1:].mean(axis=1)], axis=1)),
    ("tokens", lambda tokens: tokens),
    ("whole", lambda tokens: tokens),
])
def test_picks(pick, of_tokens, folder, backbone, tap, tmp_path):
    found = extract_features(folder, backbone, tmp_path / "f.npy", picker=Picker(pick, tap), batch=4)
    np.testing.assert_array_equal(found.load(), expected_rows(folder, backbone, of_tokens))


def test_of_the_last_block(folder, model, tmp_path):
    """By default, the class token of the residual stream after the last block."""
    picker = Picker()
    backbone = picker.open(model, threads=1)
    found = extract_features(folder, backbone, tmp_path / "f.npy", picker=picker, batch=4)
    np.testing.assert_array_equal(found.load(), expected_rows(folder, backbone, lambda tokens: tokens[:, 0]))
    assert list(backbone.outputs_of("tokens")) == [1]


def test_own_output(folder, model, tmp_path):
    found = extract_features(folder, Backbone(model, threads=1), tmp_path / "f.npy", picker=Picker("whole"))
    assert found.load().shape == (38, 96)


def test_parquet(folder, backbone, tap, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    found = extract_features(folder, backbone, tmp_path / "f.parquet", picker=Picker("cls", tap), batch=4)
    expected = expected_rows(folder, backbone, lambda tokens: tokens[:, 0])
    np.testing.assert_array_equal(found.load(), expected)
    table = parquet.read_table(tmp_path / "f.parquet").to_pylist()
    assert [row["name"] for row in table] == found.names
    np.testing.assert_array_equal(np.float32([row["feature"] for row in table]), expected)
    again = extract_features(folder, backbone, tmp_path / "f.parquet", picker=Picker("cls", tap), batch=4)
    assert (again.names, again.errors) == (found.names, found.errors)


def test_arrays_and_datasets(backbone, tap, tmp_path):
    pictures = np.random.default_rng(1).integers(0, 256, (5, 70, 64, 3), np.uint8)
    inputs = np.stack([Preprocess(64)(picture) for picture in pictures])
    np.save(tmp_path / "x.npy", pictures)
    sources = pictures, inputs, tmp_path / "x.npy", [(picture, 1) for picture in pictures]
    rows = [extract_features(source, backbone, tmp_path / f"{number}.npy", picker=Picker("mean", tap)).load()
            for number, source in enumerate(sources)]
    for found in rows[1:]:
        np.testing.assert_array_equal(found, rows[0])


def test_a_finished_run_is_kept(folder, backbone, tap, tmp_path):
    found = extract_features(folder, backbone, tmp_path / "f.npy", picker=Picker("cls", tap))
    when = (tmp_path / "f.npy").stat().st_mtime_ns
    again = extract_features(folder, backbone, tmp_path / "f.npy", picker=Picker("cls", tap))
    assert again == found and (tmp_path / "f.npy").stat().st_mtime_ns == when
    with pytest.raises(vitc.Error, match="f.npy was made with another feature \\(\\[\"cls\", .*, now \\[\"mean\".*delete it"):
        extract_features(folder, backbone, tmp_path / "f.npy", picker=Picker("mean", tap))
    with pytest.raises(vitc.Error, match="f.npy was made with another preprocessing"):
        extract_features(folder, backbone, tmp_path / "f.npy", picker=Picker("cls", tap),
                         preprocess=Preprocess(64, mean=(0, 0, 0)))
    np.save(tmp_path / "mine.npy", np.zeros(3))
    with pytest.raises(vitc.Error, match="mine.npy is there and was not made by this command"):
        extract_features(folder, backbone, tmp_path / "mine.npy", picker=Picker("cls", tap))
    assert np.load(tmp_path / "mine.npy").shape == (3,)


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("damage", ["nothing", "rows", "line", "bits"])
def test_goes_on(damage, folder, backbone, tap, tmp_path):
    """After an interruption, also one that left half a batch behind."""
    whole = extract_features(folder, backbone, tmp_path / "whole.npy", picker=Picker("cls", tap), batch=4)

    def stop(done, total):
        if done >= 20:
            raise Interrupted

    with pytest.raises(Interrupted):
        extract_features(folder, backbone, tmp_path / "f.npy", picker=Picker("cls", tap), batch=4, progress=stop)
    partial = tmp_path / "f.npy.partial"
    rows, lines = (partial / "rows.bin").read_bytes(), (partial / "journal.jsonl").read_bytes()
    assert not (tmp_path / "f.npy").exists()
    if damage == "rows":
        (partial / "rows.bin").write_bytes(rows + b"half a batch")
    elif damage == "line":
        (partial / "journal.jsonl").write_bytes(lines[:-5])
    elif damage == "bits":  # in the third batch: a disk that lost power
        (partial / "rows.bin").write_bytes(rows[: 9 * 384] + b"\0\0\0\0" + rows[9 * 384 + 4 :])
    steps = []
    found = extract_features(folder, backbone, tmp_path / "f.npy", picker=Picker("cls", tap), batch=4,
                             progress=lambda done, total: steps.append(done))
    assert steps[0] == {"nothing": 20, "rows": 20, "line": 16, "bits": 8}[damage]
    assert (tmp_path / "f.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()
    assert (found.names, found.errors) == (whole.names, whole.errors)
    assert not partial.exists()


def test_other_settings_do_not_go_on(folder, backbone, tap, tmp_path):
    def stop(done, total):
        if done:
            raise Interrupted

    with pytest.raises(Interrupted):
        extract_features(folder, backbone, tmp_path / "f.npy", picker=Picker("cls", tap), progress=stop)
    with pytest.raises(vitc.Error, match="f.npy.partial was made with another feature"):
        extract_features(folder, backbone, tmp_path / "f.npy", picker=Picker("mean", tap))
    with pytest.raises(vitc.Error, match="f.npy.partial was made with another images"):
        extract_features(sorted(folder.iterdir())[:5], backbone, tmp_path / "f.npy", picker=Picker("cls", tap))
    with Journal(tmp_path / "g.npy", {}), pytest.raises(vitc.Error, match="g.npy.partial is in use: another process"):
        Journal(tmp_path / "g.npy", {})


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_killed(by, folder, model, tap, backbone, source_dir, tmp_path):
    """The command, ended by a signal between two of its batches and started again."""
    whole = extract_features(folder, backbone, tmp_path / "whole.npy", picker=Picker("cls", tap), batch=1)
    code = ("import sys, time\n"
            "from vitc.vision import backbone, cli\n"
            "run = backbone.Backbone.run\n"
            "backbone.Backbone.run = lambda self, batch: (time.sleep(0.05), run(self, batch))[1]\n"
            "sys.exit(cli.main())")
    arguments = ["features", model, folder, "-o", tmp_path / "f.npy", "--of", tap, "--batch", "1", "--threads", "1"]
    process = subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], text=True, stderr=subprocess.PIPE,
                               env={**os.environ, "PYTHONPATH": str(source_dir / "python")},
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # a background shell ignores it
    journal = tmp_path / "f.npy.partial" / "journal.jsonl"
    while not journal.exists() or journal.read_bytes().count(b"\n") < 8:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(by)
    _, errors = process.communicate(timeout=60)
    kept = journal.read_bytes().count(b"\n")
    assert 8 <= kept < 40 and not (tmp_path / "f.npy").exists()
    if by == signal.SIGINT:
        assert process.returncode == 130
        says = f"{kept} of 40 images are done and kept in {tmp_path}/f.npy.partial; the same command goes on from there"
        assert errors.splitlines()[-2:] == [says, "interrupted"]
    found = extract_features(folder, backbone, tmp_path / "f.npy", picker=Picker("cls", tap), batch=1)
    assert (tmp_path / "f.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()
    assert found.names == whole.names


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_unusual_images(backbone, tap, tmp_path):
    """What is unusual is read or skipped, and the others are not the worse for it."""
    folder = tmp_path / "in"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (70, 70, 3), np.uint8)
    image = Image.fromarray(noise)
    image.save(folder / "plain.png")
    image.convert("CMYK").save(folder / "cmyk.jpg")
    Image.fromarray(noise[..., 0].astype(np.uint16) * 257).save(folder / "grey16.png")
    Image.fromarray(noise[..., 0]).save(folder / "grey8.png")
    image.save(folder / "animated.png", save_all=True, append_images=[Image.new("RGB", image.size)])
    Image.new("RGB", (1, 1), (9, 9, 9)).save(folder / "pixel.png")
    Image.new("1", (10000, 10000)).save(folder / "huge.png")
    Image.new("L", (1, 30000)).save(folder / "long.png")
    (folder / "text.png").write_text("text")
    (folder / "truncated.png").write_bytes((folder / "plain.png").read_bytes()[:9000])
    found = extract_features(folder, backbone, tmp_path / "f.npy", picker=Picker("cls", tap), batch=1)
    assert found.names == ["animated.png", "cmyk.jpg", "grey16.png", "grey8.png", "pixel.png", "plain.png"]
    assert list(found.errors) == ["huge.png", "long.png", "text.png", "truncated.png"]
    rows = dict(zip(found.names, found.load()))
    np.testing.assert_array_equal(rows["animated.png"], rows["plain.png"])
    np.testing.assert_array_equal(rows["grey16.png"], rows["grey8.png"])
    assert all(np.isfinite(row).all() for row in rows.values())


def test_no_image_is_good(backbone, tap, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(b"")
    with pytest.raises(vitc.Error, match="no image could be used: a.png: an empty file"):
        extract_features(tmp_path / "in", backbone, tmp_path / "f.npy", picker=Picker("cls", tap))
    assert os.listdir(tmp_path) == ["in"], "so that the image can be mended"


def test_refuses(folder, backbone, tap, model, drawn_model, tmp_path):
    with pytest.raises(vitc.Error, match="f.txt: expected a file .npy or .parquet"):
        extract_features(folder, backbone, tmp_path / "f.txt")
    with pytest.raises(vitc.Error, match="nothere: no such folder, to write f.npy to"):
        extract_features(folder, backbone, tmp_path / "nothere" / "f.npy", picker=Picker("cls", tap))
    with pytest.raises(vitc.Error, match="pick is 'all'; expected one of cls, mean"):
        Picker("all")
    own = Backbone(model, threads=1)
    with pytest.raises(vitc.Error, match="'y' has shape \\(8, 96\\); expected \\(batch, tokens, width\\)|'y' has shape"):
        extract_features(folder, own, tmp_path / "f.npy", picker=Picker("cls", "y"))
    with pytest.raises(vitc.Error, match="images of 60 × 60; .* takes 64 × 64"):
        extract_features(folder, backbone, tmp_path / "f.npy", picker=Picker("cls", tap), preprocess=Preprocess(60))
    assert os.listdir(tmp_path) == []


def test_sizes_that_differ(folder, drawn_model, tmp_path):
    backbone = Backbone(drawn_model("sized/dinov2_reg4_sizes.dyn"), threads=1)
    preprocess = Preprocess(28, fit="shorter", multiple=14)
    found = extract_features(folder, backbone, tmp_path / "f.npy", picker=Picker("whole"), preprocess=preprocess, batch=4)
    assert found.load().shape == (38, 96) and np.isfinite(found.load()).all()
    alone = backbone.run(preprocess(folder / "00.png")[None])["y"][0]
    np.testing.assert_allclose(found.load()[0], alone, atol=1e-4 * np.abs(alone).max())


def test_other_contents_are_not_taken_for_the_same(folder, backbone, tap, tmp_path):
    images = [np.full((64, 64, 3), shade, np.uint8) for shade in (10, 200)]
    picker = Picker("cls", tap)
    extract_features(images, backbone, tmp_path / "f.npy", picker=picker)
    with pytest.raises(vitc.Error, match="f.npy.* another images"):
        extract_features(images[::-1], backbone, tmp_path / "f.npy", picker=picker)
    (tmp_path / "d").mkdir()
    Image.fromarray(images[0]).save(tmp_path / "d" / "a.png")
    extract_features(tmp_path / "d", backbone, tmp_path / "g.npy", picker=picker)
    Image.fromarray(images[1][:32]).save(tmp_path / "d" / "a.png")
    with pytest.raises(vitc.Error, match="g.npy.* another images"):
        extract_features(tmp_path / "d", backbone, tmp_path / "g.npy", picker=picker)


def test_files_of_others_are_kept(folder, backbone, tap, tmp_path):
    (tmp_path / "o.json").write_text("[1]")
    with pytest.raises(vitc.Error, match="o.json is there and was not made by this command"):
        extract_features(folder, backbone, tmp_path / "o.npy", picker=Picker("cls", tap))
    assert (tmp_path / "o.json").read_text() == "[1]"


def test_an_output_that_is_named_like_a_tap(backbone):
    assert Picker("whole", "tokens_out")._output(backbone) == "tokens_out"


def test_layers_that_are_not_there():
    class Several:
        name = "m.so"

        @staticmethod
        def outputs_of(kind):
            return {9: "tap.tokens.9", 11: "tap.tokens.11"}

    assert Picker("mean", "tokens:9")._output(Several) == "tap.tokens.9"
    assert Picker("mean", "tokens:-1")._output(Several) == "tap.tokens.11"
    for of in ("tokens:-2", "tokens:99", "tokens:0-3"):
        with pytest.raises(vitc.Error, match=f"m.so has tokens of the layers 9, 11; '{of}' names none"):
            Picker("mean", of)._output(Several)
