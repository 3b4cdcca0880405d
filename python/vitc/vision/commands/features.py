"""`features`: a vector for each image, resumable."""
from __future__ import annotations

import argparse

from .. import options

HELP = "compute features of images; an interrupted run goes on where it stopped"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_model(parser)
    options.add_images(parser)
    options.add_output(parser, None, "where to write: .npy (names and settings go into .json beside it) or .parquet")
    parser.add_argument("--pick", choices=("cls", "mean", "cls+mean", "tokens", "whole"), default="cls",
                        help="class token; mean of the patches; both, one after the other; all tokens; the tensor as it is")
    parser.add_argument("--of", metavar="TENSOR", default=None,
                        help="what to pick from: tokens:LAYER (after that block, before the model's last norm), or an output "
                             "or tensor of the model by name; if not given, tokens:-1, and for whole the model's only output")
    parser.add_argument("--picture", type=options.picture, default=None, metavar="PNG",
                        help="also draw the images where the first two principal components of their features put them")
    options.add_preprocessing(parser)
    options.add_quiet(parser)


def run(arguments: argparse.Namespace) -> None:
    from ..features import Picker, extract_features

    images = options.images_of(arguments)
    if arguments.picture:
        images.spare(arguments.picture)
    picker = Picker(arguments.pick, arguments.of)
    backbone = picker.open(arguments.model, arguments.threads)
    preprocess = options.preprocess_of(arguments, backbone)
    output = arguments.output
    reached = 0, len(images)
    with options.Bar(arguments) as bar:

        def progress(done: int, total: int) -> None:
            nonlocal reached
            reached = done, total
            bar(done, total)

        try:
            features = extract_features(images, backbone, output, picker=picker, preprocess=preprocess, batch=arguments.batch,
                                        readers=arguments.readers, progress=progress,
                                        report=lambda name, why: options.say(f"skipped {name}: {why}"))
        except KeyboardInterrupt:
            if reached[0]:
                options.say(f"{reached[0]} of {reached[1]} images are done and kept in {output}.partial; "
                            "the same command goes on from there")
            raise
    if arguments.picture:
        from ..sheets import draw_map, save_picture

        save_picture(draw_map(features.load(), images, features.names), arguments.picture)
    if not arguments.quiet:
        skipped = f", {len(features.errors)} skipped ({output.with_suffix('.errors.txt')})" if features.errors else ""
        shape = " × ".join(map(str, features.load().shape[1:]))
        print(f"{output}: features of {len(features.names)} images, {shape} each{skipped}")
