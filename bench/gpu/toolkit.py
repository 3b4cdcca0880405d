"""Where the programs of the CUDA toolkit are: of an installed toolkit, or of PyPI's packages (tools/requirements/gpu.txt)."""
from __future__ import annotations

import os
import pathlib
import re
import shutil
import site
import subprocess
import sys
from collections.abc import Iterator


def _candidates(name: str) -> Iterator[str | None]:
    """In the order in which vitc looks for ptxas, and then where vitc does not look."""
    yield os.environ.get(f"VITC_{name.upper().replace('-', '_')}")
    for variable in ("CUDA_HOME", "CUDA_PATH"):
        if home := os.environ.get(variable):
            yield os.path.join(home, "bin", name)
    yield shutil.which(name)
    for folder in {sys.prefix, *site.getsitepackages()}:
        yield from map(str, sorted(pathlib.Path(folder).glob(f"nvidia/*/bin/{name}"), reverse=True))
    yield os.path.join("/usr/local/cuda/bin", name)


def find(name: str) -> str | None:
    """The path of `ptxas`, `nvdisasm`, `compute-sanitizer`, …, or None where it is not installed."""
    return next((path for path in _candidates(name) if path and os.access(path, os.X_OK)), None)


def version(name: str) -> str:
    """As the program states it, "V13.0.88"; "missing" where it is not installed."""
    path = find(name)
    if not path:
        return "missing"
    match = re.search(r"V[\d.]+", subprocess.run([path, "--version"], capture_output=True, text=True).stdout)
    return match[0] if match else "unknown"


def environment() -> dict[str, str]:
    """The variables of this process, with those that let vitc find the same ptxas."""
    ptxas = find("ptxas")
    return {**os.environ, **({"VITC_PTXAS": ptxas} if ptxas else {})}
