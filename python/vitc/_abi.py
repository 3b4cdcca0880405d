"""include/vitc-c/Model.h in ctypes: structures, the table of functions, and the symbol that points to it."""
from __future__ import annotations

import ctypes
import functools
import os
import struct
import sys
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint32
from ctypes import c_uint64, c_void_p
from typing import NamedTuple

import numpy as np

from ._errors import Error

ABI = 1
CPU, CUDA, CUDA_HOST = 1, 2, 3  # kDLCPU; kDLCUDA; kDLCUDAHost, memory of the CPU's that a GPU reads
GPU_ALIGNMENT = 16  # bytes: kernels read and copy as many at once
_CODES = {"i": 0, "u": 1, "f": 2, "b": 6}  # DLDataTypeCode by numpy.dtype.kind


class Device(Structure):
    _fields_ = [("device_type", c_int32), ("device_id", c_int32)]


def device_named(name: str) -> Device:
    """The device that "cpu", "cuda" or "cuda:1" stands for."""
    kind, _, index = name.partition(":") if isinstance(name, str) else ("", "", "")
    numbered = kind == "cuda" and index.isdecimal() and int(index) < 1 << 31
    if kind not in ("cpu", "cuda") or name.endswith(":") or index and not numbered:
        raise Error(f"device is {name!r}; expected cpu, cuda, or cuda:1 and so on")
    return Device(CUDA if kind == "cuda" else CPU, int(index or 0))


class DataType(Structure):
    _fields_ = [("code", c_uint8), ("bits", c_uint8), ("lanes", c_uint16)]


class Extension(NamedTuple):
    """A type that NumPy has from the package ml_dtypes alone."""

    type: DataType
    bits: type  # NumPy's type of the same size


_EXTENSIONS = {
    "bfloat16": Extension(DataType(4, 16, 1), np.uint16),
    "float8_e4m3fn": Extension(DataType(10, 8, 1), np.uint8),
    "float8_e4m3fnuz": Extension(DataType(11, 8, 1), np.uint8),
    "float8_e5m2": Extension(DataType(12, 8, 1), np.uint8),
    "float8_e5m2fnuz": Extension(DataType(13, 8, 1), np.uint8),
    "float8_e8m0fnu": Extension(DataType(14, 8, 1), np.uint8),
    "float4_e2m1fn": Extension(DataType(17, 4, 1), np.uint8),
    "int4": Extension(DataType(0, 4, 1), np.int8),
    "uint4": Extension(DataType(1, 4, 1), np.uint8),
    "int2": Extension(DataType(0, 2, 1), np.int8),
    "uint2": Extension(DataType(1, 2, 1), np.uint8),
}


class DLTensor(Structure):
    _fields_ = [
        ("data", c_void_p),
        ("device", Device),
        ("ndim", c_int32),
        ("dtype", DataType),
        ("shape", POINTER(c_int64)),
        ("strides", POINTER(c_int64)),
        ("byte_offset", c_uint64),
    ]


class OpenOptions(Structure):
    _fields_ = [("size", c_size_t), ("weights_path", c_char_p), ("verify_weights", c_int32)]


class Dim(Structure):
    _fields_ = [("name", c_char_p), ("extent", c_int64)]


class SessionOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("function", c_char_p),
        ("dims", POINTER(Dim)),
        ("dim_count", c_size_t),
        ("threads", c_int32),
        ("device", Device),
        ("workspace", c_void_p),
        ("workspace_bytes", c_size_t),
        ("parallel", c_void_p),
        ("pool", c_void_p),
        ("profile", c_int32),
    ]


class Step(Structure):
    _fields_ = [
        ("kind", c_char_p),
        ("nodes", POINTER(c_char_p)),
        ("node_count", c_int32),
        ("macs", c_int64),
        ("weight_bytes", c_int64),
        ("activation_bytes", c_int64),
    ]


class Profile(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("level", c_char_p),
        ("step_count", c_int32),
        ("thread_count", c_int32),
        ("steps", POINTER(Step)),
        ("times", POINTER(c_int64)),  # [thread_count][step_count] of began, finished, left
    ]


# Calls through these prototypes release the GIL.
_TENSORS = (POINTER(DLTensor), c_int32, POINTER(DLTensor), c_int32)


class ApiTable(Structure):
    _fields_ = [
        ("abi", c_uint32),
        ("size", c_uint32),
        ("open", CFUNCTYPE(c_int, POINTER(OpenOptions), POINTER(c_void_p))),
        ("close", CFUNCTYPE(c_int, c_void_p)),
        ("info_json", CFUNCTYPE(c_char_p)),
        ("session_create", CFUNCTYPE(c_int, c_void_p, POINTER(SessionOptions), POINTER(c_void_p))),
        ("session_destroy", CFUNCTYPE(c_int, c_void_p)),
        ("output_shapes", CFUNCTYPE(c_int, c_void_p, *_TENSORS)),
        ("run", CFUNCTYPE(c_int, c_void_p, *_TENSORS, c_void_p)),
        ("last_error", CFUNCTYPE(c_char_p)),
        ("workspace_bytes", CFUNCTYPE(c_int, c_void_p, POINTER(SessionOptions), POINTER(c_size_t))),
        ("profile", CFUNCTYPE(c_int, c_void_p, POINTER(Profile))),
    ]


class Api:
    """The functions of a library's table, read once. Those that an older library's table does not reach are None."""

    def __init__(self, table: ApiTable) -> None:
        for name, _ in ApiTable._fields_:
            setattr(self, name, getattr(table, name) if getattr(ApiTable, name).offset < table.size else None)

    def check(self, status: int) -> None:
        if status:
            raise Error(self.last_error().decode(errors="replace"), status)


# The file that each path named when it was loaded last, and how often that changed.
_loaded: dict[str, tuple[tuple[int, int, int], int]] = {}


def _spelling(path: str) -> str:
    """A spelling of the path that no other file had.

    The loader takes a path that it knows for the library it knows, even where the file has been replaced since (a model
    compiled again in the same process); dots make it look at the file.
    """
    stat = os.stat(path)
    identity = (stat.st_dev, stat.st_ino, stat.st_mtime_ns)
    known, count = _loaded.get(path, (identity, 0))
    if known != identity:
        count += 1
    _loaded[path] = (identity, count)
    folder, name = os.path.split(path)
    return os.path.join(folder, *["."] * count, name)


def _is_cut_off(path: str) -> bool:
    """Whether an ELF file of 64 bits ends before its segments do. The loader would map them all the same, and end the process by a
    signal where it reads what is not there."""
    with open(path, "rb") as file:
        header = file.read(64)
        if len(header) < 64 or header[:4] != b"\x7fELF":
            return False  # the loader says so
        start, = struct.unpack_from("<Q", header, 32)  # e_phoff, e_phentsize, e_phnum
        size, count = struct.unpack_from("<HH", header, 54)
        table = os.pread(file.fileno(), size * count, start)
        if size < 56 or len(table) < size * count:
            return True
        ends = (sum(struct.unpack_from("<8xQ16xQ", table, size * i)) for i in range(count))  # p_offset + p_filesz
        return max(ends, default=0) > os.fstat(file.fileno()).st_size


def load_library(path: str) -> tuple[ctypes.CDLL, Api]:
    """Loads the library at an absolute path."""
    try:
        if _is_cut_off(path):
            raise Error(f"cannot load {path}: it ends before its last segment does; expected the whole file that vitc wrote")
        library = ctypes.CDLL(_spelling(path))
        api = Api(POINTER(ApiTable).in_dll(library, "vitc_model_v1").contents)
    except OSError as error:
        hint = "; vitc.compile takes ONNX files" if path.endswith(".onnx") else ""
        raise Error(f"cannot load {path}: {error}{hint}") from None
    except ValueError:
        raise Error(f"{path} is not a model compiled by vitc") from None
    if api.abi != ABI:
        raise Error(f"{path} has version {api.abi} of the interface; expected {ABI}")
    return library, api


@functools.lru_cache
def type_of(dtype: np.dtype, wanted: str = "") -> DataType:
    """DLPack's type of a NumPy type; an Error where it has none. `wanted`: as for `element_type`."""
    if dtype.name in _EXTENSIONS:
        return _element_type(*_fields(_EXTENSIONS[dtype.name].type), wanted)
    if dtype.kind not in _CODES:
        raise Error(f"arrays of type {dtype} cannot be passed to a model")
    return _element_type(_CODES[dtype.kind], dtype.itemsize * 8, 1, wanted)


def element_type(type: DataType, wanted: str) -> DataType:
    """A type that DLPack names, as one object a type. Types that NumPy lacks also come as their bits, where `wanted`,
    info_json's name of what the model takes, is one of them."""
    return _element_type(*_fields(type), wanted)


def _fields(type: DataType) -> tuple[int, int, int]:
    return type.code, type.bits, type.lanes


@functools.lru_cache
def _element_type(code: int, bits: int, lanes: int, wanted: str) -> DataType:
    extension = _EXTENSIONS.get(wanted)
    if extension and (code, bits, lanes) == _fields(type_of(np.dtype(extension.bits))):
        return _element_type(*_fields(extension.type), "")
    return DataType(code, bits, lanes) if not wanted else _element_type(code, bits, lanes, "")


def extension_of(name: str) -> Extension | None:
    """What stands for a type that info_json names where NumPy lacks it; None of one that it has."""
    return _EXTENSIONS.get(name)


def dtype_of(name: str) -> np.dtype:
    """The NumPy type that info_json names; that of the bits for one that only the package ml_dtypes has, without it."""
    if name in _EXTENSIONS and "ml_dtypes" not in sys.modules:
        try:
            import ml_dtypes  # noqa: F401  (it registers the names)
        except ImportError:
            return np.dtype(_EXTENSIONS[name].bits)
    return np.dtype(name)
