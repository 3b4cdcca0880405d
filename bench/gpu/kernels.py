#!/usr/bin/env python3
"""Lists the kernels of models for a GPU, as ptxas makes them: registers, shared memory, spills, counts of instructions.

    tools/build --requirements demo --requirements gpu    # ptxas and nvdisasm from PyPI, where no CUDA toolkit is installed
    build/venv/bin/python bench/gpu/kernels.py            # writes bench/gpu/kernels.md
    build/venv/bin/python bench/gpu/kernels.py vit_b16 deit_s --output FILE.md

Names are those of zoo/graphs and bench/graphs (batch 8). No GPU is needed.
"""
from __future__ import annotations

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
from typing import NamedTuple

import sass
import toolkit

FOLDER = pathlib.Path(__file__).resolve().parent
SOURCE = FOLDER.parents[1]
sys.path.insert(0, str(SOURCE / "zoo"))
import zoo  # noqa: E402

BATCHES = SOURCE / "bench" / "graphs"
MODELS = ("vit_b16", "dinov2_s14_reg4", "dino_s8", "swin_t", "convnext_t", "pvt_v2_b1", "resnet50", "dinov2_s14_reg4_batch8",
          "swin_t_batch8")
FLAGS = ("--target=cuda-sm_90", "--precision=bf16")
HEADER = ("kernel", "operands", "threads", "registers", "shared KiB", "spilled B", "HGMMA", "HMMA", "LDL, STL", "EX2",
          "instructions")


class Launch(NamedTuple):
    """The first launch of a kernel. Written by hand: by a builder of lib/Dialect/GPUKernel/Kernels, not made from loops."""

    kernel: str
    kind: str
    by_hand: bool
    threads: int
    shared: int
    operands: str


def read_launches(ir: str) -> dict[str, Launch]:
    """Of the IR after the stage `vector`, by kernel."""
    found: dict[str, Launch] = {}
    for line in ir.splitlines():
        match = re.match(r"\s*vgpu\.launch @\w+::@(\w+) .*? block (\d+) args\((.*?)\) \{(.*)\}$", line)
        if match and match[1] not in found:
            kernel, threads, arguments, attributes = match.groups()
            shapes = re.findall(r"memref<((?:\d+x)*)\w+", arguments)
            operands = " · ".join(shape.rstrip("x").replace("x", "×") or "1" for shape in shapes[:3])
            shared = re.search(r"shared_bytes = (\d+)", attributes)
            found[kernel] = Launch(kernel, re.search(r'kind = "(\w+)"', attributes)[1], "forms = " in attributes, int(threads),
                                   int(shared[1]) if shared else 0, operands)
    return found


def compile_model(vitc: pathlib.Path, name: str, folder: pathlib.Path) -> tuple[dict[str, Launch], sass.Assembled]:
    """The launches and kernels of a model of the zoo, at the shapes of its graph."""
    model, library = folder / f"{name}.onnx", folder / f"{name}.so"
    zoo.make(name, model, folder=BATCHES if (BATCHES / f"{name}.onnx.xz").exists() else zoo.GRAPHS)

    def run(*options: object) -> str:
        return subprocess.run([vitc, model, *FLAGS, *options], env=toolkit.environment(), capture_output=True, text=True,
                              check=True).stdout

    run("-o", library)
    launches = read_launches(run("--compile-to=vector"))
    made = sass.of_library(library)
    model.unlink()
    library.unlink()
    return launches, made


def row(launch: Launch, kernel: sass.Kernel) -> tuple[object, ...]:
    registers = str(kernel.registers)
    if kernel.raised_registers > kernel.registers:
        registers += f" ({kernel.raised_registers})"
    shared = f"{(launch.shared + kernel.shared) / 1024:.0f}"
    counts = (kernel.count(*opcodes) for opcodes in (("HGMMA",), ("HMMA",), ("LDL", "STL"), ("MUFU.EX2",)))
    return launch.kernel, launch.operands, launch.threads, registers, shared, kernel.spilled, *counts, len(kernel.sass)


def describe_loops(kernels: list[sass.Kernel]) -> str:
    local = sum(kernel.count("LDL", "STL") for kernel in kernels)
    return (f"And {len(kernels)} kernels made from loops: at most {max(kernel.registers for kernel in kernels)} registers, "
            f"{sum(kernel.spilled for kernel in kernels)} bytes spilled, {local} loads and stores of local memory.")


def section(name: str, launches: dict[str, Launch], made: sass.Assembled) -> str:
    """Markdown about one model."""
    by_hand = [launch for launch in launches.values() if launch.by_hand]
    loops = [made.kernels[launch.kernel] for launch in launches.values() if not launch.by_hand]
    lines = [f"## {name}", "", f"| {' | '.join(HEADER)} |", "| --- | --- |" + " ---: |" * (len(HEADER) - 2)]
    lines += [f"| {' | '.join(map(str, row(launch, made.kernels[launch.kernel])))} |" for launch in by_hand]
    lines += ["", describe_loops(loops)] if loops else []
    return "\n".join(lines + ["", *made.serialised])


def write(vitc: pathlib.Path, names: list[str], output: pathlib.Path) -> None:
    parts = ["# Kernels for sm_90a in bf16", f"""\
Written by [kernels.py](kernels.py), with ptxas {toolkit.version("ptxas")}: which kernels a model gets, and what becomes of
them. Registers are a thread's, in brackets what a warpgroup raises them to; shared memory is a block's. Operands are the first
three that a kernel is first launched with. HGMMA, HMMA: products on tensor cores; LDL, STL: loads and stores of local memory,
which spills would need; EX2: exponentials."""]
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            parts.append(section(name, *compile_model(vitc, name, pathlib.Path(folder))))
            print(name, flush=True)
    output.write_text("\n\n".join(part.rstrip("\n") for part in parts) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--vitc", type=pathlib.Path, default=SOURCE / "build" / "release" / "bin" / "vitc")
    parser.add_argument("--output", type=pathlib.Path, default=FOLDER / "kernels.md")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.models if name not in (*zoo.names(), *zoo.names(BATCHES))]
    if unknown:
        parser.error(f"no graph is named {', '.join(unknown)}; expected one of zoo/graphs or bench/graphs")
    try:
        write(arguments.vitc, arguments.models, arguments.output)
    except sass.Missing as missing:
        sys.exit(f"kernels.py: {missing}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"kernels.py: {error.cmd[0]} failed: {error.stderr.strip()}")


if __name__ == "__main__":
    main()
