"""`vitc.load` and what it returns: a compiled model that is called with NumPy arrays."""
from __future__ import annotations

import _ctypes
import collections
import ctypes
import dataclasses
import json
import math
import os
import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _abi
from ._errors import Error


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
    def _from_json(value: Mapping[str, Any]) -> Tensor:
        return Tensor(value["name"], _abi.dtype_of(value["type"]), tuple(value["shape"]), value["type"])


class _Session:
    """A session of the library, and the most it was made for."""

    def __init__(self, model: Model, dims: dict[str, int], profile: bool = False) -> None:
        names = (_abi.Dim * len(dims))(*[(name.encode(), extent) for name, extent in dims.items()])
        options = _abi.SessionOptions(size=ctypes.sizeof(_abi.SessionOptions), function=model.function.encode(), dims=names,
                                      dim_count=len(dims), threads=model.threads, profile=profile)
        self.dims = dims
        self.handle = ctypes.c_void_p()
        model._api.check(model._api.session_create(model._handle, ctypes.byref(options), ctypes.byref(self.handle)))

    def fits(self, dims: Mapping[str, int]) -> bool:
        return all(extent <= self.dims[name] for name, extent in dims.items())


def _unload(library: ctypes.CDLL, api: _abi.Api, handle: ctypes.c_void_p, idle: collections.deque[_Session]) -> None:
    while idle:
        api.session_destroy(idle.pop().handle)
    api.close(handle)
    _ctypes.dlclose(library._handle)


def _tensors(specs: tuple[Tensor, ...], arrays: list[np.ndarray]) -> ctypes.Array[_abi.DLTensor]:
    """The arrays as DLPack tensors, which refer to them."""
    tensors = (_abi.DLTensor * len(arrays))()
    for tensor, spec, array in zip(tensors, specs, arrays):
        tensor.data = array.__array_interface__["data"][0]
        tensor.device.device_type = _abi.CPU
        tensor.ndim = array.ndim
        tensor.dtype = _abi.type_of(array.dtype, spec.type)
        tensor.shape = (ctypes.c_int64 * max(array.ndim, 1))(*array.shape)
    return tensors


class Model:
    """A compiled model. Call it with one array an input, in order or by name; the result is one array, or a dict by
    name where there are several outputs. Any number of threads may call it at once; so may children after a fork.

    The extents of named dimensions, such as the batch, come from the arrays. A library that was compiled for several shapes
    (`shapes`, the inputs of each) runs the code for those of the arrays; `inputs` are the first.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        threads: int = 0,
        function: str = "main",
        weights: str | os.PathLike[str] | None = None,
        verify_weights: bool = False,
    ) -> None:
        self.path = os.path.abspath(os.fspath(path))
        self.threads = threads
        self.function = function
        self._folder: Any = None  # a temporary folder of the library's
        library, self._api = _abi.load_library(self.path)
        self.info: dict[str, Any] = json.loads(self._api.info_json())
        described = [f for f in self.info["functions"] if f["name"] == function]
        if not described:
            raise Error(f"{self.path} has no function '{function}'")
        self._symbols: list[str] = list(dict.fromkeys(name for f in described for name in f["symbols"]))
        self.shapes = tuple(tuple(Tensor._from_json(value) for value in f["inputs"]) for f in described)
        self.inputs = self.shapes[0]
        self.outputs = tuple(Tensor._from_json(value) for value in described[0]["outputs"])
        options = _abi.OpenOptions(size=ctypes.sizeof(_abi.OpenOptions), verify_weights=verify_weights,
                                   weights_path=None if weights is None else os.fsencode(weights))
        self._handle = ctypes.c_void_p()
        self._api.check(self._api.open(ctypes.byref(options), ctypes.byref(self._handle)))
        # Sessions that no call is using. Taking and putting back are atomic, so that no lock can be held when a process
        # forks; a call that finds none makes one.
        self._idle: collections.deque[_Session] = collections.deque()
        self._unload = weakref.finalize(self, _unload, library, self._api, self._handle, self._idle)
        self._give_back(self._new_session(dict.fromkeys(self._symbols, 1)))

    def __call__(self, *arrays: Any, **named: ArrayLike) -> NDArray[Any] | dict[str, NDArray[Any]]:
        """Runs the model; a dict of arrays by name may stand for them. Raises Error where an array does not fit."""
        results = self.run(self._name(arrays, named))
        return results if len(results) != 1 else next(iter(results.values()))

    def run(self, arrays: Mapping[str, ArrayLike]) -> dict[str, NDArray[Any]]:
        """Runs the model on arrays by name; returns all outputs by name."""
        inputs = [self._as_input(spec, arrays[spec.name]) for spec in self.inputs]
        session = self._take(self._dims_of(inputs))
        try:
            results = self._run(session, inputs)
        finally:
            self._give_back(session)
        return {spec.name: result for spec, result in zip(self.outputs, results)}

    def profile(self, arrays: Mapping[str, ArrayLike], repeat: int = 20, warmup: int = 3) -> list[dict[str, Any]]:
        """Runs the model on arrays by name and says what took how long: a dict for each step, in order.

        Its keys are kind ("gemm"), nodes (names of ONNX nodes, the main one first), macs, weight_bytes, activation_bytes,
        seconds (the median of `repeat` runs, after `warmup` others, from the last thread's end of the step before to that
        of this one), imbalance (the slowest thread's work / the mean) and wait_seconds (a thread's in the mean, at the
        barrier that ends the step).
        """
        if repeat < 1:
            raise Error(f"repeat is {repeat}; expected at least 1")
        if self._closed:
            raise Error("the model is closed")
        if self._api.profile is None:
            raise Error(f"{self.path} takes no times: it was compiled by an older version of vitc")
        inputs = [self._as_input(spec, arrays[spec.name]) for spec in self.inputs]
        session = _Session(self, self._dims_of(inputs), profile=True)
        try:
            runs = []
            for run in range(warmup + repeat):
                self._run(session, inputs)
                profile = _abi.Profile(size=ctypes.sizeof(_abi.Profile))
                self._api.check(self._api.profile(session.handle, ctypes.byref(profile)))
                shape = (profile.thread_count, profile.step_count, 3)
                times = [] if 0 in shape else profile.times[: math.prod(shape)]
                if run >= warmup:
                    runs.append(np.array(times, np.int64).reshape(shape))
            steps = [_describe(step) for step in profile.steps[: profile.step_count]] if profile.step_count else []
        finally:
            self._destroy(session)
        return _add_times(steps, np.stack(runs) * 1e-9)

    def close(self) -> None:
        """Frees what no running call needs; the rest follows with the model. Calls after this are errors."""
        self._closed = True
        while self._idle:
            self._destroy(self._idle.pop())

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"vitc.Model({self.path!r}, inputs={list(self.inputs)}, outputs={list(self.outputs)})"

    _closed = False

    def _name(self, arrays: tuple[Any, ...], named: Mapping[str, ArrayLike]) -> dict[str, ArrayLike]:
        names = [spec.name for spec in self.inputs]
        if len(arrays) == 1 and isinstance(arrays[0], Mapping):
            arrays, named = (), {**arrays[0], **named}
        if len(arrays) > len(names):
            raise Error(f"{len(arrays)} inputs were given; expected {len(names)}")
        result: dict[str, ArrayLike] = dict(zip(names, arrays))
        for name, array in named.items():
            if name not in names:
                raise Error(f"the model has no input '{name}'; it has {', '.join(map(repr, names))}")
            if name in result:
                raise Error(f"input '{name}' was given twice")
            result[name] = array
        missing = [name for name in names if name not in result]
        if missing:
            raise Error(f"no array was given for {', '.join(map(repr, missing))}")
        return result

    @staticmethod
    def _as_input(spec: Tensor, value: ArrayLike) -> np.ndarray:
        """A compact array with native byte order. Only what is no array yet is converted to the input's type."""
        array = value if isinstance(value, np.ndarray) else np.asarray(value)
        if not isinstance(value, np.ndarray) and not hasattr(value, "__array__") and array.dtype != spec.dtype:
            array = array.astype(spec.dtype)
        if not array.dtype.isnative:
            array = array.astype(array.dtype.newbyteorder("="))
        return array if array.flags.c_contiguous and array.flags.aligned else array.copy(order="C")

    def _dims_of(self, inputs: list[np.ndarray]) -> dict[str, int]:
        """The extent of each named dimension; what contradicts is left to the library to say."""
        dims = dict.fromkeys(self._symbols, 1)
        for spec, array in zip(self._shape_of(inputs), inputs):
            if array.ndim == len(spec.shape):
                dims.update({d: extent for d, extent in zip(spec.shape, array.shape) if d in dims and extent > dims[d]})
        return dims

    def _shape_of(self, inputs: list[np.ndarray]) -> tuple[Tensor, ...]:
        """Those of the shapes that the library was compiled for that take these inputs, the most specialised first."""
        def takes(specs: tuple[Tensor, ...]) -> bool:
            return all(len(spec.shape) == array.ndim and all(d == extent or isinstance(d, str)
                       for d, extent in zip(spec.shape, array.shape)) for spec, array in zip(specs, inputs))

        def names(specs: tuple[Tensor, ...]) -> int:
            return len({d for spec in specs for d in spec.shape if isinstance(d, str)})

        return min(filter(takes, self.shapes), key=names, default=self.inputs)

    def _new_session(self, dims: dict[str, int]) -> _Session:
        return _Session(self, dims)

    def _destroy(self, session: _Session) -> None:
        self._api.session_destroy(session.handle)

    def _take(self, dims: dict[str, int]) -> _Session:
        if self._closed:
            raise Error("the model is closed")
        try:
            session = self._idle.pop()
        except IndexError:
            return self._new_session(dims)
        if session.fits(dims):
            return session
        larger = {name: max(extent, session.dims[name]) for name, extent in dims.items()}
        self._destroy(session)
        return self._new_session(larger)

    def _give_back(self, session: _Session) -> None:
        if self._closed:
            self._destroy(session)
        else:
            self._idle.append(session)

    def _run(self, session: _Session, inputs: list[np.ndarray]) -> list[np.ndarray]:
        tensors, shapes = _tensors(self.inputs, inputs), (_abi.DLTensor * len(self.outputs))()
        counts = len(inputs), len(self.outputs)
        self._api.check(self._api.output_shapes(session.handle, tensors, counts[0], shapes, counts[1]))
        outputs = [np.empty(shape.shape[: shape.ndim], spec.dtype) for spec, shape in zip(self.outputs, shapes)]
        results = _tensors(self.outputs, outputs)
        self._api.check(self._api.run(session.handle, tensors, counts[0], results, counts[1], None))
        return [_trimmed(output, tuple(tensor.shape[: tensor.ndim])) for output, tensor in zip(outputs, results)]


def _describe(step: _abi.Step) -> dict[str, Any]:
    nodes = [name.decode(errors="replace") for name in step.nodes[: step.node_count]] if step.node_count else []
    return {"kind": step.kind.decode(), "nodes": nodes, "macs": step.macs, "weight_bytes": step.weight_bytes,
            "activation_bytes": step.activation_bytes}


def _add_times(steps: list[dict[str, Any]], times: np.ndarray) -> list[dict[str, Any]]:
    """times: (runs, threads, steps, 3), in seconds: when a thread began, finished and left a step."""
    seconds = np.median(np.diff(times[..., 1].max(axis=1), prepend=0), axis=0)
    work = times[..., 1] - times[..., 0]
    imbalance = np.median(work.max(axis=1) / np.maximum(work.mean(axis=1), 1e-9), axis=0)
    wait = np.median((times[..., 2] - times[..., 1]).mean(axis=1), axis=0)
    return [{**step, "seconds": float(seconds[i]), "imbalance": float(imbalance[i]), "wait_seconds": float(wait[i])}
            for i, step in enumerate(steps)]


def _trimmed(output: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The beginning of an output whose shape depended on data, without the room that it did not need."""
    if output.shape == shape:
        return output
    return output.reshape(-1)[: math.prod(shape)].reshape(shape).copy()


def load(
    path: str | os.PathLike[str],
    *,
    threads: int = 0,
    function: str = "main",
    weights: str | os.PathLike[str] | None = None,
    verify_weights: bool = False,
) -> Model:
    """Loads a library that vitc made.

    threads: how many threads a call uses; 0: one a core that it may use.
    function: which of the library's functions to call.
    weights: the file of external weights; None: the one beside the library.
    verify_weights: hash external weights instead of comparing their label.

    Raises Error where it is no such library, or this processor lacks instructions that it needs.
    """
    return Model(path, threads, function, weights, verify_weights)
