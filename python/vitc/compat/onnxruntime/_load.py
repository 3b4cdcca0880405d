"""From what an InferenceSession is made of to a model that is loaded."""
from __future__ import annotations

import mmap
import os
import pathlib
import tempfile
from collections.abc import Mapping
from typing import Any

import vitc
from vitc import Error, Model
from vitc._cache import compiled

from ._metadata import ModelMetadata, read_metadata

_RESERVED = ("function", "output", "threads")


def open_model(source: str | bytes | os.PathLike[str], threads: int, options: Mapping[str, Any]) -> tuple[Model, ModelMetadata]:
    """source: the path of an ONNX file, its bytes, or the path of a library; options: those of `vitc.compile`."""
    if isinstance(source, bytes):
        with tempfile.TemporaryDirectory(prefix="vitc-") as folder:
            path = pathlib.Path(folder) / "model.onnx"
            path.write_bytes(source)
            return _load(path, threads, options), read_metadata(source)
    if not isinstance(source, (str, os.PathLike)):
        raise Error(f"a model is a path or bytes; got {type(source).__name__}")
    content = _map(source)
    if bytes(content[:4]) == b"\x7fELF":
        return vitc.load(source, threads=threads), ModelMetadata()
    return _load(source, threads, options), read_metadata(content)


def _load(path: str | os.PathLike[str], threads: int, options: Mapping[str, Any]) -> Model:
    """The library that was kept, or is kept now; one that lives as long as the model where none can be kept."""
    if reserved := [name for name in _RESERVED if name in options]:
        raise Error(f"a session has no option {', '.join(map(repr, reserved))} of vitc's")
    if not isinstance(options.get("constant", {}), Mapping):
        raise Error(f"the option constant is a dict of arrays by name; got {options['constant']!r}")
    try:
        library = compiled(path, **options)
    except Error as error:
        if error.status:  # the driver's: the model cannot be compiled
            raise
        return vitc.compile(path, threads=threads, **options)
    return vitc.load(library, threads=threads)


def _map(path: str | os.PathLike[str]) -> memoryview:
    try:
        with open(path, "rb") as file:
            if not os.fstat(file.fileno()).st_size:
                return memoryview(b"")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise Error(f"cannot read the model {os.fspath(path)}: {error.strerror}") from None
    except ValueError as error:  # a zero byte, which no path has
        raise Error(f"cannot read the model {os.fspath(path)!r}: {error}") from None
