"""What a model is called with, and what it returns: where the elements of NumPy arrays, DLPack tensors and lists are."""
from __future__ import annotations

import ctypes
import dataclasses
import functools
import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _abi
from ._dlpack import borrow
from ._errors import Error

if TYPE_CHECKING:
    from ._gpu_tensors import Place


@dataclasses.dataclass(frozen=True)
class Tensor:
    """An input or output: a dimension is a number, or a name or an expression of names ("batch", "197*batch").

    `type` is the library's name of the elements' type, and `dtype` NumPy's. NumPy has bfloat16 and the
    types of eight bits and less that are not its own where the package ml_dtypes is installed; elsewhere, `dtype` is
    uint16 or of a byte, and arrays hold the bits of each element. Inputs may hold bits in either case.
    """

    name: str
    dtype: np.dtype
    shape: tuple[int | str, ...]
    type: str

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Tensor:
        return Tensor(value["name"], _abi.dtype_of(value["type"]), tuple(value["shape"]), value["type"])

    @functools.cached_property
    def element(self) -> _abi.DataType:
        """DLPack's name of the type."""
        return _abi.type_of(self.dtype, self.type)


Form = tuple[tuple[int, ...], _abi.DataType]  # a shape and a type, of which there is one object


class Memory(NamedTuple):
    """Elements in compact row-major order, aligned to their size or, on a GPU, to 16 bytes, which live as long as their owner."""

    form: Form
    address: int
    owner: Any
    device_type: int = _abi.CPU


def read(spec: Tensor, value: Any, place: Place | None = None) -> Memory:
    """The elements of an argument: where they are if they are as a model takes them, else of a copy that is so.

    place: of a call on a GPU, which also takes tensors that are there.

    Raises Error where it is no array on the CPU or there. Its shape and type are left to the library to check, but for lists
    and numbers of Python's, which become the type that the input has.
    """
    if isinstance(value, np.ndarray):
        return _of_array(spec, value)
    if is_torch(value):
        return _of_torch(spec, value, place)
    if hasattr(value, "__dlpack__"):
        return _of_dlpack(f"input '{spec.name}'", spec, value, place=place)
    return _of_array(spec, _as_array(spec, value))


def read_out(spec: Tensor, value: Any, place: Place | None = None) -> Memory:
    """The memory of an array that a result is to be written to. Raises Error where it cannot be written in place."""
    role = f"output '{spec.name}'"
    if isinstance(value, np.ndarray):
        memory, writable = _of_array(spec, value), value.flags.writeable
        if memory.owner is not value:
            raise Error(f"the array for {role} is not compact in row-major order, aligned and of native byte order")
    elif hasattr(value, "__dlpack__"):
        memory, writable = _of_dlpack(role, spec, value, copies=False, place=place), True
    else:
        raise Error(f"{role} cannot be written to a {type(value).__name__}; expected an array")
    if not writable:
        raise Error(f"the array for {role} is read-only")
    return memory


def _of_array(spec: Tensor, array: np.ndarray) -> Memory:
    flags = array.flags
    if array.dtype is spec.dtype and flags.carray:
        return Memory((array.shape, spec.element), _address(array), array)
    try:
        element = _abi.type_of(array.dtype, spec.type)
    except Error:
        raise Error(f"the array for '{spec.name}' has elements of type {array.dtype}; expected {spec.type}") from None
    if not (flags.c_contiguous and flags.aligned and array.dtype.isnative):
        array = array.astype(array.dtype.newbyteorder("="), order="C")
    return Memory((array.shape, element), array.__array_interface__["data"][0], array)


def _address(array: np.ndarray) -> int:
    """Of the elements of a compact array that may be written. This is several times faster than asking NumPy."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))
    except (BufferError, TypeError, ValueError):  # without elements, or of a type that has no buffers
        return array.__array_interface__["data"][0]


def _of_torch(spec: Tensor, tensor: Any, place: Place | None) -> Memory:
    """Plain tensors are asked themselves, which costs a tenth of DLPack."""
    torch = sys.modules["torch"]
    plain = type(tensor) is torch.Tensor and tensor.layout is torch.strided and tensor.is_cpu and not tensor.requires_grad
    if plain and tensor.dtype is torch_type(spec.type) and tensor.is_contiguous() and not tensor.is_neg():
        address = tensor.data_ptr()
        if address % tensor.element_size() == 0:
            return Memory((tensor.shape, spec.element), address, tensor)
    return _of_dlpack(f"input '{spec.name}'", spec, tensor, place=place)


def _as_array(spec: Tensor, value: Any) -> np.ndarray:
    """What has no type of its own gets the input's, unless that cannot hold it."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise Error(f"input '{spec.name}' cannot be made an array: {error}") from None
    if array.dtype.kind == "O" and not array.ndim:
        raise Error(f"input '{spec.name}' is a {type(value).__name__}; expected an array, a tensor or a list of numbers")
    if not isinstance(value, (list, tuple, int, float)) or array.dtype == spec.dtype or array.dtype.kind not in "iufb":
        return array
    if spec.dtype.name != spec.type:
        raise Error(f"input '{spec.name}' has type {spec.type}, which NumPy has from the package ml_dtypes alone; "
                    "expected an array or a tensor, of its bits or with ml_dtypes")
    with np.errstate(invalid="ignore"):
        converted = array.astype(spec.dtype)
    if spec.dtype.kind in "iub" and not np.array_equal(converted, array):
        raise Error(f"input '{spec.name}' has type {spec.type}, which lacks values of the {type(value).__name__} given")
    return converted


def _of_dlpack(role: str, spec: Tensor, value: Any, copies: bool = True, place: Place | None = None) -> Memory:
    if is_torch(value):
        value = _detached(role, value)
        if value.is_neg():  # a view whose elements count as negative, which DLPack's exporter does not tell
            if not copies:
                raise Error(f"the tensor for {role} is a negated view of another")
            value = value.resolve_neg()
    stream = place.stream_for(value) if place else None
    try:
        tensor, capsule, read_only, copied, padded = borrow(value, stream)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise Error(f"{role} is a {type(value).__name__} that DLPack cannot pass on: {error}") from None
    on_gpu = place is not None and (tensor.device.device_type, tensor.device.device_id) == (_abi.CUDA, place.ordinal)
    if not on_gpu and tensor.device.device_type not in (_abi.CPU, _abi.CUDA_HOST):
        expected = f"cuda:{place.ordinal} or the CPU" if place else "the CPU"
        raise Error(f"{role} is on {_device_name(value, tensor)}; expected {expected}")
    element = _abi.element_type(tensor.dtype, spec.type)
    if tensor.dtype.bits < 8 and not padded:
        raise Error(f"{role} packs several elements into a byte; expected one a byte")
    shape = tuple(tensor.shape[: tensor.ndim]) if tensor.ndim else ()
    address = (tensor.data or 0) + tensor.byte_offset
    if not copies and (read_only or copied):
        raise Error(f"the array for {role} is read-only")
    alignment = _abi.GPU_ALIGNMENT if on_gpu else max(element.bits // 8, 1)
    if tensor.strides and not _is_compact(shape, tensor.strides) or address % alignment:
        if not copies:
            raise Error(f"the array for {role} is not compact in row-major order and aligned to {alignment} bytes")
        if on_gpu:
            return _of_dlpack(role, spec, place.compacted(role, value), place=place)
        array = _strided(tensor, shape, address).copy(order="C")
        return Memory((shape, element), array.__array_interface__["data"][0], array)
    return Memory((shape, element), address, capsule, _abi.CUDA if on_gpu else _abi.CPU)


def _device_name(value: Any, tensor: _abi.DLTensor) -> str:
    device = getattr(value, "device", None)
    return f"the device {device}" if device else f"a device of DLPack's type {tensor.device.device_type}"


def _is_compact(shape: tuple[int, ...], strides: Any) -> bool:
    """Strides of dimensions with one element say nothing, and none where there is no element."""
    expected = 1
    for i in reversed(range(len(shape))):
        if shape[i] != 1 and strides[i] != expected:
            return 0 in shape
        expected *= shape[i]
    return True


def _strided(tensor: _abi.DLTensor, shape: tuple[int, ...], address: int) -> np.ndarray:
    """A NumPy array over a tensor with elements, of as many bytes an element."""
    size = max(tensor.dtype.bits * tensor.dtype.lanes // 8, 1)
    compact = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    strides = [stride * size for stride in (tensor.strides[: tensor.ndim] if tensor.strides else compact)]
    reach = [stride * (extent - 1) for stride, extent in zip(strides, shape)]
    first, last = sum(x for x in reach if x < 0), sum(x for x in reach if x > 0)
    memory = (ctypes.c_char * (last - first + size)).from_address(address + first)
    return np.ndarray(shape, np.dtype((np.void, size)), memory, -first, strides)


def is_torch(value: Any) -> bool:
    """Whether this is a tensor of PyTorch, which vitc never imports: whoever has one did."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, getattr(torch, "Tensor", ()))


def _detached(role: str, tensor: Any) -> Any:
    if not tensor.requires_grad:
        return tensor
    if sys.modules["torch"].is_grad_enabled():
        raise Error(f"{role} requires a gradient, which a compiled model does not compute: "
                    "pass tensor.detach(), or call the model under torch.no_grad()")
    return tensor.detach()


@functools.lru_cache
def torch_type(name: str) -> Any:
    """PyTorch's type that info_json names, or of its bits: types of less than a byte are mere names in PyTorch, and older
    versions lack some of a byte."""
    torch, extension = sys.modules["torch"], _abi.extension_of(name)
    found = getattr(torch, name, None) if extension is None or extension.type.bits >= 8 else None
    return found if found is not None else getattr(torch, extension.bits.__name__)


class NumPyResults:
    """Results as NumPy arrays."""

    device_type = _abi.CPU

    @staticmethod
    def new(spec: Tensor, shape: tuple[int, ...]) -> tuple[Any, int]:
        """An array for a result, and the address of its elements."""
        array = np.empty(shape, spec.dtype)
        return array, _address(array)

    @staticmethod
    def copy(result: Any) -> Any:
        return result.copy()


class TorchResults:
    """Results as PyTorch's tensors. The types that PyTorch lacks come as their bits."""

    device_type = _abi.CPU

    @staticmethod
    def new(spec: Tensor, shape: tuple[int, ...]) -> tuple[Any, int]:
        tensor = sys.modules["torch"].empty(shape, dtype=torch_type(spec.type), device="cpu")
        return tensor, tensor.data_ptr()

    @staticmethod
    def copy(result: Any) -> Any:
        return result.clone()


def results_like(values: Sequence[Any]) -> type[NumPyResults] | type[TorchResults]:
    """PyTorch's tensors where one was given, else NumPy's arrays."""
    for value in values:
        if type(value) is not np.ndarray and is_torch(value):
            return TorchResults
    return NumPyResults
