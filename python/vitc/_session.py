"""Sessions of a compiled model, and what they keep between calls so that the next costs little."""
from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from . import _abi
from ._errors import Error
from ._gpu_tensors import Place, Results
from ._tensors import Form, Memory, Tensor

def fill(tensors: ctypes.Array[_abi.DLTensor], forms: Sequence[Form]) -> list[Any]:
    """Describes compact tensors, on the CPU until a call says otherwise; returns the arrays of extents that they refer to."""
    extents = [(ctypes.c_int64 * max(len(shape), 1))(*shape) for shape, _ in forms]
    for tensor, (shape, element), array in zip(tensors, forms, extents):
        tensor.device.device_type = _abi.CPU
        tensor.ndim, tensor.dtype = len(shape), element
        tensor.shape = ctypes.cast(array, ctypes.POINTER(ctypes.c_int64))
    return extents


class _Call:
    """The DLPack tensors of calls with inputs of these forms: each call writes addresses into them."""

    def __init__(self, api: _abi.Api, handle: ctypes.c_void_p, outputs: Sequence[Tensor], forms: list[Form]) -> None:
        inputs, results = (_abi.DLTensor * len(forms))(), (_abi.DLTensor * len(outputs))()
        self.forms = forms
        self._kept = fill(inputs, forms)  # what the tensors point to
        api.check(api.output_shapes(handle, inputs, len(inputs), results, len(results)))
        self.outputs: list[Form] = [
            (tuple(result.shape[: result.ndim]), _abi.element_type(result.dtype, "")) for result in results]
        self._kept += fill(results, self.outputs)
        # An element of an array of structures is made anew by each access: these write into the arrays.
        self.tensors, self.results = list(inputs), list(results)
        self._extents = [result.shape for result in results]
        self.arguments = handle, inputs, len(inputs), results, len(results)

    def place(self, index: int, address: int) -> None:
        """Where a result goes. A run may have pointed its tensor to extents that it found."""
        tensor = self.results[index]
        tensor.data, tensor.shape = address, self._extents[index]

    def on_devices(self, types: list[int], ordinal: int) -> None:
        """Where the inputs and results of a call on a GPU are."""
        for tensor, type in zip(self.tensors + self.results, types):
            tensor.device.device_type, tensor.device.device_id = type, ordinal if type == _abi.CUDA else 0

    def found(self) -> list[tuple[int, ...]]:
        """The shapes of the results of the last run, which may depend on data."""
        return [tuple(result.shape[: result.ndim]) for result in self.results]


class Out(NamedTuple):
    """What the caller gave for a result to be written to."""

    value: Any
    memory: Memory


class Session:
    """A session of the library, for one call at a time. `dims`: the most that each named dimension takes."""

    def __init__(self, api: _abi.Api, model: ctypes.c_void_p, function: str, threads: int, outputs: Sequence[Tensor],
                 dims: dict[str, int], profile: bool = False, device: _abi.Device | None = None) -> None:
        names = (_abi.Dim * len(dims))(*[(name.encode(), extent) for name, extent in dims.items()])
        options = _abi.SessionOptions(size=ctypes.sizeof(_abi.SessionOptions), function=function.encode(), dims=names,
                                      dim_count=len(dims), threads=threads, profile=profile,
                                      device=device or _abi.Device())
        self.dims = dims
        self._api, self._specs = api, outputs
        self._varies = any(isinstance(extent, str) and extent not in dims for spec in outputs for extent in spec.shape)
        self._call: _Call | None = None
        self.handle = ctypes.c_void_p()
        api.check(api.session_create(model, ctypes.byref(options), ctypes.byref(self.handle)))

    def destroy(self) -> None:
        self._api.session_destroy(self.handle)

    def fits(self, dims: Mapping[str, int]) -> bool:
        return all(extent <= self.dims[name] for name, extent in dims.items())

    def knows(self, forms: list[Form]) -> bool:
        """Whether the last call had inputs of these forms."""
        return self._call is not None and self._call.forms == forms

    def run(self, inputs: Sequence[Memory], kind: Results, out: Sequence[Out | None] | None = None,
            place: Place | None = None) -> list[Any]:
        """Runs the function. Results are new, of that kind, but for those that `out` has memory for. place: of a session on a
        GPU."""
        forms = [memory.form for memory in inputs]
        if not self.knows(forms):
            self._call = None
            self._call = _Call(self._api, self.handle, self._specs, forms)
        call = self._call
        for tensor, memory in zip(call.tensors, inputs):
            tensor.data = memory.address
        results = []
        for i, (spec, (shape, element)) in enumerate(zip(self._specs, call.outputs)):
            if out and (given := out[i]):
                _check_out(spec, shape, element, given)
                result, address = given.value, given.memory.address
            else:
                result, address = kind.new(spec, shape)
            call.place(i, address)
            results.append(result)
        if place is not None:
            written = [out[i].memory.device_type if out and out[i] else kind.device_type for i in range(len(results))]
            call.on_devices([*(memory.device_type for memory in inputs), *written], place.ordinal)
        self._api.check(self._api.run(*call.arguments, place.stream if place else None))
        if self._varies:
            for i, shape in enumerate(call.found()):
                results[i] = _trimmed(results[i], shape, None if out and out[i] else kind.copy)
        return results

    def profile(self) -> tuple[list[dict[str, Any]], np.ndarray]:
        """The steps of the last run, and when each thread began, finished and left them: (threads, steps, 3), in ns."""
        profile = _abi.Profile(size=ctypes.sizeof(_abi.Profile))
        self._api.check(self._api.profile(self.handle, ctypes.byref(profile)))
        shape = (profile.thread_count, profile.step_count, 3)
        times = [] if 0 in shape else profile.times[: math.prod(shape)]
        steps = [_describe(step) for step in profile.steps[: profile.step_count]] if profile.step_count else []
        return steps, np.array(times, np.int64).reshape(shape)


def _check_out(spec: Tensor, shape: tuple[int, ...], element: _abi.DataType, given: Out) -> None:
    given_shape, given_element = given.memory.form
    if bytes(given_element) != bytes(element):
        got = getattr(given.value, "dtype", "another")
        raise Error(f"the array for output '{spec.name}' has type {got}; expected {spec.type}")
    if given_shape != shape:
        raise Error(f"the array for output '{spec.name}' has shape {tuple(given_shape)}; expected {shape}")


def _trimmed(result: Any, shape: tuple[int, ...], copy: Callable[[Any], Any] | None) -> Any:
    """The beginning of an output whose shape depended on data; a copy goes without the room that it did not need."""
    if tuple(result.shape) == shape:
        return result
    trimmed = result.reshape(-1)[: math.prod(shape)].reshape(shape)
    return copy(trimmed) if copy else trimmed


def _describe(step: _abi.Step) -> dict[str, Any]:
    nodes = [name.decode(errors="replace") for name in step.nodes[: step.node_count]] if step.node_count else []
    return {"kind": step.kind.decode(), "nodes": nodes, "macs": step.macs, "weight_bytes": step.weight_bytes,
            "activation_bytes": step.activation_bytes}
