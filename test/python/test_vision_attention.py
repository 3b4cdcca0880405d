"""vitc.vision.attention: maps by kind of key, DINO's masks, and the maps of compiled models."""
import hashlib

import numpy as np
import pytest
import vitc
from vitc.vision.attention import attention_maps, attention_tap, enlarge, mass_mask, query_index, split_keys

# What DINO's own lines give, run by PyTorch 2.15.0 on the maps of `drawn_maps`: the SHA-256 of the masks, bits packed.
BY_PYTORCH = {
    0.6: "94a73581726de1b4bb4f84dab72ecf0d1cfbb0e4797aec477272dc24c466af3c",
    0.9: "71bf42141d6cd3e8ce09d8678e3a6fd0070e6c001070f11798385ae606afa79a",
}


def drawn_maps():
    """256 maps of 6 heads, (6, 28 · 28) each, of various sharpness, by multiplications alone: the same numbers on any machine."""
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
    """Ascending 1, 2, 3, 4 of 10 (tenths): sums 1, 3, 6, 10; those above 4 are kept. Enlarged: each number a square of pixels."""
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
    assert attention_tap(["cls"]) == "cls_attention:-1" and attention_tap(["cls", "register:0"], "0-3") == "attention:0-3"
    for query, says in {"cls:1": "no query; expected cls, register:I or patch:ROW,COLUMN", "patch:1": "no query", "mean": "no query",
                        "register:4": "there is no register:4: the model has 4 registers", "patch:2,0": "the image has 2 × 3 patches",
                        "patch:-1,0": "there is no patch:-1,0"}.items():
        with pytest.raises(vitc.Error, match=says):
            query_index(query, (2, 3), 1, 4)
    with pytest.raises(vitc.Error, match="no class token"):
        query_index("cls", (2, 3), 0, 4)
