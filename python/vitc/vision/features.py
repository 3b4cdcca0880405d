"""Features of many images: batched, with readers ahead of the model, and resumable."""
from __future__ import annotations

import concurrent.futures
import dataclasses
import itertools
import json
import os
import pathlib
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._errors import Error
from ._extras import require
from .backbone import Backbone
from .images import MAX_PIXELS, ImageError
from .journal import Journal, different_shapes, require_same, write_whole
from .preprocess import Preprocess
from .sources import Images, open_images

PICKS = ("cls", "mean", "cls+mean", "tokens", "whole")
SUFFIXES = (".npy", ".parquet")


@dataclasses.dataclass(frozen=True)
class Features:
    """What `extract_features` wrote: rows (count, …), mapped from the file; their names; and the images that were skipped."""

    path: pathlib.Path
    names: list[str]
    errors: dict[str, str]

    def load(self) -> NDArray[Any]:
        if self.path.suffix == ".npy":
            return np.load(self.path, mmap_mode="r")
        table = require("pyarrow.parquet").read_table(self.path)
        rows = table["feature"].combine_chunks().flatten().to_numpy()
        return rows.reshape(-1, *json.loads(table.schema.metadata[b"vitc"])["shape"])


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
        if not self.of.startswith("tokens"):
            return self.of
        layers, (_, _, layer) = backbone.outputs_of("tokens"), self.of.partition(":")
        return layers[int(layer)] if layer.isdecimal() else layers[max(layers)]


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
    settings = {"model": backbone.settings, "preprocessing": preprocess.settings, "feature": [picker.pick, picker.of],
                "images": images.settings, "batch": batch}
    if path.exists():
        found = _finished(path, settings)
        shutil.rmtree(path.with_name(path.name + ".partial"), ignore_errors=True)  # of a process that died after its last step
        return found
    with Journal(path, settings) as journal:
        _fill(journal, images, preprocess, lambda inputs: _run(backbone, picker, inputs), batch, readers, progress, report)
        _write(path, journal, settings)
        journal.remove()
        return Features(path, journal.names, journal.errors)


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
    for items in _batches(_ahead(read, todo, readers, 2 * batch + readers), batch):
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


def _ahead(read: Callable[[int], Any], indices: range, readers: int, depth: int) -> Iterator[Any]:
    """The results of `read` in order, with `depth` of them on their way in `readers` threads."""
    pool = concurrent.futures.ThreadPoolExecutor(max(readers, 1), thread_name_prefix="reader")
    try:
        waiting: deque[concurrent.futures.Future[Any]] = deque()
        for index in indices:
            waiting.append(pool.submit(read, index))
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _batches(items: Iterator[Any], count: int) -> Iterator[list[Any]]:
    while batch := list(itertools.islice(items, count)):
        yield batch


def _run(backbone: Backbone, picker: Picker, inputs: list[NDArray[np.float32]]) -> NDArray[Any]:
    """The features of the inputs, which the model sees together where they have one size."""
    rows: list[Any] = [None] * len(inputs)
    for shape in dict.fromkeys(image.shape for image in inputs):
        where = [i for i, image in enumerate(inputs) if image.shape == shape]
        found = picker(backbone, backbone.run(np.stack([inputs[i] for i in where])))
        if len(found) != len(where):
            raise Error(f"the model gave {len(found)} results for {len(where)} images; expected one each")
        for i, row in zip(where, found):
            rows[i] = row
    if len({row.shape for row in rows}) > 1:
        raise different_shapes(rows[0].shape, next(row.shape for row in rows if row.shape != rows[0].shape))
    return np.stack(rows)


def _write(path: pathlib.Path, journal: Journal, settings: dict[str, Any]) -> None:
    """The journal's rows in their file, which appears last: where it is, all is done."""
    rows = journal.rows()
    about = {"settings": settings, "shape": list(rows.shape[1:]), "errors": journal.errors}
    if journal.errors:
        lines = "".join(f"{name}: {why}\n" for name, why in journal.errors.items())
        write_whole(path.with_suffix(".errors.txt"), lines.encode("utf-8", "backslashreplace"))
    unfinished = path.with_name(path.name + ".partial") / ("finished" + path.suffix)
    if path.suffix == ".npy":
        write_whole(path.with_suffix(".json"), json.dumps({"names": journal.names, **about}, indent=1).encode())
        np.save(unfinished, rows)
    else:
        _write_parquet(unfinished, rows, journal.names, about)
    unfinished.replace(path)


def _write_parquet(path: pathlib.Path, rows: NDArray[Any], names: list[str], about: dict[str, Any]) -> None:
    arrow, parquet = require("pyarrow"), require("pyarrow.parquet")
    width = int(np.prod(rows.shape[1:]))
    schema = arrow.schema([("name", arrow.string()), ("feature", arrow.list_(arrow.from_numpy_dtype(rows.dtype), width))],
                          metadata={"vitc": json.dumps(about)})
    step = max(1, (64 << 20) // max(width * rows.itemsize, 1))  # 64 MB a group of rows
    with parquet.ParquetWriter(path, schema) as writer:
        for start in range(0, len(rows), step):
            part = np.ascontiguousarray(rows[start : start + step])
            texts = [name.encode("utf-8", "backslashreplace").decode() for name in names[start : start + step]]
            lists = arrow.FixedSizeListArray.from_arrays(arrow.array(part.reshape(-1)), width)
            writer.write_table(arrow.table([arrow.array(texts, arrow.string()), lists], schema=schema))


def _finished(path: pathlib.Path, settings: dict[str, Any]) -> Features:
    """What is there already, where it is the same."""
    try:
        if path.suffix == ".npy":
            about = json.loads(path.with_suffix(".json").read_text())
            names = about["names"]
        else:
            table = require("pyarrow.parquet").read_table(path, columns=["name"])
            about, names = json.loads(table.schema.metadata[b"vitc"]), table["name"].to_pylist()
        before, errors = about["settings"], about["errors"]
    except (OSError, ValueError, KeyError, TypeError):
        raise Error(f"{path} is there and was not made by this command; delete it, or write to another file") from None
    require_same(before, settings, path)
    return Features(path, names, errors)
