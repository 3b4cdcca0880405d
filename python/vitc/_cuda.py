"""Arrays in the memory of a GPU, by the CUDA driver alone: for programs without PyTorch and CuPy."""
from __future__ import annotations

import contextlib
import ctypes
import functools
import math
import os
import weakref
from collections.abc import Iterator
from ctypes import byref, c_char_p, c_int, c_size_t, c_uint64, c_void_p
from typing import Any

import numpy as np

from . import _abi
from ._dlpack import lend
from ._errors import Error


class Driver:
    """libcuda.so.1, or what VITC_LIBCUDA names. Every function raises Error with the driver's own words."""

    def __init__(self) -> None:
        name = os.environ.get("VITC_LIBCUDA") or "libcuda.so.1"
        try:
            self._library = ctypes.CDLL(name)
            self.call("cuInit", 0)
        except (OSError, AttributeError) as error:
            raise Error(f"the CUDA driver cannot be loaded: {error}") from None

    def call(self, function: str, *arguments: Any) -> None:
        status = getattr(self._library, function)(*arguments)
        if status:
            text = c_char_p()
            self._library.cuGetErrorString(status, byref(text))
            words = (text.value or b"unknown error").decode()
            raise Error(f"the CUDA driver failed in {function}: {words} (CUDA error {status})")

    def retain(self, ordinal: int) -> c_void_p:
        """The context that the programs of a process share on a device; `release` gives it back."""
        context, device = c_void_p(), c_int()
        self.call("cuDeviceGet", byref(device), ordinal)
        self.call("cuDevicePrimaryCtxRetain", byref(context), device)
        return context

    def release(self, ordinal: int) -> None:
        self.call("cuDevicePrimaryCtxRelease_v2", ordinal)

    @contextlib.contextmanager
    def current(self, ordinal: int) -> Iterator[None]:
        """Makes the context of a device that of this thread for a while."""
        context = self.retain(ordinal)
        try:
            self.call("cuCtxPushCurrent_v2", context)
            try:
                yield
            finally:
                self.call("cuCtxPopCurrent_v2", byref(c_void_p()))
        finally:
            self.release(ordinal)

    def synchronize(self, ordinal: int, stream: int) -> None:
        """Waits until a stream has done what is on it."""
        with self.current(ordinal):
            self.call("cuStreamSynchronize", c_void_p(stream))


@functools.cache
def driver() -> Driver:
    return Driver()


def _free(driver: Driver, process: int, ordinal: int, address: int) -> None:
    """The driver waits for the work that may use it. After a fork, the memory is the parent's to free."""
    if os.getpid() != process:
        return
    with driver.current(ordinal):
        driver.call("cuMemFree_v2", c_uint64(address))
    driver.release(ordinal)


class DeviceArray:
    """An array in the memory of a GPU, compact and in row-major order: `vitc.to_device` makes one of a NumPy array, `numpy`
    makes a NumPy array of one. A model on a GPU takes them where they are, and returns them for tensors of libraries
    other than PyTorch and CuPy. Whatever has `from_dlpack` takes them without a copy.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype, device: str = "cuda", stream: int = 0,
                 element: _abi.DataType | None = None) -> None:
        """With elements of any value. stream: the handle of the one that writes them. Raises Error where memory lacks."""
        place = _abi.device_named(device)
        if place.device_type != _abi.CUDA:
            raise Error(f"device is {device!r}; expected cuda, or cuda:1 and so on")
        self.shape, self.dtype, self.ordinal = tuple(shape), np.dtype(dtype), place.device_id
        self._element = element or _abi.type_of(self.dtype)
        self.nbytes = math.prod(self.shape) * self.dtype.itemsize
        self.stream = stream
        self.address = self._allocate() if self.nbytes else 0

    @property
    def device(self) -> str:
        return f"cuda:{self.ordinal}"

    def numpy(self) -> np.ndarray:
        """A copy on the CPU, once what is on the array's stream has been done."""
        array = np.empty(self.shape, self.dtype)
        if self.nbytes:
            driver().synchronize(self.ordinal, self.stream)
            with driver().current(self.ordinal):
                driver().call("cuMemcpyDtoH_v2", c_void_p(array.ctypes.data), c_uint64(self.address), c_size_t(self.nbytes))
        return array

    def __dlpack_device__(self) -> tuple[int, int]:
        return _abi.CUDA, self.ordinal

    def __dlpack__(self, *, stream: int | None = None, max_version: tuple[int, int] | None = None,
                   dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> Any:
        """Waits for the array's stream, where the taker's is another (-1: it waits by itself)."""
        if dl_device not in (None, self.__dlpack_device__()) or copy:
            raise BufferError(f"an array on {self.device} is passed on where it is, without a copy")
        if stream not in (-1, self.stream or 1):
            driver().synchronize(self.ordinal, self.stream)
        device = _abi.Device(*self.__dlpack_device__())
        return lend(self.address, self.shape, self._element, device, self)

    def __repr__(self) -> str:
        return f"vitc.DeviceArray(shape={self.shape}, dtype={self.dtype}, device='{self.device}')"

    def _allocate(self) -> int:
        address = c_uint64()
        driver().retain(self.ordinal)  # until it is freed
        try:
            with driver().current(self.ordinal):
                driver().call("cuMemAlloc_v2", byref(address), c_size_t(self.nbytes))
        except Error:
            driver().release(self.ordinal)
            raise
        weakref.finalize(self, _free, driver(), os.getpid(), self.ordinal, address.value)
        return address.value


def to_device(array: Any, device: str = "cuda") -> DeviceArray:
    """A copy of an array in the memory of a GPU. Raises Error where there is none, or too little of it."""
    try:
        array = np.ascontiguousarray(array)
    except (TypeError, ValueError) as error:
        raise Error(f"what to copy to {device} cannot be made an array: {error}") from None
    copy = DeviceArray(array.shape, array.dtype, device)
    if copy.nbytes:
        with driver().current(copy.ordinal):
            driver().call("cuMemcpyHtoD_v2", c_uint64(copy.address), c_void_p(array.ctypes.data), c_size_t(copy.nbytes))
    return copy
