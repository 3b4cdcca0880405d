"""`davis`: objects followed through a video from their masks in the first frame."""
from __future__ import annotations

import argparse
import dataclasses
import pathlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..._errors import Error
from .. import options

if TYPE_CHECKING:
    from ..backbone import Backbone
    from ..preprocess import Preprocess
    from ..sources import Images

HELP = "follow the objects of the first frame's mask through a video, as DINO does on DAVIS, and report J and F"
_MOST = 8  # frames in one picture
_UNIT = 64  # the longer side is a multiple of it, as in DINO's evaluation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="an .onnx file, or a library (.so) compiled with the tap")
    parser.add_argument("frames", metavar="FRAMES",
                        help="a folder of the video's frames, in the order of their names, or a list (.txt)")
    parser.add_argument("masks", metavar="MASKS", type=pathlib.Path,
                        help="the first frame's mask (.png, a number for each object, 0 the background); or a folder with a "
                             "mask of each frame's name, of which the first is the start, the others the truth for J and F")
    options.add_output(parser, "followed", "a folder for a mask of each frame (.png, with the first mask's palette)")
    parser.add_argument("--threads", type=options.natural, default=0, help="for the model; 0: one a core")
    parser.add_argument("--size", type=options.positive, default=None, metavar="PIXELS",
                        help="shorter side of the model's input; if not given, the model's own, else 480")
    parser.add_argument("--of", metavar="TENSOR", default="tokens:-1",
                        help="features of a patch: tokens:LAYER, which are normed, or a tensor (1, tokens, width) by name")
    parser.add_argument("--context", type=options.natural, default=7, metavar="N",
                        help="last frames that are looked at beside the first")
    parser.add_argument("--radius", type=options.natural, default=12, metavar="PATCHES",
                        help="how far a patch may have moved; 0: anywhere")
    parser.add_argument("--topk", type=options.positive, default=5, metavar="K",
                        help="patches that a patch takes its labels from")
    parser.add_argument("--temperature", type=float, default=0.1, metavar="T", help="of weights exp(cosine / T)")
    parser.add_argument("--sheet", type=options.picture, default=None, metavar="PNG",
                        help=f"draw {_MOST} frames with their masks")
    parser.add_argument("--tile", type=options.positive, default=192, metavar="PIXELS", help="longer side of a frame in it")
    options.add_normalisation(parser)
    options.add_quiet(parser)


@dataclasses.dataclass
class _Mask:
    """The numbers (height, width) uint8, the palette of the file (None: it had none), and whether white stood for 1."""

    values: NDArray[np.uint8]
    palette: list[int] | None
    is_white: bool = False


def run(arguments: argparse.Namespace) -> None:
    from ..davis import Propagation, Tracker, one_hot, to_mask
    from ..preprocess import Preprocess
    from ..sources import open_images

    options.allow(arguments.max_pixels)
    constants = Propagation(arguments.context, arguments.radius, arguments.topk, arguments.temperature)
    frames = open_images(arguments.frames, max_pixels=arguments.max_pixels)
    if len(frames) < 2:
        raise Error(f"{arguments.frames} has one frame; expected a first one, whose mask is known, and others")
    if arguments.sheet:
        frames.spare(arguments.sheet)
    stems = [pathlib.PurePath(name).stem for name in frames.names]
    if len(set(stems)) < len(stems):
        raise Error(f"{arguments.frames}: frames have the same name but for their extensions or folders; expected one video")
    for given in (pathlib.Path(arguments.frames), arguments.masks):
        if arguments.output.resolve() == (given if given.is_dir() else given.parent).resolve():
            raise Error(f"{arguments.output} is where {given} is, and masks written to it could replace files there; "
                        "--output names another folder")
    start, truths = _masks(arguments.masks, stems)
    size = start.values.shape
    backbone = options.backbone_of(arguments, [arguments.of])
    inner = _inner(arguments, backbone, size)
    preprocess = Preprocess(inner, "exact", mean=arguments.mean, std=arguments.std)
    ids, labels = one_hot(start.values, backbone.grid(*inner))
    _check_ids(ids, labels, start, arguments)
    arguments.output.mkdir(parents=True, exist_ok=True)
    tracker, scores = None, []
    features_of = _features(arguments, backbone, preprocess, frames, size)
    for number, features in enumerate(options.progress(features_of, arguments, len(frames), "frame")):
        mask = start.values
        if tracker is None:
            tracker = Tracker(features, labels, constants)
        else:
            mask = to_mask(tracker.step(features), ids, inner, size)
        _save(mask, start.palette, arguments.output / f"{stems[number]}.png")
        # The first frame is given; the last does not count in DAVIS's own evaluation either.
        if 0 < number < max(len(frames) - 1, 2) and stems[number] in truths:
            scores.append(_score(truths[stems[number]], mask, ids, start))
    if arguments.sheet:
        _draw(arguments, frames, stems)
    print(f"{arguments.output}: masks of {len(frames)} frames, {len(ids) - 1} objects")
    if scores:
        j, f = np.mean(scores, axis=0).T
        for label, *both in zip(ids[1:], j, f):
            print(f"object {label:3d}: J {both[0]:.4f}, F {both[1]:.4f}")
        print(f"J {j.mean():.4f}, F {f.mean():.4f}, J&F {(j.mean() + f.mean()) / 2:.4f} over {len(scores)} frames")


def _inner(arguments: argparse.Namespace, backbone: Backbone, size: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of the model's input: the model's own; or --size, and a longer side in proportion, a multiple of 64."""
    inner = backbone.size
    if inner and arguments.size and arguments.size != min(inner):
        raise Error(f"--size is {arguments.size}, but {backbone.name} takes images of {inner[0]} × {inner[1]}")
    if inner is None:
        patch = backbone.patch or 1
        unit = _UNIT if _UNIT % patch == 0 else patch
        shorter = arguments.size or 480
        longer = max(shorter * max(size) // min(size) // unit * unit, unit)
        shorter = shorter // patch * patch
        if not shorter:
            raise Error(f"--size is {arguments.size}; expected at least a patch of {patch}")
        inner = (longer, shorter) if size[0] > size[1] else (shorter, longer)
    return inner


def _features(arguments: argparse.Namespace, backbone: Backbone, preprocess: Preprocess, frames: Images,
              size: tuple[int, int]) -> Iterator[NDArray[Any]]:
    """The patches (P, C) of one frame after the other."""
    from ..frozen import normed, tapped

    for number in range(len(frames)):
        image = frames[number]
        if isinstance(image, np.ndarray) or (image.height, image.width) != size:
            found = "a model's input" if isinstance(image, np.ndarray) else f"{image.width} × {image.height}"
            raise Error(f"{frames.names[number]} is {found}; expected {size[1]} × {size[0]} as the first frame's mask is")
        results = backbone.run(preprocess(image)[None])
        yield normed(backbone, results[tapped(backbone, arguments.of)], arguments.of)[0, backbone.tokens.prefix:]


def _masks(path: pathlib.Path, stems: list[str]) -> tuple[_Mask, dict[str, pathlib.Path]]:
    """The first frame's mask, and the files of the others' by the frame's name."""
    if not path.exists():
        raise Error(f"{path}: no such file or folder")
    if not path.is_dir():
        return _read_start(path), {}
    files = {stem: file for stem in stems if (file := path / f"{stem}.png").exists()}
    if stems[0] not in files:
        raise Error(f"{path} has no {stems[0]}.png, the first frame's mask")
    return _read_start(files.pop(stems[0])), files


def _read_mask(path: pathlib.Path) -> _Mask:
    from .._extras import require

    try:
        with require("PIL.Image").open(path) as image:
            image.load()
    except Exception as error:  # whatever a decoder makes of bytes that anybody may have written
        raise Error(f"{path}: not an image that Pillow reads ({error})") from None
    if image.mode not in ("P", "L", "1"):
        raise Error(f"{path} is an image of mode {image.mode}; expected a mask: a palette, or grey, "
                    "whose numbers are those of the objects")
    return _Mask(np.array(image, np.uint8), image.getpalette() if image.mode == "P" else None)


def _read_start(path: pathlib.Path) -> _Mask:
    """The first frame's mask; where it is black and white, white is object 1."""
    mask = _read_mask(path)
    is_white = set(np.unique(mask.values).tolist()) <= {0, 255} and bool(mask.values.any())
    return _Mask(mask.values // 255, mask.palette, True) if is_white else mask


def _check_ids(ids: list[int], labels: NDArray[Any], start: _Mask, arguments: argparse.Namespace) -> None:
    if len(ids) < 2:
        raise Error(f"{arguments.masks}: the first frame's mask has no object, only background")
    lost = [label for label, part in zip(ids, labels) if label and not part.any()]
    if lost:
        options.say(f"object {lost[0]} is too small for any patch and cannot be followed; a larger --size may keep it")


def _score(path: pathlib.Path, mask: NDArray[np.uint8], ids: list[int], start: _Mask) -> list[tuple[float, float]]:
    """J and F of each object. 255 is what nobody knows, but for masks in black and white."""
    from ..davis import VOID, boundary, jaccard

    truth, size = _read_mask(path).values, start.values.shape
    truth = truth // 255 if start.is_white else truth
    if truth.shape != size:
        raise Error(f"{path} is {truth.shape[1]} × {truth.shape[0]}; expected {size[1]} × {size[0]}, as the first frame's mask")
    void = truth == VOID
    return [(jaccard(truth == label, mask == label, void), boundary(truth == label, mask == label, void)) for label in ids[1:]]


def _save(mask: NDArray[np.uint8], palette: list[int] | None, path: pathlib.Path) -> None:
    from ..images import Image, save_picture

    image = Image.fromarray(mask)
    image.putpalette(palette or davis_palette())
    save_picture(image, path)


def _draw(arguments: argparse.Namespace, frames: Images, stems: list[str]) -> None:
    """Frames from the first to the last, with their masks' colours over them."""
    from ..images import Image
    from ..sheets import save_picture, sheet

    tiles = []
    for number in np.linspace(0, len(frames) - 1, min(_MOST, len(frames))).round().astype(int):
        with Image.open(arguments.output / f"{stems[number]}.png") as mask:
            coloured, objects = mask.convert("RGB"), Image.fromarray(np.array(mask) > 0)
        tiles.append(Image.composite(Image.blend(frames[number], coloured, 0.6), frames[number], objects))
    save_picture(sheet(tiles, arguments.tile, 4), arguments.sheet)


def davis_palette() -> list[int]:
    """The colours of DAVIS and VOC, 256 × 3: the bits of a label's number, from the lowest on, go to red, green and blue in
    turn.
    """
    colours = np.zeros((256, 3), int)
    for bit in range(8):
        for channel in range(3):
            if 3 * bit + channel < 8:
                colours[:, channel] |= (np.arange(256) >> 3 * bit + channel & 1) << 7 - bit
    return colours.ravel().tolist()
