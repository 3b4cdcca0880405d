"""Frozen features and their labels: of files that `features` wrote, or of folders of images that a model is run on."""
from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import os
import pathlib
import tempfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._errors import Error
from . import options
from ._check import as_features
from .backbone import KINDS
from .feature_files import SUFFIXES, Features
from .features import Picker, extract_features
from .probe import layer_normed
from .retrieve import copy_descriptor, gem

if TYPE_CHECKING:
    from .backbone import Backbone
    from .sources import Images


@dataclasses.dataclass(frozen=True)
class Frozen:
    """A vector for each image: features (N, C); names: of the images; images: where they were read from, if they were."""

    path: pathlib.Path
    features: NDArray[Any]
    names: list[str]
    images: Images | None = None

    def labels(self, file: pathlib.Path | None = None) -> NDArray[np.str_]:
        """Each image's label (N,): of a file, or its first folder, as datasets of classes have it ("cat/1.jpg": "cat").

        file: .csv with the columns `name` and `label`; or .npy, one a feature, in their order.
        """
        if file is None:
            loose = [name for name in self.names if "/" not in name[1:] or name[0] == "/"]
            if loose:
                raise Error(f"{self.path}: the image {loose[0]} is in no folder that would be its label"
                            + (f", and {len(loose) - 1} others" if len(loose) > 1 else "") + "; give labels by a .csv file")
            return np.array([name.split("/")[0] for name in self.names])
        if file.suffix == ".npy":
            labels = _load(file)
            if labels.shape != (len(self.names),) or labels.dtype.kind not in "iubU":
                raise Error(f"{file}: {labels.dtype} of shape {labels.shape}; "
                            f"expected a label for each of the {len(self.names)} features")
            return labels.astype(np.str_)
        table = {row["name"]: row["label"] for row in read_table(file, ("name", "label"))}
        missing = [name for name in self.names if name not in table]
        if missing:
            raise Error(f"{file} has no label for {len(missing)} of the {len(self.names)} images of {self.path}, "
                        f"{missing[0]} among them")
        return np.array([table[name] for name in self.names])


class GemPicker(Picker):
    """The descriptor of copy detection: CLS beside the patches' generalised mean (`retrieve.copy_descriptor`), or that mean
    alone.

    of: a tensor (batch, tokens, width) that the model's last norm made; by default the last block's tokens, which are normed
    here without that norm's weights.
    """

    def __init__(self, p: float = 4.0, cls: bool = True, of: str | None = None) -> None:
        self.pick, self.of = f"{'cls+' if cls else ''}gem with p = {p:g}", of or "tokens:-1"
        self.p, self.cls = p, cls

    def __call__(self, backbone: Backbone, results: dict[str, NDArray[Any]]) -> NDArray[Any]:
        name = self._output(backbone)
        tokens = normed(backbone, results[name], self.of or name)
        patches = tokens[:, backbone.tokens.prefix:]
        if self.cls and not backbone.tokens.cls:
            raise Error(f"{backbone.name} has no class token; --pick gem takes the patches alone")
        return (copy_descriptor(tokens[:, 0], patches, self.p) if self.cls else gem(patches, self.p)).astype(np.float32)


class BlocksPicker(Picker):
    """CLS after each of the last blocks, normed, one after the other, as DINO's linear probe takes them (eval_linear.py)."""

    def __init__(self, blocks: int = 4) -> None:
        self.pick, self.of, self.blocks = f"cls of the last {blocks} blocks", None, blocks

    def open(self, model: Any, threads: int = 0, **options: Any) -> Backbone:
        from .backbone import Backbone

        taps = [f"tokens:{-block}" for block in range(self.blocks, 0, -1)]
        return Backbone(model, taps if str(model).endswith(".onnx") else ["tokens"], threads=threads, **options)

    def __call__(self, backbone: Backbone, results: dict[str, NDArray[Any]]) -> NDArray[Any]:
        outputs = list(backbone.outputs_of("tokens").values())[-self.blocks:]
        if len(outputs) < self.blocks:
            raise Error(f"{backbone.name} has tokens of {len(outputs)} blocks alone; expected {self.blocks}")
        if not backbone.tokens.cls:
            raise Error(f"{backbone.name} has no class token")
        return np.concatenate([layer_normed(results[name][:, 0]) for name in outputs], axis=1).astype(np.float32)


def tapped(backbone: Backbone, tap: str) -> str:
    """The output that a tap of one layer made: "tokens:-1" → "tap.tokens.11"; a name is itself."""
    kind, _, layer = tap.partition(":")
    if kind not in KINDS:
        return tap
    outputs = backbone.outputs_of(kind)
    return outputs[int(layer)] if layer.isdecimal() else outputs[max(outputs)]


def normed(backbone: Backbone, tokens: NDArray[Any], of: str) -> NDArray[Any]:
    """Tokens (B, N, C) as a last norm leaves them, but for its weights where they are the residual stream (`tokens:LAYER`)."""
    if tokens.ndim != 3 or tokens.shape[1] <= backbone.tokens.prefix:
        raise Error(f"'{of}' has shape {tokens.shape}; expected (batch, tokens, width)")
    return (layer_normed(tokens) if of.partition(":")[0] == "tokens" else tokens).astype(np.float32)


class Reader:
    """Opens a command's sources: files of features, or images, for which the model is opened once."""

    def __init__(self, arguments: argparse.Namespace, picker: Picker | None = None) -> None:
        self.arguments = arguments
        self.picker = picker
        self._backbone: Backbone | None = None

    def __call__(self, path: str | os.PathLike[str]) -> Frozen:
        path = pathlib.Path(path)
        if path.suffix in SUFFIXES:
            return _read_features(path)
        if not path.exists():
            raise Error(f"{path}: no such file or folder")
        if self.arguments.model is None:
            raise Error(f"{path}: images need --model, which is run on them; or give features ({' or '.join(SUFFIXES)})")
        return self._compute(path)

    def _compute(self, path: pathlib.Path) -> Frozen:
        from .sources import open_images

        arguments = self.arguments
        picker = self.picker or Picker(arguments.pick, arguments.of)
        if self._backbone is None:
            self._backbone = picker.open(arguments.model, arguments.threads)
        preprocess = options.preprocess_of(arguments, self._backbone)
        images = open_images(path, max_pixels=arguments.max_pixels)
        for picture in ("confusion", "sheet"):
            if written := getattr(arguments, picture, None):
                images.spare(written)
        with tempfile.TemporaryDirectory() as folder, options.Bar(arguments) as bar:
            found = extract_features(images, self._backbone, pathlib.Path(folder, "features.npy"), picker=picker,
                                     preprocess=preprocess, batch=arguments.batch, readers=arguments.readers, progress=bar,
                                     report=lambda name, why: options.say(f"skipped {name}: {why}"))
            return Frozen(path, _rows(np.array(found.load()), path), found.names, images)


def _read_features(path: pathlib.Path) -> Frozen:
    if not path.is_file():
        raise Error(f"{path}: no such file")
    if path.suffix == ".npy":
        rows, names = _rows(_load(path), path), _names(path.with_suffix(".json"))
        names = [str(number) for number in range(len(rows))] if names is None else names
    else:
        rows, names = _read_parquet(path)
    if len(names) != len(rows):
        raise Error(f"{path} has {len(rows)} features, and names of {len(names)} images; expected as many")
    return Frozen(path, rows, names)


def _read_parquet(path: pathlib.Path) -> tuple[NDArray[Any], list[str]]:
    from ._extras import require

    parquet = require("pyarrow.parquet")
    try:
        names = parquet.read_table(path, columns=["name"])["name"].to_pylist()
        return _rows(Features(path, names, {}).load(), path), names
    except Error:
        raise
    except Exception as error:  # whatever Arrow makes of a file that anybody may have written
        raise Error(f"{path} holds no features that vitc.vision wrote ({error})") from None


def _names(path: pathlib.Path) -> list[str] | None:
    """Those of the file that `features` writes beside its array; None where there is none."""
    try:
        names = json.loads(path.read_text())["names"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        raise Error(f"{path} has no names of images; expected what `features` writes beside {path.stem}.npy") from None
    return [str(name) for name in names]


def _load(path: pathlib.Path) -> NDArray[Any]:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise Error(f"{path}: not an array file that NumPy reads ({getattr(error, 'strerror', None) or error})") from None
    if not isinstance(array, np.ndarray):
        raise Error(f"{path}: expected one array")
    return array


def _rows(array: NDArray[Any], path: pathlib.Path) -> NDArray[Any]:
    if array.ndim != 2:
        raise Error(f"{path} holds an array of shape {array.shape}; expected a vector for each image, "
                    "as `features --pick cls` writes")
    return as_features(array, str(path))


def read_table(path: pathlib.Path, columns: Sequence[str]) -> list[Mapping[str, str]]:
    """The rows of a .csv file by column. Raises Error where it lacks one of the columns, or a row has another number of them.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            missing = [name for name in columns if name not in (table.fieldnames or ())]
            if missing:
                raise Error(f"{path} has no column {missing[0]!r}; expected a first line with {','.join(columns)}")
            rows: list[Mapping[str, str]] = []
            for row in table:
                if None in row or None in row.values():
                    raise Error(f"{path}, line {table.line_num}: expected {len(table.fieldnames or ())} values")
                rows.append(row)
            return rows
    except (UnicodeDecodeError, csv.Error) as error:
        raise Error(f"{path}: not a table of comma-separated values ({error})") from None
