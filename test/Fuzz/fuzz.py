#!/usr/bin/env python3
"""Compares random graphs with ONNX Runtime: build/venv/bin/python test/Fuzz/fuzz.py --seconds 600

Each seed is one graph, of one kind: `blocks` of vision transformers with changes, or `programs` of any ops. Prints what
differs, and keeps the model beside; exits with 1 where anything did. `--seeds 17 18` looks at one seed again.
"""
from __future__ import annotations

import argparse
import collections
import pathlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SOURCE / "python"), str(SOURCE / "test" / "Fuzz")]

from blocks import draw_block  # noqa: E402
from differential import check  # noqa: E402
from programs import draw_program  # noqa: E402

KINDS = {"blocks": draw_block, "programs": draw_program}


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=[*KINDS, "both"], default="both")
    parser.add_argument("--seeds", type=int, nargs=2, metavar=("FIRST", "END"), default=(0, sys.maxsize))
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this long")
    parser.add_argument("--build-dir", type=pathlib.Path, default=SOURCE / "build" / "release")
    parser.add_argument("--keep", type=pathlib.Path, default=SOURCE / "build" / "fuzz", help="where models that differ go")
    return parser.parse_args()


def cases(arguments: argparse.Namespace) -> Iterator[tuple[str, int]]:
    end = time.monotonic() + arguments.seconds
    for seed in range(*arguments.seeds):
        for kind in KINDS if arguments.kind == "both" else [arguments.kind]:
            if time.monotonic() > end:
                return
            yield kind, seed


def main() -> int:
    arguments = read_arguments()
    counts: collections.Counter[str] = collections.Counter()
    defects = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for kind, seed in cases(arguments):
            verdict = check(KINDS[kind](seed), arguments.build_dir / "bin" / "vitc", folder)
            counts[verdict.kind] += 1
            if counts.total() % 100 == 0:
                print(f"{counts.total()} graphs, {kind} {seed} the last", flush=True)
            if verdict.is_defect:
                defects += 1
                arguments.keep.mkdir(parents=True, exist_ok=True)
                kept = arguments.keep / f"{kind}{seed}.onnx"
                shutil.copy(folder / "m.onnx", kept)
                print(f"{verdict.kind}: {kept}: {verdict.detail}", flush=True)
    print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main())
