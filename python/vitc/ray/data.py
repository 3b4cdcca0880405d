"""Features as a pipeline of Ray Data: tasks read and preprocess images, actors that have loaded the library run it."""
from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import math
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as arrow
import ray
import ray.data
from numpy.typing import NDArray

from .._errors import Error
from ..vision.backbone import Backbone
from ..vision.feature_files import SUFFIXES, Features, finished_features, write_features
from ..vision.features import Picker, run_each, settings_of
from ..vision.images import MAX_PIXELS, ImageError, read_image
from ..vision.journal import Journal, different_shapes
from ..vision.preprocess import Preprocess
from ..vision.sources import Images, open_images
from .library import Library, check_threads, cpus, open_model

# Images that one task reads: enough that Ray's own work (some milliseconds a task) is small beside the model's.
_BLOCK = 64
_PIXELS = arrow.schema([("name", arrow.string()), ("error", arrow.string()), ("shape", arrow.list_(arrow.int64())),
                        ("pixels", arrow.large_binary())])


@dataclasses.dataclass(frozen=True)
class Pool:
    """How many actors run the model, each with how many threads and counted as how many CPUs; and how many tasks read."""

    workers: int
    threads: int
    readers: int
    cpus: float

    @classmethod
    def of(cls, workers: int | None, threads: int, readers: int | None, batch: int) -> Pool:
        check_threads(threads)
        total = cpus()
        workers = max(total // threads, 1) if workers is None else workers
        readers = workers if readers is None else readers
        for what, count in (("workers", workers), ("readers", readers), ("batch", batch)):
            if count < 1:
                raise Error(f"{what} is {count}; expected a positive number")
        # All actors leave a CPU to tasks: what makes the Dataset could not run, and all would wait for it, if they had each.
        share = threads * (total - 1) / max(total, workers * threads)
        return cls(workers, threads, readers, math.floor(share * 1e4) / 1e4)  # Ray counts in 1/10000


def features(
    source: Any,
    model: Any,
    *,
    picker: Picker | None = None,
    preprocess: Preprocess | None = None,
    batch: int = 8,
    workers: int | None = None,
    threads: int = 1,
    readers: int | None = None,
    max_pixels: int = MAX_PIXELS,
    **options: Any,
) -> ray.data.Dataset:
    """A Dataset with a row for each image of a source, in its order; nothing is computed until it is asked for rows.

    source: a folder, an image, a list (.txt), or a sequence of paths, as `vitc.vision.open_images` takes them, which every
        machine of the cluster must see; or a Dataset of Ray's with a column `bytes` (files, as ray.data.read_binary_files
        makes them) or `path`.
    model: an .onnx file, compiled by this process; a library (.so); or a `vitc.vision.Backbone`. Machines that do not see
        the library at its path get a copy.
    picker, preprocess, batch, max_pixels: as for `vitc.vision.extract_features`.
    workers: actors that run the model; None: as many as the cluster has CPUs for. threads: of each. Ray counts them as all CPUs
        of the cluster but one.
    readers: tasks that read and preprocess at a time, which count as no CPU; None: as many as workers.
    options: of `vitc.compile`, for an .onnx file; without mcpu or target, a cluster of several x86-64 machines gets code for
        AVX2, AVX-512 and this machine's processor.

    Columns: `name` (the image's, or what the Dataset had as `name` or `path`), `feature` (its numbers, a list), `shape` (of
    the feature) and `error`: why an image cannot be used, whose feature is null, else null. Raises Error for what can be known
    now; what a worker finds later reaches the caller as an exception of Ray's that holds it.
    """
    picker = picker or Picker()
    backbone = open_model(model, picker, options)
    preprocess = preprocess or Preprocess(backbone.size or 224)
    pool = Pool.of(workers, threads, readers, batch)
    if not isinstance(source, ray.data.Dataset):
        source = paths_dataset(open_images(source, max_pixels=max_pixels), 0, batch, pool)
    return pipeline(source, backbone, picker, preprocess, batch, pool, max_pixels)


def extract(
    source: Any,
    model: Any,
    output: str | os.PathLike[str],
    *,
    picker: Picker | None = None,
    preprocess: Preprocess | None = None,
    batch: int = 8,
    workers: int | None = None,
    threads: int = 1,
    readers: int | None = None,
    max_pixels: int = MAX_PIXELS,
    progress: Callable[[int, int], None] | None = None,
    report: Callable[[str, str], None] | None = None,
    **options: Any,
) -> Features:
    """Writes a feature for each image of a source, in its order: what `vitc.vision.extract_features` writes, bit for bit.

    source: a folder, an image, a list (.txt), or a sequence of paths; every machine of the cluster must see them.
    output, picker, preprocess, batch, max_pixels, progress, report: as for `vitc.vision.extract_features`, which also goes on
        where this was interrupted, and the other way round. Only this process writes.
    model, workers, threads, readers, options: as for `features`. The bits are those of one process where all processors run
        the code of one level.

    A worker whose process dies is started again, and what it had not handed in is computed again. Raises Error where
    `extract_features` does, and where Ray gives up; what is done is kept then, in `OUTPUT.partial`.
    """
    path = pathlib.Path(output)
    if path.suffix not in SUFFIXES:
        raise Error(f"{path}: expected a file {' or '.join(SUFFIXES)}")
    picker = picker or Picker()
    images = open_images(source, max_pixels=max_pixels)
    pool = Pool.of(workers, threads, readers, batch)
    backbone = open_model(model, picker, options)
    preprocess = preprocess or Preprocess(backbone.size or 224)
    settings = settings_of(images, preprocess, backbone, picker, batch)
    if found := finished_features(path, settings):
        return found
    with Journal(path, settings) as journal, _sentences(journal.folder):
        if progress:
            progress(journal.done, len(images))
        if journal.done < len(images):
            paths = paths_dataset(images, journal.done, batch, pool)
            rows = pipeline(paths, backbone, picker, preprocess, batch, pool, max_pixels, relay=True)
            for table in _ordered(rows, batch):
                _append(journal, images, table, report)
                if progress:
                    progress(journal.done, len(images))
        if journal.done != len(images):
            raise Error(f"Ray gave results of {journal.done} images; expected {len(images)}")
        write_features(path, journal, settings)
        journal.remove()
        return Features(path, journal.names, journal.errors)


def _ordered(rows: ray.data.Dataset, batch: int) -> Iterator[arrow.Table]:
    """The rows in the order of the images, as many at once as the model ran on."""
    rows.context.execution_options.preserve_order = True
    rows.context.enable_progress_bars = False
    yield from rows.iter_batches(batch_size=batch, batch_format="pyarrow")


def _append(journal: Journal, images: Images, table: arrow.Table, report: Callable[[str, str], None] | None) -> None:
    """The next images' rows to the journal. Raises Error where they are of others: none is lost, none is there twice."""
    if table["name"].null_count:
        raise Error(next(row["error"] for row in table.to_pylist() if row["name"] is None))
    names = images.names[journal.done : journal.done + len(table)]
    if table["name"].to_pylist() != list(map(printable, names)):
        raise Error(f"Ray gave results out of order after {journal.done} images")
    whys, shapes = table["error"].to_pylist(), table["shape"].to_pylist()
    good = [i for i, why in enumerate(whys) if why is None]
    if len({tuple(shapes[i]) for i in good}) > 1:
        raise different_shapes(*sorted({tuple(shapes[i]) for i in good})[:2])
    values = table["feature"].combine_chunks().flatten().to_numpy()
    journal.append(len(table), [names[i] for i in good], values.reshape(-1, *shapes[good[0]]) if good else None,
                   {name: why for name, why in zip(names, whys) if why is not None})
    for name, why in zip(names, whys):
        if report and why is not None:
            report(name, why)


@contextlib.contextmanager
def _sentences(kept: pathlib.Path) -> Iterator[None]:
    """Makes Ray's exceptions Errors."""
    try:
        yield
    except ray.exceptions.RayError as error:
        why = next((line.strip() for line in str(error).splitlines() if line.strip()), "it does not say why")
        raise Error(f"Ray could not finish ({type(error).__name__}: {why}); what is done is in {kept}, and the same call goes "
                    "on from there") from error


def pipeline(source: ray.data.Dataset, backbone: Backbone, picker: Picker, preprocess: Preprocess, batch: int, pool: Pool,
             max_pixels: int, relay: bool = False) -> ray.data.Dataset:
    """The Dataset of `features`, from one of paths or bytes."""
    columns = source.columns() or []
    if not {"bytes", "path"} & set(columns):
        raise Error(f"the Dataset has the columns {', '.join(columns) or '(none)'}; expected bytes or path")
    library = Library.of(backbone, ship=True)
    pixels = source.map_batches(_read, batch_size=batch, batch_format="pyarrow", num_cpus=0,
                                compute=ray.data.TaskPoolStrategy(size=pool.readers),
                                fn_kwargs={"preprocess": preprocess, "max_pixels": max_pixels})
    # Ray Data's own defaults start actors again as often as they die, and give their batches to others.
    return pixels.map_batches(_Runner, batch_size=batch, batch_format="pyarrow", num_cpus=pool.cpus,
                              compute=ray.data.ActorPoolStrategy(size=pool.workers),
                              fn_constructor_args=(library, picker, pool.threads, relay))


def paths_dataset(images: Images, start: int, batch: int, pool: Pool) -> ray.data.Dataset:
    """Names and paths of the images from `start` on, in blocks of whole batches, of which each worker gets several."""
    if not all(isinstance(item, (str, os.PathLike)) for item in images.items):
        raise Error("Ray's workers read images by their paths: expected a folder or paths; for others, make a Dataset of Ray's "
                    "with a column bytes, or let vitc.vision do it in this process")
    batches = -(-(len(images) - start) // batch)
    step = batch * min(max(_BLOCK // batch, 1), max(batches // (4 * pool.workers), 1))
    blocks = []
    for first in range(start, len(images), step):
        part = slice(first, first + step)
        blocks.append(arrow.table({"name": arrow.array(map(printable, images.names[part]), arrow.string()),
                                   "path": arrow.array(map(os.fsencode, images.items[part]), arrow.binary())}))
    return ray.data.from_arrow(blocks)


def printable(name: str) -> str:
    """The name in UTF-8, which a file's name need not be."""
    return name.encode("utf-8", "backslashreplace").decode()


def _read(table: arrow.Table, preprocess: Preprocess, max_pixels: int) -> arrow.Table:
    """Inputs of the model, float32 (3, height, width), of files or their bytes."""
    rows = []
    for row in table.to_pylist():
        data, path = row.get("bytes"), row.get("path")
        path = os.fsdecode(path) if path is not None else "an image"
        name = row.get("name") or printable(path)
        try:
            image = read_image(path if data is None else io.BytesIO(data), max_pixels=max_pixels, name=name)
            pixels = preprocess(image)
            rows.append((name, None, pixels.shape, pixels.tobytes()))
        except ImageError as error:
            rows.append((name, error.why, None, None))
    return arrow.table([arrow.array(column, field.type) for column, field in zip(zip(*rows), _PIXELS)], schema=_PIXELS)


class _Runner:
    """An actor of the pool: loads the library for its first batch, and again where it was started again.

    relay: an Error is a row without a name, because Ray hands on what was raised as text alone.
    """

    def __init__(self, library: Library, picker: Picker, threads: int, relay: bool) -> None:
        self._library, self._threads = library, threads
        self._picker, self._relay = picker, relay

    @functools.cached_property
    def _backbone(self) -> Backbone:
        return self._library.open(self._threads)

    def __call__(self, table: arrow.Table) -> arrow.Table:
        try:
            return self._run(table)
        except Error as error:
            if not self._relay:
                raise
            return _table([None], [None], [str(error)])

    def _run(self, table: arrow.Table) -> arrow.Table:
        errors = table["error"].to_pylist()
        good = [i for i, error in enumerate(errors) if error is None]
        inputs = [np.frombuffer(table["pixels"][i].as_buffer(), np.float32).reshape(table["shape"][i].as_py()) for i in good]
        rows: list[NDArray[Any] | None] = [None] * len(errors)
        for i, row in zip(good, run_each(self._backbone, self._picker, inputs)):
            rows[i] = row
        return _table(table["name"].to_pylist(), rows, errors)


def _table(names: list[str | None], rows: Sequence[NDArray[Any] | None], errors: list[str | None]) -> arrow.Table:
    """The columns of `features`."""
    element = next((row.dtype for row in rows if row is not None), np.dtype(np.float32))
    flat = [None if row is None else row.reshape(-1) for row in rows]
    shapes = [None if row is None else row.shape for row in rows]
    return arrow.table({"name": arrow.array(names, arrow.string()),
                        "feature": arrow.array(flat, arrow.large_list(arrow.from_numpy_dtype(element))),
                        "shape": arrow.array(shapes, arrow.list_(arrow.int64())), "error": arrow.array(errors, arrow.string())})
