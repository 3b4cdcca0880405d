"""vitc.vision.pictures: colours at the places where they belong."""
import os
import subprocess
import sys

import numpy as np
import pytest
import vitc
from PIL import Image
from vitc.vision.pictures import bars, heatmap, histogram, mask_overlay, matrix, overlay

WHITE = Image.new("RGB", (6, 4), "white")


def test_heatmap():
    """From the darkest colour to the brightest; a map of one number has one colour."""
    picture = np.asarray(heatmap([[0, 1, 2]]), int)
    assert picture.shape == (1, 3, 3) and (np.diff(picture.sum(axis=2)) > 0).all()
    np.testing.assert_array_equal(heatmap([[1, 1]], limits=(0, 2)), picture[:, [1, 1]])
    assert len(np.unique(np.asarray(heatmap([[7.0, 7.0]])).reshape(-1, 3), axis=0)) == 1


def test_overlays():
    """A number is 3 × 2 pixels, the mask as many; alpha 0 leaves the image."""
    values = [[0, 1], [1, 0]]
    np.testing.assert_array_equal(overlay(WHITE, values, 0), WHITE)
    np.testing.assert_array_equal(overlay(WHITE, values, 1), np.asarray(heatmap(values)).repeat(2, 0).repeat(3, 1))
    assert len(np.unique(np.asarray(overlay(WHITE, values, 1, smooth=True)).reshape(-1, 3), axis=0)) > 2
    masked = np.asarray(mask_overlay(WHITE, np.array(values, bool), (0, 0, 255)))
    assert (masked[:2, :3] == 255).all() and (masked[:2, 3:, :2] < 140).all() and (masked[:2, 3:, 2] == 255).all()


def test_plots():
    random = np.random.default_rng(0)
    picture = histogram({"one": random.random(100), "two": random.random(50)}, "norm", {"one": 0.5, "two": None})
    assert picture.mode == "RGB" and len(picture.getcolors(1 << 20)) > 10
    assert bars({"a": {"x": 1, "y": 2}, "b": {"x": 3}, "c": {}}).width > bars({"a": {"x": 1}}).width
    assert matrix(np.eye(3), ["0", "1", "2"], "cosines").size != picture.size


@pytest.mark.parametrize("call, says", [
    (lambda: heatmap([1, 2]), "expected finite numbers \\(rows, columns\\)"),
    (lambda: heatmap([[np.nan]]), "expected finite numbers"),
    (lambda: heatmap([[1.0]], "greenish"), "matplotlib has no colours 'greenish'"),
    (lambda: overlay(WHITE, [[1.0]], 2), "alpha is 2; expected 0 to 1"),
    (lambda: mask_overlay(WHITE, np.ones((2, 2))), "expected booleans \\(rows, columns\\)"),
    (lambda: histogram({}, "norm"), "a histogram of nothing"),
    (lambda: bars({"normal": {}}), "bars of nothing"),
    (lambda: matrix(np.eye(3), ["0"], "cosines"), "as many rows and columns as labels"),
])
def test_refuses(call, says):
    with pytest.raises(vitc.Error, match=says):
        call()


def test_says_what_is_missing(source_dir):
    code = ("import sys\nsys.modules['matplotlib'] = None\nfrom vitc import Error\nfrom vitc.vision.pictures import heatmap\n"
            "try: heatmap([[1.0]])\nexcept Error as error: print(error)")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                         env={**os.environ, "PYTHONPATH": str(source_dir / "python")})
    expected = "vitc.vision needs matplotlib for this: pip install 'vitc[pictures]', or pip install matplotlib\n"
    assert run.stdout == expected, run.stderr
