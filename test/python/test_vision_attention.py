"""vitc.vision.attention: maps by kind of key, DINO's masks, and the maps of compiled models."""
import hashlib
import json
import pathlib
import shutil

import numpy as np
import onnxruntime
import pytest
import vitc
from PIL import Image
from vitc._cache import explained
from vitc.vision import Backbone, Preprocess, cli
from vitc.vision.attention import attention_maps, default_query, enlarge, mass_mask, open_attention, query_index, split_keys
from vitc.vision.backbone import Tokens

# What DINO's own lines give, run by PyTorch 2.15.0 on the maps of `drawn_maps`: the SHA-256 of the masks, bits packed.
BY_PYTORCH = {
    0.6: "94a73581726de1b4bb4f84dab72ecf0d1cfbb0e4797aec477272dc24c466af3c",
    0.9: "71bf42141d6cd3e8ce09d8678e3a6fd0070e6c001070f11798385ae606afa79a",
}


def drawn_maps():
    """256 maps of 6 heads, (6, 28 · 28) each, of various sharpness, by multiplications alone: the same numbers on any
    machine.
    """
    for seed in range(256):
        random = np.random.default_rng(seed)
        values = factor = random.random((6, 784))
        for _ in range(seed % 8):
            values = values * factor
        yield (values / 784).astype(np.float32)


def masks_by_pytorch(attentions, threshold):
    """facebookresearch/dino, visualize_attention.py: what it does with --threshold, but for the enlarging."""
    torch = pytest.importorskip("torch")
    value, index = torch.sort(torch.from_numpy(attentions))
    value /= torch.sum(value, dim=1, keepdim=True)
    kept = torch.cumsum(value, dim=1) > 1 - threshold
    back = torch.argsort(index)
    return np.stack([kept[head][back[head]].numpy() for head in range(len(kept))])


def digest(masks):
    return hashlib.sha256(np.packbits(np.stack(list(masks)))).hexdigest()


@pytest.mark.parametrize("mass", BY_PYTORCH)
def test_masks_are_dinos(mass):
    """DINO-c: bit for bit."""
    assert digest(mass_mask(maps.reshape(6, 28, 28), mass) for maps in drawn_maps()) == BY_PYTORCH[mass]


@pytest.mark.parametrize("mass", BY_PYTORCH)
def test_the_digests_are_pytorchs(mass):
    """Where PyTorch is installed, which nothing else here needs."""
    assert digest(masks_by_pytorch(maps, mass) for maps in drawn_maps()) == BY_PYTORCH[mass]


def test_mass_mask():
    """Ascending 1, 2, 3, 4 of 10 (tenths): sums 1, 3, 6, 10; those above 4 are kept. Enlarged: each number a square of
    pixels.
    """
    maps = np.array([[[4, 1], [2, 3]], [[0, 0], [0, 0]]], np.float32)
    mask = mass_mask(maps)
    assert mask.tolist() == [[[True, False], [False, True]], [[False, False], [False, False]]]
    assert mass_mask(maps[0], 1).all()
    assert enlarge(mask[0], 2).tolist() == [[True, True, False, False]] * 2 + [[False, False, True, True]] * 2
    random = np.random.default_rng(0).random((3, 5, 7))
    for mass in (0.1, 0.6, 0.99):
        mask = mass_mask(random, mass)
        for values, kept in zip(random, mask):
            assert values[kept].min() > values[~kept].max(), "the largest ones"
            assert values[kept].sum() > mass * values.sum() > values[kept].sum() - values[kept].min(), "and no more than needed"


@pytest.mark.parametrize("maps, mass, says", [
    (np.ones(4), 0.6, "shape \\(4,\\); expected floats \\(…, rows, columns\\)"),
    (np.ones((2, 2), int), 0.6, "an array of int64"),
    (-np.ones((2, 2)), 0.6, "negative or not finite"),
    (np.full((2, 2), np.nan), 0.6, "negative or not finite"),
    (np.ones((2, 2)), 0, "mass is 0; expected more than 0 and at most 1"),
    (np.ones((2, 2)), 60, "mass is 60"),
])
def test_masks_refuse(maps, mass, says):
    with pytest.raises(vitc.Error, match=says):
        mass_mask(maps, mass)


def test_split_keys():
    attention = np.random.default_rng(0).random((2, 3, 11, 11)).astype(np.float32)
    attention /= attention.sum(axis=-1, keepdims=True)
    maps = split_keys(attention, (2, 3), cls=1, registers=4)
    np.testing.assert_array_equal(maps.cls[..., 0], attention[..., 0])
    np.testing.assert_array_equal(maps.registers, attention[..., 1:5])
    np.testing.assert_array_equal(maps.patches[..., 1, 2], attention[..., 10])
    assert maps.patches.shape == (2, 3, 11, 2, 3)
    np.testing.assert_allclose(sum(maps.shares.values()), 1, atol=1e-6)
    with pytest.raises(vitc.Error, match="attention to 11 tokens; expected 1 class tokens, 0 registers and 2 × 3 patches"):
        split_keys(attention, (2, 3))
    with pytest.raises(vitc.Error, match="expected floats \\(batch, heads, queries, keys\\)"):
        split_keys(attention[0], (2, 3), 1, 4)


def test_queries():
    assert query_index("cls", (2, 3)) == 0
    assert query_index("register:3", (2, 3), 1, 4) == 4
    assert query_index("patch:1,2", (2, 3), 1, 4) == 10 and query_index("patch:0,0", (2, 3), 0, 0) == 0
    for query, says in {"cls:1": "no query; expected cls, register:I or patch:ROW,COLUMN", "patch:1": "no query",
                        "mean": "no query", "register:4": "there is no register:4: the model has 4 registers",
                        "patch:2,0": "the image has 2 × 3 patches", "patch:-1,0": "there is no patch:-1,0"}.items():
        with pytest.raises(vitc.Error, match=says):
            query_index(query, (2, 3), 1, 4)
    with pytest.raises(vitc.Error, match="no class token"):
        query_index("cls", (2, 3), 0, 4)


def reference(path, outputs, images):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(outputs, {session.get_inputs()[0].name: images})


@pytest.mark.usefixtures("vision_cache")
@pytest.mark.parametrize("name, height, width, registers", [
    ("batched/vit_meta_reg4_batch.dyn", 70, 70, 4),
    ("sized/dino_sizes.dyn", 48, 80, 0),
    ("sized/dino_sizes.dyn", 96, 96, 0),
])
def test_maps_of_models(name, height, width, registers, tapped_model):
    """DINO-b: as get_last_selfattention gives them, of every layer, registers apart from patches, at sizes that positions are
    interpolated to."""
    model, path = tapped_model(name)
    backbone = open_attention(model, ["cls", "patch:1,2"], "0-1", threads=1)
    images = np.random.default_rng(0).standard_normal((2, 3, height, width)).astype(np.float32)
    found = attention_maps(backbone, images, ["cls", "patch:1,2"])
    assert list(found) == [0, 1]
    rows, columns = backbone.grid(height, width)
    for layer, maps in found.items():
        [expected] = reference(path, [f"tap.attention.{layer}"], images)
        expected = expected[:, :, [0, 1 + registers + columns + 2]]
        assert maps.patches.shape == (2, 3, 2, rows, columns) and maps.registers.shape == (2, 3, 2, registers)
        joined = np.concatenate([maps.cls, maps.registers, maps.patches.reshape(2, 3, 2, -1)], axis=-1)
        np.testing.assert_allclose(joined, expected, atol=1e-5)
    row = open_attention(model, threads=1)
    kind = "attention" if row.size is None else "cls_attention"  # of an open number of tokens all rows are computed
    assert [output.name for output in row.model.outputs] == [f"tap.{kind}.1"]
    np.testing.assert_allclose(attention_maps(row, images)[1].patches, found[1].patches[:, :, :1], atol=1e-5)
    if row.size:
        with pytest.raises(vitc.Error, match="has no output 'tap.attention', only tap.cls_attention.1"):
            attention_maps(row, images, ["patch:0,0"])


@pytest.mark.usefixtures("vision_cache")
def test_attention_alone_is_cheaper(drawn_model):
    """DINO-b: what follows the maps is not computed."""
    path = drawn_model("batched/dino_batch")
    whole, alone, row = (explained(path, **({"tap": [tap], "tap_only": True} if tap else {}))["macs"]["final"]
                         for tap in ("", "attention:-1", "cls_attention:-1"))
    assert row < alone < whole


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two good images in folders, and one that is none; the test's folder is the current one."""
    random = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "in" / name).mkdir(parents=True)
        Image.fromarray(random.integers(0, 256, (50, 70, 3), np.uint8)).save(tmp_path / "in" / name / "x.png")
    (tmp_path / "in" / "bad.png").write_text("no image")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def model(drawn_model, vision_cache):
    """A model with four registers."""
    return str(drawn_model("batched/vit_meta_reg4_batch.dyn"))


def test_command(folder, model, capsys):
    arguments = ["--query", "cls", "--query", "register:3", "--layers", "0-1", "--numbers", "--tile", "40", "--threads", "1"]
    assert cli.main(["attention", model, "in", *arguments]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("attention: 2 images\nlayer 0, cls: in the mean ") and "skipped bad.png: not an image" in err
    place = pathlib.Path("attention")
    written = sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())
    assert written == sorted(["summary.json"] + [f"{image}/x.png{rest}" for image in "ab" for rest in (
        ".npz", ".layer0.cls.png", ".layer0.register3.png", ".layer1.cls.png", ".layer1.register3.png")])
    assert Image.open("attention/a/x.png.layer1.cls.png").size == (4 * 44 + 4, 2 * 44 + 4), "an image and three heads, twice"
    arrays = np.load("attention/a/x.png.npz")
    assert arrays["queries"].tolist() == ["cls", "register:3"] and arrays["patches.1"].shape == (3, 2, 5, 5)
    heads = json.loads(pathlib.Path("attention/summary.json").read_text())["heads"]
    assert len(heads) == 2 * 2 * 3
    for head in heads:
        assert head["images"] == 2 and head["cls"] + head["registers"] + head["patches"] == pytest.approx(1)
    backbone = Backbone(model, ["attention:1"], threads=1)
    expected = attention_maps(backbone, Preprocess(70)(Image.open("in/a/x.png"))[None], ["register:3"])[1]
    np.testing.assert_allclose(arrays["patches.1"][:, 1:], expected.patches[0], atol=1e-5)
    shutil.copy(backbone.model.path, "model.so")
    assert cli.main(["attention", "model.so", "in", "-o", "again"]) == 0, "a library that has the maps, and the default query"
    assert sorted(path.name for path in pathlib.Path("again/a").iterdir()) == ["x.png.layer1.cls.png"]


def test_command_without_class_tokens(folder, drawn_model, vision_cache, capsys):
    """The first register's, where there is no class token."""
    path = str(drawn_model("batched/dinov2_reg4_gap_batch"))
    assert cli.main(["attention", path, "in", "--threads", "1"]) == 0
    assert "layer 1, register:0: in the mean 0.0% to class tokens, " in capsys.readouterr().out
    assert cli.main(["attention", path, "in", "--query", "cls"]) == 1
    assert "class token" in capsys.readouterr().err


@pytest.mark.parametrize("arguments, code, says", [
    (["--query", "patch:9,9"], 1, "there is no patch:9,9: the image has 5 × 5 patches, counted from 0"),
    (["--query", "dog"], 1, "'dog' is no query; expected cls, register:I or patch:ROW,COLUMN"),
    (["--size", "64"], 1, "takes images of 70 × 70"),
    (["--mass", "60"], 2, "'60'; expected more than 0 and at most 1"),
])
def test_command_refuses(arguments, code, says, folder, model, capsys):
    try:
        assert cli.main(["attention", model, "in", *arguments]) == code
    except SystemExit as exit:
        assert exit.code == code
    assert says in capsys.readouterr().err


def test_default_query():
    assert default_query(Tokens(1, 4, 9)) == "cls" and default_query(Tokens(0, 1, 9)) == "register:0"
    with pytest.raises(vitc.Error, match="no class token and no registers; ask for a patch"):
        default_query(Tokens(0, 0, 9))
