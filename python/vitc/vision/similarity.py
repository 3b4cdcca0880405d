"""How alike attention maps are, between layers and between the heads of a layer.

DeepViT's measure of attention collapse (arXiv 2103.11886, §3, "cross-layer similarity"): for maps A^p and A^q of two layers,
head h and token t, the cosine of the columns A^p[h, :, t] and A^q[h, :, t], which say how much token t gives to each of the
others.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._errors import Error

BY = ("tokens", "queries", "maps")
COLLAPSED = 0.5


def cosine_similarity(a: ArrayLike, b: ArrayLike, by: str = "tokens") -> NDArray[np.float64]:
    """The cosine of maps a and b (…, queries, keys), computed in float64.

    by: "tokens", DeepViT's: (…, keys), of columns; "queries": (…, queries), of rows; "maps": (…), of whole maps. Where one side
    is all zeros the cosine is 0.
    """
    x, y = _as_maps(a), _as_maps(b)
    if x.shape != y.shape:
        raise Error(f"maps of shapes {x.shape} and {y.shape}; expected the same")
    axis = _axis_of(by)
    dot = (x * y).sum(axis=axis)
    scale = np.sqrt((x * x).sum(axis=axis) * (y * y).sum(axis=axis))
    return dot / np.where(scale > 0, scale, 1)


def layer_similarity(layers: Sequence[ArrayLike], by: str = "tokens") -> NDArray[np.float64]:
    """(L, L): the mean cosine between the maps of each two of L layers, head by head, over images, heads and tokens.

    layers: attention (batch, heads, queries, keys) of each layer, of the same shape.
    """
    units = [_unit(_as_attention(layer), by) for layer in layers]
    if len({unit.shape for unit in units}) != 1:
        shapes = ", ".join(str(unit.shape) for unit in units) or "none"
        raise Error(f"layers of shapes {shapes}; expected one shape, of one layer or more")
    return _gram(units, by)


def head_similarity(attention: ArrayLike, by: str = "tokens") -> NDArray[np.float64]:
    """(heads, heads): the mean cosine between the maps of each two heads of a layer (batch, heads, queries, keys)."""
    return _gram(list(np.moveaxis(_unit(_as_attention(attention), by), 1, 0)), by)


def collapsed_layers(similarity: ArrayLike, threshold: float = COLLAPSED) -> float:
    """The part of L layers, from 0 to 1, whose maps are alike those of the layer before, beyond a threshold of the cosine.

    similarity: (L, L), of `layer_similarity`. The first layer has none before it. The paper shows the cosines; to count those
    beyond a threshold, and the threshold, are ours.
    """
    if not -1 <= threshold <= 1:
        raise Error(f"the threshold is {threshold}; expected a cosine, from -1 to 1")
    matrix = np.asarray(similarity, np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
        raise Error(f"similarity: an array of shape {matrix.shape}; expected (layers, layers)")
    return float((np.diagonal(matrix, -1) > threshold).sum() / len(matrix))


def _gram(units: list[NDArray], by: str) -> NDArray[np.float64]:
    """The mean dot product of each two, over all that is not summed over."""
    axis = _axis_of(by)
    vectors = units[0].size // np.prod([units[0].shape[i] for i in np.atleast_1d(axis)], dtype=np.int64)
    flat = np.stack([unit.ravel() for unit in units])
    return np.clip(flat @ flat.T / vectors, -1, 1)


def _unit(maps: NDArray[np.float64], by: str) -> NDArray[np.float64]:
    """The maps with their columns, rows or all divided by the L2 norm; zeros stay."""
    norm = np.sqrt(np.square(maps).sum(axis=_axis_of(by), keepdims=True))
    return maps / np.where(norm > 0, norm, 1)


def _axis_of(by: str) -> int | tuple[int, int]:
    axes = {"tokens": -2, "queries": -1, "maps": (-2, -1)}
    if by not in axes:
        raise Error(f"by is {by!r}; expected one of {', '.join(BY)}")
    return axes[by]


def _as_maps(maps: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(maps)
    if array.ndim < 2 or 0 in array.shape or array.dtype.kind not in "fiu":
        raise Error(f"maps: an array of {array.dtype} and shape {array.shape}; expected numbers (…, queries, keys)")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise Error("maps: some numbers are not finite")
    return array


def _as_attention(attention: ArrayLike) -> NDArray[np.float64]:
    array = _as_maps(attention)
    if array.ndim != 4:
        raise Error(f"attention: an array of shape {array.shape}; expected (batch, heads, queries, keys)")
    return array
