"""A compiled model on its way to other processes and machines."""
from __future__ import annotations

import dataclasses
import hashlib
import os
import pathlib
import platform
from typing import Any

import numpy as np
import ray

from .._cache import cache_folder
from .._errors import Error
from ..vision.backbone import Backbone, Tokens
from ..vision.features import Picker
from ..vision.journal import write_whole

# Of x86-64 processors that may stand beside this machine's in a cluster: with AVX2, with AVX-512.
_LEVELS = "x86-64-v3", "x86-64-v4"


@dataclasses.dataclass(frozen=True)
class Library:
    """A library by its content: opened from its path where that has the same bytes, else from a copy in the cache of `vitc`.

    files: the bytes by file name, in Ray's object store, of the library and its external weights if it has such; empty: the
        path must do.
    tokens: what the compiler said of them, which libraries do not hold.
    """

    name: str
    path: str
    sha256: str
    taps: tuple[str, ...]
    tokens: Tokens | None
    files: dict[str, ray.ObjectRef]

    @classmethod
    def of(cls, backbone: Backbone, ship: bool) -> Library:
        path = pathlib.Path(backbone.model.path)
        weights = (backbone.model.info.get("weights") or {}).get("file")
        # The library comes last: where it is, its weights are.
        paths = [path.with_name(weights), path] if weights else [path]
        files = {file.name: ray.put(np.fromfile(file, np.uint8)) for file in paths} if ship else {}
        try:
            tokens = backbone.tokens
        except Error:
            tokens = None  # what does not need to know does without
        return cls(backbone.name, str(path), _sha256(path), backbone.taps, tokens, files)

    def open(self, threads: int) -> Backbone:
        """The model, in whatever process this is. Raises Error where this machine's processor or disk cannot serve."""
        try:
            backbone = Backbone(self._place(), self.taps, threads=threads)
        except OSError as error:
            raise Error(f"{platform.node()}: cannot keep a copy of {self.name}: {error.strerror}; "
                        "VITC_CACHE may name another folder") from None
        except Error as error:
            raise Error(f"{platform.node()}: {error}", error.status) from None
        backbone.name = self.name
        if self.tokens:
            backbone.tokens = self.tokens
        return backbone

    def _place(self) -> pathlib.Path:
        path = pathlib.Path(self.path)
        if path.is_file() and _sha256(path) == self.sha256:
            return path
        if not self.files:
            raise Error(f"{path} is not the library that was deployed; it must be there on every machine of the cluster")
        copy = cache_folder() / f"ray-{self.sha256[:32]}" / path.name
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            for name, data in self.files.items():
                write_whole(copy.with_name(name), ray.get(data))
        return copy


def open_model(model: Any, picker: Picker, options: dict[str, Any]) -> Backbone:
    """The model in this process, which compiles it where it is an .onnx file.

    options: of `vitc.compile`. Unless they say for which processors, it is this machine's where the cluster is no other, and
    of several machines every level of x86-64 that vitc knows (or, on Arm, this machine's).
    """
    if isinstance(model, Backbone):
        return model
    if not {"mcpu", "target"} & options.keys() and platform.machine() == "x86_64" and len(_machines()) > 1:
        options = {**options, "mcpu": [*_LEVELS, "host"]}
    return picker.open(model, threads=1, **options)


def cpus() -> int:
    """What Ray has of them in all its machines."""
    return int(sum(machine.get("CPU", 0) for machine in _machines().values()))


def check_threads(threads: int) -> None:
    """Raises Error where no machine of the cluster has as many CPUs: Ray would wait for one for ever."""
    most = int(max(machine.get("CPU", 0) for machine in _machines().values()))
    if not 1 <= threads <= most:
        raise Error(f"threads is {threads}; expected 1 to {most}, the CPUs that the largest machine of the cluster has for Ray")


def _machines() -> dict[str, dict[str, float]]:
    """What Ray may use of each machine, by address. Starts Ray where it does not run."""
    if not ray.is_initialized():
        ray.init()
    return {node["NodeManagerAddress"]: node["Resources"] for node in ray.nodes() if node["Alive"]}


def _sha256(path: str | os.PathLike[str]) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
