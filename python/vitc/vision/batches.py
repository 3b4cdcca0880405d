"""Images in the batches that a model runs on, with their pictures; and where what is said of each image is written."""
from __future__ import annotations

import dataclasses
import io
import json
import pathlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._errors import Error
from . import options
from .images import ImageError
from .journal import write_whole
from .preprocess import Preprocess
from .sheets import Image
from .sources import Images, read_ahead

if TYPE_CHECKING:
    from PIL.Image import Image as Picture


@dataclasses.dataclass(frozen=True)
class Batch:
    """Images of one size: their names, and the model's input (count, 3, height, width)."""

    names: list[str]
    inputs: NDArray[np.float32]
    preprocess: Preprocess

    def picture(self, index: int) -> Picture:
        """What the model sees of an image."""
        return Image.fromarray(self.preprocess.restore(self.inputs[index]))


def batches(images: Images, preprocess: Preprocess, arguments: Any) -> Iterator[Batch]:
    """The images in order, at most `arguments.batch` at once; those that cannot be used are named on stderr and skipped.

    Raises Error where none can be used.
    """
    def read(index: int) -> NDArray[np.float32] | ImageError:
        try:
            image = images[index]
            return image if isinstance(image, np.ndarray) else preprocess(image)
        except ImageError as error:
            return error

    names: list[str] = []
    inputs: list[NDArray[np.float32]] = []
    items = read_ahead(read, range(len(images)), arguments.readers, 2 * arguments.batch + arguments.readers)
    for index, pixels in enumerate(options.progress(items, arguments, len(images))):
        if isinstance(pixels, ImageError):
            options.say(f"skipped {pixels}")
            continue
        if inputs and (len(inputs) == arguments.batch or inputs[0].shape != pixels.shape):
            yield Batch(names, np.stack(inputs), preprocess)
            names, inputs = [], []
        names.append(images.names[index])
        inputs.append(pixels)
    if not inputs:
        raise Error(f"none of the {len(images)} images can be used")
    yield Batch(names, np.stack(inputs), preprocess)


def place_of(folder: pathlib.Path, name: str, suffix: str) -> pathlib.Path:
    """Where in a folder a file about an image is written, by the image's name, and never outside of it."""
    parts = [part for part in pathlib.PurePosixPath(name).parts if part not in ("/", "..", ".")]
    path = folder.joinpath(*parts[:-1], (parts[-1] if parts else "image") + suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_arrays(path: pathlib.Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Writes an .npz file whole or not at all."""
    data = io.BytesIO()
    np.savez_compressed(data, **arrays)
    write_whole(path, data.getvalue())


def write_summary(path: pathlib.Path, summary: Mapping[str, Any]) -> None:
    """Writes a .json file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (json.dumps(summary, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace"))
