"""A linear probe: logistic regression on frozen features, its L2 penalty chosen by cross-validation.

DINOv2's offline evaluation (facebookresearch/dinov2, dinov2/eval/log_regression.py): minimise C · Σ cross-entropy + ½ |W|² by
L-BFGS, for C on a logarithmic grid from 1e-6 to 1e5; keep the C with the best accuracy on images held out; fit again on all.
There one tenth is held out; here each fold in turn is, which is steadier on small sets. DINO's own probe (eval_linear.py) is
SGD on augmented images, which needs the model in the loop; its features, CLS of the last four blocks or CLS and mean patch,
serve here as well.
"""
from __future__ import annotations

import dataclasses
import os
import pathlib
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._errors import Error
from ._check import as_features, as_labels
from ._extras import require

CS = tuple(10.0 ** power for power in range(-6, 6))  # DINOv2's range, in steps of ten
MAX_ITERATIONS = 1000


@dataclasses.dataclass(frozen=True)
class LinearProbe:
    """logits = features · weightsᵀ + bias.

    weights: (K, C) float64; bias: (K,); classes: (K,), the labels, sorted. penalty: the C that it was fitted with.
    scores: C → mean accuracy over the folds, empty where C was given. converged: whether L-BFGS found the minimum.
    """

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    classes: NDArray[Any]
    penalty: float
    scores: dict[float, float] = dataclasses.field(default_factory=dict)
    converged: bool = True

    def logits(self, features: ArrayLike) -> NDArray[np.float64]:
        """(Q, K) of features (Q, C)."""
        return as_features(features, width=self.weights.shape[1]) @ self.weights.T + self.bias

    def predict(self, features: ArrayLike) -> NDArray[Any]:
        """The label with the largest logit for each of the features (Q, C)."""
        return self.classes[self.logits(features).argmax(axis=1)]

    def accuracy(self, features: ArrayLike, labels: ArrayLike, top: int = 1) -> float:
        """The part of features (Q, C) whose label (Q,) is among the `top` with the largest logits; unknown labels never are."""
        logits = self.logits(features)
        labels = as_labels(labels, len(logits))
        best = np.argsort(-logits, axis=1, kind="stable")[:, :top]
        return float((self.classes[best] == labels[:, None]).any(axis=1).mean())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes `weights`, `bias`, `classes` and `penalty` as .npz, whole or not at all."""
        path = pathlib.Path(path)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            with open(unfinished, "wb") as file:
                np.savez(file, weights=self.weights, bias=self.bias, classes=self.classes, penalty=self.penalty)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> LinearProbe:
        """What `save` wrote. Raises Error where it is something else."""
        try:
            with np.load(path, allow_pickle=False) as file:
                weights, bias, classes = (file[name] for name in ("weights", "bias", "classes"))
                probe = LinearProbe(weights, bias, classes, float(file["penalty"]))
        except FileNotFoundError:
            raise Error(f"{path}: no such file") from None
        except Exception as error:  # whatever NumPy makes of a file that anybody may have written
            raise Error(f"{path} is no linear probe that vitc.vision saved ({error})") from None
        if weights.ndim != 2 or bias.shape != weights.shape[:1] or classes.shape != bias.shape:
            raise Error(f"{path} is no linear probe that vitc.vision saved (weights {weights.shape}, bias {bias.shape}, "
                        f"classes {classes.shape})")
        return probe


def fit_linear(features: ArrayLike, labels: ArrayLike, C: float | Sequence[float] = CS, folds: int = 5,
               max_iterations: int = MAX_ITERATIONS, seed: int = 0) -> LinearProbe:
    """The probe for features (N, C) and their labels (N,), numbers or strings.

    C: the inverse of the L2 penalty's weight (scikit-learn's C). Of several, the one with the best mean accuracy over the folds
    is taken, of equals the smallest (the strongest penalty). folds: of a stratified split drawn from `seed`.
    Raises Error where there is one class alone, or a class has fewer features than folds.
    """
    features = as_features(features).astype(np.float64, copy=False)  # in which DINOv2 fits too
    labels = as_labels(labels, len(features))
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2:
        raise Error(f"all labels are {classes[0]}; expected at least two classes")
    grid = tuple(sorted(np.atleast_1d(np.asarray(C, np.float64)).tolist()))
    if not grid or not all(c > 0 and np.isfinite(c) for c in grid):
        raise Error(f"C is {C}; expected positive numbers")
    scores: dict[float, float] = {}
    if len(grid) > 1:
        if folds < 2 or counts.min() < folds:
            raise Error(f"class {classes[counts.argmin()]} has {counts.min()} features for {folds} folds; expected at least "
                        "two folds, and a feature of each class in each (or one C, which needs none)")
        scores = _cross_validate(features, labels, grid, folds, max_iterations, seed)
    best = max(grid, key=lambda c: scores.get(c, 0.0))
    return dataclasses.replace(_fit(features, labels, best, max_iterations), scores=scores)


def _cross_validate(features: NDArray, labels: NDArray, grid: tuple[float, ...], folds: int, max_iterations: int,
                    seed: int) -> dict[float, float]:
    split = require("sklearn.model_selection").StratifiedKFold(folds, shuffle=True, random_state=seed)
    scores = np.zeros((len(grid), folds))
    for fold, (train, held_out) in enumerate(split.split(features, labels)):
        start = None  # each C begins where the one before, with a stronger penalty, ended
        for row, penalty in zip(scores, grid):
            start = _fit(features[train], labels[train], penalty, max_iterations, start)
            row[fold] = start.accuracy(features[held_out], labels[held_out])
    return {penalty: float(score) for penalty, score in zip(grid, scores.mean(axis=1))}


def _fit(features: NDArray, labels: NDArray, penalty: float, max_iterations: int,
         start: LinearProbe | None = None) -> LinearProbe:
    linear_model = require("sklearn.linear_model")
    convergence = require("sklearn.exceptions").ConvergenceWarning
    model = linear_model.LogisticRegression(C=penalty, max_iter=max_iterations, warm_start=start is not None)
    if start is not None:
        two = len(start.classes) == 2
        model.coef_, model.intercept_ = (2 * part[1:] if two else part for part in (start.weights, start.bias))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", convergence)
        model.fit(features, labels)
    weights, bias = model.coef_.astype(np.float64), model.intercept_.astype(np.float64)
    if len(weights) == 1:  # for two classes there is the difference of their logits alone
        weights, bias = np.concatenate([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    converged = not any(issubclass(warning.category, convergence) for warning in caught)
    return LinearProbe(weights, bias, model.classes_, penalty, converged=converged)
