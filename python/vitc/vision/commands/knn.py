"""`knn`: how well an image's class is told by the nearest training images."""
from __future__ import annotations

import argparse
import json
import pathlib

from .. import options

HELP = "classify by the nearest training features, as in DINO, and report the accuracy"
_SOURCE = "features that `features` wrote (.npy, .parquet), or images in folders by class, with --model"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("train", metavar="TRAIN", help=_SOURCE)
    parser.add_argument("val", metavar="VAL", nargs="?", default=None,
                        help="likewise; if not given, each of TRAIN is classified by the others")
    parser.add_argument("--k", type=options.positive, nargs="+", default=[10, 20, 100, 200], metavar="K",
                        help="neighbours that vote")
    parser.add_argument("--temperature", type=float, default=0.07, metavar="T", help="of votes exp(similarity / T)")
    add_labels(parser)
    parser.add_argument("-o", "--output", type=options.file, default=None, metavar="JSON",
                        help="also write the results to this file")
    add_confusion(parser)
    options.add_source(parser, ("cls", "mean", "cls+mean", "whole"))


def add_labels(parser: argparse.ArgumentParser) -> None:
    for which in ("train", "val"):
        parser.add_argument(f"--{which}-labels", type=pathlib.Path, default=None, metavar="FILE",
                            help=f"of {which.upper()}: .csv with the columns name and label, or .npy; if not given, the first "
                                 "folder of each name")


def add_confusion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--confusion", type=options.picture, default=None, metavar="PNG",
                        help="draw which classes were taken for which; needs matplotlib")


def run(arguments: argparse.Namespace) -> None:
    from ..confusion import draw_confusion
    from ..frozen import Reader
    from ..journal import write_whole
    from ..knn import knn_accuracy

    read = Reader(arguments)
    train = read(arguments.train)
    train_labels = train.labels(arguments.train_labels)
    val, val_labels = train, train_labels
    if arguments.val is None and arguments.val_labels:
        raise options.UsageError("--val-labels are given, but no VAL")
    if arguments.val is not None:
        val = read(arguments.val)
        val_labels = val.labels(arguments.val_labels)
    ks = sorted(set(arguments.k))
    results = knn_accuracy(train.features, train_labels, val.features, val_labels, ks, arguments.temperature,
                           leave_one_out=arguments.val is None)
    unknown = sorted(set(val_labels.tolist()) - set(train_labels.tolist()))
    if unknown:
        options.say(f"{len(unknown)} classes have no training image, {unknown[0]} among them; their images count as wrong")
    if arguments.output:
        found = {"train": len(train.names), "val": None if arguments.val is None else len(val.names),
                 "temperature": arguments.temperature, "classes": len(set(train_labels.tolist())),
                 "accuracy": [{"k": result.k, "top1": result.top1, "top5": result.top5} for result in results]}
        write_whole(arguments.output, (json.dumps(found, indent=1) + "\n").encode())
    print(f"{len(val.names)} images by {len(train.names)} of {len(set(train_labels.tolist()))} classes"
          + (", each by the others" if arguments.val is None else ""))
    print("    k   top-1   top-5")
    for result in results:
        print(f"{result.k:5d}  {result.top1:6.2%}  {result.top5:6.2%}")
    if arguments.confusion:
        best = max(results, key=lambda result: result.top1)
        draw_confusion(val_labels, best.predicted, arguments.confusion, f"the nearest {best.k}")
