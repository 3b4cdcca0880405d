"""DLPack's capsules, read in place and made: what `x.__dlpack__()` returns, of PyTorch, JAX, CuPy, …"""
from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, PYFUNCTYPE, Structure, c_char_p, c_int, c_int64, c_uint32, c_uint64, c_void_p, py_object
from typing import Any, NamedTuple

from ._abi import DataType, Device, DLTensor

_READ_ONLY, _COPIED, _PADDED = 1, 2, 4  # DLPACK_FLAG_BITMASK_…


class _Managed(Structure):
    """DLManagedTensor."""

    _fields_ = [("tensor", DLTensor), ("context", c_void_p), ("deleter", c_void_p)]


class _Versioned(Structure):
    """DLManagedTensorVersioned, of DLPack 1.0 and later."""

    _fields_ = [("major", c_uint32), ("minor", c_uint32), ("context", c_void_p), ("deleter", c_void_p), ("flags", c_uint64),
                ("tensor", DLTensor)]


_is_capsule = PYFUNCTYPE(c_int, py_object, c_char_p)(("PyCapsule_IsValid", ctypes.pythonapi))
_pointer = PYFUNCTYPE(c_void_p, py_object, c_char_p)(("PyCapsule_GetPointer", ctypes.pythonapi))


class Borrowed(NamedTuple):
    """A tensor of somebody else's, which lives as long as the capsule: that is never taken over, so that it frees it."""

    tensor: DLTensor
    capsule: Any
    read_only: bool
    copied: bool
    padded: bool  # elements of less than eight bits take a byte each


def borrow(value: Any, stream: int | None = None) -> Borrowed:
    """The tensor of an object that has `__dlpack__`, whatever that raises where it has none to give. stream: as DLPack numbers
    the stream that a tensor on a GPU is read on (1: the legacy default one); None for one on the CPU."""
    on_stream = {} if stream is None else {"stream": stream}
    try:
        capsule = value.__dlpack__(**on_stream, max_version=(1, 0))
    except TypeError:  # of an exporter that is older than versions
        capsule = value.__dlpack__(**on_stream)
    if _is_capsule(capsule, b"dltensor_versioned"):
        managed = _Versioned.from_address(_pointer(capsule, b"dltensor_versioned"))
        if managed.major != 1:
            raise BufferError(f"it is of version {managed.major}.{managed.minor} of DLPack; expected 1.x")
        flags = managed.flags
        return Borrowed(managed.tensor, capsule, bool(flags & _READ_ONLY), bool(flags & _COPIED), bool(flags & _PADDED))
    if _is_capsule(capsule, b"dltensor"):
        return Borrowed(_Managed.from_address(_pointer(capsule, b"dltensor")).tensor, capsule, False, False, False)
    raise BufferError(f"its __dlpack__ returned a {type(capsule).__name__}; expected a capsule that nobody has taken")


# Tensors that somebody else has taken over, by the address of what describes them, and what they need.
_lent: dict[int, tuple[_Managed, Any, Any]] = {}
_NAME = b"dltensor"
_new_capsule = PYFUNCTYPE(py_object, c_void_p, c_char_p, c_void_p)(("PyCapsule_New", ctypes.pythonapi))
_is_dying_capsule = PYFUNCTYPE(c_int, c_void_p, c_char_p)(("PyCapsule_IsValid", ctypes.pythonapi))
_dying_pointer = PYFUNCTYPE(c_void_p, c_void_p, c_char_p)(("PyCapsule_GetPointer", ctypes.pythonapi))


@CFUNCTYPE(None, c_void_p)
def _give_back(managed: int) -> None:
    _lent.pop(managed, None)


@PYFUNCTYPE(None, c_void_p)
def _forget(capsule: int) -> None:
    """Of a capsule that nobody took: who takes one changes its name."""
    if _is_dying_capsule(capsule, _NAME):
        _lent.pop(_dying_pointer(capsule, _NAME), None)


def lend(address: int, shape: tuple[int, ...], element: DataType, device: Device, owner: Any) -> Any:
    """A capsule for a compact tensor, which keeps its owner until whoever takes it gives it back."""
    extents = (c_int64 * max(len(shape), 1))(*shape)
    tensor = DLTensor(data=address, device=device, ndim=len(shape), dtype=element,
                      shape=ctypes.cast(extents, ctypes.POINTER(c_int64)))
    managed = _Managed(tensor=tensor, deleter=ctypes.cast(_give_back, c_void_p))
    _lent[ctypes.addressof(managed)] = managed, extents, owner
    return _new_capsule(ctypes.addressof(managed), _NAME, ctypes.cast(_forget, c_void_p))
