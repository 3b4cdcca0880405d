"""Rows of results on their way to a file: what is written is kept, whatever ends the process."""
from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import shutil
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._errors import Error


@dataclasses.dataclass
class _State:
    done: int = 0  # images, good and bad
    rows: int = 0
    bytes: int = 0
    shape: tuple[int, ...] | None = None  # of a row
    dtype: str | None = None


class Journal:
    """Appends rows to a folder `FILE.partial`, and says after a restart which are there.

    `rows.bin` holds the rows; `journal.jsonl` a line for each batch, written after its rows, with their checksum. A line or
    rows that are not whole, as where the process was killed or the power failed, are dropped when the folder is opened again:
    then at most the batches after them are computed anew. Only one process at a time may hold it.

    settings: what the rows depend on. Where the folder was begun with others, Error names the first that differs.
    """

    def __init__(self, output: pathlib.Path, settings: dict[str, Any]) -> None:
        self.folder = output.with_name(output.name + ".partial")
        self.names: list[str] = []  # of the rows
        self.errors: dict[str, str] = {}
        self._state = _State()
        self._files = contextlib.ExitStack()
        if not output.parent.is_dir():
            raise Error(f"{output.parent}: no such folder, to write {output.name} to")
        self.folder.mkdir(exist_ok=True)
        try:
            self._lock = self._files.enter_context(open(self.folder / "lock", "ab"))
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._check(settings)
            self._rows = self._files.enter_context(open(self.folder / "rows.bin", "ab+"))
            self._lines = self._files.enter_context(open(self.folder / "journal.jsonl", "ab+"))
            self._recover()
        except BlockingIOError:
            self._files.close()
            raise Error(f"{self.folder} is in use: another process is making {output}") from None
        except BaseException:
            self._files.close()
            raise

    @property
    def done(self) -> int:
        """How many images, from the first, have been dealt with."""
        return self._state.done

    def append(self, images: int, names: list[str], rows: NDArray[Any] | None, errors: dict[str, str]) -> None:
        """The next images: rows (count, …) of those with these names, and what was wrong with the others."""
        state = dataclasses.replace(self._state, done=self._state.done + images)
        entry: dict[str, Any] = {"images": images, "names": names, "errors": errors}
        if rows is not None:
            data = np.ascontiguousarray(rows)
            if state.shape is None:
                state.shape, state.dtype = data.shape[1:], data.dtype.str
            if data.shape[1:] != state.shape:
                raise different_shapes(state.shape, data.shape[1:])
            entry |= {"shape": list(data.shape), "dtype": state.dtype, "crc": zlib.crc32(data)}
            self._rows.write(data)
            self._rows.flush()
            state.rows, state.bytes = state.rows + len(data), state.bytes + data.nbytes
        self._lines.write(json.dumps(entry).encode() + b"\n")
        self._lines.flush()
        self._state = state
        self.names += names
        self.errors |= errors

    def rows(self) -> NDArray[Any]:
        """All rows so far, mapped from the file."""
        state = self._state
        if not state.rows or state.shape is None:
            raise Error("no image could be used" + (f": {_some(self.errors)}" if self.errors else ""))
        return np.memmap(self.folder / "rows.bin", state.dtype, "r", shape=(state.rows, *state.shape))

    def close(self) -> None:
        self._files.close()

    def remove(self) -> None:
        """Closes and deletes it: its rows are in their file."""
        shutil.rmtree(self.folder)
        self._files.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        if self._state.rows or not self.folder.exists():
            self.close()
        else:  # nothing is lost, and images that have been mended are looked at again
            self.remove()

    def _check(self, settings: dict[str, Any]) -> None:
        path = self.folder / "settings.json"
        if path.exists():
            require_same(json.loads(path.read_text()), settings, self.folder)
        else:
            write_whole(path, json.dumps(settings, indent=1).encode())

    def _recover(self) -> None:
        """Reads what is whole, and cuts off the rest."""
        self._lines.seek(0)
        self._rows.seek(0)
        length = 0
        for line in self._lines:
            entry = _parse(line)
            if entry is None or not self._take(entry):
                break
            length += len(line)
        self._lines.truncate(length)
        self._rows.truncate(self._state.bytes)

    def _take(self, entry: dict[str, Any]) -> bool:
        state = self._state
        if "crc" in entry:
            count = int(np.prod(entry["shape"], dtype=np.int64)) * np.dtype(entry["dtype"]).itemsize
            data = self._rows.read(count)
            if len(data) != count or zlib.crc32(data) != entry["crc"]:
                return False
            state.rows, state.bytes = state.rows + entry["shape"][0], state.bytes + count
            state.shape, state.dtype = tuple(entry["shape"][1:]), entry["dtype"]
        state.done += entry["images"]
        self.names += entry["names"]
        self.errors |= entry["errors"]
        return True


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        return json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None


def different_shapes(one: tuple[int, ...], other: tuple[int, ...]) -> Error:
    return Error(f"images of different sizes have features of shapes {one} and {other}; one array holds one shape: "
                 "--fit crop or exact makes images alike")


def _some(errors: dict[str, str]) -> str:
    shown = "; ".join(f"{name}: {why}" for name, why in list(errors.items())[:3])
    return shown + (f"; and {len(errors) - 3} more" if len(errors) > 3 else "")


def require_same(before: dict[str, Any], now: dict[str, Any], place: pathlib.Path) -> None:
    """Raises Error that names the first setting of two runs that differs."""
    for key in {**before, **now}:
        if before.get(key) != now.get(key):
            raise Error(f"{place} was made with another {key.replace('_', ' ')} ({_short(before.get(key))}, now "
                        f"{_short(now.get(key))}); delete it, or write to another file")


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "…"


def write_whole(path: pathlib.Path, data: bytes) -> None:
    """Writes a file, or leaves it as it was."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError as error:
        error.filename = str(path)  # not that of a file that is gone by now
        raise
    finally:
        unfinished.unlink(missing_ok=True)
