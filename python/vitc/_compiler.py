"""`vitc.compile`: the driver, called as a program."""
from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._errors import Error
from ._model import Model, load

_HERE = pathlib.Path(__file__).resolve()
# Of a checkout, whose package is python/vitc, and of an installation, whose package is lib/vitc/python/vitc.
_DRIVERS = _HERE.parents[2] / "build" / "release" / "bin" / "vitc", *(up / "bin" / "vitc" for up in _HERE.parents[4:5])


def find_driver() -> str:
    """The program `vitc`: $VITC, else on the PATH, else the one built or installed with this package."""
    driver = os.environ.get("VITC") or shutil.which("vitc") or next((str(path) for path in _DRIVERS if path.exists()), None)
    if not driver:
        raise Error("the compiler `vitc` was not found: set VITC to its path, or add its folder to PATH")
    return driver


def _extents(shape: Any) -> str:
    return "x".join(str(extent) for extent in shape)


def flags_of(options: Mapping[str, Any]) -> Iterator[str]:
    """Keyword arguments as flags of the driver: shape={"x": (1, 3, 8, 8)} is --shape=x=1x3x8x8."""
    for key, value in options.items():
        flag = "--" + key.replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            yield flag
        elif isinstance(value, Mapping):
            for name, extents in value.items():
                yield f"{flag}={name}={extents if isinstance(extents, str) else _extents(extents)}"
        elif key == "tap" and isinstance(value, (list, tuple)):  # a tensor's name may hold a comma
            yield from (f"{flag}={name}" for name in value)
        elif isinstance(value, (list, tuple)):
            yield f"{flag}={','.join(map(str, value))}"
        else:
            yield f"{flag}={value}"


def _constant_flags(constants: Mapping[str, ArrayLike], folder: pathlib.Path) -> Iterator[str]:
    """Writes the arrays into the folder; yields the flags that name the files."""
    for number, (name, value) in enumerate(constants.items()):
        path = folder / f"{number}.npy"
        np.save(path, np.asarray(value))
        yield f"--constant={name}={path}"


def run_driver(arguments: list[str]) -> str:
    """What the driver prints, given these arguments; raises Error with its message where it fails."""
    driver = find_driver()
    try:
        done = subprocess.run([driver, *arguments], capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise Error(f"cannot run {driver}: {error.strerror}") from None
    if done.returncode:
        message = done.stderr.strip() or f"{driver} ended with status {done.returncode}"
        raise Error(message, done.returncode)
    return done.stdout


def build_library(path: str | os.PathLike[str], output: str | os.PathLike[str],
                  constant: Mapping[str, ArrayLike] | None, options: Mapping[str, Any]) -> None:
    """Compiles an ONNX file to the library `output`; the arguments are those of `compile`."""
    with tempfile.TemporaryDirectory(prefix="vitc-") as constants:
        flags = [*_constant_flags(constant or {}, pathlib.Path(constants)), *flags_of(options)]
        run_driver([os.fspath(path), "-o", os.fspath(output), *flags])


def compile(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    threads: int = 0,
    function: str = "main",
    constant: Mapping[str, ArrayLike] | None = None,
    **options: Any,
) -> Model:
    """Compiles an ONNX file and loads the result.

    path: the .onnx file.
    output: where to write the library; None: a temporary folder that lives as long as the model.
    threads, function: as for `load`.
    constant: values of inputs that the library is compiled for, by name; it has no such inputs any more.
    options: the driver's flags, by name: mcpu=["x86-64-v3", "x86-64-v4"], weights="external", tap=["/blocks.0/norm1/Add_1"],
        tap_only=True, shape={"x": (1, 3, 224, 224)}. None and False leave a flag out.

    Raises Error with the driver's message where the model cannot be compiled.
    """
    folder = None
    if output is None:
        folder = tempfile.TemporaryDirectory(prefix="vitc-")
        output = os.path.join(folder.name, pathlib.Path(path).stem + ".so")
    build_library(path, output, constant, options)
    model = load(output, threads=threads, function=function)
    model._folder = folder
    return model
