"""vitc.vision.norms: norms by kind of token, the histogram's valley, and the artifact rate."""
import numpy as np
import pytest
import vitc
from vitc.vision.norms import artifact_rate, find_valley, is_artifact, split_norms, token_norms

PAPER = 150  # the registers paper's cutoff for DINOv2-g, whose normal tokens are between 0 and 100


def planted(seed, count=16 * 256, rate=0.0237, bulk="normal"):
    """Tokens (count, 64) as the paper describes DINOv2-g's: normal norms below 100, artifacts from 160 to 600; and which are these."""
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
    for norms in (random.normal(50, 10, 4096).clip(1), random.uniform(10, 100, 4096), random.gamma(4, 10, 4096), np.full(300, 7.0),
                  np.array([3.0]), 300 + random.normal(0, 1, (4, 16, 16))):
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
    with pytest.raises(vitc.Error, match="shape \\(2, 11\\); expected \\(batch, tokens\\), with 1 class tokens, 0 registers and 2 × 3 patches"):
        split_norms(np.ones((2, 11)), (2, 3))


@pytest.mark.parametrize("norms", [[], [1, np.nan], [-1.0, 2], ["a"]])
def test_refuses(norms):
    with pytest.raises(vitc.Error, match="^norms: "):
        find_valley(norms)
