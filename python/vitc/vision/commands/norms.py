"""`norms`: how large tokens are, and which are artifacts."""
from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .. import options

if TYPE_CHECKING:
    from ..backbone import Backbone
    from ..batches import Batch
    from ..norms import TokenNorms
    from ..preprocess import Preprocess
    from ..sources import Images

KINDS = ("patches", "cls", "registers")
HELP = "map and count the norms of tokens, and say where artifacts begin and how many there are"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_model(parser)
    options.add_images(parser)
    options.add_output(parser, "norms", "the folder for pictures, numbers and summary.json")
    parser.add_argument("--layers", default="-1", metavar="LAYERS",
                        help="after which blocks, counted from 0 or, negative, from the last: 0-3,-1; a library has those it "
                             "was compiled with")
    parser.add_argument("--cutoff", type=cutoff, default="valley", metavar="NORM",
                        help="above which a patch is an artifact: a number, or valley, that of the histogram of each model and "
                             "layer")
    parser.add_argument("--against", metavar="MODEL", default=None,
                        help="another model, such as the same with registers or without, to run on the same images")
    parser.add_argument("--most", type=options.natural, default=64, metavar="N", help="images to draw; all are counted")
    parser.add_argument("--numbers", action="store_true", help="also write the norms, as IMAGE.npz")
    parser.add_argument("--tile", type=options.positive, default=224, metavar="PIXELS",
                        help="longer side of a map in a picture")
    options.add_preprocessing(parser)
    options.add_quiet(parser)


def cutoff(text: str) -> float | None:
    """None stands for the valley."""
    try:
        number = None if text == "valley" else float(text)
    except ValueError:
        number = -1.0
    if number is not None and not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r}; expected valley, or a number from 0")
    return number


def run(arguments: argparse.Namespace) -> None:
    from ..batches import write_summary
    from ..pictures import histogram
    from ..sheets import save_picture

    images = options.images_of(arguments)
    models = [arguments.model] + ([arguments.against] if arguments.against else [])
    found, settings = {}, {}
    for number, model in enumerate(models):
        own = argparse.Namespace(**{**vars(arguments), "model": model})
        backbone = options.backbone_of(own, [f"norms:{arguments.layers}"] if model.endswith(".onnx") else [])
        preprocess = options.preprocess_of(own, backbone)
        name = f"{'AB'[number]}: {backbone.settings['model']}" if len(models) > 1 else backbone.settings["model"]
        settings[name] = {"model": backbone.settings, "preprocessing": preprocess.settings, "images": images.settings}
        measured = measure(backbone, preprocess, images, own, "AB"[number] if arguments.against else "")
        found.update({(name, layer): about for layer, about in measured.items()})
    rows = [{"model": name, "layer": layer, **about} for (name, layer), (about, _) in found.items()]
    write_summary(arguments.output / "summary.json", {"settings": settings, "found": rows})
    for layer in dict.fromkeys(layer for _, layer in found):
        series = {name: (about, norms) for (name, number), (about, norms) in found.items() if number == layer}
        picture = histogram({name: norms for name, (_, norms) in series.items()}, f"L2 norm of patches after block {layer}",
                            {name: about["cutoff"] for name, (about, _) in series.items()})
        save_picture(picture, arguments.output / f"histogram.layer{layer}.png")
    if not arguments.quiet:
        for (name, layer), (about, _) in found.items():
            print(f"{name}, layer {layer}: {described(about)}")


def measure(backbone: Backbone, preprocess: Preprocess, images: Images, arguments: Any,
            prefix: str) -> dict[int, tuple[dict[str, Any], Any]]:
    """By layer, what is said of a model's norms, and all norms of patches; writes the pictures and numbers of images."""
    import numpy as np

    from ..batches import Batch, batches, place_of, write_arrays
    from ..norms import artifact_rate, find_valley, norm_maps

    norms: list[dict[int, TokenNorms]] = []
    drawn: list[Batch] = []
    prefix = "." + prefix if prefix else ""
    for batch in batches(images, preprocess, arguments):
        found = norm_maps(backbone, batch.inputs)
        for index, name in enumerate(batch.names) if arguments.numbers else ():
            arrays = {f"{kind}.{layer}": getattr(of, kind)[index] for layer, of in found.items() for kind in KINDS}
            write_arrays(place_of(arguments.output, name, prefix + ".npz"), arrays)
        room = max(0, arguments.most - sum(len(some.names) for some in drawn))
        drawn.append(Batch(batch.names[:room], batch.inputs[:room], preprocess))
        norms.append(found)
    result = {}
    for layer in norms[0]:
        patches = np.concatenate([found[layer].patches.ravel() for found in norms])
        limit = find_valley(patches) if arguments.cutoff is None else arguments.cutoff
        about = {"images": sum(len(found[layer].patches) for found in norms), "cutoff": limit,
                 "artifact_rate": artifact_rate(patches, limit), "patches": summary_of(patches)}
        for kind in KINDS[1:]:
            values = np.concatenate([getattr(found[layer], kind) for found in norms])
            about[kind] = [summary_of(column) for column in values.T]
        result[layer] = about, patches
        limits = float(patches.min()), float(patches.max())
        for batch, found in zip(drawn, norms):
            draw(batch, found[layer].patches, limit, limits, f"{prefix}.layer{layer}.png", arguments)
    return result


def summary_of(values: Any) -> dict[str, float]:
    import numpy as np

    numbers = values.min(), np.median(values), values.mean(), values.max()
    return dict(zip(("least", "median", "mean", "largest"), map(float, numbers)))


def described(about: dict[str, Any]) -> str:
    """One line about a layer's norms."""
    where = f"above {about['cutoff']:.4g}" if about["cutoff"] is not None else "the histogram has no valley"
    text = f"{about['artifact_rate']:.2%} of the patches are artifacts ({where}); median {about['patches']['median']:.4g}, " \
           f"largest {about['patches']['largest']:.4g}"
    for kind, name in ("cls", "class tokens"), ("registers", "registers"):
        if about[kind]:
            text += f"; {name} {', '.join(format(token['mean'], '.4g') for token in about[kind])}"
    return text


def draw(batch: Batch, maps: Any, limit: float | None, limits: tuple[float, float], suffix: str, arguments: Any) -> None:
    """A picture of each image: it, the norms of its patches, in colours that are the same for all images, and its artifacts."""
    from ..batches import place_of
    from ..norms import is_artifact
    from ..pictures import mask_overlay, overlay
    from ..sheets import save_picture, sheet

    for index, name in enumerate(batch.names):
        image = batch.picture(index)
        tiles = [image, overlay(image, maps[index], limits=limits), mask_overlay(image, is_artifact(maps[index], limit))]
        save_picture(sheet(tiles, arguments.tile, len(tiles)), place_of(arguments.output, name, suffix))
