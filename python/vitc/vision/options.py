"""Options that the commands share, and what they stand for."""
from __future__ import annotations

import argparse
import functools
import pathlib
import sys
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import TYPE_CHECKING, Any, TypeVar

from .._errors import Error

if TYPE_CHECKING:
    from .backbone import Backbone
    from .preprocess import Preprocess
    from .sources import Images

_Item = TypeVar("_Item")
PRESETS = {"imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)), "0.5": ((0.5,) * 3, (0.5,) * 3),
           "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))}
DEFAULT_SIZE = 224
PICTURES = (".png", ".jpg", ".jpeg", ".webp")


class UsageError(Error):
    """The options do not go together; the exit code is 2."""


def at_least(least: int, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a whole number of at least {least}")
    return number


positive = functools.partial(at_least, 1)
natural = functools.partial(at_least, 0)


def channels(which: int, text: str) -> tuple[float, ...]:
    """The mean (0) or std (1) of a preset, or of one number or three."""
    if text in PRESETS:
        return PRESETS[text][which]
    try:
        numbers = tuple(map(float, text.split(",")))
    except ValueError:
        numbers = ()
    if len(numbers) not in (1, 3):
        raise argparse.ArgumentTypeError(f"{text!r}; expected {', '.join(PRESETS)}, a number, or three with commas")
    return numbers * 3 if len(numbers) == 1 else numbers


def megapixels(text: str) -> int:
    """Pixels."""
    try:
        pixels = int(float(text) * 1e6)
    except (ValueError, OverflowError):
        pixels = 0
    if pixels < 1:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a positive number of megapixels")
    return pixels


def file(text: str) -> pathlib.Path:
    """The path of a file to write, in a folder that is there: known before what it will hold is computed."""
    path = pathlib.Path(text)
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r}; there is no such folder to write {path.name} to")
    return path


def picture(text: str) -> pathlib.Path:
    """The path of a picture to write: known to have a format and a folder before all that is drawn is computed."""
    path = pathlib.Path(text)
    if path.suffix.lower() not in PICTURES:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a picture: {', '.join(PICTURES)}")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r}; there is no folder '{path.parent}'")
    return path


def add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="an .onnx file, which is compiled once and then found in the cache, "
                                                       "or a library (.so) that has the outputs needed")
    parser.add_argument("--threads", type=natural, default=0, help="for the model; 0: one a core")
    parser.add_argument("--batch", type=positive, default=8, help="images that the model runs on at once")


def add_preprocessing(parser: argparse.ArgumentParser, fit: str = "crop") -> None:
    parser.add_argument("--size", type=positive, default=None, metavar="PIXELS",
                        help=f"side of the model's input; if not given, the model's own, else {DEFAULT_SIZE}")
    parser.add_argument("--fit", choices=("crop", "exact", "shorter"), default=fit,
                        help="crop: resize the shorter side, cut the centre; exact: change the proportions; "
                             "shorter: resize the shorter side, keep the rest")
    parser.add_argument("--resize", type=positive, default=None, metavar="PIXELS",
                        help="shorter side before the crop; if not given, 256 for 224 and as much for others")
    parser.add_argument("--interpolation", choices=("bicubic", "bilinear", "lanczos", "box", "nearest"), default="bicubic",
                        help="to resize by")
    add_normalisation(parser)


def add_normalisation(parser: argparse.ArgumentParser) -> None:
    for which, name in enumerate(("mean", "std")):
        parser.add_argument(f"--{name}", type=functools.partial(channels, which), default="imagenet", metavar="NUMBERS",
                            help=f"of each channel, from 0 to 1: {', '.join(PRESETS)}, a number, or three with commas")
    add_limit(parser)


def add_source(parser: argparse.ArgumentParser, picks: Sequence[str]) -> None:
    """For `frozen.Reader`: sources may be images, of which a model makes features."""
    parser.add_argument("--model", default=None,
                        help="what to run on images, where these are given in place of features: .onnx or .so")
    parser.add_argument("--threads", type=natural, default=0, help="for the model; 0: one a core")
    parser.add_argument("--batch", type=positive, default=8, help="images that the model runs on at once")
    parser.add_argument("--readers", type=positive, default=2, help="threads that read and preprocess images")
    parser.add_argument("--pick", choices=picks, default=picks[0], help="what of the model's result an image's features are")
    parser.add_argument("--of", metavar="TENSOR", default=None,
                        help="what to pick from: tokens:LAYER, or an output or tensor of the model by name; if not given, "
                             "tokens:-1, and for whole the model's only output")
    add_preprocessing(parser)
    add_quiet(parser)


def add_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--max-megapixels", type=megapixels, default="89.5", dest="max_pixels", metavar="N",
                        help="larger images are refused")


def add_output(parser: argparse.ArgumentParser, default: str | None, help: str, type: Any = pathlib.Path) -> None:
    """`type`: `picture`, where that is what is written."""
    parser.add_argument("-o", "--output", default=default, required=default is None, type=type, metavar="PATH", help=help)


def add_quiet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary")


def backbone_of(arguments: argparse.Namespace, taps: Sequence[str] = ()) -> Backbone:
    """The model of `add_model`, compiled with these taps where it is an .onnx file."""
    from .backbone import Backbone

    return Backbone(arguments.model, taps, threads=arguments.threads)


def preprocess_of(arguments: argparse.Namespace, backbone: Backbone | None = None) -> Preprocess:
    """The transform of `add_preprocessing`, for the backbone's input size where that is fixed."""
    from .preprocess import Preprocess

    allow(arguments.max_pixels)
    fixed = backbone.size if backbone else None
    size = arguments.size or (fixed or DEFAULT_SIZE)
    if fixed and arguments.size and fixed != (arguments.size, arguments.size):
        raise Error(f"--size is {arguments.size}, but {arguments.model} takes images of {fixed[0]} × {fixed[1]}")
    if fixed and arguments.fit == "shorter":
        raise Error(f"--fit is shorter, but {arguments.model} takes images of {fixed[0]} × {fixed[1]} alone")
    multiple = backbone.patch or 1 if backbone and arguments.fit == "shorter" else 1
    return Preprocess(size, arguments.fit, arguments.resize, arguments.interpolation, arguments.mean, arguments.std, multiple)


def allow(pixels: int) -> None:
    """Raises Pillow's own limit, which is the process's, to this one."""
    from .images import Image

    Image.MAX_IMAGE_PIXELS = max(pixels, Image.MAX_IMAGE_PIXELS or 0)


def add_images(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", metavar="IMAGES", nargs="+",
                        help="a folder (with those in it), images, a list (.txt: a path a line), or an array (.npy, .npz: "
                             "uint8 count × height × width × 3, or float32 count × 3 × height × width as the model takes them)")
    parser.add_argument("--array", metavar="NAME", default=None, help="which array of an .npz file")
    parser.add_argument("--readers", type=positive, default=2, help="threads that read and preprocess images")


def images_of(arguments: argparse.Namespace) -> Images:
    """The images of `add_images`."""
    from .sources import open_images

    allow(arguments.max_pixels)
    return open_images(list(arguments.images), array=arguments.array, max_pixels=arguments.max_pixels)


def say(text: str) -> None:
    """A line on stderr, above a progress bar where there is one."""
    bars = sys.modules.get("tqdm")
    if bars and sys.stderr.isatty():
        bars.tqdm.write(text, file=sys.stderr)
    else:
        print(text, file=sys.stderr, flush=True)


class Bar:
    """A progress bar on stderr, moved by calls bar(done, total); none where stderr is no terminal, tqdm is not installed, or
    --quiet was given.
    """

    def __init__(self, arguments: Any, unit: str = "image") -> None:
        self._tqdm = None if getattr(arguments, "quiet", False) or not sys.stderr.isatty() else _tqdm()
        self._unit = unit
        self._bar: Any = None

    def __call__(self, done: int, total: int) -> None:
        if self._tqdm and self._bar is None:
            self._bar = self._tqdm(total=total, initial=done, unit=self._unit, dynamic_ncols=True)
        elif self._bar is not None:
            self._bar.update(done - self._bar.n)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()


def progress(items: Iterable[_Item], arguments: Any, total: int | None = None, unit: str = "image") -> Iterator[_Item]:
    """The items, with a bar as `Bar` draws it."""
    total = len(items) if total is None and isinstance(items, Sized) else total
    with Bar(arguments, unit) as bar:
        for done, item in enumerate(items):
            bar(done, total or 0)
            yield item
        bar(total or 0, total or 0)


def _tqdm() -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm
