"""vitc.vision.probe: what linear models read off single tokens, where it was planted."""
import numpy as np
import pytest
import vitc
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
    (right, distance), (wrong, far) = (places.score(samples[kind].features, samples[kind].places) for kind in ("normal", "artifact"))
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
