"""vitc.vision's LOST: planted objects are found, registers never matter, and every step equals the definition."""
import csv
import json
import pathlib

import numpy as np
import pytest
import vitc
from PIL import Image
from vitc.vision import Backbone, Preprocess, cli
from vitc.vision.backbone import Tokens
from vitc.vision.discover import box_iou, corloc, is_found, lost, patch_features

GRID, WIDTH, HEADS = (14, 18), 32, 4


def planted(seed, cls=1, registers=4):
    """Keys (1, h, N, d) of an image with an object on a larger background, and the object's box in patches."""
    random = np.random.default_rng(seed)
    rows, columns = random.integers(3, 8, 2)
    y, x = random.integers(0, GRID[0] - rows + 1), random.integers(0, GRID[1] - columns + 1)
    background = random.normal(size=WIDTH)
    thing = random.normal(size=WIDTH) - background  # unlike the background
    patches = np.broadcast_to(background, (*GRID, WIDTH)).copy()
    patches[y:y + rows, x:x + columns] = thing
    patches += 0.3 * random.normal(size=patches.shape)
    # Tokens before the patches that would win at once: unlike anything, and of any norm.
    before = 100 * random.normal(size=(cls + registers, WIDTH))
    tokens = np.concatenate([before, patches.reshape(-1, WIDTH)]).astype(np.float32)
    heads = tokens.reshape(1, len(tokens), HEADS, WIDTH // HEADS).transpose(0, 2, 1, 3)
    return heads, (x, y, x + columns, y + rows)


def reference(features, grid, k, bias=0.0):
    """LOST, one equation after the other, with A as a whole and a flood fill."""
    A = features.astype(np.float64) @ features.T.astype(np.float64) + bias
    degrees = np.array([sum(A[i, j] > 0 for j in range(len(A)) if j != i) for i in range(len(A))])
    order = np.argsort(degrees, kind="stable")
    seed = order[0]
    expanded = [s for s in order[:k] if A[seed, s] > 0]
    positive = (A[expanded].sum(axis=0) > 0).reshape(grid)
    todo, mask = [divmod(int(seed), grid[1])], np.zeros(grid, bool)
    while todo:
        y, x = todo.pop()
        if 0 <= y < grid[0] and 0 <= x < grid[1] and positive[y, x] and not mask[y, x]:
            mask[y, x] = True
            todo += [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
    return divmod(int(seed), grid[1]), degrees.reshape(grid), mask


@pytest.mark.parametrize("registers", [0, 4])
def test_planted_objects_are_found(registers):
    found, boxes = [], []
    for seed in range(20):
        heads, box = planted(seed, registers=registers)
        found.append(lost(patch_features(heads, 1, registers)[0], GRID).box)
        boxes.append(np.array([box]))
    assert corloc(found, boxes) == 1.0
    assert np.mean([box_iou(box, truth)[0] for box, truth in zip(found, boxes)]) > 0.9


def test_registers_never_enter():
    heads, box = planted(0)
    others = heads.copy()
    others[:, :, :5] = 1e6 * np.random.default_rng(1).normal(size=others[:, :, :5].shape)
    np.testing.assert_array_equal(patch_features(heads, 1, 4), patch_features(others, 1, 4))
    features = patch_features(heads, 1, 4)
    joined = heads.swapaxes(1, 2).reshape(1, -1, WIDTH)  # by the model
    np.testing.assert_array_equal(patch_features(joined, 1, 4), features)
    assert features.shape == (1, GRID[0] * GRID[1], WIDTH)
    np.testing.assert_array_equal(features[0, 7], heads[0, :, 5 + 7].ravel())  # heads side by side, as the block joins them
    with pytest.raises(vitc.Error, match="expected 252, without class tokens and registers"):
        lost(patch_features(heads, 1, 0)[0], GRID)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("k, bias", [(100, 0.0), (5, 0.0), (30, -0.8), (30, 0.5)])
def test_each_step_equals_the_definition(seed, k, bias, monkeypatch):
    random = np.random.default_rng(seed)
    features = random.normal(size=(9 * 7, 4)) @ random.normal(size=(4, 12)) + 0.3 * random.normal(size=(63, 12)) + 0.2
    place, degrees, mask = reference(features, (9, 7), k, bias)
    monkeypatch.setattr("vitc.vision.discover._CHUNK", 63 * 10)  # the degrees in several parts
    result = lost(features, (9, 7), k, bias)
    assert result.seed == place
    np.testing.assert_array_equal(result.degrees, degrees)
    np.testing.assert_array_equal(result.mask, mask)
    ys, xs = np.nonzero(mask)
    assert result.box == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)


def test_patches_of_zeros_are_no_seed():
    heads, box = planted(0)
    features = patch_features(heads, 1, 4)[0].copy()
    features[-40:] = 0  # as where an image was padded
    assert lost(features, GRID).box == lost(patch_features(heads, 1, 4)[0], GRID).box
    with pytest.raises(vitc.Error, match="no patch is like itself"):
        lost(np.zeros((6, 3)), (2, 3))


def test_iou_and_corloc_by_hand():
    boxes = [[0, 0, 4, 2], [2, 0, 6, 2], [4, 0, 5, 1], [0, 0, 2, 2]]
    np.testing.assert_allclose(box_iou([0, 0, 4, 2], boxes), [1, 1 / 3, 0, 0.5])
    assert is_found([0, 0, 4, 2], [[5, 5, 6, 6], [0, 0, 2, 2]]) and not is_found([0, 0, 4, 2], [[0, 0, 1, 2]])
    none = np.zeros((0, 4))
    assert corloc([[0, 0, 2, 2]] * 3, [[[0, 0, 2, 2]], [[4, 4, 5, 5]], none]) == 0.5


@pytest.mark.parametrize("call, message", [
    (lambda: patch_features(np.zeros((1, 2, 5, 4)), 1, 4), "keys of 5 tokens, of which 1 are class tokens and 4 registers"),
    (lambda: patch_features(np.zeros((5, 4)), 1, 0), "expected 4 dimensions"),
    (lambda: lost(np.eye(6), (2, 4)), "6 patches for a grid of 2 × 4; expected 8"),
    (lambda: lost(np.eye(6), (2, 3), expansion=0), "the expansion is 0"),
    (lambda: lost(np.full((6, 2), np.nan), (2, 3)), "some numbers are not finite"),
    (lambda: box_iou([0, 0, 1], [[0, 0, 1, 1]]), "expected (4,) and (n, 4)"),
    (lambda: box_iou([0, 0, 1, 1], [[3, 0, 1, 1]]), "the box 3, 0, 1, 1 has no area"),
    (lambda: corloc([[0, 0, 1, 1]], [[]]), "at least one image with a box that is right"),
])
def test_errors(call, message):
    with pytest.raises(vitc.Error) as error:
        call()
    assert message in str(error.value)


class ColourBackbone:
    """Stands for a model: a patch's key is its mean colour, unlike the background's; CLS and registers would win at once."""

    name, patch, tokens, registers = "stand-in", 8, Tokens(1, 4, 0), 4

    def __init__(self, size=None):
        self.size = size

    def grid(self, height, width):
        return height // self.patch, width // self.patch

    def outputs_of(self, kind):
        assert kind == "keys"
        return {0: "tap.keys.0", 3: "tap.keys.3"}

    def run(self, batch):
        count, _, height, width = batch.shape
        rows, columns = self.grid(height, width)
        patches = batch.reshape(count, 3, rows, self.patch, columns, self.patch).mean(axis=(3, 5)).reshape(count, 3, -1)
        padding = np.linalg.norm(patches, axis=1, keepdims=True) < 1e-6
        keys = np.concatenate([patches, np.where(padding, 0, 0.5 - patches.max(axis=1, keepdims=True))], axis=1)
        before = np.random.default_rng(0).normal(size=(count, 4, 5)) * 1e6
        keys = np.concatenate([before, keys], axis=2).astype(np.float32)  # (count, 4 channels, tokens)
        return {"tap.keys.3": keys.reshape(count, 2, 2, -1).swapaxes(2, 3), "tap.keys.0": np.zeros_like(keys)}


@pytest.fixture
def scene(tmp_path, monkeypatch):
    """Three images of 100 × 60 pixels with a bright box on a dark ground, and one that is none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("vitc.vision.options.backbone_of", lambda arguments, taps: ColourBackbone())
    (tmp_path / "in").mkdir()
    boxes = {"a.png": (8, 16, 48, 40), "b.png": (60, 8, 100, 60), "c.png": (40, 0, 56, 32)}
    for name, (x0, y0, x1, y1) in boxes.items():
        pixels = np.full((60, 100, 3), 20, np.uint8)
        pixels[y0:y1, x0:x1] = 250
        Image.fromarray(pixels).save(tmp_path / "in" / name)
    (tmp_path / "in" / "d.png").write_bytes(b"")
    return boxes


def test_the_command(scene, capsys):
    with open("truth.csv", "w") as file:
        file.write("name,xmin,ymin,xmax,ymax\n" + "".join(f"{name},{','.join(map(str, box))}\n" for name, box in scene.items()))
        file.write("a.png,0,0,5,5\n")
    assert cli.main(["discover", "m.onnx", "in", "--boxes", "truth.csv", "--sheet", "sheet.png"]) == 0
    output = capsys.readouterr()
    assert "CorLoc: 100.00% (3 of 3)" in output.out and output.err == "skipped d.png: an empty file\n"
    with open("discovered/boxes.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == list(scene) and {row["found"] for row in rows} == {"True"}
    for row, truth in zip(rows, scene.values()):
        found = [int(row[side]) for side in ("xmin", "ymin", "xmax", "ymax")]
        assert np.abs(np.subtract(found, truth)).max() <= 4  # a box's side is a patch's, or the image's, which is padded
    about = json.loads(pathlib.Path("discovered/boxes.json").read_text())
    assert about["corloc"] == 1 and about["boxes"][0]["xmin"] == int(rows[0]["xmin"])
    with Image.open("discovered/00000_a.png") as picture:
        assert picture.size == (100, 60)
        assert picture.getpixel((int(rows[0]["xmax"]) - 1, int(rows[0]["ymax"]) - 1)) == (255, 60, 40)
        assert picture.getpixel((90, 50)) == (20, 20, 20)
    with Image.open("sheet.png") as picture:
        assert picture.size == (2 * 196 + 4, 2 * 196 + 4)


def test_boxes_of_voc(scene, capsys):
    pathlib.Path("xml").mkdir()
    for name, (x0, y0, x1, y1) in list(scene.items())[:2]:
        shift = 0 if name == "a.png" else -50  # b's box is elsewhere
        pathlib.Path("xml", name).with_suffix(".xml").write_text(
            f"<annotation><object><name>x</name><bndbox><xmin>{x0 + 1 + shift}</xmin><ymin>{y0 + 1}</ymin>"
            f"<xmax>{x1 + shift}</xmax><ymax>{y1}</ymax></bndbox></object></annotation>")
    assert cli.main(["discover", "m.onnx", "in", "--boxes", "xml", "--no-pictures"]) == 0
    assert "CorLoc: 50.00% (1 of 2); 1 images have no box that is right" in capsys.readouterr().out
    assert sorted(path.name for path in pathlib.Path("discovered").iterdir()) == ["boxes.csv", "boxes.json"]


@pytest.mark.parametrize("arguments, size", [
    (["--fit", "exact", "--size", "80"], None), ([], (80, 80)), (["--size", "96"], None)])
def test_boxes_are_in_the_images_pixels(arguments, size, scene, monkeypatch):
    monkeypatch.setattr("vitc.vision.options.backbone_of", lambda *_: ColourBackbone(size))
    assert cli.main(["discover", "m.onnx", "in/a.png", *arguments]) == 0
    box = json.loads(pathlib.Path("discovered/boxes.json").read_text())["boxes"][0]
    found = [box[side] for side in ("xmin", "ymin", "xmax", "ymax")]
    assert np.abs(np.subtract(found, scene["a.png"])).max() <= 10  # a patch is 8 of 80 of 100 pixels


@pytest.mark.parametrize("arguments, message", [
    (["--boxes", "none.csv"], "none.csv: No such file or directory"),
    (["--boxes", "other.csv"], "other.csv has no box of any of the images"),
    (["--boxes", "letters.csv"], "letters.csv, line 2: the box 1, 2, 3, x; expected four numbers"),
    (["--boxes", "flat.csv"], "flat.csv, line 2: the box 1, 2, 3, 2 has no area"),
    (["--boxes", "xml"], "a.xml: not XML"),
    (["--boxes", "none"], "none: No such file or directory"),
    (["--sheet", "in/a.png"], "in/a.png is one of the images; expected another file to write to"),
    (["--gram-bias", "-1000000000"], "no image could be used"),
    (["--size", "64", "--fit", "pad", "fixed"], "--fit is pad, but stand-in takes images of 80 × 80 alone"),
    (["--size", "64", "fixed"], "--size is 64, but stand-in takes images of 80 × 80"),
])
def test_errors_of_the_command(arguments, message, scene, monkeypatch, capsys):
    if "fixed" in arguments:
        monkeypatch.setattr("vitc.vision.options.backbone_of", lambda *_: ColourBackbone((80, 80)))
    pathlib.Path("xml").mkdir()
    pathlib.Path("xml/a.xml").write_text("<annotation>")
    for name, line in {"other": "z.png,0,0,1,1", "letters": "a.png,1,2,3,x", "flat": "a.png,1,2,3,2"}.items():
        pathlib.Path(f"{name}.csv").write_text(f"name,xmin,ymin,xmax,ymax\n{line}\n")
    assert cli.main(["discover", "m.onnx", "in", *[argument for argument in arguments if argument != "fixed"]]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.usefixtures("vision_cache")
@pytest.mark.parametrize("name, side, of", [("graphs/dinov2_reg4", 70, "keys:-1"), ("batched/dino_batch", 64, "values:0")])
def test_the_command_on_a_model(name, side, of, tmp_path, drawn_model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    Image.fromarray(random.integers(0, 256, (50, 80, 3), np.uint8)).resize((80, 50)).save("a.png")
    assert cli.main(["discover", str(drawn_model(name)), "a.png", "--of", of, "--expansion", "7", "--gram-bias", "-0.1"]) == 0
    backbone = Backbone(drawn_model(name), [of])
    assert backbone.tokens.registers == (4 if "reg4" in name else 0)
    (keys,) = backbone.run(Preprocess(side, "exact")("a.png")[None]).values()
    assert keys.ndim == 4 and keys.shape[2] == backbone.tokens.prefix + backbone.tokens.patches
    patches = keys[0, :, backbone.tokens.prefix:].swapaxes(0, 1).reshape(backbone.tokens.patches, -1)
    x0, y0, x1, y1 = lost(patches, backbone.grid(side, side), 7, -0.1).box
    box = json.loads(pathlib.Path("discovered/boxes.json").read_text())["boxes"][0]
    scale_x, scale_y = 80 / side * backbone.patch, 50 / side * backbone.patch
    assert [box[key] for key in ("xmin", "ymin", "xmax", "ymax")] == [
        round(x0 * scale_x), round(y0 * scale_y), round(x1 * scale_x), round(y1 * scale_y)]


@pytest.mark.usefixtures("vision_cache")
def test_images_are_padded_for_a_model_of_any_size(tmp_path, drawn_model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = drawn_model("sized/dinov2_reg4_sizes.dyn")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 80, 3), np.uint8)).save("a.png")
    assert cli.main(["discover", str(model), "a.png", "--expansion", "5"]) == 0
    pixels = np.zeros((1, 3, 56, 84), np.float32)  # of patches of 14
    pixels[0, :, :50, :80] = Preprocess((50, 80), "exact")("a.png")
    keys = Backbone(model, ["keys:-1"]).run(pixels)["tap.keys.1"]
    x0, y0, x1, y1 = lost(patch_features(keys, 1, 4)[0], (4, 6), 5).box
    box = json.loads(pathlib.Path("discovered/boxes.json").read_text())["boxes"][0]
    assert [box[side] for side in ("xmin", "ymin", "xmax", "ymax")] == [14 * x0, 14 * y0, min(14 * x1, 80), min(14 * y1, 50)]
