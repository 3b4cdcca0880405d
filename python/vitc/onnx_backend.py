"""vitc as a backend of the `onnx` package: `VitcBackend`, an `onnx.backend.base.Backend`.

    import onnx
    from vitc.onnx_backend import VitcBackend

    outputs = VitcBackend.prepare(onnx.load("model.onnx")).run([image])

A library is compiled when the inputs are first seen. Where its compilation needs the values of inputs (the target of a
Reshape, the axes of a reduction), it is compiled for those values, as `vitc --constant` does, and again for others; and
for the shape of an input without elements, as `vitc --shape` does.
"""
from __future__ import annotations

import dataclasses
import itertools
import pathlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx.backend.base import Backend, BackendRep

from ._compiler import compile
from ._errors import Error
from ._model import Model

# Operands that state shapes are short lists.
_LONGEST_CONSTANT = 64


@dataclasses.dataclass
class _Library:
    model: Model
    constants: Mapping[str, np.ndarray]
    empty: Mapping[str, tuple[int, ...]]  # the shapes of inputs without elements

    def serves(self, arrays: Mapping[str, np.ndarray]) -> bool:
        return self.empty == _empty_shapes(arrays) and all(
            name in arrays and _equal(arrays[name], value) for name, value in self.constants.items())


class VitcBackendRep(BackendRep):
    """A model that `run` compiles when it needs to."""

    def __init__(self, model: onnx.ModelProto, **options: Any) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="vitc-")
        self._path = pathlib.Path(self._folder.name) / "model.onnx"
        onnx.save(model, self._path)
        self._options = options
        initializers = {tensor.name for tensor in model.graph.initializer}
        self._inputs = [value.name for value in model.graph.input if value.name not in initializers]
        self._outputs = [value.name for value in model.graph.output]
        self._libraries: list[_Library] = []

    def run(self, inputs: Any, **kwargs: Any) -> tuple[np.ndarray, ...]:
        """Runs the model on a list of arrays in the graph's order, a dict of them by name, or one array."""
        arrays = self._name(inputs)
        library = next((each for each in self._libraries if each.serves(arrays)), None) or self._compile(arrays)
        results = library.model.run({name: array for name, array in arrays.items() if name not in library.constants})
        return tuple(results[name] for name in self._outputs)

    def _name(self, inputs: Any) -> dict[str, np.ndarray]:
        if isinstance(inputs, np.ndarray):
            inputs = [inputs]
        if not isinstance(inputs, Mapping):
            if len(inputs) > len(self._inputs):
                raise Error(f"{len(inputs)} inputs were given; expected {len(self._inputs)}")
            inputs = dict(zip(self._inputs, inputs))
        for name, value in inputs.items():
            if isinstance(value, (list, tuple)) or value is None:
                raise Error(f"input '{name}' is no tensor; vitc has no sequences and no optional values")
        return {name: np.asarray(value) for name, value in inputs.items()}

    def _compile(self, arrays: Mapping[str, np.ndarray]) -> _Library:
        """The library with the fewest kinds of inputs as constants that can be compiled."""
        refusal: Error | None = None
        empty = _empty_shapes(arrays)
        for number, constants in enumerate(_choose_constants(arrays)):
            # Each in a file of its own: the loader takes two libraries of one path for one.
            path = self._path.with_name(f"model{len(self._libraries)}_{number}.so")
            try:
                shapes = {name: shape for name, shape in empty.items() if name not in constants}
                model = compile(self._path, path, constant=constants, shape=shapes, **self._options)
            except Error as error:
                refusal = error
                continue
            self._libraries.append(_Library(model, constants, empty))
            return self._libraries[-1]
        assert refusal  # the last one says what is missing when all values are known
        raise refusal


def _empty_shapes(arrays: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in arrays.items() if array.size == 0}


def _equal(found: np.ndarray, expected: np.ndarray) -> bool:
    return found.shape == expected.shape and found.tobytes() == expected.tobytes()


def _choose_constants(arrays: Mapping[str, np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
    """No input, those that may be lengths or axes, and those that may be scales as well."""
    seen = set()
    for kinds in "", "iu", "iufb":
        chosen = {name: array for name, array in arrays.items()
                  if array.dtype.kind in kinds and array.ndim <= 1 and array.size <= _LONGEST_CONSTANT}
        if frozenset(chosen) not in seen:
            seen.add(frozenset(chosen))
            yield chosen


class VitcBackend(Backend):
    """Compiles ONNX models for this machine's CPU and runs them. Options are those of `vitc.compile`."""

    @classmethod
    def is_compatible(cls, model: onnx.ModelProto, device: str = "CPU", **kwargs: Any) -> bool:
        """Whether every input and output is a tensor; what else is missing, `run` says."""
        values = itertools.chain(model.graph.input, model.graph.output)
        return cls.supports_device(device) and all(value.type.HasField("tensor_type") for value in values)

    @classmethod
    def prepare(cls, model: onnx.ModelProto, device: str = "CPU", **kwargs: Any) -> VitcBackendRep:
        if not cls.supports_device(device):
            raise Error(f"vitc compiles for the CPU, not for '{device}'")
        return VitcBackendRep(model, **kwargs)

    @classmethod
    def run_model(cls, model: onnx.ModelProto, inputs: Any, device: str = "CPU", **kwargs: Any) -> tuple[Any, ...]:
        return cls.prepare(model, device, **kwargs).run(inputs)

    @classmethod
    def run_node(cls, node: onnx.NodeProto, inputs: Sequence[Any], device: str = "CPU",
                 outputs_info: Sequence[tuple[Any, tuple[int, ...]]] | None = None, **kwargs: Any) -> tuple[Any, ...]:
        """Runs one node on arrays in the order of its inputs. Absent optional inputs are left out of both."""
        names = [name for name in node.input if name]
        arrays = [np.asarray(value) for value in inputs]
        values = [onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
                  for name, array in zip(names, arrays)]
        graph = onnx.helper.make_graph([node], "node", values, [onnx.ValueInfoProto(name=name) for name in node.output if name])
        opset = kwargs.pop("opset_version", None) or onnx.defs.onnx_opset_version()
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid(node.domain, opset)])
        return cls.run_model(model, arrays, device, **kwargs)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        return device.split(":")[0].upper() == "CPU"


is_compatible = VitcBackend.is_compatible
prepare = VitcBackend.prepare
run_model = VitcBackend.run_model
run_node = VitcBackend.run_node
supports_device = VitcBackend.supports_device
