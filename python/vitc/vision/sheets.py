"""Many images in one picture: in rows, or where their features put them."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._errors import Error
from ._extras import require
from .images import save_picture
from .sources import Images

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Image = require("PIL.Image")
ImageDraw = require("PIL.ImageDraw")

__all__ = ["draw_map", "principal_components", "save_picture", "sheet"]

_GAP = 4
_PAPER, _CROSS = (255, 255, 255), (200, 40, 40)


def sheet(images: Sequence[Picture | None], tile: int, columns: int | None = None) -> Picture:
    """The images in rows, each within a square of `tile` pixels; None is a crossed square."""
    if not images:
        raise Error("there are no images to draw")
    columns = columns or math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    step = tile + _GAP
    picture = Image.new("RGB", (columns * step + _GAP, rows * step + _GAP), _PAPER)
    for number, image in enumerate(images):
        left, top = _GAP + number % columns * step, _GAP + number // columns * step
        if image is None:
            _draw_cross(ImageDraw.Draw(picture), left, top, tile - 1)
        else:
            small = _thumbnail(image, tile)
            picture.paste(small, (left + (tile - small.width) // 2, top + (tile - small.height) // 2))
    return picture


def draw_map(features: NDArray[Any], images: Images, names: Sequence[str], side: int = 640, tile: int = 64) -> Picture:
    """The images where the first two principal components of their features (count, …) put them, in `side` pixels at most.

    names: the images' of the features, in order. Axes are scaled alike; images lie over each other in the order of the names.
    """
    places = principal_components(np.asarray(features, np.float32).reshape(len(features), -1), 2)
    low, high = places.min(axis=0), places.max(axis=0)
    scale = (side - tile - 2 * _GAP) / max(float((high - low).max()), 1e-12)
    width, height = (round(float(extent)) + tile + 2 * _GAP for extent in (high - low) * scale)
    picture = Image.new("RGB", (width, height), _PAPER)
    numbers = {name: number for number, name in enumerate(images.names)}
    for name, (right, up) in zip(names, (places - low) * scale):
        small = _thumbnail(_as_picture(images[numbers[name]]), tile)
        left, top = _GAP + round(float(right)), height - _GAP - tile - round(float(up))
        picture.paste(small, (left + (tile - small.width) // 2, top + (tile - small.height) // 2))
    return picture


def principal_components(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """The first principal components (rows, count) of rows (rows, width); zeros where there are fewer.

    Their signs, which are free, are such that the value farthest from zero is positive.
    """
    centred = values - values.mean(axis=0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    found = left[:, :count] * singular[:count]
    signs = np.sign(np.take_along_axis(found, np.abs(found).argmax(axis=0)[None], axis=0))
    result = np.zeros((len(values), count), np.float32)
    result[:, : found.shape[1]] = found * signs
    return result


def _as_picture(image: Picture | np.ndarray) -> Picture:
    """An image; a model's input is stretched over all shades."""
    if not isinstance(image, np.ndarray):
        return image
    low, high = image.min(), image.max()
    return Image.fromarray(((image - low) * (255 / max(high - low, 1e-12))).astype(np.uint8).transpose(1, 2, 0))


def _thumbnail(image: Picture, side: int) -> Picture:
    scale = side / max(image.size)
    size = tuple(max(1, round(scale * length)) for length in image.size)
    return image.resize(size, Image.Resampling.BICUBIC if scale < 1 else Image.Resampling.NEAREST)


def _draw_cross(draw: Any, left: int, top: int, length: int) -> None:
    draw.rectangle((left, top, left + length, top + length), outline=_CROSS)
    draw.line((left, top, left + length, top + length), fill=_CROSS)
    draw.line((left, top + length, left + length, top), fill=_CROSS)
