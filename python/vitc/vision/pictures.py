"""Pictures of maps: coloured, laid over their image, as masks; and histograms and matrices as plots.

Colours and plots are matplotlib's; masks need Pillow alone. Nothing here opens a window.
"""
from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._errors import Error
from ._extras import require

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Image = require("PIL.Image")

COLORS = "viridis"
_MASK = (220, 40, 60)


def heatmap(values: ArrayLike, colors: str = COLORS, limits: tuple[float, float] | None = None) -> Picture:
    """A map (rows, columns) in colours, a pixel a number, from its least number to its largest or between limits."""
    array = _as_map(values)
    low, high = limits or (float(array.min()), float(array.max()))
    scaled = np.clip((array - low) / (high - low), 0, 1) if high > low else np.zeros_like(array)
    return Image.fromarray(_color_map(colors)(scaled, bytes=True)[..., :3])


def overlay(image: Picture, values: ArrayLike, alpha: float = 0.6, colors: str = COLORS, smooth: bool = False,
            limits: tuple[float, float] | None = None) -> Picture:
    """A map in colours over its image, with `alpha` of the colours. smooth: bilinear in place of whole patches."""
    if not 0 <= alpha <= 1:
        raise Error(f"alpha is {alpha}; expected 0 to 1")
    filter = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    return Image.blend(image.convert("RGB"), heatmap(values, colors, limits).resize(image.size, filter), alpha)


def mask_overlay(image: Picture, mask: ArrayLike, color: tuple[int, int, int] = _MASK, alpha: float = 0.5) -> Picture:
    """The image with the mask (rows, columns) coloured."""
    array = np.asarray(mask)
    if array.ndim != 2 or array.dtype != bool:
        raise Error(f"mask: an array of {array.dtype} and shape {array.shape}; expected booleans (rows, columns)")
    opacity = Image.fromarray(np.uint8(255 * alpha) * array.astype(np.uint8)).resize(image.size, Image.Resampling.NEAREST)
    return Image.composite(Image.new("RGB", image.size, color), image.convert("RGB"), opacity)


def histogram(series: Mapping[str, ArrayLike], label: str, cutoffs: Mapping[str, float | None] | None = None,
              bins: int = 100) -> Picture:
    """Histograms of several series of numbers over the same bins, counts on a logarithmic axis, with a line at each cutoff."""
    arrays = {name: np.asarray(values, np.float64).ravel() for name, values in series.items()}
    if not arrays or not all(array.size and np.isfinite(array).all() for array in arrays.values()):
        raise Error("a histogram of nothing, or of numbers that are not finite")
    edges = np.histogram_bin_edges(np.concatenate(list(arrays.values())), bins)
    figure, axes = _figure(6.4, 4.0)
    for number, (name, array) in enumerate(arrays.items()):
        axes.hist(array, edges, histtype="step", label=f"{name} ({array.size})", color=f"C{number}")
        if (cutoff := (cutoffs or {}).get(name)) is not None:
            axes.axvline(cutoff, color=f"C{number}", linestyle="--", label=f"{name}: cutoff {cutoff:.4g}")
    axes.set(xlabel=label, ylabel="tokens", yscale="log")
    axes.legend(fontsize="small")
    return _drawn(figure)


def bars(values: Mapping[str, Mapping[str, float]]) -> Picture:
    """Bars side by side: a plot for each measure, in it a bar for each of the things that were measured, where they were."""
    measures = list(dict.fromkeys(name for found in values.values() for name in found))
    if not measures:
        raise Error("bars of nothing; expected one number or more")
    figure, plots = _figure(1.2 + 2.0 * len(measures), 2.4, len(measures))
    for axes, measure in zip(plots, measures):
        for place, (name, found) in enumerate(values.items()):
            if measure in found:
                shown = axes.bar(place, found[measure], color=f"C{place}")
                axes.bar_label(shown, fmt="{:.3g}", fontsize="small")
        axes.set(title=measure, xticks=range(len(values)), xlim=(-0.7, len(values) - 0.3))
        axes.set_xticklabels(list(values), fontsize="small")
        axes.margins(y=0.15)
    return _drawn(figure)


def matrix(values: ArrayLike, labels: Sequence[str], title: str) -> Picture:
    """A square matrix of cosines, from 0 to 1 or, where some are negative, −1 to 1, with its numbers where they are few."""
    array = _as_map(values)
    if array.shape != (len(labels),) * 2:
        raise Error(f"a matrix of shape {array.shape} and {len(labels)} labels; expected as many rows and columns as labels")
    side = max(3.2, 0.4 * len(labels) + 1.6)
    figure, axes = _figure(side, side)
    shown = axes.imshow(array, cmap=COLORS, vmin=0 if array.min() >= 0 else -1, vmax=1)
    axes.set(title=title, xticks=range(len(labels)), yticks=range(len(labels)), xticklabels=labels, yticklabels=labels)
    if len(labels) <= 16:
        for (row, column), value in np.ndenumerate(array):
            color = "black" if value > 0.6 else "white"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=6, color=color)
    figure.colorbar(shown, ax=axes, shrink=0.8)
    return _drawn(figure)


def _as_map(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    if array.ndim != 2 or 0 in array.shape or not np.isfinite(array).all():
        raise Error(f"a map of shape {array.shape}; expected finite numbers (rows, columns)")
    return array


def _color_map(colors: str) -> Any:
    known = require("matplotlib").colormaps
    if colors not in known:
        raise Error(f"matplotlib has no colours '{colors}'")
    return known[colors]


def _figure(width: float, height: float, columns: int = 0) -> tuple[Any, Any]:
    """A figure that belongs to no window, in inches, and its axes: one, or an array where columns are given."""
    figure = require("matplotlib.figure").Figure((width, height), dpi=100, layout="constrained")
    return figure, figure.subplots(1, columns, squeeze=False)[0] if columns else figure.subplots()


def _drawn(figure: Any) -> Picture:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return Image.open(file).convert("RGB")
