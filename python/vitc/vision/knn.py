"""Classification by the nearest training features, weighted by their similarity (DINO, arXiv 2104.14294).

The vote of `knn_classifier` in facebookresearch/dino/eval_knn.py: the k training features with the largest cosine
similarity s vote for their classes with exp(s / T), T = 0.07.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._errors import Error
from ._check import as_features, as_labels, normalized
from ._extras import require

KS = (10, 20, 100, 200)  # those of the paper; 20 is best nearly everywhere
TEMPERATURE = 0.07
_CHUNK = 1 << 24  # votes, that is rows × classes, that are in memory at once


def nearest(database: ArrayLike, queries: ArrayLike, k: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The k rows of the database with the largest cosine similarity to each query, the most similar first.

    database: (D, C); queries: (Q, C). Returns similarities (Q, k) and indices into the database (Q, k). Of equals the first
    row stands first. Memory beyond the arguments and their normalised copies does not grow with D. Raises Error where k > D.
    """
    database = as_features(database, "the database")
    queries = as_features(queries, "the queries", database.shape[1])
    if not 1 <= k <= len(database):
        raise Error(f"k is {k}; expected 1 to {len(database)}, the number of features that neighbours are sought among")
    # Between unit vectors |a − b|² = 2 − 2 cos: scikit-learn searches by Euclidean distances block by block.
    search = require("sklearn.neighbors").NearestNeighbors(n_neighbors=k, algorithm="brute", metric="euclidean")
    distances, indices = search.fit(normalized(database)).kneighbors(normalized(queries))
    similarities = 1 - np.square(distances.astype(np.float64)) / 2
    order = np.lexsort((indices, -similarities))
    return np.take_along_axis(similarities, order, 1), np.take_along_axis(indices, order, 1)


def knn_votes(similarities: ArrayLike, neighbours: ArrayLike, classes: int,
              temperature: float = TEMPERATURE) -> NDArray[np.float64]:
    """Each class's part of the votes of the neighbours, (Q, classes); rows add up to 1.

    similarities: (Q, k), of the neighbours; neighbours: (Q, k), the classes they vote for, from 0 to classes − 1.
    """
    similarities, neighbours = np.asarray(similarities, np.float64), np.asarray(neighbours)
    if similarities.ndim != 2 or similarities.shape != neighbours.shape or 0 in similarities.shape:
        raise Error(f"similarities of shape {similarities.shape} and neighbours of {neighbours.shape}; "
                    "expected (queries, k) of both")
    if neighbours.dtype.kind not in "iu" or neighbours.min() < 0 or neighbours.max() >= classes:
        raise Error(f"neighbours: expected classes from 0 to {classes - 1}")
    if not temperature > 0:
        raise Error(f"the temperature is {temperature}; expected a positive number")
    # Relative to the largest, which changes no order and lets no exponential overflow at small temperatures.
    weights = np.exp((similarities - similarities.max(axis=1, keepdims=True)) / temperature)
    votes = np.zeros((len(weights), classes))
    np.add.at(votes, (np.arange(len(weights))[:, None], neighbours), weights)
    return votes / votes.sum(axis=1, keepdims=True)


def knn_classify(train: ArrayLike, labels: ArrayLike, queries: ArrayLike, k: int = 20,
                 temperature: float = TEMPERATURE) -> tuple[NDArray, NDArray[np.float64]]:
    """(labels of the classes, sorted; each query's votes for them (Q, classes)). See `knn_votes`.

    train: (N, C); labels: (N,), numbers or strings; queries: (Q, C).
    """
    classes, train_classes = np.unique(as_labels(labels, len(np.asarray(train))), return_inverse=True)
    similarities, indices = nearest(train, queries, k)
    return classes, knn_votes(similarities, train_classes[indices], len(classes), temperature)


@dataclasses.dataclass(frozen=True)
class Accuracy:
    """The parts of the queries whose class has the most votes (top1), or is among the five with most (top5).

    predicted: (Q,) the labels that had the most votes.
    """

    k: int
    top1: float
    top5: float
    predicted: NDArray = dataclasses.field(compare=False, repr=False)


def knn_accuracy(train: ArrayLike, train_labels: ArrayLike, queries: ArrayLike, query_labels: ArrayLike,
                 ks: Sequence[int] = KS, temperature: float = TEMPERATURE, leave_one_out: bool = False) -> list[Accuracy]:
    """The accuracy for each k.

    train: (N, C) with train_labels (N,); queries: (Q, C) with query_labels (Q,). A query whose class has no training feature
    counts as wrong. leave_one_out: query i is training feature i, which then does not vote for itself.

    As in eval_knn.py, top5 looks at the min(5, k) classes with most votes. Of classes with equal votes, such as none, the first
    in order is taken.
    """
    if not ks:
        raise Error("no k was given; expected at least one")
    classes, train_classes = np.unique(as_labels(train_labels, len(np.asarray(train)), "labels of the training features"),
                                       return_inverse=True)
    query_labels = as_labels(query_labels, len(np.asarray(queries)), "labels of the queries")
    if (classes.dtype.kind in "US") != (query_labels.dtype.kind in "US"):
        raise Error("labels are numbers on one side and strings on the other; expected the same on both")
    if leave_one_out and len(query_labels) != len(train_classes):
        raise Error(f"{len(query_labels)} queries and {len(train_classes)} training features; "
                    "to leave one out expected the same")
    if min(ks) < 1 or max(ks) + leave_one_out > len(train_classes):
        raise Error(f"k is {min(ks) if min(ks) < 1 else max(ks)}; expected 1 to {len(train_classes) - leave_one_out}, "
                    "the number of features that neighbours are sought among")
    similarities, indices = nearest(train, queries, max(ks) + leave_one_out)
    if leave_one_out:
        similarities, indices = _without_self(similarities, indices)
    targets = np.searchsorted(classes, query_labels).clip(max=len(classes) - 1)
    targets = np.where(classes[targets] == query_labels, targets, -1)
    return [_accuracy(k, similarities, train_classes[indices], targets, classes, temperature) for k in ks]


def _without_self(similarities: NDArray, indices: NDArray) -> tuple[NDArray, NDArray]:
    """Row i without index i, or, where k duplicates hide it, without the last neighbour."""
    other = indices != np.arange(len(indices))[:, None]
    other[other.all(axis=1), -1] = False
    shape = (len(indices), indices.shape[1] - 1)
    return similarities[other].reshape(shape), indices[other].reshape(shape)


def _accuracy(k: int, similarities: NDArray, neighbours: NDArray, targets: NDArray, classes: NDArray,
              temperature: float) -> Accuracy:
    # By parts, because the votes of all queries for all classes may be many.
    ranked = np.concatenate([best(knn_votes(similarities[rows, :k], neighbours[rows, :k], len(classes), temperature), min(5, k))
                             for rows in _chunks(len(targets), max(1, _CHUNK // len(classes)))])
    hits = ranked == targets[:, None]
    return Accuracy(k, float(hits[:, 0].mean()), float(hits.any(axis=1).mean()), classes[ranked[:, 0]])


def best(scores: NDArray, count: int) -> NDArray[np.intp]:
    """The columns with the largest scores of each row, largest first; of equals, the first. (Q, min(count, columns))."""
    return np.argsort(-scores, axis=1, kind="stable")[:, :count]


def _chunks(count: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, count, size))
