#!/usr/bin/env python3
"""Features of the same images by one process and by workers of a local Ray, in turns: seconds, and whether the bits agree.

  build/venv/bin/python bench/ray_features.py MODEL.onnx [--images FOLDER] [--workers N] [--rounds N]

Needs tools/build --requirements ray. Without --images, 128 pictures are drawn (JPEG, 640 × 480). Compiling and starting Ray
(stated by themselves) are not in the times; starting the workers, which load the library, is.
"""
from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "python"))
os.environ["PYTHONPATH"] = os.pathsep.join([sys.path[0], *filter(None, [os.environ.get("PYTHONPATH")])])  # of the workers
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import numpy as np  # noqa: E402
import ray  # noqa: E402
import vitc.ray  # noqa: E402
from PIL import Image  # noqa: E402
from vitc.vision import Backbone, Picker, extract_features  # noqa: E402


def draw(folder: pathlib.Path, count: int) -> pathlib.Path:
    """Smooth pictures, which a decoder takes as long for as for photographs."""
    random = np.random.default_rng(0)
    for number in range(count):
        coarse = Image.fromarray(random.integers(0, 256, (60, 80, 3), np.uint8))
        coarse.resize((640, 480), Image.Resampling.BICUBIC).save(folder / f"{number:04}.jpg", quality=90)
    return folder


def timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def measure(folder: pathlib.Path, arguments: argparse.Namespace, work: pathlib.Path) -> None:
    picker, cores = Picker("whole"), os.cpu_count() or 1
    threaded, single = (Backbone(arguments.model, threads=threads) for threads in (cores, 1))
    started = timed(lambda: ray.init(num_cpus=cores, include_dashboard=False, log_to_driver=False, logging_level="error"))

    def alone(backbone: Backbone, path: pathlib.Path) -> object:
        return extract_features(folder, backbone, path, picker=picker, readers=2)

    variants: dict[str, Callable[[pathlib.Path], object]] = {
        "one process, 1 thread": lambda path: alone(single, path),
        f"one process, {cores} threads": lambda path: alone(threaded, path),
        f"Ray, {arguments.workers} workers of 1 thread":
            lambda path: vitc.ray.extract(folder, arguments.model, path, picker=picker, workers=arguments.workers),
    }
    times: dict[str, list[float]] = {name: [] for name in variants}
    written: list[bytes] = []
    for turn in range(arguments.rounds):
        for name, run in variants.items():
            path = work / f"{turn}-{len(written)}.npy"
            times[name].append(timed(lambda: run(path)))
            written.append(path.read_bytes())
    count = len(np.load(work / "0-0.npy"))
    print(f"\n{count} images, {arguments.rounds} rounds; Ray {ray.__version__} started in {started:.1f} s; "
          f"results {'have the same bits' if len(set(written)) == 1 else 'DIFFER'}")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"{name:<32} {median:6.2f} s  {count / median:6.1f} images/s  ({', '.join(f'{one:.2f}' for one in seconds)})")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--images", type=pathlib.Path)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        pictures = pathlib.Path(work, "images")
        pictures.mkdir()
        try:
            measure(arguments.images or draw(pictures, 128), arguments, pathlib.Path(work))
        finally:
            ray.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
