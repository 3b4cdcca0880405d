"""vitc.vision.losses: LaViT's diagonality-preserving loss, and DINO's loss, centre and teacher."""
import math

import numpy as np
import pytest
import vitc
from vitc.vision.losses import (diagonality_loss, dino_loss, entropy, log_softmax, teacher_momentum, teacher_probabilities,
                                update_center, update_teacher)

RANDOM = np.random.default_rng(0)


def numerical(function, x, step=1e-6):
    """The gradient of a function of an array, by central differences."""
    result = np.empty_like(x)
    for index in np.ndindex(x.shape):
        high, low = x.copy(), x.copy()
        high[index] += step
        low[index] -= step
        result[index] = (function(high) - function(low)) / (2 * step)
    return result


def softmax(x):
    return np.exp(log_softmax(x))


def test_symmetric_maps_have_no_symmetry_term():
    """LAVIT-h."""
    a = RANDOM.random((2, 3, 5, 5))
    assert diagonality_loss(a + np.swapaxes(a, -1, -2)).symmetry == 0
    assert diagonality_loss(a).symmetry == pytest.approx(np.abs(a - np.swapaxes(a, -1, -2)).sum())


def test_diagonal_term():
    a = np.array([[0.5, 0.3, 0.2], [0.6, 0.1, 0.3], [0.1, 0.1, 0.8]])
    below = [0.5 - 2 * 0.5, 0.9 - 2 * 0.1, 0.2 - 2 * 0.8]  # the others of the row, less N − 1 times the diagonal
    assert diagonality_loss(a).diagonal == pytest.approx(below[1])
    assert diagonality_loss(a, "printed").diagonal == pytest.approx(-sum(below))
    assert diagonality_loss(a).loss == pytest.approx(below[1] + 2 * (0.3 + 0.1 + 0.2))
    assert diagonality_loss(np.eye(4)).loss == 0


@pytest.mark.parametrize("form", ["hinge", "printed"])
def test_gradient(form):
    a = softmax(RANDOM.standard_normal((2, 6, 6)))
    found = diagonality_loss(a, form).gradient
    np.testing.assert_allclose(found, numerical(lambda x: diagonality_loss(x, form).loss, a), atol=1e-6)


def test_gradient_raises_diagonals():
    """LAVIT-h: steps against it bring a map to one that is symmetric, with diagonals no smaller than their rows' means."""
    a = softmax(RANDOM.standard_normal((3, 6, 6)))
    a[:, range(6), range(6)] *= 0.1
    start, raised = np.diagonal(a, axis1=1, axis2=2).copy(), a.copy()
    for step in range(2000):
        raised -= 1e-3 / (1 + step / 100) * diagonality_loss(raised).gradient
    assert (np.diagonal(raised, axis1=1, axis2=2) > start).all()
    assert diagonality_loss(raised).loss < 0.05 * diagonality_loss(a).loss
    lowered = a - 1e-3 * diagonality_loss(a, "printed").gradient
    assert (np.diagonal(lowered, axis1=1, axis2=2) < start).all(), "the sign of the paper's equation, taken literally"


@pytest.mark.parametrize("a, form, says", [
    (np.ones((2, 3)), "hinge", "expected numbers \\(…, N, N\\)"),
    (np.ones((2, 2)), "relu", "form is 'relu'; expected one of hinge, printed"),
])
def test_diagonality_refuses(a, form, says):
    with pytest.raises(vitc.Error, match=says):
        diagonality_loss(a, form)


def loss_by_pairs(student, teacher, temperature):
    """DINOLoss of facebookresearch/dino: two loops over views, of which pairs of a view with itself are left out."""
    terms = [-(q * log_softmax(s / temperature)).sum(axis=-1).mean()
             for i, q in enumerate(teacher) for v, s in enumerate(student) if v != i]
    return sum(terms) / len(terms)


@pytest.mark.parametrize("views", [2, 5])
def test_dino_loss(views):
    student, teacher = RANDOM.standard_normal((views, 3, 7)), softmax(RANDOM.standard_normal((2, 3, 7)))
    loss, gradient = dino_loss(student, teacher, 0.3)
    assert loss == pytest.approx(loss_by_pairs(student, teacher, 0.3))
    np.testing.assert_allclose(gradient, numerical(lambda s: dino_loss(s, teacher, 0.3)[0], student), atol=1e-7)


def test_teacher_probabilities():
    logits = RANDOM.standard_normal((2, 3, 5))
    center = logits.mean((0, 1))
    np.testing.assert_allclose(teacher_probabilities(logits, center, 0.04), softmax((logits - center) / 0.04))
    sharp, flat = (entropy(teacher_probabilities(logits, np.zeros(5), t)) for t in (0.01, 100))
    assert sharp < 0.3 < math.log(5) - 1e-3 < flat


def test_momentum_endpoints():
    """DINO-g."""
    assert teacher_momentum(0, 100) == 0.996 and teacher_momentum(100, 100) == 1
    assert teacher_momentum(50, 100) == pytest.approx(0.998)
    student, teacher = {"w": RANDOM.random(4)}, {"w": RANDOM.random(4)}
    np.testing.assert_allclose(update_teacher(teacher, student, 0.996)["w"], 0.996 * teacher["w"] + 0.004 * student["w"])
    np.testing.assert_array_equal(update_teacher(teacher, student, 1.0)["w"], teacher["w"])


def test_center_update():
    """DINO-g."""
    center, logits = RANDOM.random(4), RANDOM.random((2, 8, 4))
    np.testing.assert_allclose(update_center(center, logits), 0.9 * center + 0.1 * logits.mean((0, 1)))
    for _ in range(200):
        center = update_center(center, logits)
    np.testing.assert_allclose(center, logits.mean((0, 1)))


def distil(centering, temperature, seed, prototypes=6, steps=300, rate=0.01):
    """DINO's step for linear models of points around four means: the entropy of the teacher's outputs, and of their mean."""
    random = np.random.default_rng(seed)
    means = random.standard_normal((4, 12)) + 4  # without a centre, one prototype is ahead for all of them
    student = {"w": 0.1 * random.standard_normal((12, prototypes)), "b": 0.1 * random.standard_normal(prototypes)}
    teacher, center = dict(student), np.zeros(prototypes)
    for step in range(steps):
        views = means[random.integers(0, 4, 32)] + 0.3 * random.standard_normal((2, 32, 12))
        logits = views @ teacher["w"] + teacher["b"]
        _, gradient = dino_loss(views @ student["w"] + student["b"], teacher_probabilities(logits, center, temperature))
        student = {"w": student["w"] - rate * np.einsum("vbd,vbk->dk", views, gradient),
                   "b": student["b"] - rate * gradient.sum(axis=(0, 1))}
        center = update_center(center, logits) if centering else center
        teacher = update_teacher(teacher, student, teacher_momentum(step, steps))
    points = np.repeat(means, 50, axis=0) + 0.3 * random.standard_normal((200, 12))
    outputs = teacher_probabilities(points @ teacher["w"] + teacher["b"], center, temperature)
    return entropy(outputs), entropy(outputs.mean(axis=0))


@pytest.mark.parametrize("seed", range(3))
def test_collapse_without_centering_or_sharpening(seed):
    """DINO-g: as in figure 7 of the paper. Either alone collapses: to one prototype for all, or to all prototypes for each."""
    each, all_ = distil(True, 0.04, seed)
    assert each < 0.1 and all_ > math.log(3) - 0.1, "a prototype for each point, and several in use"
    each, all_ = distil(False, 0.04, seed)
    assert each < 1e-3 and all_ < 1e-3, "without centring, the same for all"
    each, all_ = distil(True, 1.0, seed)
    assert each > 0.9 * math.log(6) and all_ > 0.9 * math.log(6), "without sharpening, all alike"


@pytest.mark.parametrize("call, says", [
    (lambda: dino_loss(np.ones((2, 3, 4)), np.ones((2, 3, 5))), "expected \\(views, batch, K\\)"),
    (lambda: dino_loss(np.ones((1, 3, 4)), np.ones((1, 3, 4))), "the student two or more"),
    (lambda: dino_loss(np.ones((2, 3, 4)), np.ones((2, 3, 4)), 0), "temperature is 0; expected a positive number"),
    (lambda: update_center(np.ones(3), np.ones((2, 4))), "expected \\(K,\\) and \\(…, K\\)"),
    (lambda: teacher_momentum(5, 4), "step 5 of 4"),
    (lambda: update_teacher({"a": 1}, {"b": 1}, 0.9), "weights \\['a'\\], the student \\['b'\\]"),
    (lambda: update_teacher({"a": [1, 1]}, {"a": [1]}, 0.9), "a is \\(2,\\) in the teacher and \\(1,\\) in the student"),
])
def test_dino_refuses(call, says):
    with pytest.raises(vitc.Error, match=says):
        call()
