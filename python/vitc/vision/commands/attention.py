"""`attention`: where the heads of a layer look."""
from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .. import options

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..batches import Batch

HELP = "draw what a token attends to: a map and a mask of each head, over each image"
KINDS = ("patches", "cls", "registers")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_model(parser)
    options.add_images(parser)
    options.add_output(parser, "attention", "the folder for pictures, numbers and summary.json")
    parser.add_argument("--layers", default="-1", metavar="LAYERS",
                        help="of which blocks, counted from 0 or, negative, from the last: 0-3,-1; a library has those it was "
                             "compiled with")
    parser.add_argument("--query", action="append", metavar="TOKEN", default=None,
                        help="whose attention: cls, register:I or patch:ROW,COLUMN; may be repeated; if not given, the class "
                             "token's, or the first register's where there is none")
    parser.add_argument("--mass", type=share, default=0.6, help="the part of a map's sum that its mask keeps")
    parser.add_argument("--alpha", type=share, default=0.6, help="how much a map covers its image")
    parser.add_argument("--smooth", action="store_true", help="draw maps without the edges of patches")
    parser.add_argument("--tile", type=options.positive, default=224, metavar="PIXELS",
                        help="longer side of a map in a picture")
    parser.add_argument("--numbers", action="store_true", help="also write the maps, as IMAGE.npz")
    options.add_preprocessing(parser)
    options.add_quiet(parser)


def share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r}; expected more than 0 and at most 1")
    return number


def run(arguments: argparse.Namespace) -> None:
    import numpy as np

    from ..attention import attention_maps, default_query, open_attention
    from ..batches import batches, place_of, write_arrays, write_summary

    images = options.images_of(arguments)
    queries = list(dict.fromkeys(arguments.query or ["cls"]))
    backbone = open_attention(arguments.model, queries, arguments.layers, threads=arguments.threads)
    if not arguments.query:
        queries = [default_query(backbone.tokens)]
    preprocess = options.preprocess_of(arguments, backbone)
    shares: dict[tuple[int, str], list[NDArray[np.float64]]] = {}
    for batch in batches(images, preprocess, arguments):
        layers = attention_maps(backbone, batch.inputs, queries)
        for layer, maps in layers.items():
            for number, query in enumerate(queries):
                rows = np.stack(list(maps.shares.values()), axis=-1)[:, :, number]  # (batch, heads, kinds)
                shares.setdefault((layer, query), []).append(rows)
                suffix = f".layer{layer}.{query.replace(':', '').replace(',', '-')}.png"
                draw(batch, maps.patches[:, :, number], suffix, arguments)
        for index, name in enumerate(batch.names) if arguments.numbers else ():
            arrays = {f"{kind}.{layer}": getattr(maps, kind)[index] for layer, maps in layers.items() for kind in KINDS}
            write_arrays(place_of(arguments.output, name, ".npz"), {"queries": np.array(queries), **arrays})
    found = {key: np.concatenate(rows) for key, rows in shares.items()}
    write_summary(arguments.output / "summary.json", {
        "settings": {"model": backbone.settings, "preprocessing": preprocess.settings, "images": images.settings},
        "heads": [{"layer": layer, "query": query, "head": head, "images": len(rows),
                   **dict(zip(("cls", "registers", "patches"), map(float, rows[:, head].mean(axis=0))))}
                  for (layer, query), rows in found.items() for head in range(rows.shape[1])]})
    if not arguments.quiet:
        print(f"{arguments.output}: {len(next(iter(found.values())))} images")
        for (layer, query), rows in found.items():
            parts = rows.mean(axis=(0, 1))
            print(f"layer {layer}, {query}: in the mean {parts[0]:.1%} to class tokens, {parts[1]:.1%} to registers, "
                  f"{parts[2]:.1%} to patches")


def draw(batch: Batch, maps: NDArray[np.floating], suffix: str, arguments: Any) -> None:
    """A picture of each image: it and its heads' maps (batch, heads, rows, columns), below the maps' mean and their masks."""
    from ..attention import mass_mask
    from ..batches import place_of
    from ..pictures import mask_overlay, overlay
    from ..sheets import save_picture, sheet

    for index, name in enumerate(batch.names):
        image, heads = batch.picture(index), maps[index]
        above = [overlay(image, head, arguments.alpha, smooth=arguments.smooth) for head in heads]
        below = [mask_overlay(image, mask) for mask in mass_mask(heads, arguments.mass)]
        mean = overlay(image, heads.mean(axis=0), arguments.alpha, smooth=arguments.smooth)
        picture = sheet([image, *above, mean, *below], arguments.tile, len(heads) + 1)
        save_picture(picture, place_of(arguments.output, name, suffix))
