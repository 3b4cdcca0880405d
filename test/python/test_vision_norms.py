"""vitc.vision.norms: norms by kind of token, the histogram's valley, and the artifact rate."""
import json
import pathlib
import types

import numpy as np
import onnxruntime
import pytest
import vitc
from PIL import Image
from vitc.vision import Backbone, cli, options
from vitc.vision.backbone import Tokens
from vitc.vision.norms import artifact_rate, find_valley, is_artifact, norm_maps, split_norms, token_norms

PAPER = 150  # the registers paper's cutoff for DINOv2-g, whose normal tokens are between 0 and 100


def planted(seed, count=16 * 256, rate=0.0237, bulk="normal"):
    """Tokens (count, 64) as the paper describes DINOv2-g's: normal norms below 100, artifacts from 160 to 600; and which are
    these.
    """
    random = np.random.default_rng(seed)
    norms = {"normal": lambda: random.normal(50, 12, count).clip(5, 100), "uniform": lambda: random.uniform(1, 100, count),
             "skewed": lambda: (30 * np.exp(0.3 * random.standard_normal(count))).clip(1, 100)}[bulk]()
    where = np.zeros(count, bool)
    where[random.choice(count, round(rate * count), replace=False)] = True
    norms[where] = random.uniform(160, 600, where.sum())
    directions = random.standard_normal((count, 64))
    return norms[:, None] * directions / np.linalg.norm(directions, axis=1, keepdims=True), where


@pytest.mark.parametrize("bulk", ["normal", "uniform", "skewed"])
@pytest.mark.parametrize("count", [256, 16 * 256])
def test_planted_artifacts_are_flagged_exactly(bulk, count):
    """REG-e: with the paper's cutoff, and with the one that the tool finds."""
    for seed in range(20):
        tokens, where = planted(seed, count, bulk=bulk)
        norms = token_norms(tokens.astype(np.float32))
        np.testing.assert_array_equal(is_artifact(norms, PAPER), where)
        cutoff = find_valley(norms)
        assert cutoff is not None and norms[~where].max() < cutoff < norms[where].min(), (seed, cutoff)
        np.testing.assert_array_equal(is_artifact(norms, cutoff), where)
        assert artifact_rate(norms, cutoff) == pytest.approx(where.mean())


@pytest.mark.parametrize("scale, shift", [(1, 300), (5, 0), (0.01, 0), (1.5, 250), (1e-6, 1), (1e6, 0)])
def test_valley_on_shifted_scales(scale, shift):
    """REG-e: as of DeiT-III, whose normal norms are 300 to 500, above the paper's cutoff."""
    norms = token_norms(planted(0)[0])
    assert find_valley(norms * scale + shift) == pytest.approx(find_valley(norms) * scale + shift, rel=1e-6)


def test_one_hill_has_no_valley():
    random = np.random.default_rng(0)
    for norms in (random.normal(50, 10, 4096).clip(1), random.uniform(10, 100, 4096), random.gamma(4, 10, 4096),
                  np.full(300, 7.0), np.array([3.0]), 300 + random.normal(0, 1, (4, 16, 16))):
        assert find_valley(norms) is None
        assert artifact_rate(norms, find_valley(norms)) == 0


def test_valley_of_nearly_equal_norms():
    norms = np.full(256, 50.0)
    norms[[3, 200]] = 200, 210
    assert 50 < find_valley(norms) < 200


def test_token_norms():
    """Sums in float64: halves whose squares are beyond float16."""
    assert token_norms(np.full((2, 4), 300, np.float16)).tolist() == [600, 600]
    with pytest.raises(vitc.Error, match="expected numbers \\(…, tokens, width\\)"):
        token_norms(np.ones(3))


def test_split_norms():
    norms = split_norms(np.arange(22.0).reshape(2, 11), (2, 3), cls=1, registers=4)
    assert norms.cls.tolist() == [[0], [11]] and norms.registers[1].tolist() == [12, 13, 14, 15]
    assert norms.patches[0].tolist() == [[5, 6, 7], [8, 9, 10]]
    with pytest.raises(vitc.Error, match="shape \\(2, 11\\); expected .*, with 1 class tokens, 0 registers and 2 × 3 patches"):
        split_norms(np.ones((2, 11)), (2, 3))


@pytest.mark.parametrize("norms", [[], [1, np.nan], [-1.0, 2], ["a"]])
def test_refuses(norms):
    with pytest.raises(vitc.Error, match="^norms: "):
        find_valley(norms)


@pytest.mark.parametrize("tap", ["norms", "tokens"])
def test_norms_of_models(tap, tapped_model, vision_cache):
    """Of the residual stream, as ONNX Runtime computes it, registers apart from patches."""
    model, path = tapped_model("batched/vit_meta_reg4_batch.dyn")
    backbone = Backbone(model, [tap], threads=1)
    images = np.random.default_rng(0).standard_normal((2, 3, 70, 70)).astype(np.float32)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = norm_maps(backbone, images)
    assert list(found) == [0, 1]
    for layer, norms in found.items():
        [tokens] = session.run([f"tap.tokens.{layer}"], {session.get_inputs()[0].name: images})
        expected = np.linalg.norm(tokens, axis=-1)
        np.testing.assert_allclose(norms.patches.reshape(2, 25), expected[:, 5:], rtol=1e-4)
        np.testing.assert_allclose(norms.registers, expected[:, 1:5], rtol=1e-4)
        np.testing.assert_allclose(norms.cls, expected[:, :1], rtol=1e-4)


class Planted:
    """A model whose tokens are those of `planted`: a class token, four registers, and 16 × 16 patches."""

    tokens, patch, size, name, settings = Tokens(1, 4, 256), 4, (64, 64), "planted", {"model": "planted"}

    def __init__(self, rate):
        self.rate, self.patches = rate, []

    def grid(self, height, width):
        return height // 4, width // 4

    def outputs_of(self, kind):
        return {11: "tap.norms.11"}

    @property
    def model(self):
        return types.SimpleNamespace(outputs=[types.SimpleNamespace(name="tap.norms.11")])

    def run(self, batch):
        patches = [token_norms(planted(len(self.patches) + index, 256, self.rate)[0]) for index in range(len(batch))]
        self.patches += patches
        return {"tap.norms.11": np.stack([np.concatenate([[70, 200, 210, 220, 230], norms]) for norms in patches])}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    for number in range(5):
        Image.fromarray(random.integers(0, 256, (64, 64, 3), np.uint8)).save(tmp_path / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_command(folder, monkeypatch, capsys):
    """With registers and without: artifacts are patches above the cutoff, and large registers are none."""
    without, with_ = Planted(0.0237), Planted(0)
    monkeypatch.setattr(options, "backbone_of", lambda arguments, taps=(): {"a.so": without, "b.so": with_}[arguments.model])
    assert cli.main(["norms", "a.so", ".", "--against", "b.so", "--batch", "2", "--numbers", "--most", "3"]) == 0
    rate = np.mean([norms > PAPER for norms in without.patches])
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"A: planted, layer 11: {rate:.2%} of the patches are artifacts (above 1")
    assert "; class tokens 70; registers 200, 210, 220, 230" in first
    assert second.startswith("B: planted, layer 11: 0.00% of the patches are artifacts (the histogram has no valley)")
    found = json.loads(pathlib.Path("norms/summary.json").read_text())["found"]
    assert [about["artifact_rate"] for about in found] == [pytest.approx(rate), 0]
    assert found[0]["images"] == 5 and found[0]["registers"][3]["mean"] == 230
    np.testing.assert_allclose(np.load("norms/4.png.A.npz")["patches.11"].ravel(), without.patches[4])
    drawn = sorted(path.name for path in pathlib.Path("norms").glob("*.A.layer11.png"))
    assert drawn == [f"{number}.png.A.layer11.png" for number in range(3)]
    assert Image.open("norms/histogram.layer11.png").width > 400
    tiles = Image.open("norms/0.png.A.layer11.png")  # the image, its norms, its artifacts, 224 pixels each
    changed = np.asarray(tiles.crop((460, 4, 684, 228)), int) != np.asarray(tiles.crop((4, 4, 228, 228)), int)
    marked = changed.any(axis=2).reshape(16, 14, 16, 14).mean(axis=(1, 3)) > 0.5
    np.testing.assert_array_equal(marked.ravel(), without.patches[0] > PAPER)


def test_command_with_a_cutoff(folder, monkeypatch, capsys):
    model = Planted(0.0237)
    monkeypatch.setattr(options, "backbone_of", lambda arguments, taps=(): model)
    assert cli.main(["norms", "a.so", ".", "--cutoff", "150", "--most", "0", "-o", "out"]) == 0
    assert "(above 150)" in capsys.readouterr().out
    assert sorted(path.name for path in pathlib.Path("out").iterdir()) == ["histogram.layer11.png", "summary.json"]
    with pytest.raises(SystemExit, match="2"):
        cli.main(["norms", "a.so", ".", "--cutoff", "-3"])
    assert "'-3'; expected valley, or a number from 0" in capsys.readouterr().err
