"""vitc.vision's label propagation: it tracks, and equals the dense definition; J and F against masks computed by hand."""
import numpy as np
import pytest
import vitc
from vitc.vision.davis import Propagation, Tracker, boundary, jaccard, one_hot, propagate, to_mask

PATCH = 8


def moving_square(frames=12, grid=(16, 20), width=24, side=5, seed=0):
    """Features (P, C) and masks (height, width) of a square that moves over a background; both have a texture that stays theirs."""
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
    # The first is constant, hence 0 after scaling; the second, of centres at 1, 3, 5 and 7 pixels, rises between the second and third.
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
        return [(y, x) for y in range(h) for x in range(w) if any(m[y, x] != at(y + i, x + j) for i, j in ((0, 1), (1, 0), (1, 1)))]

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
