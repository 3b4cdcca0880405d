"""Following objects through a video: the first frame's labels, propagated by the similarity of patches, and the scores J and F.

DINO's evaluation on DAVIS 2017 (arXiv 2104.14294; facebookresearch/dino/eval_video_segmentation.py), which is that of
Jabri et al. (arXiv 2006.14613): nothing is trained; a patch takes the labels of the patches most like it in the first frame
and the last seven.
"""
from __future__ import annotations

import collections
import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._errors import Error
from ._check import as_features, normalized
from ._extras import require

_SIDE = 8  # of the squares of patches that are looked at at once where there is no radius
VOID = 255  # DAVIS marks with it what does not count


@dataclasses.dataclass(frozen=True)
class Propagation:
    """The constants of `eval_video_segmentation.py`.

    context: how many of the last frames are looked at beside the first. radius: how many patches up, down, left and right a
    source may lie from its target; 0: anywhere. topk: how many sources a target takes labels from. temperature: T of
    exp(cosine / T).
    """

    context: int = 7
    radius: int = 12
    topk: int = 5
    temperature: float = 0.1

    def __post_init__(self) -> None:
        for what, least in (("context", 0), ("radius", 0), ("topk", 1)):
            if getattr(self, what) < least:
                raise Error(f"{what} is {getattr(self, what)}; expected at least {least}")
        if not self.temperature > 0:
            raise Error(f"the temperature is {self.temperature}; expected a positive number")


class Tracker:
    """Carries the labels of a first frame from frame to frame.

    features: (P, C), the first frame's patches row by row of the grid (rows, columns), as the model's last norm leaves them,
    without CLS and registers. labels: (K, rows, columns), the part of each of K labels in each patch: `one_hot` makes them
    from a mask.
    """

    def __init__(self, features: ArrayLike, labels: ArrayLike, constants: Propagation = Propagation()) -> None:
        self.labels = as_features(labels, "the first frame's labels", ndim=3)
        self.grid = self.labels.shape[1:]
        self.constants = constants
        features = as_features(features, "the first frame's features")
        self._width = features.shape[1]
        self._first = self._unit(features), self.labels
        self._last: collections.deque[tuple[NDArray, NDArray]] = collections.deque(maxlen=constants.context)

    def step(self, features: ArrayLike) -> NDArray[np.float64]:
        """The labels (K, rows, columns) of the next frame, of features (P, C)."""
        target = self._unit(features)
        sources, labels = zip(self._first, *self._last)
        result = propagate(target, np.stack(sources), np.stack(labels), self.constants)
        self._last.append((target, result))
        return result

    def _unit(self, features: ArrayLike) -> NDArray:
        features = as_features(features, "a frame's features", self._width)
        if len(features) != self.grid[0] * self.grid[1]:
            raise Error(f"a frame of {len(features)} patches for labels on a grid of {self.grid[0]} × {self.grid[1]}; "
                        f"expected {self.grid[0] * self.grid[1]}, without class tokens and registers")
        return normalized(features).reshape(*self.grid, -1)


def propagate(target: NDArray, sources: NDArray, labels: NDArray,
              constants: Propagation = Propagation()) -> NDArray[np.float64]:
    """The target's labels (K, rows, columns).

    target: (rows, columns, C), of unit vectors; sources: (frames, rows, columns, C), likewise; labels: (frames, K, rows,
    columns). Each target's weights exp(cosine / temperature) of the sources within the radius, in all frames together; those
    below the topk-th largest are dropped, and what is left is divided by its sum. A square of targets is looked at at once,
    with the sources that it can reach, so that memory does not grow with the square of the patches.
    """
    rows, columns, _ = target.shape
    radius = constants.radius or max(rows, columns)
    side = constants.radius or _SIDE
    result = np.empty((labels.shape[1], rows, columns))
    for y in range(0, rows, side):
        for x in range(0, columns, side):
            square = slice(y, y + side), slice(x, x + side)
            reach = slice(max(0, y - radius), y + side + radius), slice(max(0, x - radius), x + side + radius)
            near_rows, near_columns = _near(rows, square[0], reach[0], radius), _near(columns, square[1], reach[1], radius)
            near = near_rows[:, None, :, None] & near_columns[:, None]
            weights = _weights(target[square], sources[:, *reach], near, constants)
            reached = labels[:, :, *reach].swapaxes(0, 1).reshape(len(result), -1)
            result[:, *square] = (reached @ weights.T).reshape(result[:, *square].shape)
    return result


def _near(count: int, targets: slice, sources: slice, radius: int) -> NDArray[np.bool_]:
    """(targets, sources): which of these rows, or columns, of `count` are within the radius of each other."""
    places = np.arange(count)
    return np.abs(places[targets, None] - places[sources]) <= radius


def _weights(target: NDArray, sources: NDArray, near: NDArray, constants: Propagation) -> NDArray:
    """(targets, frames · sources), of a square of targets (y, x, C), sources (frames, Y, X, C) and near (y, x, Y, X)."""
    frames, width = len(sources), target.shape[-1]
    cosine = target.reshape(-1, width) @ sources.reshape(-1, width).T
    by_frame = cosine.reshape(len(cosine), frames, -1)
    by_frame[~np.broadcast_to(near.reshape(len(cosine), 1, -1), by_frame.shape)] = -np.inf
    topk = min(constants.topk, cosine.shape[1])
    chosen = cosine >= np.partition(cosine, -topk, axis=1)[:, -topk, None]
    # Relative to the largest, which the division undoes, so that no exponential overflows at small temperatures.
    cosine -= cosine.max(axis=1, keepdims=True)
    weights = np.zeros_like(cosine)
    weights[chosen] = np.exp(cosine[chosen] / constants.temperature)
    return weights / weights.sum(axis=1, keepdims=True)


def one_hot(mask: ArrayLike, grid: tuple[int, int], ids: Sequence[int] | None = None) -> tuple[list[int], NDArray[np.float32]]:
    """(ids, labels (K, rows, columns)) of a mask (height, width) of whole numbers, brought to the grid by the nearest pixel.

    ids: of the labels; if not given, those in the mask, and 0, the background. Void (255) is background.
    """
    mask = _as_mask(mask)
    mask = np.where(mask == VOID, 0, mask)
    found = sorted({0, *np.unique(mask).tolist()}) if ids is None else list(ids)
    Image = require("PIL.Image")
    small = np.asarray(Image.fromarray(mask.astype(np.int32)).resize(grid[::-1], Image.Resampling.NEAREST))
    return found, np.stack([small == label for label in found]).astype(np.float32)


def to_mask(labels: ArrayLike, ids: Sequence[int], inner: tuple[int, int], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The mask (height, width) = size of labels (K, rows, columns), K = len(ids).

    As in eval_video_segmentation.py: each label is brought to `inner`, (height, width) that the model saw, bilinearly; scaled
    to 0…1 over the frame; the largest wins, of equals the first; the result is brought to `size` by the nearest pixel.
    """
    labels = as_features(labels, "the labels", ndim=3)
    if len(ids) != len(labels) or not all(0 <= label < 256 for label in ids):
        raise Error(f"the ids {list(ids)} of {len(labels)} labels; expected one from 0 to 255 for each")
    Image = require("PIL.Image")
    best, winner = np.full(inner, -np.inf, np.float32), np.zeros(inner, np.uint8)
    for label, part in zip(ids, labels.astype(np.float32)):
        # Pillow's floats, enlarged bilinearly, are PyTorch's with align_corners=False: both repeat the edge.
        part = np.asarray(Image.fromarray(part).resize(inner[::-1], Image.Resampling.BILINEAR))
        if part.max() > 0:
            part = part - part.min()
            part = part / part.max() if part.max() > 0 else part
        winner[part > best] = label
        best = np.maximum(best, part)
    return np.asarray(Image.fromarray(winner).resize(size[::-1], Image.Resampling.NEAREST))


def jaccard(truth: ArrayLike, mask: ArrayLike, void: ArrayLike | None = None) -> float:
    """J, region similarity: intersection over union of two binary masks (height, width); 1 where both are empty.

    void: pixels that do not count (davis2017-evaluation, metrics.py: `db_eval_iou`).
    """
    truth, mask, counts = _binary(truth, mask, void)
    union = (truth | mask) & counts
    return float((truth & mask & counts).sum() / union.sum()) if union.any() else 1.0


def boundary(truth: ArrayLike, mask: ArrayLike, void: ArrayLike | None = None, tolerance: float = 0.008) -> float:
    """F, contour accuracy: the harmonic mean of the parts of each boundary that are near the other; 1 if both masks are empty.

    tolerance: of the image's diagonal, rounded up to pixels (davis2017-evaluation, metrics.py: `f_measure`).
    """
    truth, mask, counts = _binary(truth, mask, void)
    edges = [_edges(part & counts) for part in (truth, mask)]
    if not edges[0].any() or not edges[1].any():
        return float(edges[0].any() == edges[1].any())
    distance = require("scipy.ndimage").distance_transform_edt
    pixels = np.ceil(tolerance * np.hypot(*truth.shape))
    recall, precision = ((distance(~other)[edge] <= pixels).mean() for edge, other in zip(edges, edges[::-1]))
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def _edges(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels that differ from the one right of them, below, or both; outside is as the last pixel."""
    padded = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    return (mask ^ padded[:-1, 1:]) | (mask ^ padded[1:, :-1]) | (mask ^ padded[1:, 1:])


def _binary(truth: ArrayLike, mask: ArrayLike, void: ArrayLike | None) -> tuple[NDArray, NDArray, NDArray]:
    truth, mask = np.asarray(truth, bool), np.asarray(mask, bool)
    counts = np.ones_like(truth) if void is None else ~np.asarray(void, bool)
    if truth.ndim != 2 or not truth.shape == mask.shape == counts.shape:
        raise Error(f"a mask of shape {mask.shape} beside {truth.shape}; expected the same (height, width)")
    return truth, mask, counts


def _as_mask(mask: ArrayLike) -> NDArray:
    array = np.asarray(mask)
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "iub" or array.min() < 0 or array.max() > VOID:
        raise Error(f"a mask of {array.dtype}, shape {array.shape}; expected (height, width) of whole numbers from 0 to {VOID}")
    return array
