"""Files of features as `python -m vitc.vision features` writes them, and folders of images, for the tests of commands."""
import json

import numpy as np
from PIL import Image

CLASSES = ("ant", "bee", "cat")


def write_features(path, features, names):
    np.save(path, features)
    path.with_suffix(".json").write_text(json.dumps({"names": list(names)}))
    return path


def drawn(seed, per_class=8, width=6, noise=0.8):
    """Features (N, C) of three classes, and names in a folder for each."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(len(CLASSES), width))
    features = np.repeat(centres, per_class, axis=0) + noise * random.normal(size=(len(CLASSES) * per_class, width))
    return features.astype(np.float32), [f"{label}/{number}.png" for label in CLASSES for number in range(per_class)]


def write_images(folder, per_class=3, seed=0, size=(48, 64)):
    """Images by class: each class has a colour, each image its noise."""
    random = np.random.default_rng(seed)
    for number, label in enumerate(CLASSES):
        (folder / label).mkdir(parents=True)
        for image in range(per_class):
            pixels = np.zeros((*size, 3)) + 60 + 120 * (np.arange(3) == number) + 25 * random.normal(size=(*size, 3))
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / label / f"{image}.png")
    return folder
