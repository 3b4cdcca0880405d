#!/usr/bin/env python3
"""Runs a command with peers that believe to be on a CPU with AVX2 alone.

    build/venv/bin/python bench/isa_limit.py bench/run.py --threads 1 --flag=--mcpu=x86-64-v3

The peers' own limits leave parts of them on AVX-512 (ONEDNN_MAX_CPU_ISA does not reach the products that OpenVINO takes from
MLAS, ONNX Runtime has none). So this copies their packages to a folder, writes an undefined opcode over every CPUID instruction
of the copies, and preloads what answers it without AVX-512 and AMX (isa_limit.c). Needs objdump and a C compiler.
"""
import argparse
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[1]
PEERS = ("onnxruntime", "openvino")
CPUID, REPLACEMENT = b"\x0f\xa2", b"\x0f\x04"


def load_offsets(library):
    """[(address, file offset, size)] of the parts that are loaded."""
    headers = subprocess.run(["objdump", "-p", library], check=True, capture_output=True, text=True).stdout
    return [(int(address, 16), int(offset, 16), int(size, 16)) for offset, address, size in re.findall(
        r"LOAD off\s+0x([0-9a-f]+) vaddr 0x([0-9a-f]+).*?\n\s+filesz 0x([0-9a-f]+)", headers)]


def replace_cpuid(library):
    """Overwrites every CPUID instruction of a library; how many there were."""
    data = bytearray(library.read_bytes())
    if CPUID not in data:
        return 0
    parts, count = load_offsets(library), 0
    with subprocess.Popen(["objdump", "-d", "--no-show-raw-insn", library], stdout=subprocess.PIPE, text=True) as objdump:
        for line in objdump.stdout:
            match = re.match(r"\s*([0-9a-f]+):\s+cpuid\b", line)
            if match:
                at = int(match[1], 16)
                offset = next(at - address + start for address, start, size in parts if address <= at < address + size)
                assert data[offset:offset + 2] == CPUID, f"{library}: no CPUID at {at:#x}"
                data[offset:offset + 2] = REPLACEMENT
                count += 1
    library.write_bytes(data)
    return count


def make_limited_peers(folder):
    """Copies of the peers' packages without CPUID, made once."""
    for peer in PEERS:
        package = folder / peer
        if package.exists():
            continue
        unfinished = folder / f"{peer}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(pathlib.Path(importlib.util.find_spec(peer).origin).parent, unfinished,
                        ignore=shutil.ignore_patterns("*gpu_plugin*", "*npu_plugin*", "__pycache__"))
        replaced = {library.name: replace_cpuid(library) for library in sorted(unfinished.rglob("*.so*"))}
        print(f"{peer}: replaced CPUID in " + ", ".join(f"{name} ({n})" for name, n in replaced.items() if n), flush=True)
        unfinished.rename(package)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, default=SOURCE / "build" / "isa_limit", help="for the copies")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="a Python script and its arguments")
    arguments = parser.parse_args()
    arguments.folder = arguments.folder.resolve()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    answers = arguments.folder / "isa_limit.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", SOURCE / "bench" / "isa_limit.c", "-o", answers], check=True)
    make_limited_peers(arguments.folder)
    path = os.pathsep.join(filter(None, [str(arguments.folder), os.environ.get("PYTHONPATH")]))
    os.execve(sys.executable, [sys.executable, *arguments.command],
              {**os.environ, "LD_PRELOAD": str(answers), "PYTHONPATH": path, "ONEDNN_MAX_CPU_ISA": "AVX2"})


if __name__ == "__main__":
    main()
