"""Which classes were taken for which."""
from __future__ import annotations

import os

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._errors import Error
from ._check import as_labels
from .images import save_picture
from .pictures import _drawn, _figure

_MOST = 60  # classes whose names can still be read


def confusion(labels: ArrayLike, predicted: ArrayLike) -> tuple[NDArray, NDArray[np.intp]]:
    """(classes (K,), sorted, of both; counts (K, K)): how many of each class (row) were taken for each (column)."""
    labels = as_labels(labels, len(np.asarray(labels)))
    predicted = as_labels(predicted, len(labels), "what they were taken for")
    classes, places = np.unique(np.concatenate([labels, predicted]), return_inverse=True)
    counts = np.zeros((len(classes), len(classes)), np.intp)
    np.add.at(counts, (places[:len(labels)], places[len(labels):]), 1)
    return classes, counts


def draw_confusion(labels: ArrayLike, predicted: ArrayLike, path: str | os.PathLike[str], title: str) -> None:
    """Draws the parts of each class (row) that were taken for each (column)."""
    classes, counts = confusion(labels, predicted)
    if len(classes) > _MOST:
        raise Error(f"{len(classes)} classes are too many to draw which was taken for which; expected at most {_MOST}")
    parts = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 2.0 + 0.28 * len(classes)
    figure, axes = _figure(side, side)
    axes.imshow(parts, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            axes.text(column, row, str(count), ha="center", va="center", fontsize=7, color="white" if parts[row, column] > 0.5 else "black")
    axes.set(title=title, xlabel="taken for", ylabel="class", xticks=range(len(classes)), yticks=range(len(classes)))
    axes.set_xticklabels(classes, rotation=90)
    axes.set_yticklabels(classes)
    save_picture(_drawn(figure), path)
