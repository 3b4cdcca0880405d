"""Features of many images: batched, with readers ahead of the model, and resumable."""
from __future__ import annotations

import itertools
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._errors import Error
from ._extras import require
from .backbone import Backbone
from .feature_files import SUFFIXES, Features, finished_features, write_features
from .images import MAX_PIXELS, ImageError
from .journal import Journal, different_shapes
from .preprocess import Preprocess
from .sources import Images, open_images, read_ahead

PICKS = ("cls", "mean", "cls+mean", "tokens", "whole")


class Picker:
    """Which numbers of a model's result are an image's feature.

    pick: "cls": the class token; "mean": the mean of the patches; "cls+mean": both, one after the other, as DINOv2's linear
        probes take them; "tokens": all tokens; "whole": the tensor as it is.
    of: what of: "tokens:LAYER", the residual stream after that block, before the model's last norm; or a name, of one of the
        model's outputs or (of an .onnx file) tensors, (batch, tokens, width) unless "whole" is picked. By default
        "tokens:-1", and for "whole" the model's only output.
    """

    def __init__(self, pick: str = "cls", of: str | None = None) -> None:
        if pick not in PICKS:
            raise Error(f"pick is {pick!r}; expected one of {', '.join(PICKS)}")
        self.pick = pick
        self.of = of or (None if pick == "whole" else "tokens:-1")

    def open(self, model: Any, threads: int = 0, **options: Any) -> Backbone:
        """The model, with the output that is needed."""
        return Backbone(model, [self.of] if self.of else [], threads=threads, **options)

    def __call__(self, backbone: Backbone, results: dict[str, NDArray[Any]]) -> NDArray[Any]:
        name = self._output(backbone)
        values = results[name]
        if values.dtype.kind == "V":  # bfloat16, which files of NumPy's do not have
            values = values.astype(np.float32)
        if self.pick == "whole":
            return values
        tokens = backbone.tokens
        if values.ndim != 3 or values.shape[1] <= tokens.prefix:
            raise Error(f"'{name}' has shape {values.shape}; expected (batch, tokens, width)")
        if self.pick == "tokens":
            return values
        if "cls" in self.pick and not tokens.cls:
            raise Error(f"{backbone.name} has no class token; --pick mean takes the mean of its patches")
        if self.pick == "cls":
            return values[:, 0]
        mean = values[:, tokens.prefix :].mean(axis=1)
        return mean if self.pick == "mean" else np.concatenate([values[:, 0], mean], axis=1)

    def _output(self, backbone: Backbone) -> str:
        if self.of is None:
            outputs = [output.name for output in backbone.model.outputs]
            if len(outputs) != 1:
                raise Error(f"{backbone.name} has the outputs {', '.join(outputs)}; --of names one")
            return outputs[0]
        if self.of.partition(":")[0] != "tokens":
            return self.of
        layers, (_, _, layer) = backbone.outputs_of("tokens"), self.of.partition(":")
        if layer.isdecimal() and int(layer) in layers:
            return layers[int(layer)]
        if not layer.isdecimal() and (len(layers) == 1 or layer in ("", "-1")):
            return layers[max(layers)]
        raise Error(f"{backbone.name} has tokens of the layers {', '.join(map(str, layers))}; '{self.of}' names none of them")


def extract_features(
    source: Any,
    backbone: Backbone,
    output: str | os.PathLike[str],
    *,
    picker: Picker | None = None,
    preprocess: Preprocess | None = None,
    batch: int = 8,
    readers: int = 2,
    array: str | None = None,
    max_pixels: int = MAX_PIXELS,
    progress: Callable[[int, int], None] | None = None,
    report: Callable[[str, str], None] | None = None,
) -> Features:
    """Writes a feature for each image of a source, in its order.

    source: what `open_images` takes. output: a file .npy, with the names and settings in .json beside it, or .parquet.
    batch: images that the model runs on at once. readers: threads that read and preprocess ahead; a dataset that can be asked
        by one thread only needs readers=1.
    progress(done, total) is called after each batch, report(name, why) for each image that cannot be used and is skipped; they
    are listed in `.errors.txt` beside the output as well.

    Until the output is whole, what is done is in the folder `OUTPUT.partial`; the same call after an interruption goes on from
    there, and the result has the same bits as without one. Raises Error where settings differ from those of the
    output, or of what is there of it, and where no image can be used.
    """
    path = pathlib.Path(output)
    if path.suffix not in SUFFIXES:
        raise Error(f"{path}: expected a file {' or '.join(SUFFIXES)}")
    if path.suffix == ".parquet":
        require("pyarrow.parquet")
    picker = picker or Picker()
    preprocess = preprocess or Preprocess(backbone.size or 224)
    images = open_images(source, array=array, max_pixels=max_pixels)
    settings = settings_of(images, preprocess, backbone, picker, batch)
    if found := finished_features(path, settings):
        return found
    with Journal(path, settings) as journal:
        _fill(journal, images, preprocess, lambda inputs: _run(backbone, picker, inputs), batch, readers, progress, report)
        write_features(path, journal, settings)
        journal.remove()
        return Features(path, journal.names, journal.errors)


def settings_of(images: Images, preprocess: Preprocess, backbone: Backbone, picker: Picker, batch: int) -> dict[str, Any]:
    """What features depend on: a run goes on, or is taken for finished, only where all of it is the same."""
    return {"model": backbone.settings, "preprocessing": preprocess.settings, "feature": [picker.pick, picker.of],
            "images": images.settings, "batch": batch}


def _fill(journal: Journal, images: Images, preprocess: Preprocess, run: Callable[[list[NDArray[np.float32]]], NDArray[Any]],
          batch: int, readers: int, progress: Callable[[int, int], None] | None,
          report: Callable[[str, str], None] | None) -> None:
    """Computes what the journal lacks; `run` makes the features of a batch."""

    def read(index: int) -> NDArray[np.float32] | ImageError:
        try:
            image = images[index]
            return image if isinstance(image, np.ndarray) else preprocess(image)
        except ImageError as error:
            return error

    if progress:
        progress(journal.done, len(images))
    # Batches begin at the same images in every run, which is what makes their results the same.
    todo = range(journal.done, len(images))
    for items in _batches(read_ahead(read, todo, readers, 2 * batch + readers), batch):
        names = images.names[journal.done : journal.done + len(items)]
        good = [(name, item) for name, item in zip(names, items) if not isinstance(item, ImageError)]
        errors = {name: item.why for name, item in zip(names, items) if isinstance(item, ImageError)}
        rows = run([item for _, item in good]) if good else None
        journal.append(len(items), [name for name, _ in good], rows, errors)
        if report:
            for name, why in errors.items():
                report(name, why)
        if progress:
            progress(journal.done, len(images))


def _batches(items: Iterator[Any], count: int) -> Iterator[list[Any]]:
    while batch := list(itertools.islice(items, count)):
        yield batch


def run_each(backbone: Backbone, picker: Picker, inputs: Sequence[NDArray[np.float32]]) -> list[NDArray[Any]]:
    """The feature of each input (3, height, width); those of one size go through the model together."""
    rows: list[Any] = [None] * len(inputs)
    for shape in dict.fromkeys(image.shape for image in inputs):
        where = [i for i, image in enumerate(inputs) if image.shape == shape]
        found = picker(backbone, backbone.run(np.stack([inputs[i] for i in where])))
        if len(found) != len(where):
            raise Error(f"the model gave {len(found)} results for {len(where)} images; expected one each")
        for i, row in zip(where, found):
            rows[i] = row
    return rows


def _run(backbone: Backbone, picker: Picker, inputs: list[NDArray[np.float32]]) -> NDArray[Any]:
    """The features of the inputs, one after the other."""
    rows = run_each(backbone, picker, inputs)
    if len({row.shape for row in rows}) > 1:
        raise different_shapes(rows[0].shape, next(row.shape for row in rows if row.shape != rows[0].shape))
    return np.stack(rows)
