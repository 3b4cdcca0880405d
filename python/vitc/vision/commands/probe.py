"""`probe`: what single tokens know of the image's class, their place and their pixels."""
from __future__ import annotations

import argparse
import pathlib
from typing import TYPE_CHECKING, Any

from ..._errors import Error
from .. import options
from .norms import cutoff

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..backbone import Backbone
    from ..preprocess import Preprocess
    from ..sources import Images

COUNTS = ("images", "patches")
HELP = "read class, position and pixels off single tokens: normal patches, artifacts and the class token"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_model(parser)
    options.add_images(parser)
    options.add_output(parser, "probe.json", "where to write what was found", options.file)
    parser.add_argument("--layer", type=int, default=-1, help="after which block; a library has those it was compiled with")
    parser.add_argument("--cutoff", type=cutoff, default="valley", metavar="NORM",
                        help="above which a patch is an artifact: a number, or valley, that of the histogram")
    parser.add_argument("--test", type=part, default=0.25, metavar="PART",
                        help="the part of the images that probes are tried on")
    parser.add_argument("--most", type=options.positive, default=5000, metavar="N",
                        help="patches, drawn at random, that probes of position and pixels are fitted to")
    parser.add_argument("--picture", type=options.picture, default=None, metavar="PNG", help="also draw what was found")
    parser.add_argument("--seed", type=options.natural, default=0, help="of what is drawn")
    options.add_preprocessing(parser)
    options.add_quiet(parser)


def part(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a number between 0 and 1")
    return number


def run(arguments: argparse.Namespace) -> None:
    import numpy as np

    from ..batches import write_summary
    from ..norms import find_valley, token_norms

    images = options.images_of(arguments)
    if arguments.picture is not None:
        images.spare(arguments.picture)
    backbone = options.backbone_of(arguments, [f"tokens:{arguments.layer}"] if arguments.model.endswith(".onnx") else [])
    preprocess = options.preprocess_of(arguments, backbone)
    names, tokens, inputs = collect(images, backbone, preprocess, arguments)
    patches = tokens[:, backbone.tokens.prefix :]
    norms = token_norms(patches)
    limit = find_valley(norms) if arguments.cutoff is None else arguments.cutoff
    labels = np.array([pathlib.PurePosixPath(name).parent.as_posix() for name in names])
    test = np.zeros(len(names), bool)
    test[np.random.default_rng(arguments.seed).permutation(len(names))[: max(1, round(arguments.test * len(names)))]] = True
    # A class token that no output reads is a register to the compiler.
    first = ["cls" if backbone.tokens.cls else "register"] if backbone.tokens.prefix else []
    found: dict[str, dict[str, float]] = {kind: {} for kind in ("normal", "artifact", *first)}
    read_classes(found, tokens[:, 0], patches, norms, limit, labels, test, arguments.seed)
    read_patches(found, patches, norms, limit, inputs, backbone, test, arguments)
    rate = float((norms > (np.inf if limit is None else limit)).mean())
    write_summary(arguments.output, {
        "settings": {"model": backbone.settings, "preprocessing": preprocess.settings, "images": images.settings,
                     "layer": arguments.layer, "test": arguments.test, "most": arguments.most, "seed": arguments.seed},
        "images": len(names), "classes": len(set(labels)), "cutoff": limit, "artifact_rate": rate, "tokens": found})
    if arguments.picture:
        from ..pictures import bars
        from ..sheets import save_picture

        measures = {kind: {name: value for name, value in what.items() if name not in COUNTS} for kind, what in found.items()}
        save_picture(bars(measures), arguments.picture)
    if not arguments.quiet:
        print(f"{arguments.output}: {len(names)} images of {len(set(labels))} classes; {rate:.2%} of the patches are artifacts"
              + (f", above {limit:.4g}" if limit is not None else ": the histogram has no valley"))
        for kind, what in found.items():
            print(f"{kind}: " + (", ".join(f"{name} {value:.4g}" for name, value in what.items()) or "nothing to read"))


def collect(images: Images, backbone: Backbone, preprocess: Preprocess,
            arguments: Any) -> tuple[list[str], NDArray[np.float32], NDArray[np.float32]]:
    """Names, tokens (count, N, C) and inputs (count, 3, height, width) of all images, which must have one size."""
    import numpy as np

    from ..batches import batches

    names, tokens, inputs = [], [], []
    layers = backbone.outputs_of("tokens")
    if arguments.layer >= 0 and arguments.layer not in layers:
        raise Error(f"{backbone.name} has tokens of layers {', '.join(map(str, layers))}; --layer is {arguments.layer}")
    layer = layers[arguments.layer if arguments.layer >= 0 else max(layers)]
    for batch in batches(images, preprocess, arguments):
        if inputs and inputs[0].shape[1:] != batch.inputs.shape[1:]:
            sizes = [" × ".join(map(str, some.shape[2:])) for some in (inputs[0], batch.inputs)]
            raise Error(f"images of {sizes[0]} and {sizes[1]}; positions are read off images of one size: --fit crop or exact")
        names += batch.names
        inputs.append(batch.inputs)
        tokens.append(backbone.run(batch.inputs)[layer])
    if len(names) < 4:
        raise Error(f"{len(names)} images; expected at least 4, to fit probes to some and try them on others")
    return names, np.concatenate(tokens).astype(np.float32), np.concatenate(inputs)


def read_classes(found: dict[str, dict[str, float]], first: NDArray, patches: NDArray, norms: NDArray, limit: float | None,
                 labels: NDArray, test: NDArray, seed: int) -> None:
    """One patch of each image at random, and its first token; images' classes are their folders."""
    from ..probe import KINDS, layer_normed, pick_tokens, probe_class

    for kind in found:
        if kind in KINDS:
            sample = pick_tokens(patches, norms, limit, kind, seed=seed)
            features, which = sample.features, sample.images
        else:
            features, which = first, slice(None)
        if not len(features):
            continue
        y, held_out = labels[which], test[which]
        if len(set(y[~held_out])) > 1 and held_out.any():
            x = layer_normed(features)
            found[kind]["class accuracy"] = probe_class(x[~held_out], y[~held_out], x[held_out], y[held_out])
            found[kind]["images"] = len(y)


def read_patches(found: dict[str, dict[str, float]], patches: NDArray, norms: NDArray, limit: float | None, inputs: NDArray,
                 backbone: Backbone, test: NDArray, arguments: Any) -> None:
    """Positions and pixels: probes are fitted to patches of either kind, and tried on each kind."""
    import numpy as np

    from ..probe import fit_pixels, fit_positions, layer_normed, patch_pixels, pick_tokens

    grid, random = backbone.grid(*inputs.shape[2:]), np.random.default_rng(arguments.seed)

    def pixels(sample: Any, which: NDArray) -> NDArray:
        return patch_pixels(inputs[which], backbone.patch)[sample.images, sample.places]

    every = thinned(pick_tokens(patches[~test], norms[~test], None, "normal", None), arguments.most, random)
    x = layer_normed(every.features)
    places, values = fit_positions(x, every.places, grid), fit_pixels(x, pixels(every, ~test))
    for kind in ("normal", "artifact"):
        sample = thinned(pick_tokens(patches[test], norms[test], limit, kind, None), arguments.most, random)
        if len(sample):
            x = layer_normed(sample.features)
            accuracy, distance = places.score(x, sample.places)
            found[kind].update({"position accuracy": accuracy, "position distance": distance,
                                "pixel error": values.error(x, pixels(sample, test)), "patches": len(sample)})


def thinned(sample: Any, most: int, random: Any) -> Any:
    """At most so many of a sample's tokens, at random."""
    from ..probe import Sample

    keep = random.permutation(len(sample))[:most]
    return Sample(sample.features[keep], sample.images[keep], sample.places[keep])
