"""What features are kept in: .npy with .json beside it, or .parquet."""
from __future__ import annotations

import dataclasses
import json
import pathlib
import shutil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._errors import Error
from ._extras import require
from .journal import Journal, require_same, write_whole

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


def _refuse_foreign(path: pathlib.Path) -> None:
    """Raises Error where the file beside a .npy that is to be written is there and another program's."""
    beside = path.with_suffix(".json")
    if path.suffix != ".npy" or not beside.exists():
        return
    try:
        known = {"names", "settings"} <= json.loads(beside.read_text()).keys()
    except (OSError, ValueError, AttributeError):
        known = False
    if not known:
        raise Error(f"{beside} is there and was not made by this command, which would write to it; choose another name for {path}")


def write_features(path: pathlib.Path, journal: Journal, settings: dict[str, Any]) -> None:
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


def finished_features(path: pathlib.Path, settings: dict[str, Any]) -> Features | None:
    """What is there already, where it is the same; None where nothing is. Raises Error where something else is there."""
    if not path.exists():
        return _refuse_foreign(path)
    found = _read_finished(path, settings)
    shutil.rmtree(path.with_name(path.name + ".partial"), ignore_errors=True)  # of a process that died after its last step
    return found


def _read_finished(path: pathlib.Path, settings: dict[str, Any]) -> Features:
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
