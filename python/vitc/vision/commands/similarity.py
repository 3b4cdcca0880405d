"""`similarity`: how alike attention maps are."""
from __future__ import annotations

import argparse

from .. import options

HELP = "measure how alike attention maps are, between layers and between the heads of a layer"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_model(parser)
    options.add_images(parser)
    options.add_output(parser, "similarity", "the folder for summary.json and pictures")
    parser.add_argument("--by", choices=("tokens", "queries", "maps"), default="tokens",
                        help="what is compared: what a token gives to others (DeepViT's measure), what it takes, whole maps")
    parser.add_argument("--layers", default=None, metavar="LAYERS",
                        help="of which blocks, counted from 0 or, negative, from the last: 0-3,-1; if not given, all")
    parser.add_argument("--threshold", type=float, default=0.5, metavar="COSINE",
                        help="from which a layer's maps count as the same as those of the layer before")
    options.add_preprocessing(parser)
    options.add_quiet(parser)


def run(arguments: argparse.Namespace) -> None:
    import numpy as np

    from ..batches import batches, write_summary
    from ..pictures import matrix
    from ..sheets import save_picture
    from ..similarity import collapsed_layers, head_similarity, layer_similarity

    images = options.images_of(arguments)
    taps = [f"attention:{arguments.layers}" if arguments.layers else "attention"] if arguments.model.endswith(".onnx") else []
    backbone = options.backbone_of(arguments, taps)
    preprocess = options.preprocess_of(arguments, backbone)
    names = backbone.outputs_of("attention")
    layers, heads, count = np.zeros((len(names),) * 2), {}, 0
    for batch in batches(images, preprocess, arguments):
        results = backbone.run(batch.inputs)
        for index in range(len(batch.names)):  # maps of several images in float64 would be large
            maps = {layer: results[name][index, None] for layer, name in names.items()}
            layers += layer_similarity(list(maps.values()), arguments.by)
            heads = {layer: heads.get(layer, 0) + head_similarity(of, arguments.by) for layer, of in maps.items()}
            count += 1
    layers, heads = layers / count, {layer: total / count for layer, total in heads.items()}
    collapsed = collapsed_layers(layers, arguments.threshold)
    between = {layer: float(cosines[~np.eye(len(cosines), dtype=bool)].mean())
               for layer, cosines in heads.items() if len(cosines) > 1}
    write_summary(arguments.output / "summary.json", {
        "settings": {"model": backbone.settings, "preprocessing": preprocess.settings, "images": images.settings,
                     "by": arguments.by},
        "images": count, "layer_numbers": list(names), "layers": layers.tolist(),
        "heads": {layer: cosines.tolist() for layer, cosines in heads.items()}, "between_heads": between,
        "collapsed": collapsed, "threshold": arguments.threshold})
    picture = matrix(layers, [str(layer) for layer in names], "cosine between the maps of layers")
    save_picture(picture, arguments.output / "layers.png")
    for layer, cosines in heads.items():
        save_picture(matrix(cosines, [str(head) for head in range(len(cosines))], f"cosine between the heads of layer {layer}"),
                     arguments.output / f"heads.layer{layer}.png")
    if not arguments.quiet:
        print(f"{arguments.output}: {count} images, {len(layers)} layers; {collapsed:.0%} of them are alike the one before "
              f"(cosine above {arguments.threshold:g})")
        for number, layer in enumerate(names):
            said = [f"between heads {between[layer]:.3f}"] if layer in between else []
            said += [f"to the layer before {layers[number, number - 1]:.3f}"] if number else []
            print(f"layer {layer}: {', '.join(said) or 'one head'}")
