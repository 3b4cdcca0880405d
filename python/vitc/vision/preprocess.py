"""From an image to a model's input, equal to torchvision's transforms of Pillow images."""
from __future__ import annotations

import dataclasses
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._errors import Error
from ._extras import require
from .images import MAX_PIXELS, ImageError, read_image

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Image = require("PIL.Image")

FITS = ("crop", "exact", "shorter")
INTERPOLATIONS = ("bicubic", "bilinear", "lanczos", "box", "nearest")
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_RATIO = 256 / 224  # of the shorter side before the crop to the crop's, by custom


@dataclasses.dataclass(frozen=True)
class Preprocess:
    """Resizes, crops, scales to 0…1 and normalises; call it with an image.

    size: of the result, a side or (height, width).
    fit: "crop": the shorter side becomes `resize`, then the centre is cut out, what lies outside of it is black
            (torchvision: Resize(resize), CenterCrop(size));
        "exact": both sides become `size`, the proportions change (Resize((height, width)));
        "shorter": the shorter side becomes `size`, nothing is cut but what exceeds a multiple of `multiple` (Resize(size)).
    resize: for "crop", by default 256 for 224 and as much for others.
    interpolation: Pillow's filter, antialiased; torchvision's names.
    mean, std: of each channel, of values from 0 to 1: float32 (x/255 − mean)/std, as ToTensor and Normalize compute it.
    multiple: for "shorter", what height and width must be divisible by, such as the model's patch.
    """

    size: int | tuple[int, int] = 224
    fit: str = "crop"
    resize: int | None = None
    interpolation: str = "bicubic"
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    multiple: int = 1

    def __post_init__(self) -> None:
        for what, value, known in (("fit", self.fit, FITS), ("interpolation", self.interpolation, INTERPOLATIONS)):
            if value not in known:
                raise Error(f"{what} is {value!r}; expected one of {', '.join(known)}")
        self._check_pixels("size", self._sides, 2)
        self._check_pixels("resize", (self._resize,))
        self._check_pixels("multiple", (self.multiple,))
        if len(self.mean) != 3 or len(self.std) != 3 or not all(np.isfinite([*self.mean, *self.std])) or 0 in self.std:
            raise Error(f"mean {self.mean} and std {self.std}: expected three finite numbers each, no std of 0")

    def _check_pixels(self, what: str, sides: tuple[Any, ...], count: int = 1) -> None:
        if len(sides) != count or not all(isinstance(side, Integral) and side >= 1 for side in sides):
            raise Error(f"{what} is {getattr(self, what)!r}; expected a positive number of pixels")

    def __call__(self, image: Any) -> NDArray[np.float32]:
        """(3, height, width) float32 of an image, or of what `read_image` takes. Raises ImageError."""
        pixels = np.asarray(self.fitted(image))
        # A byte has 256 values, so that normalising is a table: exactly the numbers that torchvision computes.
        return np.stack([table[pixels[..., channel]] for channel, table in enumerate(self._tables())])

    def fitted(self, image: Any) -> Picture:
        """The image resized and cropped: what the model sees, to be looked at."""
        image = read_image(image) if not (isinstance(image, Image.Image) and image.mode == "RGB") else image
        if self.fit == "exact":
            return self._resized(image, self._sides)
        if self.fit == "crop":
            return _centre(self._resized(image, _with_shorter(image, self._resize)), self._sides)
        resized = self._resized(image, _with_shorter(image, min(self._sides)))
        sides = tuple(side // self.multiple * self.multiple for side in (resized.height, resized.width))
        if 0 in sides:
            raise Error(f"size is {self.size}; expected at least {self.multiple}, of which the model needs a multiple")
        return _centre(resized, sides)

    def restore(self, values: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The pixels (height, width, 3) of a preprocessed image (3, height, width)."""
        mean, std = (np.array(v, np.float32)[:, None, None] for v in (self.mean, self.std))
        return np.rint((values * std + mean) * 255).clip(0, 255).astype(np.uint8).transpose(1, 2, 0)

    @property
    def settings(self) -> dict[str, Any]:
        """All that results depend on, to be written down beside them."""
        return {**dataclasses.asdict(self), "size": list(self._sides), "resize": self._resize,
                "mean": list(self.mean), "std": list(self.std)}

    @property
    def _sides(self) -> tuple[int, ...]:
        return tuple(self.size) if isinstance(self.size, (tuple, list)) else (self.size, self.size)

    @property
    def _resize(self) -> int:
        return round(max(self._sides) * _RATIO) if self.resize is None else self.resize

    def _tables(self) -> NDArray[np.float32]:
        values = np.arange(256, dtype=np.float32) / np.float32(255)
        return np.stack([(values - np.float32(mean)) / np.float32(std) for mean, std in zip(self.mean, self.std)])

    def _resized(self, image: Picture, sides: tuple[int, ...]) -> Picture:
        height, width = sides
        if height * width > MAX_PIXELS:
            name = getattr(image, "filename", "") or "an image"
            raise ImageError(name, f"{image.width} × {image.height} would become {width} × {height}, which is too large")
        if (image.width, image.height) == (width, height):
            return image
        return image.resize((width, height), Image.Resampling[self.interpolation.upper()])


def _with_shorter(image: Picture, side: int) -> tuple[int, int]:
    """(height, width) in the image's proportions; the longer side is rounded down."""
    if image.width <= image.height:
        return int(side * image.height / image.width), side
    return side, int(side * image.width / image.height)


def _centre(image: Picture, sides: tuple[int, ...]) -> Picture:
    """The image's centre, (height, width), with black around it where it is smaller."""
    (height, width), smaller = sides, None
    padding = max(width - image.width, 0), max(height - image.height, 0)
    if any(padding):
        smaller = Image.new("RGB", (image.width + padding[0], image.height + padding[1]))
        smaller.paste(image, (padding[0] // 2, padding[1] // 2))
        image = smaller
    # Python rounds halves to even, which is what torchvision does here.
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))
