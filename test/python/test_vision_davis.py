"""vitc.vision's label propagation: it tracks, and equals the dense definition; J and F against masks computed by hand."""
import shutil

import numpy as np
import onnx
import pytest
import vitc
from PIL import Image
from vitc.vision import Backbone, Preprocess, cli
from vitc.vision.commands.davis import davis_palette
from vitc.vision.davis import Propagation, Tracker, boundary, jaccard, one_hot, propagate, to_mask
from vitc.vision.probe import layer_normed

PATCH = 8


def moving_square(frames=12, grid=(16, 20), width=24, side=5, seed=0):
    """Features (P, C) and masks (height, width) of a square that moves over a background, each with its texture."""
    random = np.random.default_rng(seed)
    height, columns = grid
    background = random.normal(size=width) + 0.7 * random.normal(size=(height, columns, width))
    square = random.normal(size=width) + 0.7 * random.normal(size=(side, side, width))
    for frame in range(frames):
        y, x = 2 + frame // 2, 1 + frame
        scene = background + 0.2 * random.normal(size=background.shape)
        scene[y:y + side, x:x + side] = square + 0.2 * random.normal(size=square.shape)
        mask = np.zeros(grid, np.uint8)
        mask[y:y + side, x:x + side] = 1
        yield scene.reshape(-1, width), np.kron(mask, np.ones((PATCH, PATCH), np.uint8))


def test_a_moving_square_is_tracked():
    (features, mask), *frames = moving_square()
    ids, labels = one_hot(mask, (16, 20))
    assert ids == [0, 1]
    tracker = Tracker(features, labels)
    scores = []
    for features, truth in frames:
        predicted = to_mask(tracker.step(features), ids, truth.shape, truth.shape)
        scores.append(jaccard(truth == 1, predicted == 1))
    assert np.mean(scores) > 0.9 and min(scores) > 0.8
    assert jaccard(truth == 1, mask == 1) == 0  # by then it stands where it was not at first


def dense(target, sources, labels, constants):
    """eval_video_segmentation.py's label_propagation, with the whole matrix and a mask, one target at a time."""
    rows, columns, _ = target.shape
    result = np.zeros((labels.shape[1], rows, columns))
    for y in range(rows):
        for x in range(columns):
            weights = np.exp(sources @ target[y, x] / constants.temperature)
            if constants.radius:
                far = np.maximum(np.abs(np.arange(rows) - y)[:, None], np.abs(np.arange(columns) - x)) > constants.radius
                weights[:, far] = 0
            least = np.sort(weights.ravel())[-constants.topk]
            weights[weights < least] = 0
            result[:, y, x] = np.einsum("fyx,fkyx->k", weights / weights.sum(), labels)
    return result


@pytest.mark.parametrize("constants", [Propagation(radius=2), Propagation(radius=0, topk=3), Propagation(radius=1, topk=40),
                                       Propagation(topk=1, temperature=1.0)])
def test_propagation_equals_the_dense_definition(constants):
    random = np.random.default_rng(0)
    features = random.normal(size=(4, 6, 7, 5))
    features /= np.linalg.norm(features, axis=-1, keepdims=True)
    labels = random.random((3, 2, 6, 7))
    np.testing.assert_allclose(propagate(features[0], features[1:], labels, constants),
                               dense(features[0], features[1:], labels, constants), rtol=1e-12)


def test_the_first_frame_and_the_last_ones_are_the_context():
    random = np.random.default_rng(1)
    frames = random.normal(size=(6, 12, 5))
    unit = (frames / np.linalg.norm(frames, axis=-1, keepdims=True)).reshape(6, 3, 4, 5)
    _, labels = one_hot(random.integers(0, 3, (3, 4)), (3, 4))
    constants = Propagation(context=2)
    tracker = Tracker(frames[0], labels, constants)
    known = [labels]
    for frame in range(1, 6):
        context = [0, *range(max(1, frame - 2), frame)]
        expected = propagate(unit[frame], unit[context], np.stack([known[i] for i in context]), constants)
        known.append(tracker.step(frames[frame]))
        np.testing.assert_allclose(known[-1], expected, rtol=1e-12)
        np.testing.assert_allclose(known[-1].sum(axis=0), 1, rtol=1e-6)


def test_masks_to_labels_and_back():
    mask = np.zeros((32, 48), np.uint8)
    mask[8:24, 8:24], mask[8:24, 32:40], mask[:, 47] = 3, 7, 255
    ids, labels = one_hot(mask, (4, 6))
    assert ids == [0, 3, 7] and labels.shape == (3, 4, 6)
    np.testing.assert_array_equal(labels.sum(axis=0), 1)
    assert labels[1].sum() == 4 and labels[2].sum() == 2
    np.testing.assert_array_equal(to_mask(labels, ids, (4, 6), (4, 6)), mask[4::8, 4::8])
    assert jaccard(mask == 3, to_mask(labels, ids, (32, 48), (32, 48)) == 3) > 0.8
    assert to_mask(labels, ids, (32, 48), (64, 100)).shape == (64, 100)


def test_labels_are_enlarged_bilinearly_and_scaled():
    labels = np.array([[[0.6, 0.6, 0.6, 0.6]], [[0.1, 0.1, 0.2, 0.2]]])  # the second is weak everywhere
    result = to_mask(labels, [0, 1], (1, 8), (1, 8))
    # The first is constant, hence 0 after scaling; the second, of centres at 1, 3, 5 and 7 pixels, rises between the second
    # and third.
    np.testing.assert_array_equal(result[0], [0, 0, 0, 1, 1, 1, 1, 1])


def test_j_by_hand():
    a, b = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert jaccard(a, b) == 1
    a[:2], b[1:3] = True, True
    assert jaccard(a, b) == pytest.approx(4 / 12)
    void = np.zeros_like(a)
    void[2] = True
    assert jaccard(a, b, void) == pytest.approx(4 / 8)
    assert jaccard(a, np.zeros_like(a)) == 0


def slow_boundary(truth, mask, pixels):
    def edges(m):
        h, w = m.shape
        at = lambda y, x: m[min(y, h - 1), min(x, w - 1)]  # noqa: E731
        others = (0, 1), (1, 0), (1, 1)
        return [(y, x) for y in range(h) for x in range(w) if any(m[y, x] != at(y + i, x + j) for i, j in others)]

    t, m = edges(truth), edges(mask)
    near = lambda p, others: min((p[0] - y) ** 2 + (p[1] - x) ** 2 for y, x in others) <= pixels ** 2  # noqa: E731
    precision, recall = np.mean([near(p, t) for p in m]), np.mean([near(p, m) for p in t])
    return 2 * precision * recall / (precision + recall)


def test_f_equals_its_definition():
    truth, mask = np.zeros((40, 50), bool), np.zeros((40, 50), bool)
    truth[10:30, 5:25], mask[12:33, 6:22] = True, True
    for tolerance, pixels in ((0.008, 1), (0.03, 2), (0.05, 4)):
        assert boundary(truth, mask, tolerance=tolerance) == pytest.approx(slow_boundary(truth, mask, pixels))
    assert boundary(truth, truth) == 1 and boundary(truth, np.zeros_like(truth)) == 0
    assert boundary(np.zeros_like(truth), np.zeros_like(truth)) == 1


@pytest.mark.parametrize("call, message", [
    (lambda: Tracker(np.eye(6), np.ones((1, 2, 4))), "a frame of 6 patches for labels on a grid of 2 × 4; expected 8"),
    (lambda: Tracker(np.eye(6), np.ones((1, 2, 3))).step(np.ones((6, 2))), "features of 2 numbers; expected 6"),
    (lambda: Propagation(topk=0), "topk is 0; expected at least 1"),
    (lambda: Propagation(temperature=0), "the temperature is 0"),
    (lambda: one_hot(np.zeros((4, 4, 3), np.uint8), (2, 2)), "expected (height, width) of whole numbers from 0 to 255"),
    (lambda: one_hot(np.full((4, 4), -1), (2, 2)), "expected (height, width) of whole numbers from 0 to 255"),
    (lambda: to_mask(np.ones((2, 2, 2)), [0], (4, 4), (4, 4)), "the ids [0] of 2 labels"),
    (lambda: jaccard(np.zeros((2, 2)), np.zeros((2, 3))), "a mask of shape (2, 3) beside (2, 2)"),
])
def test_errors(call, message):
    with pytest.raises(vitc.Error) as error:
        call()
    assert message in str(error.value)


@pytest.fixture
def video(tmp_path, drawn_model):
    """A model of 64 × 64 pixels, five frames of a square that moves to the right, and a mask of each."""
    random = np.random.default_rng(0)
    background, square = random.integers(0, 256, (48, 80, 3)), random.integers(0, 256, (20, 20, 3))
    for name in ("frames", "masks"):
        (tmp_path / name).mkdir()
    for frame in range(5):
        pixels, mask = background.copy(), np.zeros((48, 80), np.uint8)
        pixels[14:34, 5 + 6 * frame:25 + 6 * frame], mask[14:34, 5 + 6 * frame:25 + 6 * frame] = square, 2
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "frames" / f"{frame:03}.jpg", quality=95)
        palette = Image.fromarray(mask)
        palette.putpalette([0, 0, 0, 9, 9, 9, 10, 200, 30])
        palette.save(tmp_path / "masks" / f"{frame:03}.png")
    model = drawn_model("batched/dino_batch")
    tap = [node.output[0] for node in onnx.load(model).graph.node if node.op_type == "LayerNormalization"][-1]
    return tmp_path, ["davis", str(model), "frames", "masks", "--of", tap, "--threads", "1"]


@pytest.mark.usefixtures("vision_cache")
def test_the_command(video, monkeypatch, capsys):
    folder, command = video
    monkeypatch.chdir(folder)
    assert cli.main([*command, "-o", "out", "--topk", "3", "--sheet", "sheet.png"]) == 0
    output = capsys.readouterr().out
    backbone, tap = Backbone(command[1], [command[5]]), command[5]
    ids, labels = one_hot(np.array(Image.open("masks/000.png")), (4, 4))
    tracker, scores = None, []
    for frame in range(5):
        with Image.open(f"out/{frame:03}.png") as written, Image.open(f"masks/{frame:03}.png") as truth:
            assert written.mode == "P" and written.size == (80, 48) and written.getpalette()[6:9] == [10, 200, 30]
            mask, truth = np.array(written), np.array(truth)
        tokens = backbone.run(Preprocess(64, "exact")(f"frames/{frame:03}.jpg")[None])[tap][0, 1:]
        if tracker is None:
            tracker = Tracker(tokens, labels, Propagation(topk=3))
            np.testing.assert_array_equal(mask, truth)
        else:
            np.testing.assert_array_equal(mask, to_mask(tracker.step(tokens), ids, (64, 64), (48, 80)))
            scores.append((jaccard(truth == 2, mask == 2), boundary(truth == 2, mask == 2)))
    with Image.open("sheet.png") as sheet:
        assert sheet.size == (4 * 196 + 4, 2 * 196 + 4)
        assert sheet.getpixel((4 + 36, 4 + 96))[1] > 120  # the first frame's square is green, as its palette
    j, f = np.mean(scores[:-1], axis=0)  # DAVIS leaves out the last frame, as it does the first
    assert f"object   2: J {j:.4f}, F {f:.4f}" in output
    assert f"J {j:.4f}, F {f:.4f}, J&F {(j + f) / 2:.4f} over 3 frames" in output


@pytest.mark.usefixtures("vision_cache")
def test_tokens_of_a_block_are_normed(video, monkeypatch, capsys):
    folder, command = video
    monkeypatch.chdir(folder)
    assert cli.main([*command[:4], "--of", "tokens:-1", "--threads", "1"]) == 0
    assert "over 3 frames" in capsys.readouterr().out
    backbone, (ids, labels) = Backbone(command[1], ["tokens:-1"]), one_hot(np.array(Image.open("masks/000.png")), (4, 4))
    first, second = (layer_normed(backbone.run(Preprocess(64, "exact")(f"frames/{frame}.jpg")[None])["tap.tokens.1"][0, 1:])
                     for frame in ("000", "001"))
    expected = to_mask(Tracker(first, labels).step(second), ids, (64, 64), (48, 80))
    np.testing.assert_array_equal(np.array(Image.open("followed/001.png")), expected)


@pytest.mark.usefixtures("vision_cache")
def test_a_mask_of_black_and_white(video, monkeypatch, capsys):
    folder, command = video
    monkeypatch.chdir(folder)
    mask = np.array(Image.open("masks/000.png"))
    Image.fromarray((mask * 127 + mask // 2).astype(np.uint8)).save("first.png")
    assert set(np.unique(np.array(Image.open("first.png")))) == {0, 255}
    assert cli.main([*command[:3], "first.png", *command[4:], "-o", "out"]) == 0
    assert capsys.readouterr().out == "out: masks of 5 frames, 1 objects\n"
    with Image.open("out/000.png") as first:
        np.testing.assert_array_equal(np.array(first), mask // 2)
        assert first.getpalette()[3:6] == [128, 0, 0]


@pytest.mark.usefixtures("vision_cache")
def test_what_nobody_knows_is_no_object(video, monkeypatch, capsys):
    """A frame's truth with void and background alone: object 1 is not there, and what is void counts for nothing."""
    folder, command = video
    monkeypatch.chdir(folder)
    for path in sorted((folder / "masks").iterdir()):
        mask = np.array(Image.open(path)) // 2
        Image.fromarray(mask if path.stem == "000" else mask * 255).save(path)
    assert cli.main([*command, "-o", "out"]) == 0
    # Nothing of object 1 is known to be there, so that all of it that was found outside of void is wrong.
    found = [np.array(Image.open(f"out/{frame:03}.png")) == 1 for frame in (1, 2, 3)]
    void = [np.array(Image.open(f"masks/{frame:03}.png")) == 255 for frame in (1, 2, 3)]
    expected = np.mean([jaccard(np.zeros_like(part), part, ignored) for part, ignored in zip(found, void)])
    assert f"object   1: J {expected:.4f}," in capsys.readouterr().out


@pytest.mark.usefixtures("vision_cache")
def test_truths_in_black_and_white(video, monkeypatch, capsys):
    """Where the first mask is, the others are: white is object 1 there, and the score that of numbered masks."""
    folder, command = video
    monkeypatch.chdir(folder)
    assert cli.main([*command, "-o", "numbered"]) == 0
    numbered = capsys.readouterr().out.splitlines()[1]
    for path in (folder / "masks").iterdir():
        Image.fromarray((np.array(Image.open(path)) // 2 * 255).astype(np.uint8)).save(path)
    assert cli.main([*command, "-o", "white"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == numbered.replace("object   2", "object   1")


def test_the_palette_of_davis():
    palette = np.reshape(davis_palette(), (256, 3)).tolist()
    assert palette[:6] == [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0], [0, 0, 128], [128, 0, 128]]
    assert palette[8] == [64, 0, 0] and palette[255] == [224, 224, 192] and len(set(map(tuple, palette))) == 256


@pytest.mark.usefixtures("vision_cache")
@pytest.mark.parametrize("change, message", [
    ({"frames": "one"}, "one has one frame; expected a first one, whose mask is known, and others"),
    ({"frames": "none"}, "none: no such file or folder"),
    ({"frames": "uneven"}, "001.png is 50 × 40; expected 80 × 48 as the first frame's mask is"),
    ({"frames": "bad"}, "001.png: an empty file"),
    ({"frames": "twice"}, "frames have the same name but for their extensions"),
    ({"masks": "none.png"}, "none.png: no such file or folder"),
    ({"masks": "frames"}, "frames has no 000.png, the first frame's mask"),
    ({"masks": "frames/000.jpg"}, "an image of mode RGB; expected a mask"),
    ({"masks": "text.png"}, "text.png: not an image that Pillow reads"),
    ({"masks": "empty.png"}, "the first frame's mask has no object, only background"),
    ({"masks": "small"}, "002.png is 10 × 10; expected 80 × 48, as the first frame's mask"),
    ({"--output": "masks"}, "masks is where masks is, and masks written to it could replace files there"),
    ({"--output": "frames/../frames"}, "frames/../frames is where frames is"),
    ({"--size": "32"}, "--size is 32, but "),
    ({"--temperature": "0"}, "the temperature is 0.0; expected a positive number"),
])
def test_errors_of_the_command(change, message, video, monkeypatch, capsys):
    folder, command = video
    monkeypatch.chdir(folder)
    for name, frames in {"one": 1, "uneven": 2, "bad": 2, "twice": 2}.items():
        (folder / name).mkdir()
        for frame in range(frames):
            size = (50, 40) if frame and name == "uneven" else (80, 48)
            Image.new("RGB", size).save(f"{name}/000.jpg" if frame and name == "twice" else f"{name}/{frame:03}.png")
    (folder / "bad" / "001.png").write_bytes(b"")
    (folder / "text.png").write_text("text")
    Image.new("L", (80, 48)).save("empty.png")
    shutil.copytree("masks", "small")
    Image.new("L", (10, 10)).save("small/002.png")
    command[2], command[3] = change.get("frames", "frames"), change.get("masks", "masks")
    further = [part for option in change.items() if option[0].startswith("--") for part in option]
    assert cli.main([*command, *further]) == 1
    assert message in capsys.readouterr().err
