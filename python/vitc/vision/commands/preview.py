"""`preview`: what a model would see of images."""
from __future__ import annotations

import argparse

from .. import options

HELP = "draw images as a model would see them, resized and cropped, and say which cannot be used"
_MOST = 400


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_images(parser)
    options.add_output(parser, "preview.png", "the picture", type=options.picture)
    parser.add_argument("--tile", type=options.positive, default=112, metavar="PIXELS",
                        help="longer side of an image in the picture")
    parser.add_argument("--most", type=options.positive, default=_MOST, metavar="N", help="images to draw; all are read")
    options.add_preprocessing(parser)
    options.add_quiet(parser)


def run(arguments: argparse.Namespace) -> None:
    import numpy as np

    from ..._errors import Error
    from ..images import ImageError
    from ..sheets import Image, save_picture, sheet

    images = options.images_of(arguments)
    images.spare(arguments.output)
    preprocess = options.preprocess_of(arguments)
    tiles, bad = [], 0
    for index in options.progress(range(len(images)), arguments):
        tile = None
        try:
            image = images[index]
            tile = Image.fromarray(preprocess.restore(image)) if isinstance(image, np.ndarray) else preprocess.fitted(image)
        except ImageError as error:
            options.say(f"cannot be used: {images.names[index]}: {error.why}")
            bad += 1
        if len(tiles) < arguments.most:
            tiles.append(tile)
    if bad == len(images):
        raise Error("no image could be used")
    save_picture(sheet(tiles, arguments.tile), arguments.output)
    if not arguments.quiet:
        print(f"{arguments.output}: {len(tiles)} of {len(images)} images" + (f"; {bad} cannot be used" if bad else ""))
