"""Libraries that were compiled before: `compiled` calls the driver once for each model, options and compiler.

The folder is $VITC_CACHE, else `vitc` in $XDG_CACHE_HOME, else `~/.cache/vitc`. It may be deleted at any time when no model
of it is in use: what is needed is made again.
"""
from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import mmap
import os
import pathlib
import platform
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._compiler import build_library, find_driver, flags_of, run_driver
from ._errors import Error

# {key: "location", value: …}, as protobuf writes such a pair: the file of external weights that a tensor names.
_LOCATION = re.compile(rb"\n\x08location\x12([\x80-\xff]*[\x00-\x7f])", re.DOTALL)


_ATTEMPTS = 3  # to compile a model that changes meanwhile


class _Changed(Exception):
    """What was compiled is not what its key says any more."""


def cache_folder() -> pathlib.Path:
    """The folder of compiled libraries; it need not exist."""
    if folder := os.environ.get("VITC_CACHE"):
        return pathlib.Path(folder)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(base) / "vitc"


def compiled(path: str | os.PathLike[str], *, constant: Mapping[str, ArrayLike] | None = None, **options: Any) -> pathlib.Path:
    """The library of an ONNX file, compiled now or earlier.

    path, constant, options: as for `vitc.compile`. A library is found again by the SHA-256 of what it is made from: the model
    and its files of weights, the options, the compiler, and this machine's processor.

    Any number of processes and threads may ask for the same library: one compiles, the others wait. One that dies meanwhile
    leaves nothing that is taken for a library. Raises Error with the driver's message where the model cannot be compiled,
    and where the folder cannot be written.
    """
    path = pathlib.Path(path)
    return _entry(path, f"{_stem(path)}.so", build_library, constant, options)


def explained(path: str | os.PathLike[str], **options: Any) -> dict[str, Any]:
    """What `vitc --explain=json` says of an ONNX file, now or earlier; kept as `compiled` keeps libraries."""
    path = pathlib.Path(path)
    return json.loads(_entry(path, "explain.json", _explain, None, {**options, "explain": "json"}).read_text())


def _entry(path: pathlib.Path, name: str, build: Callable[..., None], constant: Any,
           options: Mapping[str, Any]) -> pathlib.Path:
    """The file of this name in the folder for this model and these options, which `build` makes where it is not there."""

    def make(folder: pathlib.Path) -> None:
        build(path, folder / name, constant, options)
        if _key(path, constant or {}, options) != key:
            raise _Changed

    for _ in range(_ATTEMPTS):
        key = _key(path, constant or {}, options)
        entry = cache_folder() / f"{_stem(path)}-{key[:32]}"
        if (entry / name).exists():
            return entry / name
        try:
            entry.parent.mkdir(parents=True, exist_ok=True)
            with _locked(entry.with_name(entry.name + ".lock")), contextlib.suppress(_Changed):
                if not (entry / name).exists():
                    _make(entry, make)
                return entry / name
        except OSError as error:
            raise Error(f"cannot keep the compiled model in {entry.parent}: {error.strerror}; "
                        "VITC_CACHE may name another folder") from None
    raise Error(f"{path} changes while it is compiled")


def _stem(path: pathlib.Path) -> str:
    return re.sub(r"[^\w.-]", "_", path.stem)[:64] or "model"


def _explain(path: pathlib.Path, output: pathlib.Path, constant: None, options: Mapping[str, Any]) -> None:
    output.write_text(run_driver([os.fspath(path), *flags_of(options)]))


def _make(entry: pathlib.Path, build: Callable[[pathlib.Path], None]) -> None:
    """Builds in a folder beside the entry, which takes its place when it is whole. The caller holds the lock."""
    unfinished = entry.with_name(entry.name + ".tmp")
    shutil.rmtree(unfinished, ignore_errors=True)  # of a process that died
    unfinished.mkdir()
    try:
        build(unfinished)
        shutil.rmtree(entry, ignore_errors=True)  # one that lost its library
        unfinished.rename(entry)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: pathlib.Path) -> Iterator[None]:
    """Holds the lock of this file; the system frees it when a process dies. The file stays: removing it would race."""
    with open(path, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _key(path: pathlib.Path, constant: Mapping[str, ArrayLike], options: Mapping[str, Any]) -> str:
    """The SHA-256 of all that the library depends on."""
    driver = find_driver()
    parts = {
        "model": _digest(path, "the model"),
        "weights": {name: _digest(path.parent / name, "weights of the model") for name in _external_files(path)
                    if (path.parent / name).is_file()},  # the driver says what is missing
        "constant": {name: _array_digest(np.asarray(value)) for name, value in sorted(constant.items())},
        "flags": list(flags_of(options)),
        "read": {key: _digest(pathlib.Path(options[key]), key) for key in ("tuning",) if options.get(key)
                 and pathlib.Path(options[key]).is_file()},
        "driver": _digest(pathlib.Path(driver), "the compiler"),
        "processor": _processor(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _digest(path: pathlib.Path, what: str) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Error(f"cannot read {what} {path}: {error.strerror}") from None


def _array_digest(array: np.ndarray) -> str:
    header = f"{array.dtype.str}{array.shape}".encode()
    return hashlib.sha256(header + np.ascontiguousarray(array).tobytes()).hexdigest()


def _external_files(path: pathlib.Path) -> list[str]:
    """The files of weights that the model names, by a look at its bytes: `vitc` needs no package that reads ONNX files.

    What only looks like a name does no harm: the key then depends on a file more, or on none.
    """
    if not path.stat().st_size:
        return []
    names = set()
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for match in _LOCATION.finditer(data):
            length = sum((byte & 127) << 7 * i for i, byte in enumerate(match[1]))
            if length <= 4096:  # longer than a path can be
                names.add(data[match.end() : match.end() + length].decode(errors="replace"))
    return sorted(name for name in names if name and "\0" not in name)


def _processor() -> str:
    """What `--mcpu=host` means here. The folder may be on a disk that several machines share."""
    flags = ""
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as file:
        flags = "".join(line for line in file.read().split("\n\n")[0].splitlines(True)
                        if line.startswith(("model name", "cpu family", "model\t", "flags", "Features", "CPU part")))
    return platform.machine() + flags
