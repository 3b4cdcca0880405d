"""Reading images: whatever a file holds becomes an RGB image of 8 bits, or an ImageError that names the file."""
from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import Error
from ._extras import require

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Image = require("PIL.Image")
ImageOps = require("PIL.ImageOps")

# More than these (Pillow's own limit) are refused: decoded, they take 256 MiB.
MAX_PIXELS = (1 << 30) // 4 // 3
# Pillow reads these by running another program, Ghostscript.
_UNSAFE_FORMATS = {"EPS"}


class ImageError(Error):
    """An image cannot be used; the message names it and says why. `name` is its path, or what else it is known by."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name
        self.why = why


def read_image(source: Any, *, max_pixels: int = MAX_PIXELS, name: str | None = None) -> Picture:
    """The image as RGB, 8 bits a channel.

    source: a path, an open file, a Pillow image, or an array (height, width, 3) or (height, width) of uint8 or uint16.
    max_pixels: images of more are refused before they are decoded. Pillow refuses those beyond twice PIL.Image.MAX_IMAGE_PIXELS
        by itself.
    name: what errors call the image, by default its path.

    EXIF's orientation is applied (torchvision's loader leaves it). Alpha is dropped, as by `convert("RGB")`: what was
    transparent shows the colour that the file stores there. CMYK, YCbCr, Lab, palettes and one bit become RGB by Pillow's
    conversions, without colour profiles. Grey of 16 bits is scaled to 8 (torchvision clips it); colours of 16 bits keep their
    upper half. Of animations and files of several pages, the first is read. Raises ImageError.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, name or "an array")
    if isinstance(source, Image.Image):
        return _to_rgb(source, name or getattr(source, "filename", "") or "an image", max_pixels)
    name = name or str(source if isinstance(source, (str, os.PathLike)) else getattr(source, "name", "a file"))
    try:
        with _open(source, name) as image:
            return _to_rgb(image, name, max_pixels)
    except ImageError:
        raise
    except Exception as error:  # whatever a decoder makes of bytes that anybody may have written
        raise ImageError(name, _why(error)) from None


def _open(source: Any, name: str) -> Picture:
    if isinstance(source, (str, os.PathLike)) and os.path.exists(source) and not os.path.isfile(source):
        raise ImageError(name, "a folder; expected an image" if os.path.isdir(source) else "not a regular file")
    Image.init()
    try:
        return Image.open(source, formats=[format for format in Image.ID if format not in _UNSAFE_FORMATS])
    except Image.UnidentifiedImageError:
        empty = isinstance(source, (str, os.PathLike)) and os.path.getsize(source) == 0
        raise ImageError(name, "an empty file" if empty else "not an image of a format that Pillow reads") from None


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, MemoryError):
        return "too large for the memory"
    if isinstance(error, Image.DecompressionBombError):
        return ("more pixels than Pillow may read, which --max-megapixels (in Python: max_pixels, and "
                "PIL.Image.MAX_IMAGE_PIXELS) raises")
    text = str(error) or type(error).__name__
    return f"damaged, or of a kind that Pillow does not read ({text[0].lower()}{text[1:]})"


def _to_rgb(image: Picture, name: str, max_pixels: int) -> Picture:
    width, height = image.size
    if width * height > max_pixels:
        raise ImageError(name, f"{width} × {height} are {width * height / 1e6:.1f} megapixels; the limit is "
                               f"{max_pixels / 1e6:.1f}, which --max-megapixels (in Python: max_pixels) raises")
    if not width or not height:
        raise ImageError(name, "the image has no pixels")
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I;16"):
        return _from_array(np.asarray(image).astype(np.uint16), name)
    if image.mode == "I":
        return _from_array(_as_16_bit(np.asarray(image), name), name)
    if image.mode == "F":
        raise ImageError(name, "its pixels are floats, which have no fixed range; save it with 8 or 16 bits a channel")
    return image.convert("RGB")


def _as_16_bit(values: np.ndarray, name: str) -> np.ndarray:
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65535:
        raise ImageError(name, f"its pixels are numbers from {low} to {high}; expected 16 bits at most")
    return values.astype(np.uint16)


def _from_array(values: np.ndarray, name: str) -> Picture:
    if values.ndim not in (2, 3) or values.ndim == 3 and values.shape[2] not in (1, 3) or 0 in values.shape:
        raise ImageError(name, f"an array of shape {values.shape}; expected (height, width, 3) or (height, width)")
    if values.dtype == np.uint16:
        values = ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    if values.dtype != np.uint8:
        raise ImageError(name, f"an array of {values.dtype}; expected uint8 or uint16")
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    return Image.fromarray(np.ascontiguousarray(values)).convert("RGB")


def is_image_name(path: str | os.PathLike[str]) -> bool:
    """Whether the file's extension is one of Pillow's; hidden files are none."""
    path = pathlib.PurePath(path)
    format = Image.registered_extensions().get(path.suffix.lower())
    return not path.name.startswith(".") and format in Image.OPEN and format not in _UNSAFE_FORMATS


def find_images(folder: str | os.PathLike[str]) -> list[pathlib.Path]:
    """The images below a folder, by their extensions and sorted by path; hidden folders and links to folders are left out.

    Raises Error where it is no folder, or has none.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise Error(f"{folder}: {'expected a folder' if folder.exists() else 'no such folder'}")
    found, others = [], 0
    for parent, folders, files in os.walk(folder, onerror=_reraise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        images = [name for name in files if is_image_name(name)]
        found += [pathlib.Path(parent, name) for name in images]
        others += len(files) - len(images)
    if not found:
        why = f" ({others} other files: images are found by their extensions)" if others else ""
        raise Error(f"{folder} has no images{why}")
    return sorted(found, key=lambda path: path.relative_to(folder).parts)


def _reraise(error: OSError) -> None:
    raise error


def save_picture(image: Picture, path: str | os.PathLike[str]) -> None:
    """Writes an image whole or not at all, in the format of its extension. Raises Error where there is none such."""
    path = pathlib.Path(path)
    format = Image.registered_extensions().get(path.suffix.lower())
    if format is None or format not in Image.SAVE:
        raise Error(f"{path}: expected the extension of a picture, such as .png")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        image.save(unfinished, format=format)
        unfinished.replace(path)
    except OSError as error:
        error.filename = str(path)  # not that of a file that is gone by now
        raise
    finally:
        unfinished.unlink(missing_ok=True)


def names_of(paths: Iterable[pathlib.Path], folder: pathlib.Path) -> list[str]:
    """The paths as seen from the folder, with slashes."""
    return [path.relative_to(folder).as_posix() for path in paths]
