"""`vitc.load` and what it returns: a compiled model that is called with arrays."""
from __future__ import annotations

import _ctypes
import collections
import ctypes
import json
import os
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import _abi
from ._errors import Error, path_of
from ._explain import Report
from ._gpu_tensors import Place, abandon, place_of, results_on_gpu, settle
from ._profile import Profile, summarise
from ._session import Out, Session
from ._tensors import Form, Memory, Tensor, read, read_out, results_like


def _unload(library: ctypes.CDLL, api: _abi.Api, handle: ctypes.c_void_p, idle: collections.deque[Session]) -> None:
    while idle:
        idle.pop().destroy()
    api.close(handle)
    _ctypes.dlclose(library._handle)


class Model:
    """A compiled model. Call it with one array an input, in order or by name; the result is one array, or a dict by
    name where there are several outputs. Any number of threads may call it at once; so may children after a fork.

    Arrays are NumPy's, tensors of PyTorch or of any other library with `__dlpack__`, or lists of numbers. Those that are
    compact, aligned and on the CPU are read where they are; others are copied. Results are NumPy's arrays, or PyTorch's
    tensors where an input is one.

    A model on a GPU also takes tensors of PyTorch, CuPy and others that are there, where they are, and results are then there
    as well: of that library, or `vitc.DeviceArray`. Such a call is put on the library's current stream and does not wait.

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
        device: str = "cpu",
    ) -> None:
        if not isinstance(threads, int) or not 0 <= threads < 1 << 31:
            raise Error(f"threads is {threads!r}; expected a number, 0 for one a core")
        self.path = os.path.abspath(path_of(path, "the library to load"))
        self.threads = threads
        self.function = function
        self.device = device
        self._device = _abi.device_named(device)
        self._folder: Any = None  # a temporary folder of the library's
        self._report: Report | None = None
        library, self._api = _abi.load_library(self.path)
        self.info: dict[str, Any] = json.loads(self._api.info_json())
        described = [f for f in self.info["functions"] if f["name"] == function]
        if not described:
            raise Error(f"{self.path} has no function '{function}'")
        self.requirements: tuple[str, ...] = tuple(described[0].get("requires", ()))  # of its dimensions, as sentences
        self._symbols: list[str] = list(dict.fromkeys(name for f in described for name in f["symbols"]))
        self.shapes = tuple(tuple(Tensor.from_json(value) for value in f["inputs"]) for f in described)
        self.inputs = self.shapes[0]
        self.outputs = tuple(Tensor.from_json(value) for value in described[0]["outputs"])
        options = _abi.OpenOptions(size=ctypes.sizeof(_abi.OpenOptions), verify_weights=bool(verify_weights),
                                   weights_path=None if weights is None else os.fsencode(path_of(weights, "weights")))
        self._handle = ctypes.c_void_p()
        self._api.check(self._api.open(ctypes.byref(options), ctypes.byref(self._handle)))
        # Sessions that no call is using. Taking and putting back are atomic, so that no lock can be held when a process
        # forks; a call that finds none makes one.
        self._idle: collections.deque[Session] = collections.deque()
        self._unload = weakref.finalize(self, _unload, library, self._api, self._handle, self._idle)
        self._give_back(self._new_session(dict.fromkeys(self._symbols, 1)))

    def __call__(self, *arrays: Any, out: Any = None, stream: Any = None, **named: Any) -> Any:
        """Runs the model; a dict of arrays by name may stand for them.

        out: arrays that results are written to, of their shape and type: one for a model with one output, else a tuple in
            the order of `outputs` or a dict by name. What is not there, or None, is a new array. (An input whose name is
            `out` or `stream` is given in a dict.)
        stream: on a GPU, the CUDA stream that the run is put on: a handle, or a stream of PyTorch or CuPy. By default it is the
            current one of the library that a tensor on the GPU is of, else the legacy default stream. A call with an
            array on the CPU waits for it.

        Raises Error where an array does not fit.
        """
        results = self._execute(self._in_order(arrays, named), out, stream)
        return results[0] if len(results) == 1 else {spec.name: result for spec, result in zip(self.outputs, results)}

    def run(self, arrays: Mapping[str, Any], out: Any = None, stream: Any = None) -> dict[str, Any]:
        """Runs the model on arrays by name; returns all outputs by name. `out`, `stream`: as for a call."""
        results = self._execute(self._in_order((arrays,), {}), out, stream)
        return {spec.name: result for spec, result in zip(self.outputs, results)}

    def profile(self, *arrays: Any, repeat: int = 20, warmup: int = 3, **named: Any) -> Profile:
        """Runs the model on arrays, given as for a call, and says what took how long: a list with a dict for each step, in
        order, which prints as a table.

        Its keys are kind ("gemm"), nodes (names of ONNX nodes, the main one first), macs, weight_bytes, activation_bytes,
        seconds (the median of `repeat` runs, after `warmup` others, from the last thread's end of the step before to that
        of this one), imbalance (the slowest thread's work / the mean) and wait_seconds (a thread's in the mean, at the
        barrier that ends the step).
        """
        if not isinstance(repeat, int) or repeat < 1:
            raise Error(f"repeat is {repeat!r}; expected a number, at least 1")
        if not isinstance(warmup, int) or warmup < 0:
            raise Error(f"warmup is {warmup!r}; expected a number, at least 0")
        if self._closed:
            raise Error("the model is closed")
        if self._api.profile is None:
            raise Error(f"{self.path} takes no times: it was compiled by an older version of vitc")
        values = self._in_order(arrays, named)
        place = self._place(values, None)
        inputs = self._read(values, place)
        kind = results_on_gpu(values, place) if place else results_like(values)
        session = self._new_session(self._dims_of([memory.form for memory in inputs]), profile=True)
        try:
            for _ in range(warmup):
                session.run(inputs, kind, place=place)
            times = []
            for _ in range(repeat):
                session.run(inputs, kind, place=place)
                steps, run = session.profile()
                times.append(run)
        finally:
            session.destroy()
        return summarise(steps, np.stack(times) * 1e-9)

    def explain(self) -> Report:
        """What the compiler recognised in the model, what it changed, and why it left the rest (docs/explain.schema.json).

        A library does not hold this: Error for a model that was loaded, whose ONNX file `vitc.explain` takes.
        """
        if self._report is None:
            raise Error(f"{self.path} was loaded, and a library does not hold what was recognised when it was compiled: "
                        "ask vitc.explain of the ONNX file")
        return self._report

    def close(self) -> None:
        """Frees what no running call needs; the rest follows with the model. Calls after this are errors."""
        self._closed = True
        while self._idle:
            self._idle.pop().destroy()

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"vitc.Model({self.path!r}, inputs={list(self.inputs)}, outputs={list(self.outputs)})"

    _closed = False

    def _in_order(self, arrays: tuple[Any, ...], named: Mapping[str, Any]) -> Sequence[Any]:
        """One argument an input, in the order of `inputs`."""
        if len(arrays) == len(self.inputs) and not named and not (arrays and isinstance(arrays[0], Mapping)):
            return arrays
        names = [spec.name for spec in self.inputs]
        if len(arrays) == 1 and isinstance(arrays[0], Mapping):
            arrays, named = (), {**arrays[0], **named}
        if len(arrays) > len(names):
            raise Error(f"{len(arrays)} inputs were given; expected {len(names)}")
        result: dict[str, Any] = dict(zip(names, arrays))
        for name, array in named.items():
            if name not in names:
                raise Error(f"the model has no input '{name}'; it has {', '.join(map(repr, names))}")
            if name in result:
                raise Error(f"input '{name}' was given twice")
            result[name] = array
        missing = [name for name in names if name not in result]
        if missing:
            raise Error(f"no array was given for {', '.join(map(repr, missing))}")
        return [result[name] for name in names]

    def _place(self, values: Sequence[Any], stream: Any) -> Place | None:
        """Where a call on a GPU runs; None on the CPU."""
        if self._device.device_type == _abi.CUDA:
            return place_of(self._device.device_id, values, stream)
        if stream is not None:
            raise Error("a stream was given to a model on the CPU; expected one that was loaded with device='cuda'")
        return None

    def _read(self, values: Sequence[Any], place: Place | None) -> list[Memory]:
        # A variable, which an exception keeps: a capsule whose destructor ran while one is raised would swallow it.
        memories: list[Memory] = []
        for spec, value in zip(self.inputs, values):
            memories.append(read(spec, value, place))
        return memories

    def _read_out(self, out: Any, place: Place | None) -> list[Out | None] | None:
        """What was given for each output."""
        if out is None:
            return None
        names = [spec.name for spec in self.outputs]
        if isinstance(out, Mapping):
            unknown = next((name for name in out if name not in names), None)
            if unknown is not None:
                raise Error(f"the model has no output '{unknown}'; it has {', '.join(map(repr, names))}")
            out = [out.get(name) for name in names]
        elif not isinstance(out, (list, tuple)):
            out = [out]
        if len(out) != len(names):
            raise Error(f"`out` has {len(out)} arrays; expected {len(names)}, for {', '.join(map(repr, names))}")
        given: list[Out | None] = []  # a variable, as in _read
        for spec, value in zip(self.outputs, out):
            given.append(None if value is None else Out(value, read_out(spec, value, place)))
        return given

    def _execute(self, values: Sequence[Any], out: Any, stream: Any) -> list[Any]:
        place = self._place(values, stream)
        inputs = self._read(values, place)
        given = self._read_out(out, place)
        session = self._take([memory.form for memory in inputs])
        try:
            if place is None:
                return session.run(inputs, results_like(values), given)
            results = session.run(inputs, results_on_gpu(values, place), given, place)
            settle(place, values, [to.value for to in given or () if to])
            return results
        except BaseException:
            if place is not None:
                abandon(place)
            raise
        finally:
            self._give_back(session)

    def _dims_of(self, forms: Sequence[Form]) -> dict[str, int]:
        """The extent of each named dimension; what contradicts is left to the library to say."""
        dims = dict.fromkeys(self._symbols, 1)
        for spec, (shape, _) in zip(self._shape_of(forms), forms):
            if len(shape) == len(spec.shape):
                dims.update({d: extent for d, extent in zip(spec.shape, shape) if d in dims and extent > dims[d]})
        return dims

    def _shape_of(self, forms: Sequence[Form]) -> tuple[Tensor, ...]:
        """Those of the shapes that the library was compiled for that take these inputs, the most specialised first."""
        def takes(specs: tuple[Tensor, ...]) -> bool:
            return all(len(spec.shape) == len(shape) and all(d == extent or isinstance(d, str)
                       for d, extent in zip(spec.shape, shape)) for spec, (shape, _) in zip(specs, forms))

        def names(specs: tuple[Tensor, ...]) -> int:
            return len({d for spec in specs for d in spec.shape if isinstance(d, str)})

        return min(filter(takes, self.shapes), key=names, default=self.inputs)

    def _new_session(self, dims: dict[str, int], profile: bool = False) -> Session:
        return Session(self._api, self._handle, self.function, self.threads, self.outputs, dims, profile, self._device)

    def _take(self, forms: list[Form]) -> Session:
        if self._closed:
            raise Error("the model is closed")
        try:
            session = self._idle.pop()
        except IndexError:
            return self._new_session(self._dims_of(forms))
        if session.knows(forms):
            return session
        dims = self._dims_of(forms)
        if session.fits(dims):
            return session
        larger = {name: max(extent, session.dims[name]) for name, extent in dims.items()}
        session.destroy()
        return self._new_session(larger)

    def _give_back(self, session: Session) -> None:
        if self._closed:
            session.destroy()
        else:
            self._idle.append(session)


def load(
    path: str | os.PathLike[str],
    *,
    threads: int = 0,
    function: str = "main",
    weights: str | os.PathLike[str] | None = None,
    verify_weights: bool = False,
    device: str = "cpu",
) -> Model:
    """Loads a library that vitc made.

    threads: how many threads a call uses; 0: one a core that it may use. A model that several threads of the program call at
        once gives the most with threads=1: each call then has a core of its own.
    function: which of the library's functions to call.
    weights: the file of external weights; None: the one beside the library.
    verify_weights: hash external weights instead of comparing their label.
    device: where the model runs, "cpu", or "cuda" or "cuda:1" for a library that was compiled for such a GPU.

    Raises Error where it is no such library, or this processor lacks instructions that it needs.
    """
    return Model(path, threads, function, weights, verify_weights, device)
