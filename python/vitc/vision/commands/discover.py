"""`discover`: an object in each image, found without labels."""
from __future__ import annotations

import argparse
import csv
import io
import json
import pathlib
import xml.etree.ElementTree
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..._errors import Error
from .. import options

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from ..backbone import Backbone
    from ..discover import Discovery

HELP = "find an object in each image by LOST, and report CorLoc where the right boxes are known"
_COLUMNS = ("name", "xmin", "ymin", "xmax", "ymax")
_MOST = 48  # images in one picture
_BOX, _SEED, _TINT = (255, 60, 40), (255, 230, 0), (60, 160, 255)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="an .onnx file, or a library (.so) compiled with the tap")
    parser.add_argument("--threads", type=options.natural, default=0, help="for the model; 0: one a core")
    options.add_images(parser)
    options.add_output(parser, "discovered", "a folder for boxes.csv, boxes.json and a picture for each image")
    parser.add_argument("--of", metavar="TENSOR", default="keys:-1",
                        help="features of a patch: keys:LAYER for DINO and DINOv2, values:LAYER for DeiT III and CLIP, "
                             "queries:LAYER; or a tensor (1, tokens, width) or (1, heads, tokens, width) by name")
    parser.add_argument("--expansion", type=options.positive, default=100, metavar="K",
                        help="patches of the lowest degree that may join the seed")
    parser.add_argument("--gram-bias", type=float, default=0.0, metavar="B", help="added to every similarity of patches")
    parser.add_argument("--fit", choices=("pad", "exact"), default=None,
                        help="pad: the image as it is, with zeros up to a whole number of patches; exact: resized to --size; "
                             "if not given, pad where the model takes any size")
    parser.add_argument("--size", type=options.positive, default=None, metavar="PIXELS",
                        help="of the model's input for --fit exact; for --fit pad, the shorter side is resized to it if given")
    parser.add_argument("--boxes", type=pathlib.Path, default=None, metavar="TRUTH",
                        help=f"the right boxes: .csv with the columns {','.join(_COLUMNS)} (several lines an image; from 0, "
                             "the maxima outside), or a folder of .xml files as VOC has them")
    parser.add_argument("--no-pictures", action="store_true", help="no picture for each image")
    parser.add_argument("--sheet", type=options.picture, default=None, metavar="PNG",
                        help=f"draw the first {_MOST} in one picture")
    parser.add_argument("--tile", type=options.positive, default=192, metavar="PIXELS", help="longer side of an image in it")
    options.add_normalisation(parser)
    options.add_quiet(parser)


def run(arguments: argparse.Namespace) -> None:
    from ..discover import is_found
    from ..images import ImageError
    from ..sheets import save_picture, sheet

    images = options.images_of(arguments)
    if arguments.sheet is not None:
        images.spare(arguments.sheet)
    truth = None if arguments.boxes is None else _truth(arguments.boxes, images.names)
    backbone = _backbone(arguments)
    arguments.output.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    tiles: list[Picture] = []
    for number in options.progress(range(len(images)), arguments):
        name = images.names[number]
        try:
            image = images[number]
            if isinstance(image, np.ndarray):
                raise ImageError(name, "a model's input; expected an image")
            found, box, patch = _discover(arguments, backbone, image, name)
        except ImageError as error:
            options.say(f"skipped {error}")
            continue
        row = {"name": name, **dict(zip(_COLUMNS[1:], box))}
        if truth is not None:
            row["found"] = is_found(box, truth[name]) if name in truth else None
        rows.append(row)
        if arguments.sheet and len(tiles) < _MOST:
            tiles.append(_draw(image, found, box, patch))
        if not arguments.no_pictures:
            save_picture(_draw(image, found, box, patch), arguments.output / f"{number:05d}_{pathlib.PurePath(name).stem}.png")
    if not rows:
        raise Error("no image could be used")
    _write(arguments.output, rows, truth)
    if arguments.sheet:
        save_picture(sheet(tiles, arguments.tile), arguments.sheet)
    print(f"{arguments.output / 'boxes.csv'}: an object in each of {len(rows)} images")
    if truth is not None:
        counted = [row["found"] for row in rows if row["found"] is not None]
        if not counted:
            raise Error(f"{arguments.boxes} has no box of any of the images")
        print(f"CorLoc: {np.mean(counted):.2%} ({sum(counted)} of {len(counted)})"
              + (f"; {len(rows) - len(counted)} images have no box that is right" if len(counted) < len(rows) else ""))


def _backbone(arguments: argparse.Namespace) -> Backbone:
    backbone = options.backbone_of(arguments, [arguments.of])
    if arguments.fit is None:
        arguments.fit = "exact" if backbone.size else "pad"
    if backbone.size and arguments.fit == "pad":
        raise Error(f"--fit is pad, but {backbone.name} takes images of {backbone.size[0]} × {backbone.size[1]} alone")
    if backbone.size and arguments.size and backbone.size != (arguments.size, arguments.size):
        raise Error(f"--size is {arguments.size}, but {backbone.name} takes images of {backbone.size[0]} × {backbone.size[1]}")
    backbone.grid(*(backbone.size or (backbone.patch or 1,) * 2))  # says at once where the patches are no grid
    return backbone


def _discover(arguments: argparse.Namespace, backbone: Backbone, image: Picture,
              name: str) -> tuple[Discovery, tuple[int, ...], tuple[float, float]]:
    """What was found, its box (x0, y0, x1, y1), and a patch's width and height, in the image's pixels."""
    from ..discover import lost, patch_features
    from ..frozen import tapped
    from ..images import ImageError

    pixels, scale = _input(arguments, backbone, image)
    tokens, output = backbone.tokens, tapped(backbone, arguments.of)
    features = patch_features(backbone.run(pixels[None])[output], tokens.cls, tokens.registers)[0]
    try:
        found = lost(features, backbone.grid(*pixels.shape[1:]), arguments.expansion, arguments.gram_bias)
    except Error as error:
        raise ImageError(name, str(error)) from None
    side = backbone.patch or 1
    patch_x, patch_y = patch = scale[0] * side, scale[1] * side
    x0, y0, x1, y1 = found.box
    right, lower = min(round(x1 * patch_x), image.width), min(round(y1 * patch_y), image.height)
    # What was found in the padding alone is the last column or row of pixels.
    return found, (min(round(x0 * patch_x), right - 1), min(round(y0 * patch_y), lower - 1), right, lower), patch


def _input(arguments: argparse.Namespace, backbone: Backbone,
           image: Picture) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """The model's input (3, height, width), and how many of the image's pixels one of it is, across and down."""
    from ..preprocess import Preprocess

    if arguments.fit == "exact":
        height, width = backbone.size or (arguments.size or options.DEFAULT_SIZE,) * 2
    else:
        scale = arguments.size / min(image.size) if arguments.size else 1.0
        width, height = (max(1, round(scale * side)) for side in image.size)
    pixels = Preprocess((height, width), "exact", mean=arguments.mean, std=arguments.std)(image)
    if arguments.fit == "pad":
        patch = backbone.patch or 1
        # As in LOST: zeros, the mean colour, on the right and below.
        pixels = np.pad(pixels, ((0, 0), (0, -height % patch), (0, -width % patch)))
    return pixels, (image.width / width, image.height / height)


def _truth(path: pathlib.Path, names: Sequence[str]) -> Mapping[str, NDArray[np.float64]]:
    """The right boxes (n, 4) of the images that have any."""
    found: dict[str, list[list[float]]] = {}
    if path.is_dir():
        for name in names:
            boxes = _voc_boxes(path / f"{pathlib.PurePath(name).stem}.xml")
            if boxes:
                found[name] = boxes
    else:
        from ..frozen import read_table

        for number, row in enumerate(read_table(path, _COLUMNS), 2):
            found.setdefault(row["name"], []).append(_box([row[column] for column in _COLUMNS[1:]], f"{path}, line {number}"))
    if not found.keys() & set(names):
        raise Error(f"{path} has no box of any of the images")
    return {name: np.array(boxes) for name, boxes in found.items()}


def _voc_boxes(path: pathlib.Path) -> list[list[float]]:
    """The boxes of a file of VOC's, which counts pixels from 1 and has maxima inside; none where there is no file."""
    if not path.exists():
        return []
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except xml.etree.ElementTree.ParseError as error:
        raise Error(f"{path}: not XML ({error})") from None
    boxes = []
    for box in root.iterfind("object/bndbox"):
        x0, y0, x1, y1 = (box.findtext(side, "") for side in _COLUMNS[1:])
        boxes.append(_box([x0, y0, x1, y1], str(path), 1))
    return boxes


def _box(texts: list[str], place: str, first: int = 0) -> list[float]:
    try:
        x0, y0, x1, y1 = map(float, texts)
    except ValueError:
        raise Error(f"{place}: the box {', '.join(texts)}; expected four numbers") from None
    if not (x0 - first < x1 and y0 - first < y1):
        raise Error(f"{place}: the box {', '.join(texts)} has no area")
    return [x0 - first, y0 - first, x1, y1]


def _write(folder: pathlib.Path, rows: list[dict[str, Any]], truth: Mapping[str, Any] | None) -> None:
    from ..journal import write_whole

    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_whole(folder / "boxes.csv", text.getvalue().encode("utf-8", "surrogateescape"))
    counted = [row["found"] for row in rows if row.get("found") is not None]
    about = {"corloc": float(np.mean(counted)) if counted else None} if truth is not None else {}
    write_whole(folder / "boxes.json", (json.dumps({"boxes": rows, **about}, indent=1) + "\n").encode())


def _draw(image: Picture, found: Discovery, box: tuple[int, ...], patch: tuple[float, float]) -> Picture:
    """The image with the object's patches (their size in its pixels) tinted, its box, and the seed."""
    from .._extras import require

    Image, ImageDraw = require("PIL.Image"), require("PIL.ImageDraw")
    size = round(found.mask.shape[1] * patch[0]), round(found.mask.shape[0] * patch[1])
    mask = Image.fromarray(found.mask).resize(size, Image.Resampling.NEAREST).crop((0, 0, *image.size))
    picture = Image.composite(Image.blend(image, Image.new("RGB", image.size, _TINT), 0.4), image, mask)
    draw, line = ImageDraw.Draw(picture), max(2, min(image.size) // 150)
    draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), outline=_BOX, width=line)
    x, y = found.seed[1] * patch[0], found.seed[0] * patch[1]
    draw.rectangle((x, y, x + patch[0], y + patch[1]), outline=_SEED, width=line)
    return picture
