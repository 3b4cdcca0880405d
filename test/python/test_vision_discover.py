"""vitc.vision's LOST: planted objects are found, registers never matter, and every step equals the definition."""
import numpy as np
import pytest
import vitc
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
    np.testing.assert_allclose(box_iou([0, 0, 4, 2], [[0, 0, 4, 2], [2, 0, 6, 2], [4, 0, 5, 1], [0, 0, 2, 2]]), [1, 1 / 3, 0, 0.5])
    assert is_found([0, 0, 4, 2], [[5, 5, 6, 6], [0, 0, 2, 2]]) and not is_found([0, 0, 4, 2], [[0, 0, 1, 2]])
    none = np.zeros((0, 4))
    assert corloc([[0, 0, 2, 2]] * 3, [[[0, 0, 2, 2]], [[4, 4, 5, 5]], none]) == 0.5


@pytest.mark.parametrize("call, message", [
    (lambda: patch_features(np.zeros((1, 2, 5, 4)), 1, 4), "keys of 5 tokens, of which 1 are class tokens and 4 registers"),
    (lambda: patch_features(np.zeros((2, 5, 4)), 1, 0), "expected 4 dimensions"),
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
