"""vitc.vision.probe: what linear models read off single tokens, where it was planted."""
import json
import pathlib

import numpy as np
import pytest
import vitc
from PIL import Image
from vitc.vision import Preprocess, cli, options
from vitc.vision.backbone import Tokens
from vitc.vision.probe import fit_pixels, fit_positions, layer_normed, patch_pixels, pick_tokens, probe_class

GRID, WIDTH, COUNT = (3, 4), 48, 120


@pytest.fixture(scope="module")
def planted():
    """Tokens (COUNT, 12, 48): normal patches hold their place and pixels, artifacts, of ten times the norm, the image's class;
    the norms, the pixels, and the classes. Two patches of each image are artifacts."""
    random = np.random.default_rng(0)
    labels, pixels = random.integers(0, 3, COUNT), random.random((COUNT, 12, 6))
    by_class, by_place, by_pixel = (random.standard_normal((n, WIDTH)) for n in (3, 12, 6))
    tokens = by_place + pixels @ by_pixel + 0.2 * random.standard_normal((COUNT, 12, WIDTH))
    for image, label in enumerate(labels):
        where = random.choice(12, 2, replace=False)
        tokens[image, where] = 10 * (by_class[label] + 0.2 * random.standard_normal((2, WIDTH)))
    return tokens, np.linalg.norm(tokens, axis=2), pixels, labels


def test_picks(planted):
    tokens, norms, *_ = planted
    for kind, count in ("normal", 10), ("artifact", 2):
        one = pick_tokens(tokens, norms, 40, kind)
        assert one.images.tolist() == list(range(COUNT))
        np.testing.assert_array_equal(one.features, tokens[one.images, one.places])
        assert ((norms[one.images, one.places] > 40) == (kind == "artifact")).all()
        assert len(set(one.places.tolist())) == 12, "drawn from all places"
        every = pick_tokens(tokens, norms, 40, kind, per_image=None)
        assert len(every) == count * COUNT and len(set(zip(every.images, every.places))) == len(every)
    again = pick_tokens(tokens, norms.reshape(COUNT, *GRID), 40, "artifact")
    np.testing.assert_array_equal(again.places, one.places)
    assert not len(pick_tokens(tokens, norms, None, "artifact")), "without a cutoff there are none"
    few = norms.copy()
    few[1:] = 1
    assert pick_tokens(tokens, few, 40, "artifact", per_image=5).images.tolist() == [0, 0]


def test_class_is_read_off_artifacts(planted):
    tokens, norms, _, labels = planted
    half = COUNT // 2
    accuracy = {}
    for kind in ("normal", "artifact"):
        sample = pick_tokens(layer_normed(tokens), norms, 40, kind)
        accuracy[kind] = probe_class(sample.features[:half], labels[:half], sample.features[half:], labels[half:])
    assert accuracy["artifact"] > 0.98 and accuracy["normal"] < 0.5


def test_place_and_pixels_are_read_off_normal_tokens(planted):
    tokens, norms, pixels, _ = planted
    half = COUNT // 2
    train, test = layer_normed(tokens[:half]), layer_normed(tokens[half:])
    samples = {kind: pick_tokens(test, norms[half:], 40, kind, None) for kind in ("normal", "artifact")}
    every = pick_tokens(train, norms[:half], None, "normal", None)
    places = fit_positions(every.features, every.places, GRID)
    (right, distance), (wrong, far) = (places.score(sample.features, sample.places) for sample in samples.values())
    assert right > 0.95 and distance < 0.2 and wrong < 0.3 and far > 1
    probe = fit_pixels(every.features, pixels[:half][every.images, every.places])
    near, off = (probe.error(s.features, pixels[half:][s.images, s.places]) for s in samples.values())
    assert near < 0.6 * off


def test_distance_is_in_patches():
    """Tokens that say the place to the right of their own."""
    features = np.eye(12)
    probe = fit_positions(np.repeat(features, 5, axis=0), np.repeat(np.arange(12), 5), GRID, C=1e3)
    assert probe.score(features, np.arange(12)) == (1, 0)
    shifted = features[[1, 2, 3, 3, 5, 6, 7, 7, 9, 10, 11, 11]]
    assert probe.score(shifted, np.arange(12)) == (0.25, 0.75)


def test_layer_normed():
    x = layer_normed(np.random.default_rng(0).standard_normal((2, 5, 64)) * 7 + 3)
    np.testing.assert_allclose(x.mean(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(x.std(axis=-1), 1, atol=1e-6)


def test_patch_pixels():
    """Of an image whose numbers say where they are; what is over at the edges is left out."""
    image = np.arange(2 * 5 * 7).reshape(1, 2, 5, 7)
    found = patch_pixels(image, 2)
    assert found.shape == (1, 6, 8)
    assert found[0, 4].tolist() == [image[0, c, 2 + y, 2 + x] for y in (0, 1) for x in (0, 1) for c in (0, 1)]


@pytest.mark.parametrize("call, says", [
    (lambda: pick_tokens(np.ones((2, 4, 3)), np.ones((2, 5)), 1, "normal"), "expected one number for each of 2 × 4 patches"),
    (lambda: pick_tokens(np.ones((2, 4, 3)), np.ones((2, 4)), 1, "odd"), "kind is 'odd'; expected one of normal, artifact"),
    (lambda: fit_positions(np.ones((2, 4)), [0, 12], GRID), "expected whole numbers from 0 to 11, of a grid of 3 × 4"),
    (lambda: fit_positions(np.ones((2, 4)), [0], GRID), "expected one label for each of 2 features"),
    (lambda: fit_pixels(np.ones((2, 4)), np.ones((3, 4))), "2 tokens and the pixels of 3 patches; expected as many"),
    (lambda: fit_pixels(np.ones((2, 4)), np.ones((2, 4)), 0), "penalty is 0; expected a positive number"),
    (lambda: patch_pixels(np.ones((1, 3, 4, 4)), 5), "no side below the patch"),
])
def test_refuses(call, says):
    with pytest.raises(vitc.Error, match=says):
        call()


class Planted:
    """A model of images of 3 × 4 squares in one colour: a patch's token holds its place and its colour, but those of the two
    last squares of an image, of large norm, and the class token hold the image's class, which is the colour of its first
    square."""

    tokens, patch, size, name, settings = Tokens(1, 0, 12), 8, (24, 32), "planted", {"model": "planted"}

    def __init__(self):
        self.random = np.random.default_rng(0)
        self.by_place, self.by_color, self.by_class = (self.random.standard_normal((count, WIDTH)) for count in (12, 3, 3))

    def grid(self, height, width):
        return height // 8, width // 8

    def outputs_of(self, kind):
        return {3: "tap.tokens.3"}

    def run(self, batch):
        colors = batch[:, :, 4::8, 4::8].reshape(len(batch), 3, 12).transpose(0, 2, 1)
        tokens = self.by_place + 0.3 * colors @ self.by_color
        tokens = tokens + 0.1 * self.random.standard_normal(tokens.shape)
        classes = self.by_class[colors[:, 0].argmax(axis=1)]
        tokens[:, 10:] = 20 * classes[:, None] + self.random.standard_normal((len(batch), 2, WIDTH))
        return {"tap.tokens.3": np.concatenate([classes[:, None], tokens], axis=1).astype(np.float32)}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Folders of images of three classes."""
    random = np.random.default_rng(0)
    for label in range(3):
        (tmp_path / "in" / f"class{label}").mkdir(parents=True)
        for number in range(20):
            squares = random.integers(0, 200, (3, 4, 3), np.uint8)
            squares[0, 0] = np.eye(3)[label] * 255
            picture = Image.fromarray(squares.repeat(8, axis=0).repeat(8, axis=1))
            picture.save(tmp_path / "in" / f"class{label}" / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(options, "backbone_of", lambda arguments, taps=(): Planted())
    monkeypatch.setattr(options, "preprocess_of", lambda arguments, backbone: Preprocess((24, 32), "exact"))


def test_command(folder, capsys):
    assert cli.main(["probe", "m.so", "in", "--test", "0.5", "--picture", "probe.png"]) == 0
    assert Image.open("probe.png").width > 400
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("probe.json: 60 images of 3 classes; 16.67% of the patches are artifacts, above ")
    found = json.loads(pathlib.Path("probe.json").read_text())
    normal, artifact, cls = (found["tokens"][kind] for kind in ("normal", "artifact", "cls"))
    assert found["artifact_rate"] == pytest.approx(1 / 6)
    assert cls["class accuracy"] == 1 and artifact["class accuracy"] > 0.9 and normal["class accuracy"] < 0.75
    assert normal["position accuracy"] > 0.95 and artifact["position accuracy"] < 0.75
    assert normal["patches"] == 300 and artifact["patches"] == 60 and normal["pixel error"] < 0.8 * artifact["pixel error"]


def test_command_without_classes_or_artifacts(folder, capsys):
    """Images of one folder; a cutoff beyond all norms."""
    assert cli.main(["probe", "m.so", "in/class0", "--cutoff", "1e6", "--most", "100", "-o", "p.json"]) == 0
    found = json.loads(pathlib.Path("p.json").read_text())["tokens"]
    assert found["artifact"] == {} and found["cls"] == {} and "class accuracy" not in found["normal"]
    assert "artifact: nothing to read" in capsys.readouterr().out
    for arguments, says in {("in/class0/1.png",): "1 images; expected at least 4",
                            ("in", "--picture", "in/class0/1.png"): "in/class0/1.png is one of the images",
                            ("in", "--layer", "5"): "planted has tokens of layers 3; --layer is 5"}.items():
        assert cli.main(["probe", "m.so", *arguments]) == 1
        assert says in capsys.readouterr().err
