"""Arrays that callers hand in, as the functions want them, or an Error that names what is wrong."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._errors import Error

_ROWS = 65536  # rows that are looked at together, so that a large mapped file is never in memory twice


def as_features(values: ArrayLike, what: str = "features", width: int | None = None, ndim: int = 2) -> NDArray[Any]:
    """Finite floats with `ndim` dimensions, none of them empty, the last of them `width` if given; float16 becomes float32."""
    array = np.asarray(values)
    if array.ndim != ndim or 0 in array.shape:
        raise Error(f"{what}: an array of shape {array.shape}; expected {ndim} dimensions, none of them empty")
    if array.dtype.kind not in "fiub":
        raise Error(f"{what}: an array of {array.dtype}; expected numbers")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32)
    if width is not None and array.shape[-1] != width:
        raise Error(f"{what}: features of {array.shape[-1]} numbers; expected {width}, as the others have")
    if not all(np.isfinite(array[start:start + _ROWS]).all() for start in range(0, len(array), _ROWS)):
        raise Error(f"{what}: some numbers are not finite")
    return array


def as_labels(labels: ArrayLike, count: int, what: str = "labels") -> NDArray[Any]:
    """One label (a number or a string) for each of `count` features."""
    array = np.asarray(labels)
    if array.shape != (count,):
        raise Error(f"{what}: an array of shape {array.shape}; expected one label for each of {count} features")
    if array.dtype.kind not in "iubUS":
        raise Error(f"{what}: an array of {array.dtype}; expected whole numbers or strings")
    return array


def normalized(features: NDArray[Any]) -> NDArray[Any]:
    """Each row divided by its L2 norm; rows of zeros stay."""
    norms = np.linalg.norm(features, axis=-1, keepdims=True)
    return features / np.where(norms > 0, norms, 1)
