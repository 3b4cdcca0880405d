"""`linear`: how well a linear function of frozen features tells the classes."""
from __future__ import annotations

import argparse

from .. import options
from .knn import _SOURCE, add_confusion, add_labels

HELP = "fit a linear probe on frozen features, choose its L2 penalty by cross-validation, and report the accuracy"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("train", metavar="TRAIN", help=_SOURCE)
    parser.add_argument("val", metavar="VAL", nargs="?", default=None, help="likewise; if not given, the probe is only fitted")
    parser.add_argument("--C", type=float, nargs="+", default=[10.0 ** power for power in range(-6, 6)], metavar="C",
                        help="inverse weights of the L2 penalty; of several, the best by cross-validation on TRAIN")
    parser.add_argument("--folds", type=options.positive, default=5, help="of the cross-validation")
    parser.add_argument("--max-iterations", type=options.positive, default=1000, help="of L-BFGS")
    parser.add_argument("--seed", type=options.natural, default=0, help="of the folds")
    parser.add_argument("--last-blocks", type=options.positive, default=None, metavar="N",
                        help="of images, take CLS after each of the last N blocks in place of --pick (DINO: 4 for ViT-S)")
    add_labels(parser)
    parser.add_argument("-o", "--output", type=options.file, default=None, metavar="NPZ",
                        help="save the probe: weights, bias, classes and penalty")
    add_confusion(parser)
    options.add_source(parser, ("cls", "mean", "cls+mean", "whole"))


def run(arguments: argparse.Namespace) -> None:
    from ..confusion import draw_confusion
    from ..frozen import BlocksPicker, Reader
    from ..linear import fit_linear

    if arguments.output and arguments.output.suffix != ".npz":
        raise options.UsageError(f"{arguments.output}: expected a file .npz for the probe")
    if arguments.last_blocks and arguments.of:
        raise options.UsageError("--last-blocks and --of exclude each other")
    for option, given in (("--val-labels", arguments.val_labels), ("--confusion", arguments.confusion)):
        if arguments.val is None and given:
            raise options.UsageError(f"{option} is given, but no VAL")
    read = Reader(arguments, BlocksPicker(arguments.last_blocks) if arguments.last_blocks else None)
    train = read(arguments.train)
    labels = train.labels(arguments.train_labels)
    val = None if arguments.val is None else read(arguments.val)
    val_labels = None if val is None else val.labels(arguments.val_labels)
    grid = arguments.C[0] if len(arguments.C) == 1 else arguments.C
    probe = fit_linear(train.features, labels, grid, arguments.folds, arguments.max_iterations, arguments.seed)
    if not probe.converged:
        options.say(f"L-BFGS did not converge in {arguments.max_iterations} iterations; --max-iterations allows more")
    if not arguments.quiet:
        for penalty, score in probe.scores.items():
            print(f"C = {penalty:<8g} {score:7.2%} by cross-validation" + ("  <-" if penalty == probe.penalty else ""))
    if arguments.output:
        probe.save(arguments.output)
    print(f"fitted to {len(train.names)} images of {len(probe.classes)} classes with C = {probe.penalty:g}; of them right: "
          f"{probe.accuracy(train.features, labels):.2%}")
    if val is not None and val_labels is not None:
        top1, top5 = (probe.accuracy(val.features, val_labels, top) for top in (1, 5))
        print(f"{len(val.names)} images: top-1 {top1:.2%}, top-5 {top5:.2%}")
        if arguments.confusion:
            draw_confusion(val_labels, probe.predict(val.features), arguments.confusion, f"linear probe, C = {probe.penalty:g}")
