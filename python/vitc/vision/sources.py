"""Collections of images: folders, lists, array files, datasets. Each is a sequence whose items have names."""
from __future__ import annotations

import concurrent.futures
import contextlib
import hashlib
import os
import pathlib
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import Error
from .images import MAX_PIXELS, ImageError, find_images, is_image_name, names_of, read_image

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_LISTS, _ARRAYS = (".txt", ".lst"), (".npy", ".npz")


class Images(Sequence):
    """Images by number; each has a name. An item is an RGB image of Pillow's, or, of an array of floats, a model's input
    (3, height, width) that needs no preprocessing. Reading one that is bad raises ImageError.
    """

    def __init__(self, items: Sequence[Any], names: Sequence[str], max_pixels: int = MAX_PIXELS, origin: str = "") -> None:
        self.items = items
        self.names = names
        self.max_pixels = max_pixels
        self.origin = origin  # where the names are from

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Picture | np.ndarray:
        name = self.names[index]
        try:
            item = self.items[index]
        except (IndexError, Error):
            raise
        except Exception as error:  # a dataset's own code, and whatever it reads
            raise ImageError(name, f"the dataset fails: {type(error).__name__}: {error}") from error
        if isinstance(item, (tuple, list)) and item:  # (image, label), as datasets have it
            item = item[0]
        if isinstance(item, np.ndarray) and item.dtype == np.float32:
            return _as_input(item, name)
        if hasattr(item, "__array__") and not isinstance(item, np.ndarray) and not hasattr(item, "convert"):
            item = np.asarray(item)
        return read_image(item, max_pixels=self.max_pixels, name=name)

    def spare(self, path: str | os.PathLike[str]) -> None:
        """Raises Error where what is to be written to this path would replace one of the images."""
        target = os.path.realpath(path)
        if isinstance(self.items, (list, tuple)) and any(
                isinstance(item, (str, os.PathLike)) and os.path.realpath(item) == target for item in self.items):
            raise Error(f"{os.fspath(path)} is one of the images; expected another file to write to")

    @property
    def settings(self) -> dict[str, Any]:
        """What a run that goes on must find again: where the images are from, how many, their names, which may be read, and what
        tells their contents: of files size and time; of what has no origin, such as a dataset, some of the images themselves."""
        names = hashlib.sha256("\0".join(self.names).encode("utf-8", "surrogateescape")).hexdigest()
        return {"from": self.origin, "count": len(self), "names_sha256": names, "contents_sha256": self._digest(),
                "max_megapixels": round(self.max_pixels / 1e6, 1)}

    def _digest(self) -> str:
        digest = hashlib.sha256()
        if isinstance(self.items, (list, tuple)) and all(isinstance(item, (str, os.PathLike)) for item in self.items):
            for item in self.items:
                with contextlib.suppress(OSError):
                    status = os.stat(item)
                    digest.update(f"{status.st_size} {status.st_mtime_ns}".encode())
                digest.update(b"\0")
        elif not self.origin:
            for index in range(0, len(self), max(1, len(self) // 16)):
                try:
                    digest.update(np.ascontiguousarray(np.asarray(self[index])))
                except ImageError as error:
                    digest.update(str(error).encode("utf-8", "backslashreplace"))
        return digest.hexdigest()


def open_images(source: Any, *, array: str | None = None, max_pixels: int = MAX_PIXELS) -> Images:
    """The images of a source, which is one of:

    - a folder: all images below it, sorted, named by their paths in it;
    - an image file, or several files and folders in a list, named by their paths;
    - a list (.txt): a path a line, as seen from the list's folder;
    - .npy or .npz (`array` names which of its arrays): uint8 (count, height, width, 3) or (count, height, width), named by
      number; float32 (count, 3, height, width) are inputs of the model as they are;
    - a dataset: a sequence of paths, images, arrays (uint8, height × width × 3), or of tuples that begin with one.

    Raises Error where there are no images, or the source is something else.
    """
    if isinstance(source, Images):
        return source
    if isinstance(source, (str, os.PathLike)):
        return _open_path(pathlib.Path(source), array, max_pixels)
    if isinstance(source, np.ndarray):
        return _of_array(source, "the array", f"crc32 {zlib.crc32(np.ascontiguousarray(source)):08x}", max_pixels)
    if not hasattr(source, "__len__") or not hasattr(source, "__getitem__"):
        raise Error(f"images are given as {type(source).__name__}; expected a path, an array, or a sequence")
    if not len(source):
        raise Error("there are no images: the sequence is empty")
    if isinstance(source, (list, tuple)) and all(isinstance(item, (str, os.PathLike)) for item in source):
        return _of_paths([pathlib.Path(item) for item in source], array, max_pixels)
    return Images(source, [str(number) for number in range(len(source))], max_pixels)


def _open_path(path: pathlib.Path, array: str | None, max_pixels: int) -> Images:
    if not path.exists():
        raise Error(f"{path}: no such file or folder")
    if path.is_dir():
        found = find_images(path)
        return Images(found, names_of(found, path), max_pixels, str(path.resolve()))
    if path.suffix in _ARRAYS:
        status = path.stat()
        origin = f"{path.resolve()} of {status.st_size} bytes, changed {status.st_mtime_ns}"
        return _of_array(_load_array(path, array), str(path), origin + (f", {array}" if array else ""), max_pixels)
    if path.suffix in _LISTS:
        return _of_list(path, max_pixels)
    if is_image_name(path):
        return Images([path], [path.name], max_pixels, str(path.resolve().parent))
    raise Error(f"{path}: expected a folder, an image, a list (.txt), or an array (.npy, .npz)")


def _of_paths(paths: list[pathlib.Path], array: str | None, max_pixels: int) -> Images:
    if len(paths) == 1:
        return _open_path(paths[0], array, max_pixels)
    items: list[pathlib.Path] = []
    for path in paths:
        if path.suffix in _ARRAYS + _LISTS:
            raise Error(f"{path}: a list or an array stands alone; beside others, expected images and folders")
        if not path.exists():
            raise Error(f"{path}: no such file or folder")
        if not path.is_dir() and not is_image_name(path):
            raise Error(f"{path}: expected an image or a folder")
        items += find_images(path) if path.is_dir() else [path]
    return Images(items, [path.as_posix() for path in items], max_pixels, os.getcwd())


def _of_list(path: pathlib.Path, max_pixels: int) -> Images:
    try:
        names = [line.strip() for line in path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()]
    except OSError as error:
        raise Error(f"{path}: {error.strerror}") from None
    names = [name for name in names if name]
    if any("\0" in name for name in names):
        raise Error(f"{path}: expected text, a path a line")
    if not names:
        raise Error(f"{path}: the list is empty; expected a path a line")
    return Images([path.parent / name for name in names], names, max_pixels, str(path.resolve()))


def _load_array(path: pathlib.Path, name: str | None) -> np.ndarray:
    try:
        # A file of many images stays on the disk; pickled objects are refused, which could run any code.
        loaded = np.load(path, mmap_mode="r" if path.suffix == ".npy" else None, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with contextlib.closing(loaded):
            if name is None and len(loaded.files) != 1:
                raise Error(f"{path} has {len(loaded.files)} arrays ({', '.join(loaded.files[:8])}); --array names one")
            if name is not None and name not in loaded.files:
                raise Error(f"{path} has no array '{name}', only {', '.join(loaded.files[:8])}")
            return loaded[name or loaded.files[0]]
    except (ValueError, EOFError, zipfile.BadZipFile, OSError) as error:
        raise Error(f"{path}: not an array file that NumPy reads ({getattr(error, 'strerror', None) or error})") from None


def _of_array(array: np.ndarray, name: str, origin: str, max_pixels: int) -> Images:
    pictures = array.dtype == np.uint8 and (array.ndim == 3 or array.ndim == 4 and array.shape[3] in (1, 3))
    inputs = array.dtype == np.float32 and array.ndim == 4 and array.shape[1] == 3
    if not pictures and not inputs:
        raise Error(f"{name} is {array.dtype} of shape {array.shape}; expected uint8 (count, height, width, 3) or (count, "
                    "height, width), or float32 (count, 3, height, width) as the model takes them")
    if 0 in array.shape:
        raise Error(f"{name} has no images: its shape is {array.shape}")
    return Images(array, [str(number) for number in range(len(array))], max_pixels, origin)


def _as_input(array: np.ndarray, name: str) -> np.ndarray:
    if array.ndim != 3 or array.shape[0] != 3:
        raise ImageError(name, f"float32 of shape {array.shape}; expected a model's input (3, height, width)")
    if not np.isfinite(array).all():
        raise ImageError(name, "its numbers are not all finite")
    return array


def read_ahead(read: Callable[[int], Any], indices: range, readers: int, depth: int) -> Iterator[Any]:
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
