"""Norms of tokens: maps, the cutoff between normal tokens and artifacts, and how many there are.

Large vision transformers turn some patches, where the image has little to say, into storage, and these have far larger norms
than others (arXiv 2309.16588, figures 3 to 5). There an artifact is an output token with an L2 norm above 150, chosen by hand
for DINOv2-g; norms of other models have other scales, so here the cutoff is the valley of their histogram.
"""
from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._errors import Error

if TYPE_CHECKING:
    from .backbone import Backbone

# The histogram's smoothing, in robust deviations near the median and in natural logarithms far from it, and its bins in each.
_WIDTH, _BINS = 0.15, 8
_DEPTH = 0.5  # a valley is at most so high as the hill behind it


@dataclasses.dataclass(frozen=True)
class TokenNorms:
    """Norms by kind of token: patches (batch, rows, columns), cls (batch, class tokens), registers (batch, registers)."""

    patches: NDArray[np.float64]
    cls: NDArray[np.float64]
    registers: NDArray[np.float64]


def token_norms(tokens: ArrayLike) -> NDArray[np.float64]:
    """The L2 norms (…, N) of tokens (…, N, C), summed in float64."""
    array = np.asarray(tokens)
    if array.ndim < 2 or array.dtype.kind not in "fiu":
        raise Error(f"tokens: an array of {array.dtype} and shape {array.shape}; expected numbers (…, tokens, width)")
    return np.sqrt(np.square(array, dtype=np.float64).sum(axis=-1))


def split_norms(norms: ArrayLike, grid: tuple[int, int], cls: int = 1, registers: int = 0) -> TokenNorms:
    """Norms (batch, tokens), in the order class tokens, registers, patches, by kind. Raises Error where there are others."""
    array = np.asarray(norms, np.float64)
    rows, columns = grid
    if min(cls, registers) < 0 or min(grid) < 1 or array.ndim != 2 or array.shape[1] != cls + registers + rows * columns:
        raise Error(f"norms: an array of shape {array.shape}; expected (batch, tokens), with {cls} class tokens, "
                    f"{registers} registers and {rows} × {columns} patches")
    first = cls + registers
    return TokenNorms(array[:, first:].reshape(-1, rows, columns), array[:, :cls], array[:, cls:first])


def find_valley(norms: ArrayLike) -> float | None:
    """The cutoff between normal norms, which must be more than half of all, and larger ones; None where there is one hill.

    The same for norms that are scaled or shifted: they are counted on the axis asinh((x − median) / deviation), which is linear
    among normal norms and logarithmic beyond, so that a few artifacts of widely different norms are one hill. From the highest
    hill, the cutoff is the first valley to the right that is at most half as high as the hill behind it; in it, the middle of
    the widest gap between two norms.
    """
    x = np.sort(_as_norms(norms).ravel())
    median = np.median(x)
    # MAD, scaled to a normal distribution's standard deviation; zero where most norms are the same.
    deviation = 1.4826 * np.median(np.abs(x - median)) or x.std()
    if deviation <= 1e-12 * abs(median):
        return None
    y = np.arcsinh((x - median) / deviation)
    places, height = _smooth_histogram(y)
    valley, hill = _first_valley(height)
    if valley is None:
        return None
    left, right, middle = y[:-1], y[1:], places[valley]
    # The gap across the valley, and those within its width before the hill's top.
    near = (left <= middle) & (middle <= right)
    near |= (left < middle + 3 * _WIDTH) & (right > middle - 3 * _WIDTH) & (left + right < 2 * places[hill])
    gap = np.where(near, right - left, -1).argmax()
    return float((x[gap] + x[gap + 1]) / 2)


def is_artifact(norms: ArrayLike, cutoff: float | None) -> NDArray[np.bool_]:
    """Which norms are above the cutoff; none of them where there is no cutoff (see `find_valley`)."""
    array = _as_norms(norms)
    return array > (np.inf if cutoff is None else cutoff)


def artifact_rate(patches: ArrayLike, cutoff: float | None) -> float:
    """The part of the patch tokens, from 0 to 1, whose norms are above the cutoff."""
    return float(is_artifact(patches, cutoff).mean())


def norm_maps(backbone: Backbone, batch: NDArray[np.float32]) -> dict[int, TokenNorms]:
    """The norms in each layer that the backbone taps, by layer, of images (batch, 3, height, width).

    backbone: with outputs `tap.norms.LAYER` or `tap.tokens.LAYER`: of the residual stream after a block, before the final norm.
    """
    tokens, grid = backbone.tokens, backbone.grid(*np.shape(batch)[2:])
    kind = "norms" if any(output.name.startswith("tap.norms.") for output in backbone.model.outputs) else "tokens"
    layers, results = backbone.outputs_of(kind), backbone.run(batch)
    norms = {layer: token_norms(results[name]) if kind == "tokens" else results[name] for layer, name in layers.items()}
    return {layer: split_norms(values, grid, tokens.cls, tokens.registers) for layer, values in norms.items()}


def _as_norms(norms: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(norms)
    if not array.size or array.dtype.kind not in "fiu":
        raise Error(f"norms: an array of {array.dtype} and shape {array.shape}; expected numbers")
    array = array.astype(np.float64)
    if not np.isfinite(array).all() or array.min() < 0:
        raise Error("norms: some numbers are negative or not finite")
    return array


def _smooth_histogram(y: NDArray) -> tuple[NDArray, NDArray]:
    """The middles of bins, and counts around them weighted by a Gaussian of deviation _WIDTH whose peak is 1."""
    step, margin = _WIDTH / _BINS, 4 * _WIDTH
    bins = int(np.ceil((y[-1] - y[0] + 2 * margin) / step))
    start = y[0] - margin
    counts, edges = np.histogram(y, bins, (start, start + bins * step))
    kernel = np.exp(-0.5 * (np.arange(-4 * _BINS, 4 * _BINS + 1) / _BINS) ** 2)
    return (edges[:-1] + edges[1:]) / 2, np.convolve(counts, kernel, "same")


def _first_valley(height: NDArray) -> tuple[int | None, int]:
    """Of a histogram, the first valley to the right of its main hill that is deep enough, and the top of the hill behind."""
    lowest = int(height.argmax())
    for place in range(lowest + 1, len(height)):
        if height[place] < height[lowest]:
            lowest = place
        elif height[lowest] <= _DEPTH * height[place] and height[place] > 1e-3:
            hill = place
            while hill + 1 < len(height) and height[hill + 1] >= height[hill]:
                hill += 1
            return lowest, hill
    return None, lowest
