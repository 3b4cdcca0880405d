"""vitc.vision's weighted k-NN against the loop that its definition is."""
import numpy as np
import pytest

import vitc
from vitc.vision.knn import knn_accuracy, knn_classify, knn_votes, nearest


def blobs(seed, per_class, classes=7, width=24, spread=1.6):
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(5).normal(size=(classes, width))
    labels = np.repeat(np.arange(classes), per_class)
    order = random.permutation(len(labels))
    return (centres[labels] + spread * random.normal(size=(len(labels), width))).astype(np.float32)[order], labels[order]


def reference(train, labels, queries, k, temperature, classes):
    """DINO's vote, one query and one neighbour at a time, in float64."""
    unit = [row / np.sqrt(row @ row) for row in train.astype(np.float64)]
    result = np.zeros((len(queries), classes))
    for votes, query in zip(result, queries.astype(np.float64)):
        similarity = [row @ query / np.sqrt(query @ query) for row in unit]
        for neighbour in sorted(range(len(unit)), key=lambda i: -similarity[i])[:k]:
            votes[labels[neighbour]] += np.exp(similarity[neighbour] / temperature)
    return result


@pytest.mark.parametrize("k, temperature", [(20, 0.07), (1, 0.07), (50, 0.01), (140, 1.0)])
def test_votes_equal_the_reference_on_blobs(k, temperature):
    (train, labels), (queries, _) = blobs(0, 20), blobs(1, 9)
    expected = reference(train, labels, queries, k, temperature, 7)
    classes, votes = knn_classify(train, labels, queries, k, temperature)
    np.testing.assert_array_equal(classes, np.arange(7))
    np.testing.assert_allclose(votes, expected / expected.sum(axis=1, keepdims=True), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(votes.argmax(axis=1), expected.argmax(axis=1))


def test_accuracy_equals_the_reference_for_several_k():
    (train, labels), (queries, targets) = blobs(0, 20), blobs(1, 9)
    results = knn_accuracy(train, labels, queries, targets, (3, 10, 20))
    for result, k in zip(results, (3, 10, 20)):
        order = np.argsort(-reference(train, labels, queries, k, 0.07, 7), axis=1, kind="stable")
        hits = order == targets[:, None]
        assert (result.k, result.top1) == (k, hits[:, 0].mean())
        assert result.top5 == hits[:, :min(5, k)].sum() / len(targets)
    assert 0.5 < results[2].top1 < results[2].top5 <= 1


def test_accuracy_in_chunks_is_the_same(monkeypatch):
    (train, labels), (queries, targets) = blobs(0, 20), blobs(1, 9)
    whole = knn_accuracy(train, labels, queries, targets, (20,))
    monkeypatch.setattr("vitc.vision.knn._CHUNK", 30)
    assert knn_accuracy(train, labels, queries, targets, (20,)) == whole


def test_nearest_is_sorted_and_exact():
    random = np.random.default_rng(2)
    database, queries = random.normal(size=(300, 16)), random.normal(size=(5, 16))
    similarities, indices = nearest(database, queries, 300)
    cosine = (queries / np.linalg.norm(queries, axis=1)[:, None]) @ (database / np.linalg.norm(database, axis=1)[:, None]).T
    np.testing.assert_allclose(similarities, -np.sort(-cosine, axis=1), atol=1e-12)
    np.testing.assert_array_equal(indices, np.argsort(-cosine, axis=1))


def test_leaving_one_out():
    features, labels = blobs(0, 6)
    result, = knn_accuracy(features, labels, features, labels, (5,), leave_one_out=True)
    right = 0
    for i in range(len(labels)):
        others = np.arange(len(labels)) != i
        classes, votes = knn_classify(features[others], labels[others], features[i:i + 1], 5)
        right += classes[votes.argmax()] == labels[i]
    assert result.top1 == right / len(labels)
    duplicates, = knn_accuracy(np.ones((8, 3)), [0] * 4 + [1] * 4, np.ones((8, 3)), [0] * 4 + [1] * 4, (7,), leave_one_out=True)
    assert duplicates.top1 == 0  # of the seven others, four are of the other class


def test_labels_may_be_strings_and_unknown_ones_are_wrong():
    (train, labels), (queries, targets) = blobs(0, 20), blobs(1, 9)
    names = np.array(list("abcdefg"))
    known, = knn_accuracy(train, names[labels], queries, names[targets], (20,))
    assert known == knn_accuracy(train, labels, queries, targets, (20,))[0]
    seen = labels < 6
    result, = knn_accuracy(train[seen], names[labels[seen]], queries[targets == 6], names[targets[targets == 6]], (20,))
    assert result.top5 == 0


@pytest.mark.parametrize("change, message", [
    ({"ks": (141,)}, "k is 141; expected 1 to 140"),
    ({"ks": (0,)}, "k is 0; expected 1 to 140"),
    ({"ks": ()}, "no k was given"),
    ({"temperature": 0.0}, "the temperature is 0.0; expected a positive number"),
    ({"train_labels": [1, 2]}, "expected one label for each of 140 features"),
    ({"query_labels": ["a"] * 63}, "numbers on one side and strings on the other"),
    ({"queries": np.zeros((63, 5))}, "features of 5 numbers; expected 24"),
    ({"train": np.zeros(140)}, "an array of shape (140,); expected 2 dimensions"),
    ({"train": np.full((140, 24), np.nan)}, "some numbers are not finite"),
    ({"leave_one_out": True}, "63 queries and 140 training features"),
])
def test_errors(change, message):
    (train, train_labels), (queries, query_labels) = blobs(0, 20), blobs(1, 9)
    arguments = {"train": train, "train_labels": train_labels, "queries": queries, "query_labels": query_labels, "ks": (20,)}
    with pytest.raises(vitc.Error) as error:
        knn_accuracy(**{**arguments, **change})
    assert message in str(error.value)


def test_errors_of_votes():
    with pytest.raises(vitc.Error, match="expected classes from 0 to 1"):
        knn_votes([[0.5]], [[2]], 2)
    with pytest.raises(vitc.Error, match=r"similarities of shape \(1, 2\)"):
        knn_votes([[0.5, 0.1]], [[0]], 2)
