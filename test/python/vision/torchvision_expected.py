#!/usr/bin/env python3
"""Makes torchvision.npz: what torchvision 0.29.2 makes of drawn images. The tests do not need torchvision; this does.

    torchvision_expected.py            writes torchvision.npz beside itself
"""
import pathlib

import numpy as np

# (height, width) of the image, torchvision's transforms, the same as arguments of Preprocess
CASES = [
    ((40, 61), ["Resize(26, bicubic)", "CenterCrop(22)"], dict(size=22, resize=26)),
    ((61, 40), ["Resize(26, bilinear)", "CenterCrop(22)"], dict(size=22, resize=26, interpolation="bilinear")),
    ((7, 9), ["Resize(26, bicubic)", "CenterCrop(22)"], dict(size=22, resize=26)),
    ((30, 30), ["Resize(13, bicubic)", "CenterCrop(22)"], dict(size=22, resize=13)),
    ((31, 17), ["Resize(12, lanczos)", "CenterCrop(19)"], dict(size=19, resize=12, interpolation="lanczos")),
    ((33, 50), ["Resize(17, bicubic)", "CenterCrop((10, 24))"], dict(size=(10, 24), resize=17)),
    ((33, 50), ["Resize((16, 12), bicubic)"], dict(size=(16, 12), fit="exact")),
    ((50, 33), ["Resize(15, bilinear)"], dict(size=15, fit="shorter", interpolation="bilinear")),
    ((1, 1), ["Resize(9, bicubic)", "CenterCrop(8)"], dict(size=8, resize=9)),
    ((1, 60), ["Resize(2, bicubic)", "CenterCrop(8)"], dict(size=8, resize=2)),
]


def drawn(number):
    """The image of a case, smooth and noisy in parts."""
    (height, width), random = CASES[number][0], np.random.default_rng(number)
    y, x = np.mgrid[0:height, 0:width]
    waves = 128 + 100 * np.sin(0.3 * x[..., None] + 0.2 * y[..., None] * (1, 2, 3))
    noise = random.integers(0, 256, (height, width, 3))
    return np.where((x > width / 2)[..., None], noise, waves).astype(np.uint8)


def main():
    import re

    from PIL import Image
    from torchvision import transforms
    from torchvision.transforms import InterpolationMode

    def transform(text):
        name, number, interpolation = re.fullmatch(r"(\w+)\((\d+|\(.*?\))(?:, (\w+))?\)", text).groups()
        further = {"interpolation": InterpolationMode[interpolation.upper()]} if interpolation else {}
        return getattr(transforms, name)(eval(number), **further)

    expected = {}
    for number, (_, steps, _) in enumerate(CASES):
        pixels = transforms.Compose([*map(transform, steps), transforms.PILToTensor()])(Image.fromarray(drawn(number)))
        expected[f"pixels{number}"] = pixels.numpy()
    normalise = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])
    every = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    expected["normalised"] = normalise(Image.fromarray(every)).numpy()
    np.savez_compressed(pathlib.Path(__file__).with_name("torchvision.npz"), **expected)


if __name__ == "__main__":
    main()
