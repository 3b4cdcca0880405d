"""What single tokens know: linear models that read the class, the position or the pixels off one token (arXiv 2309.16588,
§2.2).

The registers paper compares normal patches, artifacts (see `norms`) and class tokens so: artifacts say more of the image's
class than normal patches, and less of where they are and what they show. The paper gives no optimiser; here classes and
positions are read by logistic regression, pixels by ridge regression, both scikit-learn's.
"""
from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._errors import Error
from ._check import as_features, as_labels
from ._extras import require
from .linear import fit_linear

KINDS = ("normal", "artifact")
_EPSILON = 1e-6
_STEPS = 200  # of L-BFGS for positions, which are hundreds of classes


@dataclasses.dataclass(frozen=True)
class Sample:
    """n patch tokens: features (n, C), the image of each (n,), and its place in the image's patches, row by row (n,)."""

    features: NDArray[np.floating]
    images: NDArray[np.intp]
    places: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.features)


def layer_normed(tokens: ArrayLike) -> NDArray[np.float64]:
    """Tokens (…, C) less their mean, divided by their standard deviation (ε = 1e-6): the final norm of the model, whose scale
    and shift a linear probe takes in. Without it, artifacts would be told apart by their size alone."""
    x = np.asarray(tokens, np.float64)
    x = x - x.mean(axis=-1, keepdims=True)
    return x / np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + _EPSILON)


def pick_tokens(patches: ArrayLike, norms: ArrayLike, cutoff: float | None, kind: str, per_image: int | None = 1,
                seed: int = 0) -> Sample:
    """Of each image, patch tokens of a kind drawn at random; images that have too few give all they have.

    patches: (batch, P, C). norms: (batch, P) or (batch, rows, columns). cutoff: above it a norm is an artifact's; None: none
    is.
    kind: "normal" or "artifact". per_image: how many; None: all.
    """
    x = as_features(patches, "patches", ndim=3)
    n = np.asarray(norms, np.float64)
    if n.size != x.shape[0] * x.shape[1] or len(n) != len(x):
        raise Error(f"norms: an array of shape {n.shape}; expected one number for each of {x.shape[0]} × {x.shape[1]} patches")
    if kind not in KINDS:
        raise Error(f"kind is {kind!r}; expected one of {', '.join(KINDS)}")
    above = n.reshape(x.shape[:2]) > (np.inf if cutoff is None else cutoff)
    rank = np.where(above == (kind == "artifact"), np.random.default_rng(seed).random(above.shape), np.inf)
    order = np.argsort(rank, axis=1)[:, :per_image]
    images, column = np.nonzero(np.isfinite(np.take_along_axis(rank, order, axis=1)))
    places = order[images, column]
    return Sample(x[images, places], images, places)


def probe_class(train: ArrayLike, train_labels: ArrayLike, test: ArrayLike, test_labels: ArrayLike, C: float = 1.0) -> float:
    """The top-1 accuracy, from 0 to 1, on test features (m, C) of a logistic regression fitted to features (n, C) with labels
    (n,).
    """
    probe = fit_linear(train, train_labels, C=C)
    test = as_features(test, "test", probe.weights.shape[1])
    return probe.accuracy(test, as_labels(test_labels, len(test)))


@dataclasses.dataclass(frozen=True)
class PositionProbe:
    """Logistic regression from a token to its patch's place in a grid (rows, columns)."""

    classifier: object
    grid: tuple[int, int]

    def score(self, features: ArrayLike, places: ArrayLike) -> tuple[float, float]:
        """The top-1 accuracy, from 0 to 1, and the mean distance from the right place to the predicted one, in patches."""
        x = as_features(features)
        right, found = _as_places(places, len(x), self.grid), self.classifier.predict(x)
        offset = np.stack(np.divmod(right, self.grid[1])) - np.stack(np.divmod(found, self.grid[1]))
        return float((right == found).mean()), float(np.hypot(*offset).mean())


def fit_positions(features: ArrayLike, places: ArrayLike, grid: tuple[int, int], C: float = 1.0) -> PositionProbe:
    """The probe for tokens (n, C) at places (n,), counted row by row in a grid."""
    x = as_features(features)
    where = _as_places(places, len(x), grid)
    return PositionProbe(fit_linear(x, where, C=C, max_iterations=_STEPS), grid)


@dataclasses.dataclass(frozen=True)
class PixelProbe:
    """Ridge regression from a token to its patch's pixels."""

    model: object

    def error(self, features: ArrayLike, pixels: ArrayLike) -> float:
        """The mean over tokens (n, C) of the L2 norm of the difference between pixels (n, p·p·3), in their unit, and predicted
        ones.
        """
        x, y = as_features(features), as_features(pixels, "pixels")
        if len(x) != len(y):
            raise Error(f"{len(x)} tokens and the pixels of {len(y)} patches; expected as many")
        return float(np.linalg.norm(self.model.predict(x) - y, axis=1).mean())


def fit_pixels(features: ArrayLike, pixels: ArrayLike, penalty: float = 1.0) -> PixelProbe:
    """The probe for tokens (n, C) and the pixels (n, p·p·3) of their patches."""
    x, y = as_features(features).astype(np.float64), as_features(pixels, "pixels").astype(np.float64)
    if len(x) != len(y):
        raise Error(f"{len(x)} tokens and the pixels of {len(y)} patches; expected as many")
    if not penalty > 0:
        raise Error(f"penalty is {penalty}; expected a positive number")
    return PixelProbe(require("sklearn.linear_model").Ridge(alpha=penalty).fit(x, y))


def patch_pixels(images: ArrayLike, patch: int) -> NDArray:
    """The pixels (batch, P, patch·patch·channels) of each patch of images (batch, channels, height, width), patches row by
    row.
    """
    x = np.asarray(images)
    if x.ndim != 4 or patch < 1 or min(x.shape[2:]) < patch:
        raise Error(f"images of shape {x.shape} and a patch of {patch}; expected (batch, channels, height, width), "
                    "no side below the patch")
    batch, channels, height, width = x.shape
    rows, columns = height // patch, width // patch
    x = x[:, :, : rows * patch, : columns * patch].reshape(batch, channels, rows, patch, columns, patch)
    return x.transpose(0, 2, 4, 3, 5, 1).reshape(batch, rows * columns, patch * patch * channels)


def _as_places(places: ArrayLike, count: int, grid: tuple[int, int]) -> NDArray:
    where = as_labels(places, count, "places")
    if where.dtype.kind not in "iu" or where.min() < 0 or where.max() >= grid[0] * grid[1]:
        raise Error(f"places: expected whole numbers from 0 to {grid[0] * grid[1] - 1}, of a grid of {grid[0]} × {grid[1]}")
    return where
