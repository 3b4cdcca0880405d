"""vitc.vision.preprocess equals torchvision's transforms of Pillow images, whose results are in vision/torchvision.npz."""
import pathlib
import runpy

import numpy as np
import pytest
import vitc
from PIL import Image
from vitc.vision.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess

FOLDER = pathlib.Path(__file__).parent / "vision"
EXPECTED = np.load(FOLDER / "torchvision.npz")
MADE = runpy.run_path(str(FOLDER / "torchvision_expected.py"))
CASES, drawn = MADE["CASES"], MADE["drawn"]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_pixels(number):
    """Within one least significant bit, as another version of Pillow may round."""
    _, _, arguments = CASES[number]
    expected = EXPECTED[f"pixels{number}"].astype(int)
    found = np.asarray(Preprocess(**arguments).fitted(Image.fromarray(drawn(number)))).transpose(2, 0, 1)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1


def test_normalised_exactly():
    every = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    found = Preprocess(16, fit="exact")(Image.fromarray(every))
    assert found.dtype == np.float32 and found.flags.c_contiguous
    np.testing.assert_array_equal(found, EXPECTED["normalised"])


def test_defaults_are_the_custom():
    assert Preprocess().settings["resize"] == 256 and Preprocess(518).settings["resize"] == 592
    assert (Preprocess().mean, Preprocess().std) == (IMAGENET_MEAN, IMAGENET_STD)
    assert Preprocess()(np.zeros((300, 200, 3), np.uint8)).shape == (3, 224, 224)


def test_restore_inverts():
    image = drawn(0)
    preprocess = Preprocess((40, 61), fit="exact")
    np.testing.assert_array_equal(preprocess.restore(preprocess(image)), image)


def test_shorter_keeps_multiples():
    preprocess = Preprocess(64, fit="shorter", multiple=14)
    assert preprocess.fitted(Image.new("RGB", (200, 100))).size == (126, 56)
    with pytest.raises(vitc.Error, match="size is 8; expected at least 14"):
        Preprocess(8, fit="shorter", multiple=14)(Image.new("RGB", (200, 100)))


def test_long_images_do_not_explode():
    with pytest.raises(vitc.Error, match="1 × 20000 would become 256 × 5120000, which is too large"):
        Preprocess()(Image.new("RGB", (1, 20000)))


@pytest.mark.parametrize("arguments, says", [
    (dict(size=0), "size is 0; expected a positive number of pixels"),
    (dict(size="a"), "size is 'a'; expected a positive number of pixels"),
    (dict(size=()), "size is \\(\\); expected"),
    (dict(size=(8.5, 8)), "size is \\(8.5, 8\\); expected"),
    (dict(size=(1, 2, 3)), "size is \\(1, 2, 3\\)"),
    (dict(resize=-1), "resize is -1"),
    (dict(fit="squeeze"), "fit is 'squeeze'; expected one of crop, exact, shorter"),
    (dict(interpolation="cubic"), "interpolation is 'cubic'; expected one of bicubic"),
    (dict(std=(1, 1, 0)), "no std of 0"),
    (dict(mean=(0.5,)), "expected three finite numbers"),
])
def test_refuses(arguments, says):
    with pytest.raises(vitc.Error, match=says):
        Preprocess(**arguments)
