"""vitc as a backend of `torch.compile`, for inference on the CPU.

    import torch
    import vitc.torch_backend      # registers it; an installed package is found by its entry point

    model = torch.compile(model.eval(), backend="vitc")
    with torch.no_grad():
        logits = model(pixels)

Each graph that Dynamo captures is exported to ONNX and compiled; tensors are passed without copying. `options` of
`torch.compile` are those of `vitc.compile`, such as {"precision": "bf16"}, and `threads`, by default torch.get_num_threads().

Parameters, buffers and other tensors of modules are compiled in. Changes to them are seen by their version counters and
addresses: the graph is compiled again, and after the fourth change of the same tensors left to PyTorch. Only a write through
`parameter.data`, or through memory that a tensor shares with NumPy or another library, moves neither; call
torch.compiler.reset() after it. Dimensions that Dynamo found to change stay open; where
the export fixes them, each shape is compiled by itself, up to eight.

A graph that vitc cannot run is run by PyTorch as it is, and a FallbackWarning says why, once for each reason: results that need
gradients, tensors on other devices, random numbers (dropout in training), writes to inputs or buffers (batch norm in training),
autocast, and operators that PyTorch cannot export or vitc does not compile. The logger "vitc.torch" has all of it, and
what was compiled.
"""
from __future__ import annotations

import importlib.metadata
import logging
import pathlib
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx

from . import _torch_graph
from ._cache import compiled
from ._compiler import compile
from ._errors import Error
from ._model import Model, load
from ._torch_graph import Empty, Inputs, Parts, Refused

logger = logging.getLogger("vitc.torch")

_MOST_SHAPES = 8  # libraries of one shape each
_MOST_MODULES = 64  # that share a graph, such as the blocks of a transformer that are compiled one by one
_MOST_CHANGES = 4  # of the constants
_USAGE = 2  # the driver's status where an option is wrong


class FallbackWarning(UserWarning):
    """A graph, or a call of it, is run by PyTorch and not by vitc."""


_said: set[str] = set()


def _say(reason: str) -> None:
    logger.info("left to PyTorch: %s", reason)
    if reason not in _said:
        _said.add(reason)
        warnings.warn(f"vitc leaves a graph to PyTorch: {reason}", FallbackWarning, stacklevel=2)


def vitc_backend(graph: fx.GraphModule, example_inputs: Sequence[Any], *, options: Mapping[str, Any] | None = None,
                 **ignored: Any) -> Callable[..., Any]:
    """Compiles a graph that Dynamo captured; returns what runs it. Raises Error where an option is wrong."""
    try:
        return CompiledGraph(graph, example_inputs, options or {})
    except Empty:
        return graph.forward
    except Refused as refused:
        _say(str(refused))
        return graph.forward


vitc_backend.reset = _said.clear  # type: ignore[attr-defined]  # torch.compiler.reset calls it


class _Library:
    """The graph compiled for certain constants, and for certain shapes or all."""

    def __init__(self, graph: CompiledGraph, values: Sequence[Any], symbolic: bool, keep: bool) -> None:
        start = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="vitc-") as folder:
            path = pathlib.Path(folder) / "graph.onnx"
            self.names = _torch_graph.export(graph.parts.compute, graph.inputs, values, symbolic, path)
            self.model = _compile(path, graph.options, keep)
        self.read = {spec.name for spec in self.model.inputs}
        if not self.read:
            raise Refused("its results depend on no input")
        types = {spec.name: getattr(torch, spec.type, None) for spec in self.model.outputs}
        for name, value in zip(self.names.outputs, graph.parts.computed):
            if types.get(name) != value.dtype:
                raise Refused(f"its result {name} is {value.dtype}, which vitc makes {types.get(name)}")
        logger.info("compiled a graph of %d nodes in %.1f s", len(graph.parts.compute.graph.nodes), time.perf_counter() - start)

    def run(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        named = {name: tensor.detach() for name, tensor in zip(self.names.inputs, tensors) if name in self.read}
        results = self.model.run(named)
        return [results[name] for name in self.names.outputs]


def _compile(path: pathlib.Path, options: Mapping[str, Any], keep: bool) -> Model:
    """keep: the library, for other processes. Raises Refused where the model cannot be compiled."""
    options = dict(options)
    threads = options.pop("threads", None) or torch.get_num_threads()
    try:
        if keep:
            try:
                return load(compiled(path, **options), threads=threads)
            except Error as error:
                if error.status:  # else it cannot be kept
                    raise
        return compile(path, threads=threads, **options)
    except Error as error:
        if error.status == _USAGE:
            raise
        raise Refused(str(error).replace(str(path), path.name)) from error


class _Variant:
    """What was compiled for certain tensors as constants. It holds their memory: no other tensor gets their addresses."""

    def __init__(self, constants: Sequence[Tensor]) -> None:
        self.memory = [tensor.untyped_storage() for tensor in constants]
        self.addresses = tuple(tensor.data_ptr() for tensor in constants)
        self.libraries: dict[Any, _Library | None] = {}


class CompiledGraph:
    """A graph that is called as Dynamo calls it, with all of its inputs. Threads may call it at once."""

    def __init__(self, graph: fx.GraphModule, values: Sequence[Any], options: Mapping[str, Any]) -> None:
        if torch.is_autocast_enabled("cpu"):
            raise Refused("autocast is on; vitc takes the option precision=\"bf16\"")
        self.graph, self.options = graph, options
        self.inputs: Inputs = _torch_graph.classify(graph, values)
        self.parts: Parts = _torch_graph.split(graph)
        self.own = [*graph.parameters(), *graph.buffers()]  # constants that are no inputs
        for tensor in self._constants(values):
            _torch_graph.check_tensor(tensor)
            if tensor.is_inference():
                raise Refused("a parameter was made in inference mode, where changes to it cannot be seen")
        self.symbolic = self.inputs.symbolic and any(self.inputs.open)
        self.variants: dict[Any, _Variant] = {}
        self.changes = 0
        self.lock = threading.Lock()
        self._library([value.node.hint if isinstance(value, torch.SymInt) else value for value in values])

    def __call__(self, *values: Any) -> Any:
        tensors = [values[place] for place in self.inputs.tensors]
        try:
            library = self._library(values)
            computed = library.run(tensors)
        except (Refused, Error) as error:
            _say(str(error))
            return self.graph(*values)
        return self.parts.finish(*values, *computed) if self.parts.finish else tuple(computed)

    def _constants(self, values: Sequence[Any]) -> list[Tensor]:
        return [*(values[place] for place in self.inputs.constants), *self.own]

    def _library(self, values: Sequence[Any]) -> _Library:
        """The library for these constants and shapes, compiled now or before. Raises Refused where there is none."""
        constants = self._constants(values)
        key = tuple((tensor.data_ptr(), tensor._version) for tensor in constants)
        scalars = tuple(values[place].item() for place in self.inputs.scalars)
        with self.lock:
            variant = self.variants.get(key) or self._new_variant(key, constants)
            if self.symbolic:
                try:
                    return self._find(variant, scalars, values)
                except Refused as refused:
                    logger.info("compiled for each shape by itself, because with open dimensions %s", refused)
                    self.symbolic = False
            sizes = tuple(int(values[place]) for place in self.inputs.sizes)
            return self._find(variant, (scalars, sizes, *(values[place].shape for place in self.inputs.tensors)), values)

    def _find(self, variant: _Variant, what: tuple[Any, ...], values: Sequence[Any]) -> _Library:
        """what: the numbers and shapes that the library is for."""
        if what not in variant.libraries:
            if len(variant.libraries) >= _MOST_SHAPES:
                raise Refused(f"it was called with more than {_MOST_SHAPES} shapes or numbers")
            variant.libraries[what] = None
            variant.libraries[what] = _Library(self, values, self.symbolic, keep=not self.changes)
        library = variant.libraries[what]
        if library is None:
            raise Refused("it could not be compiled for these shapes")
        return library

    def _new_variant(self, key: Any, constants: Sequence[Tensor]) -> _Variant:
        variant = _Variant(constants)
        changed = [old for old, each in self.variants.items() if each.addresses == variant.addresses]
        if changed:
            self.changes += 1
            del self.variants[changed[0]]
        if self.changes > _MOST_CHANGES:
            raise Refused(f"its constants changed more than {_MOST_CHANGES} times")
        if len(self.variants) >= _MOST_MODULES:
            raise Refused(f"more than {_MOST_MODULES} modules share it")
        self.variants[key] = variant
        return variant


def _register() -> None:
    """Dynamo knows the backend of an installed package already, and takes no name twice."""
    if not importlib.metadata.entry_points(group="torch_dynamo_backends", name="vitc"):
        torch._dynamo.register_backend(vitc_backend, name="vitc")


_register()
