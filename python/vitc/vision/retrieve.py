"""Retrieval: descriptors of images, whitened, ranked by cosine similarity, and the mean average precision of the ranks.

DINO's copy detection (arXiv 2104.14294; facebookresearch/dino/eval_copy_detection.py): the descriptor is CLS beside
the patches pooled by generalised mean (GeM, Radenović et al., arXiv 1711.02512 eq. 3) with p = 4; then the mean of many
images is subtracted and what is left whitened by PCA.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._errors import Error
from ._check import as_features, normalized

_FLOOR = 1e-5  # of the largest variance: smaller ones are taken for as much, so that noise is not blown up
_CHUNK = 1 << 24  # similarities that are in memory at once


def gem(tokens: ArrayLike, p: float = 4.0, least: float = 1e-6) -> NDArray[np.float64]:
    """The generalised mean of each channel over the tokens: (mean over P of max(x, least)ᵖ)^(1/p); (B, P, C) → (B, C).

    p = 1 is the mean (of what is positive), p → ∞ the maximum. The registers and CLS must not be among the tokens.
    """
    values = as_features(tokens, "the tokens", ndim=3)
    if not (p > 0 and least > 0):
        raise Error(f"p is {p} and the least value {least}; expected positive numbers")
    values = np.maximum(values, least).astype(np.float64)
    largest = values.max(axis=1, keepdims=True)  # powers of ratios up to 1 cannot overflow
    return largest[:, 0] * ((values / largest) ** p).mean(axis=1) ** (1 / p)


def copy_descriptor(cls: ArrayLike, patches: ArrayLike, p: float = 4.0) -> NDArray[np.float64]:
    """DINO's descriptor for copy detection: (B, C) CLS and (B, P, C) patches of the last, normalised layer → (B, 2C)."""
    patches = as_features(patches, "the patches", ndim=3)
    cls = as_features(cls, "CLS", patches.shape[2])
    if len(cls) != len(patches):
        raise Error(f"CLS of {len(cls)} images and patches of {len(patches)}; expected the same number")
    return np.concatenate([cls, gem(patches, p)], axis=1)


@dataclasses.dataclass(frozen=True)
class Whitening:
    """x → (x − mean) · projection, in which the images it was fitted on have uncorrelated coordinates of one variance.

    mean: (C,); projection: (C, D). Not scikit-learn's PCA, which has no floor for the variance of directions that few images
    show, and no power.
    """

    mean: NDArray[np.float64]
    projection: NDArray[np.float64]

    @staticmethod
    def fit(features: ArrayLike, power: float = 0.5, dims: int | None = None, centred: bool = True) -> Whitening:
        """From features (N, C) of images like those of the database; DINO takes 20,000.

        power: of the variances that directions are divided by; 0.5 gives all one variance, 0 is PCA alone.
        dims: how many directions to keep, those of the largest variance; None: all.
        centred: whether the variances are those around the mean. DINO's published code subtracts the mean from what it whitens,
            not from what it takes the variances of; False is that.
        """
        features = as_features(features)
        count, width = features.shape
        dims = width if dims is None else dims
        if count < 2:
            raise Error(f"whitening needs the features of at least two images; got {count}")
        if not 1 <= dims <= width:
            raise Error(f"{dims} directions to keep; expected 1 to {width}, the width of the features")
        if not 0 <= power <= 1:
            raise Error(f"the power is {power}; expected 0 to 1")
        mean = features.mean(axis=0, dtype=np.float64)
        moments = np.zeros((width, width))
        for rows in _chunks(count, max(1, _CHUNK // width)):
            part = features[rows] - (mean if centred else 0.0)
            moments += part.T.astype(np.float64) @ part
        variances, directions = np.linalg.eigh(moments / count)
        if not variances[-1] > 0:
            raise Error("whitening needs features that differ; all are the same")
        largest = slice(None, -dims - 1, -1)
        scale = np.maximum(variances, _FLOOR * variances[-1])[largest] ** -power
        return Whitening(mean, directions[:, largest] * scale)

    def __call__(self, features: ArrayLike) -> NDArray[np.float64]:
        """(N, C) → (N, D)."""
        return (as_features(features, width=len(self.mean)) - self.mean) @ self.projection


def rank(database: ArrayLike, queries: ArrayLike, itself: ArrayLike | None = None) -> Iterator[tuple[NDArray, NDArray]]:
    """For one query after the other: the database's indices by falling cosine similarity, and the similarities, (D,) each.

    database: (D, C); queries: (Q, C). itself: (Q,) the index of each query in the database, −1 where it is not there, which
    is left out, so that it has one entry less. Of equals, the first stands first. For the first few alone, `knn.nearest` is
    faster.
    """
    database = as_features(database, "the database")
    queries = as_features(queries, "the queries", database.shape[1])
    own = np.full(len(queries), -1) if itself is None else np.asarray(itself)
    if own.shape != (len(queries),) or own.dtype.kind != "i" or own.min() < -1 or own.max() >= len(database):
        raise Error(f"the queries' own places: expected an index from −1 to {len(database) - 1} "
                    f"for each of {len(queries)} queries")
    return _rank(normalized(database), queries, own)


def _rank(database: NDArray, queries: NDArray, own: NDArray) -> Iterator[tuple[NDArray, NDArray]]:
    for rows in _chunks(len(queries), max(1, _CHUNK // len(database))):
        for place, similarities in zip(own[rows], normalized(queries[rows]) @ database.T):
            order = np.argsort(-similarities, kind="stable")
            order = order[order != place] if place >= 0 else order
            yield order, similarities[order]


def average_precision(relevant: ArrayLike) -> float:
    """The area below precision over recall of one ranked list, by trapezoids; NaN where nothing is relevant.

    relevant: (D,) bools, of the whole database in its ranked order. The rule of the Holidays and Oxford benchmarks, which
    eval_copy_detection.py and eval_image_retrieval.py of facebookresearch/dino use; scikit-learn's has rectangles.
    """
    relevant = np.asarray(relevant)
    if relevant.ndim != 1 or relevant.dtype != bool:
        raise Error(f"relevant: an array of {relevant.dtype}, shape {relevant.shape}; expected bools in one dimension")
    ranks = np.flatnonzero(relevant)
    if not len(ranks):
        return float("nan")
    before = np.arange(len(ranks))
    left = np.where(ranks > 0, before / np.maximum(ranks, 1), 1.0)
    return float((left + (before + 1) / (ranks + 1)).mean() / 2)


def _chunks(count: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, count, size))
