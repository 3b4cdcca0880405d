"""Calls of a model on a GPU: on which stream, and what its results are."""
from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Sequence
from typing import Any

from . import _abi
from ._cuda import DeviceArray, driver
from ._errors import Error
from ._tensors import NumPyResults, Tensor, TorchResults, is_torch, results_like, torch_type


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a call runs: the number of a GPU, and the handle of a stream (0: the legacy default stream)."""

    ordinal: int
    stream: int

    def stream_for(self, value: Any) -> int | None:
        """The stream as `__dlpack__` of a tensor takes it: 1 is the legacy default stream; None for one on the CPU."""
        return (self.stream or 1) if device_of(value)[0] == _abi.CUDA else None

    def compacted(self, role: str, value: Any) -> Any:
        """An aligned copy in row-major order, made on the call's stream by the library that the tensor is of."""
        if is_torch(value):
            with _torch_stream(self):
                return value.clone(memory_format=sys.modules["torch"].contiguous_format)
        if is_cupy(value):
            with sys.modules["cupy"].cuda.ExternalStream(self.stream, self.ordinal):
                return value.copy(order="C")
        raise Error(f"{role} is a {type(value).__name__} on a GPU that is not compact in row-major order and aligned to "
                    f"{_abi.GPU_ALIGNMENT} bytes; expected one that is")


def device_of(value: Any) -> tuple[int, int]:
    """DLPack's type and number of the device that a tensor is on; the CPU for what does not tell."""
    ask = getattr(value, "__dlpack_device__", None)
    try:
        kind, number = ask() if ask else (_abi.CPU, 0)
    except (BufferError, RuntimeError, TypeError, ValueError):
        return _abi.CPU, 0
    return int(kind), int(number)


def is_cupy(value: Any) -> bool:
    cupy = sys.modules.get("cupy")
    return cupy is not None and isinstance(value, getattr(cupy, "ndarray", ()))


def place_of(ordinal: int, values: Sequence[Any], stream: Any) -> Place:
    """The stream that the caller names, else the current one of the library that a tensor on the GPU is of, else the legacy
    default stream."""
    if stream is not None:
        return Place(ordinal, _handle_of(stream))
    for value in values:
        if is_torch(value) and value.is_cuda:
            return Place(ordinal, sys.modules["torch"].cuda.current_stream(ordinal).cuda_stream)
        if is_cupy(value):
            return Place(ordinal, sys.modules["cupy"].cuda.get_current_stream().ptr)
    return Place(ordinal, 0)


def _handle_of(stream: Any) -> int:
    if hasattr(stream, "__cuda_stream__"):
        stream = stream.__cuda_stream__()[1]
    handle = getattr(stream, "cuda_stream", getattr(stream, "ptr", stream))  # PyTorch's, CuPy's
    if isinstance(handle, bool) or not isinstance(handle, int) or handle < 0:
        raise Error(f"stream is {stream!r}; expected the handle of a CUDA stream, or a stream of PyTorch or CuPy")
    return 0 if handle == 1 else handle  # CU_STREAM_LEGACY


def _other_torch_stream(place: Place) -> Any:
    """The stream of a call as PyTorch has it; None if it is the current one."""
    cuda = sys.modules["torch"].cuda
    if cuda.current_stream(place.ordinal).cuda_stream == place.stream:
        return None
    return cuda.ExternalStream(place.stream, device=f"cuda:{place.ordinal}")


def _torch_stream(place: Place) -> contextlib.AbstractContextManager[Any]:
    """Makes the stream of a call PyTorch's current one: what is freed meanwhile is used again on that stream alone."""
    stream = _other_torch_stream(place)
    return contextlib.nullcontext() if stream is None else sys.modules["torch"].cuda.stream(stream)


def settle(place: Place, values: Sequence[Any], outs: Sequence[Any]) -> None:
    """After a run: sees to it that no memory goes before the GPU is done with it. PyTorch is told of the stream, where it is
    not its current one; CuPy uses what is freed for later work of its current stream alone; the driver frees after all
    work. Of other libraries nothing is known, so the call waits."""
    for out in outs:
        if isinstance(out, DeviceArray):
            out.stream = place.stream
    for value in (*values, *outs):
        if device_of(value)[0] != _abi.CUDA or isinstance(value, DeviceArray):
            continue
        if is_torch(value):
            stream = _other_torch_stream(place)
            if stream is not None:
                value.record_stream(stream)
        elif not is_cupy(value) or sys.modules["cupy"].cuda.get_current_stream().ptr != place.stream:
            return driver().synchronize(place.ordinal, place.stream)


def abandon(place: Place) -> None:
    """After a run that failed: waits for what of it is on the stream already, which reads and writes memory that may go with
    the error."""
    with contextlib.suppress(Error):  # of the same cause, and less telling
        driver().synchronize(place.ordinal, place.stream)


class TorchOnGPU:
    """Results as PyTorch's tensors on a GPU, in memory that is free on the stream of the call."""

    device_type = _abi.CUDA

    def __init__(self, place: Place) -> None:
        self.place = place

    def new(self, spec: Tensor, shape: tuple[int, ...]) -> tuple[Any, int]:
        with _torch_stream(self.place):
            tensor = sys.modules["torch"].empty(shape, dtype=torch_type(spec.type), device=f"cuda:{self.place.ordinal}")
        return tensor, tensor.data_ptr()

    copy = TorchResults.copy


class CuPyResults:
    """Results as CuPy's arrays; the types that CuPy lacks come as their bits."""

    device_type = _abi.CUDA

    def __init__(self, place: Place) -> None:
        self.place = place

    def new(self, spec: Tensor, shape: tuple[int, ...]) -> tuple[Any, int]:
        cuda, extension = sys.modules["cupy"].cuda, _abi.extension_of(spec.type)
        with cuda.Device(self.place.ordinal), cuda.ExternalStream(self.place.stream, self.place.ordinal):
            array = sys.modules["cupy"].empty(shape, extension.bits if extension else spec.dtype)
        return array, array.data.ptr

    copy = NumPyResults.copy


class DeviceResults:
    """Results as arrays of vitc's own."""

    device_type = _abi.CUDA

    def __init__(self, place: Place) -> None:
        self.place = place

    def new(self, spec: Tensor, shape: tuple[int, ...]) -> tuple[Any, int]:
        array = DeviceArray(shape, spec.dtype, f"cuda:{self.place.ordinal}", self.place.stream, spec.element)
        return array, array.address

    @staticmethod
    def copy(result: Any) -> Any:
        return result


Results = type[NumPyResults] | type[TorchResults] | TorchOnGPU | CuPyResults | DeviceResults


def results_on_gpu(values: Sequence[Any], place: Place) -> Results:
    """On the GPU where an input is there, of the library that this one is of; else as for a model on the CPU."""
    for value in values:
        if device_of(value)[0] == _abi.CUDA:
            kind = TorchOnGPU if is_torch(value) else CuPyResults if is_cupy(value) else DeviceResults
            return kind(place)
    return results_like(values)
