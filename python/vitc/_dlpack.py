"""DLPack's capsules, read in place: what `x.__dlpack__()` returns, of PyTorch, JAX, CuPy, …"""
from __future__ import annotations

import ctypes
from ctypes import PYFUNCTYPE, Structure, c_char_p, c_int, c_uint32, c_uint64, c_void_p, py_object
from typing import Any, NamedTuple

from ._abi import DLTensor

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


def borrow(value: Any) -> Borrowed:
    """The tensor of an object that has `__dlpack__`, whatever that raises where it has none to give."""
    try:
        capsule = value.__dlpack__(max_version=(1, 0))
    except TypeError:  # of an exporter that is older than versions
        capsule = value.__dlpack__()
    if _is_capsule(capsule, b"dltensor_versioned"):
        managed = _Versioned.from_address(_pointer(capsule, b"dltensor_versioned"))
        if managed.major != 1:
            raise BufferError(f"it is of version {managed.major}.{managed.minor} of DLPack; expected 1.x")
        flags = managed.flags
        return Borrowed(managed.tensor, capsule, bool(flags & _READ_ONLY), bool(flags & _COPIED), bool(flags & _PADDED))
    if _is_capsule(capsule, b"dltensor"):
        return Borrowed(_Managed.from_address(_pointer(capsule, b"dltensor")).tensor, capsule, False, False, False)
    raise BufferError(f"its __dlpack__ returned a {type(capsule).__name__}; expected a capsule that nobody has taken")
