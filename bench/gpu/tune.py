#!/usr/bin/env python3
"""Measures schedules of the products of models on a GPU, and writes the tuning file that `vitc --tuning` reads.

    bench/gpu/prepare.py                                               # before, on a machine with the build: makes build/gpu
    python3 bench/gpu/tune.py --folder build/gpu --output sm_90.json   # on the GPU's machine
    vitc model.onnx -o model.so --target=cuda-sm_90 --precision=bf16 --tuning=sm_90.json

`vitc --tune` measures: all tiles and splits that there are kernels for, of each product of each model at each batch, those with
most products first. This program chooses models and batches, and adds to the file what it was measured on. What the file has
is not measured again. Beside the driver it needs Python and NumPy.
"""
from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SOURCE / "python"), str(pathlib.Path(__file__).resolve().parent)]
import cases  # noqa: E402
import machine  # noqa: E402
import report  # noqa: E402
import run  # noqa: E402
import toolkit  # noqa: E402
import vitc  # noqa: E402
from machine import Missing  # noqa: E402

MACHINE = {"gpu": "GPU", "cuda": "CUDA of the driver", "driver": "driver and clocks", "ptxas": "ptxas"}  # of machine.describe
HEADER = ["product", "schedule", "µs", "TFLOP/s", "by the estimate", "µs", "slower"]


def read(path: pathlib.Path) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.exists() else {}


def check_machine(path: pathlib.Path, gpu: str) -> None:
    """Times of two GPUs do not belong into one file."""
    known = read(path).get("gpu", gpu)
    if known != gpu:
        raise Missing(f"{path} was measured on {known}, and this machine has {gpu}")


def sign(path: pathlib.Path, described: dict[str, str], mock: bool) -> dict[str, Any]:
    """Adds to the file what it was measured on, and when."""
    table = read(path)
    about = {key: described[name] for key, name in MACHINE.items()}
    about["date"] = datetime.date.today().isoformat()
    if mock:
        about["note"] = "mock: no time of a GPU"
    schedules = table.pop("schedules")
    made = path.with_name(path.name + ".partial")
    made.write_text(json.dumps({**table, **about, "schedules": schedules}, indent=2, ensure_ascii=False) + "\n")
    made.replace(path)
    return schedules


def tune(bench: run.Bench, case: cases.Case, options: argparse.Namespace) -> str:
    """What vitc said of one model, whose products at all batches it measured."""
    shapes = [",".join(f"{name}={'x'.join(map(str, shape))}" for name, shape in case.shapes(batch).items())
              for batch in bench.batches(case)]
    command = [bench.compiler, bench.graph(case), f"--target={options.target}", f"--precision={options.precision}",
               "--shapes", ";".join(shapes), f"--tune={max(1, int(bench.left()))}", f"--tuning={options.output}"]
    done = subprocess.run(list(map(str, command)), env=toolkit.environment(), capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"{case.name}: {done.stderr.strip()}")
    return done.stdout.strip()


def describe(schedules: dict[str, dict[str, int]]) -> str:
    """A table in Markdown, those that take longest first."""
    rows = []
    for key, entry in sorted(schedules.items(), key=lambda item: -item[1].get("nanoseconds", 0)):
        if "nanoseconds" not in entry:
            continue  # of a CPU, or by hand
        m, k, n = (int(size) if size != "?" else 0 for size in key.split()[-1].split("x"))
        tile = f"{entry['tile_m']} × {entry['tile_n']}" + (f", {entry['splits']} splits" if entry["splits"] > 1 else "")
        taken, expected = max(entry["nanoseconds"], 1), entry["expected_nanoseconds"]
        speed = f"{2 * m * k * n / taken / 1e3:.0f}" if m else "–"
        choice = "the same" if taken >= expected else "another"
        rows.append([key, tile, f"{taken / 1e3:.1f}", speed, choice, f"{expected / 1e3:.1f}", f"{expected / taken:.2f}"])
    return report.table(HEADER, rows)


def work(options: argparse.Namespace, folder: pathlib.Path) -> int:
    machine.synchronize()  # there is a GPU
    bench, failed = run.Bench(options, folder), 0
    check_machine(options.output, bench.machine["GPU"])
    for case in cases.load(options.folder):
        if case.part != "models" or (options.models and case.name not in options.models):
            continue
        if bench.left() < 0:
            print(f"{case.name}: the time of --seconds was spent", flush=True)
            continue
        start = time.monotonic()
        try:
            said = tune(bench, case, options)
            schedules = sign(options.output, bench.machine, bench.mock)
            print(f"{case.name}: {said} ({time.monotonic() - start:.0f} s)", flush=True)
        except Missing as reason:
            failed += 1
            print(f"tune.py: {reason}", file=sys.stderr)
    if options.output.exists():
        print(describe(read(options.output)["schedules"]))
    return 1 if failed else 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    def names(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, default=SOURCE / "build" / "gpu", help="what prepare.py made")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(os.environ.get("OUT", ".")) / "tuning.json")
    parser.add_argument("--models", type=names, help="default: all that the folder has")
    parser.add_argument("--batches", type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--target", default="cuda-sm_90")
    parser.add_argument("--precision", default="bf16")
    parser.add_argument("--seconds", type=float, default=540, help="after so many, no other product is begun")
    parser.add_argument("--vitc", type=pathlib.Path, help="the compiler; default: that of the wheel in the folder")
    options = parser.parse_args(arguments)
    options.folder, options.output = options.folder.resolve(), options.output.resolve()
    if not (options.folder / cases.MANIFEST).exists():
        parser.error(f"{options.folder} has no {cases.MANIFEST}: prepare.py makes it")
    known = [case.name for case in cases.load(options.folder) if case.part == "models"]
    unknown = [name for name in options.models or [] if name not in known]
    if unknown:
        parser.error(f"there is no model {', '.join(unknown)} in {options.folder}; expected some of {', '.join(known)}")
    return options


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return work(options, pathlib.Path(folder))
    except (vitc.Error, Missing, OSError, ValueError) as error:
        print(f"tune.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
