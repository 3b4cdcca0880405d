"""A compiled vision transformer, and what its tokens stand for."""
from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._cache import compiled, explained
from .._errors import Error, path_of
from .._model import Model, Tensor, load

KINDS = ("attention", "cls_attention", "scores", "queries", "keys", "values", "tokens", "norms")
# Where a model leaves its input's size open, its tokens are counted at this one: 8, 14, 16 and 32 divide it.
_PROBE = 224


@dataclasses.dataclass(frozen=True)
class Tokens:
    """How many tokens a sequence has of each kind, in this order: class tokens, registers, patches (of one image size)."""

    cls: int
    registers: int
    patches: int

    @property
    def prefix(self) -> int:
        """Tokens before the patches."""
        return self.cls + self.registers


class Backbone:
    """A model whose inner tensors are outputs.

    model: an .onnx file, compiled with the taps and without other outputs (with its own where there are no taps), and kept in
        the cache of `vitc`; or a library that `vitc` made (.so), or a `vitc.Model`, which must have the outputs.
    taps: what `vitc --tap` takes: KIND or KIND:LAYERS ("attention:-1"), or names of the file's tensors.
    own_outputs: keep the model's own outputs beside the taps.
    threads: of the model; 0: one a core.
    options: of `vitc.compile`, for an .onnx file: precision="bf16", mcpu=….

    The model must have one input, float32 images (batch, 3, height, width). Raises Error where it cannot serve.
    """

    def __init__(self, model: str | os.PathLike[str] | Model, taps: Sequence[str] = (), *, threads: int = 0,
                 own_outputs: bool = False, **options: Any) -> None:
        self.taps = tuple(taps)
        self.source: pathlib.Path | None = None  # the .onnx file
        if isinstance(model, Model):
            self.model, self.name = model, model.path
        else:
            self.name = path_of(model, "model")
            self.model = self._load(pathlib.Path(self.name), threads, own_outputs, options)
        self.input = self._check_input()
        self._check_taps()

    def run(self, batch: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """All outputs by name, of images (batch, 3, height, width); any batch, also where the model has a fixed one."""
        batch = np.ascontiguousarray(batch, np.float32)
        if batch.ndim != 4 or batch.shape[1] != 3 or not len(batch):
            raise Error(f"a batch of shape {batch.shape}; expected (batch, 3, height, width)")
        if self.size and batch.shape[2:] != self.size:
            raise Error(f"images of {batch.shape[2]} × {batch.shape[3]}; {self.name} takes {self.size[0]} × {self.size[1]}")
        fixed = self.input.shape[0]
        if isinstance(fixed, str) or fixed == len(batch):
            return self.model.run({self.input.name: batch})
        parts = [self._run_padded(batch[start : start + fixed], fixed) for start in range(0, len(batch), fixed)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def outputs_of(self, kind: str) -> dict[int, str]:
        """The outputs `tap.KIND.LAYER` by layer, in order. Raises Error where there is none."""
        found = self._layers(kind)
        if not found:
            raise self._lacks(f"tap.{kind}", kind)
        return found

    @property
    def size(self) -> tuple[int, int] | None:
        """(height, width) of the input; None where both are open."""
        height, width = self.input.shape[2:]
        return None if isinstance(height, str) or isinstance(width, str) else (height, width)

    @functools.cached_property
    def tokens(self) -> Tokens:
        """What the tokens are. Raises Error where the compiler did not find out."""
        found = self._count_tokens()
        if not found or not found.patches:
            raise Error(f"{self.name}: how its tokens are divided (class tokens, registers, patches) was not recognised"
                        + ("" if self.source else "; give the .onnx file in place of the library"))
        return found

    @functools.cached_property
    def patch(self) -> int | None:
        """The side of a patch in pixels; None where the tokens are not known to be a grid of square patches."""
        try:
            patches = self.tokens.patches
        except Error:
            return None
        height, width = self.size or (_PROBE, _PROBE)
        side = round((height * width / patches) ** 0.5)
        return side if side and (height // side) * (width // side) == patches else None

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """(rows, columns) of patches in an image of this size. Raises Error where the patches are no grid."""
        if not self.patch:
            raise Error(f"{self.name}: its patches are not a grid that is known")
        if height < self.patch or width < self.patch:
            raise Error(f"images of {height} × {width} are smaller than a patch of {self.patch} × {self.patch}")
        return height // self.patch, width // self.patch

    @property
    def settings(self) -> dict[str, Any]:
        """What results depend on, to be written down beside them: the same model and options give the same library."""
        with open(self.model.path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"model": pathlib.Path(self.name).name, "library_sha256": digest, "taps": list(self.taps)}

    def _load(self, path: pathlib.Path, threads: int, own_outputs: bool, options: Mapping[str, Any]) -> Model:
        if path.suffix == ".onnx":
            self.source = path
            tapped = {"tap": list(self.taps), "tap_only": not own_outputs} if self.taps else {}
            return load(compiled(path, **tapped, **options), threads=threads)
        if path.suffix != ".so":
            raise Error(f"{path}: expected an .onnx file or a library that vitc made (.so)")
        return load(path, threads=threads)

    def _check_input(self) -> Tensor:
        inputs = self.model.inputs
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].shape[1] != 3 or inputs[0].type != "float32":
            described = ", ".join(f"{tensor.type} {tensor.shape}" for tensor in inputs)
            raise Error(f"{self.name} takes {described or 'nothing'}; expected images, float32 (batch, 3, height, width)")
        return inputs[0]

    def _check_taps(self) -> None:
        for tap in self.taps:
            kind, _, layers = tap.partition(":")
            if kind not in KINDS:
                if tap not in {output.name for output in self.model.outputs}:
                    raise self._lacks(tap, tap)
                continue
            found = self._layers(kind)
            if not found:
                raise self._lacks(f"tap.{kind}.{layers}" if layers.isdecimal() else f"tap.{kind}", tap)
            if layers.isdecimal() and int(layers) not in found:
                raise self._lacks(f"tap.{kind}.{layers}", tap)

    def _layers(self, kind: str) -> dict[int, str]:
        pattern = re.compile(rf"tap\.{re.escape(kind)}\.(\d+)")
        found = {int(match[1]): output.name for output in self.model.outputs if (match := pattern.fullmatch(output.name))}
        return dict(sorted(found.items()))

    def _lacks(self, output: str, tap: str) -> Error:
        there = ", ".join(tensor.name for tensor in self.model.outputs)
        return Error(f"{self.name} has no output '{output}', only {there}; compile the .onnx file with --tap={tap}, "
                     "or give that file")

    def _count_tokens(self) -> Tokens | None:
        found: Mapping[str, Any] = self.model.info.get("tokens") or {}
        # Of a file, by its own outputs: a class token is one that they read, and taps may have taken their place.
        if self.source and (not found.get("patches") or self.taps):
            shape = (1, 3, *(self.size or (_PROBE, _PROBE)))
            fixed = {} if self.size else {"shape": {self.input.name: shape}}
            found = explained(self.source, **fixed)["tokens"]
        return Tokens(*(int(found[key] or 0) for key in ("cls", "registers", "patches"))) if found else None

    def _run_padded(self, images: NDArray[np.float32], count: int) -> dict[str, NDArray[Any]]:
        """Runs a model of a fixed batch on as many images or fewer."""
        missing = count - len(images)
        if missing:
            images = np.concatenate([images, np.zeros((missing, *images.shape[1:]), np.float32)])
        results = self.model.run({self.input.name: images})
        for name, result in results.items():
            if not result.ndim or len(result) % count:
                raise Error(f"{self.name} runs on {count} images at once, and its output '{name}' of shape {result.shape} is "
                            "not theirs one by one; compile it with an open batch")
        return {name: result[: len(result) // count * (count - missing)] for name, result in results.items()}
