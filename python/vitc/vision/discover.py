"""One object in each image, found without labels: LOST (Siméoni et al., arXiv 2109.14279; valeoai/LOST), and its score, CorLoc.

LOST reads how alike the patches of one image are: those of an object are alike each other and unlike the background, which has
more patches; so the patch that is like the fewest others is the seed of an object.
"""
from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._errors import Error
from ._check import as_features
from ._extras import require

EXPANSION = 100  # the paper's k
_CHUNK = 1 << 24  # similarities that are in memory at once


@dataclasses.dataclass(frozen=True)
class Discovery:
    """What LOST found in an image.

    box: x0, y0, x1, y1 in patches; x1 and y1 lie outside of it. seed: (row, column). mask: (rows, columns) bool, the object's
    patches. degrees: (rows, columns), how many other patches each patch is like.
    """

    box: tuple[int, int, int, int]
    seed: tuple[int, int]
    mask: NDArray[np.bool_]
    degrees: NDArray[np.intp]


def patch_features(keys: ArrayLike, cls: int, registers: int) -> NDArray:
    """LOST's F of a batch, (B, P, C): keys (values, queries) of a block without the tokens before the patches.

    keys: (B, h, N, d), of which C = h · d, or already (B, N, C); in the order CLS, registers, patches. Registers are no part
    of the image, so that they are never compared with its patches (Darcet et al., arXiv 2309.16588, whose LOST scores are of
    keys for DINOv2 and of values for DeiT III and OpenCLIP).
    """
    keys = as_features(keys, "keys", ndim=3 if np.ndim(keys) == 3 else 4)
    if keys.ndim == 4:
        keys = keys.swapaxes(1, 2).reshape(len(keys), keys.shape[2], -1)
    if min(cls, registers) < 0 or cls + registers >= keys.shape[1]:
        raise Error(f"keys of {keys.shape[1]} tokens, of which {cls} are class tokens and {registers} registers; "
                    "expected patches as well")
    return keys[:, cls + registers:]


def lost(features: ArrayLike, grid: tuple[int, int], expansion: int = EXPANSION, gram_bias: float = 0.0) -> Discovery:
    """Finds an object among the patches of one image.

    features: (P, C), row by row of the grid (rows, columns), P = rows · columns; without CLS and registers (`patch_features`).
    expansion: k, how many patches of the lowest degree may join the seed. gram_bias: added to every similarity; arXiv
    2309.16588 shifts them for models whose features all point the same way.

    With A = F Fᵀ + bias (§3 of the paper; object_discovery.py): the degree of i is the number of j ≠ i with A_ij > 0, the
    seed has the lowest; S are those of the k lowest with A_seed,s > 0; the object is what hangs together with the seed, by
    edges, where Σ_S A_s,i > 0. Of equal degrees the first patch is taken. A patch that is not even like itself, such as one
    of zeros, is no seed.
    """
    features = as_features(features, "the patches")
    rows, columns = grid
    if rows < 1 or columns < 1 or rows * columns != len(features):
        raise Error(f"{len(features)} patches for a grid of {rows} × {columns}; expected {rows * columns}, "
                    "without class tokens and registers")
    if expansion < 1:
        raise Error(f"the expansion is {expansion}; expected at least 1 patch")
    degrees, itself = _degrees(features, gram_bias)
    candidates = np.flatnonzero(itself)
    if not len(candidates):
        raise Error("no patch is like itself: the features are zero, or the bias of the similarities too low")
    lowest = candidates[np.argsort(degrees[candidates], kind="stable")][:expansion]
    seed = lowest[0]
    similar = lowest[features[lowest] @ features[seed] + gram_bias > 0]
    # Σ over S of A_s,i is a product with the sum of S: A itself, P² numbers, is never there as a whole.
    alike = features @ features[similar].sum(axis=0) + len(similar) * gram_bias > 0
    alike[seed] = True  # Σ_S A_s,seed is a sum of what was positive above; rounding does not change that
    components, _ = require("scipy.ndimage").label(alike.reshape(grid))
    place = int(seed) // columns, int(seed) % columns
    mask = components == components[place]
    (y0, y1), (x0, x1) = (_extent(mask.any(axis=axis)) for axis in (1, 0))
    return Discovery((x0, y0, x1, y1), place, mask, degrees.reshape(grid))


def _degrees(features: NDArray, bias: float) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """How many other patches each is like, and whether it is like itself."""
    itself = np.einsum("pc,pc->p", features, features) + bias > 0
    degrees = np.empty(len(features), np.intp)
    step = max(1, _CHUNK // len(features))
    for start in range(0, len(features), step):
        alike = features[start:start + step] @ features.T + bias > 0
        alike[np.arange(len(alike)), np.arange(start, start + len(alike))] = False
        degrees[start:start + step] = alike.sum(axis=1)
    return degrees, itself


def _extent(present: NDArray[np.bool_]) -> tuple[int, int]:
    places = np.flatnonzero(present)
    return int(places[0]), int(places[-1]) + 1


def box_iou(box: ArrayLike, boxes: ArrayLike) -> NDArray[np.float64]:
    """Intersection over union of one box (4,) with each of (n, 4); x0, y0, x1, y1, of which x1 and y1 lie outside."""
    first, others = np.asarray(box, np.float64), np.asarray(boxes, np.float64)
    if first.shape != (4,) or others.ndim != 2 or others.shape[1] != 4:
        raise Error(f"a box of shape {first.shape} and boxes of {others.shape}; expected (4,) and (n, 4)")
    for x0, y0, x1, y1 in (first, *others):
        if not (x0 < x1 and y0 < y1):
            raise Error(f"the box {x0:g}, {y0:g}, {x1:g}, {y1:g} has no area; expected x0 < x1 and y0 < y1")
    shared = np.minimum(first[2:], others[:, 2:]) - np.maximum(first[:2], others[:, :2])
    intersection = shared.clip(min=0).prod(axis=1)
    return intersection / ((first[2:] - first[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1) - intersection)


def is_found(box: ArrayLike, truth: ArrayLike) -> bool:
    """Whether a box (4,) has an IoU of at least 0.5 with any of those that are right, (n, 4): what CorLoc counts."""
    return bool((box_iou(box, truth) >= 0.5).any())


def corloc(boxes: ArrayLike, truths: list[ArrayLike]) -> float:
    """The part of images whose box is found. boxes: (images, 4); truths: (n, 4) of each. Images without any do not count."""
    pairs = [(box, truth) for box, truth in zip(np.asarray(boxes), truths, strict=True) if len(np.asarray(truth))]
    if not pairs:
        raise Error("CorLoc needs at least one image with a box that is right")
    return float(np.mean([is_found(box, truth) for box, truth in pairs]))
