"""Modules of PyTorch as ONNX files, by its own exporters. PyTorch is imported by whoever has a module."""
from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import inspect
import io
import pathlib
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ._errors import Error
from ._tensors import Tensor


@dataclasses.dataclass(frozen=True)
class Examples:
    """What the exporters are told: the inputs to follow a module with, and which dimensions stay open.

    inputs: a tensor, a tuple of arguments, or a dict by the names of the parameters of `forward`.
    dynamic_shapes: by the name of an input, or a sequence in the order of inputs: axis → name, {"x": {0: "batch"}}.
    exporter: "dynamo", "torchscript", or None: the first that can.
    """

    inputs: Any = None
    dynamic_shapes: Mapping[str, Any] | Sequence[Any] | None = None
    exporter: str | None = None

    def given(self) -> str | None:
        """The name of an option that was given."""
        named = {"example_inputs": self.inputs, "dynamic_shapes": self.dynamic_shapes, "exporter": self.exporter}
        return next((name for name, value in named.items() if value is not None), None)


@dataclasses.dataclass
class _Traced:
    """A module that takes tensors alone, in order, with an example of each by its name."""

    module: Any
    tensors: dict[str, Any]
    axes: dict[str, dict[int, str]]
    outputs: list[str] | None


def export_module(module: Any, path: pathlib.Path, examples: Examples) -> None:
    """Writes a `torch.nn.Module`, in evaluation mode, or a `torch.export.ExportedProgram` as an ONNX file.

    Inputs have the names of the parameters of `forward`, outputs those of a dict's keys, else `output` or `output_0`, ….
    Raises Error with what PyTorch says where it cannot.
    """
    torch = sys.modules["torch"]
    if isinstance(module, torch.export.ExportedProgram):
        if examples.given():
            raise Error(f"{examples.given()} is for a torch.nn.Module; a torch.export.ExportedProgram has its own")
        _attempt(type(module).__name__, [("dynamo", lambda: torch.onnx.export(module, f=path, verbose=False))])
        return
    if examples.inputs is None:
        raise Error(f"example_inputs is missing: to compile the module {type(module).__name__}, PyTorch follows a call of it")
    if examples.exporter not in (None, "dynamo", "torchscript"):
        raise Error(f"exporter is {examples.exporter!r}; expected 'dynamo', 'torchscript' or None")
    with _evaluating(module):
        traced = _trace(module, examples)
        exporters: list[tuple[str, Callable[[], Any]]] = [
            ("dynamo", lambda: _dynamo(traced, path)), ("torchscript", lambda: _torchscript(traced, path))]
        if examples.exporter:
            exporters = [each for each in exporters if each[0] == examples.exporter]
        elif importlib.util.find_spec("onnxscript") is None or isinstance(module, torch.jit.ScriptModule):
            exporters = exporters[1:]
        _attempt(type(module).__name__, exporters)


@contextlib.contextmanager
def _evaluating(module: Any) -> Iterator[None]:
    """Evaluation mode, and then again the mode that each part had. Encoder layers are not to take PyTorch's own kernel, which
    ONNX has no name for."""
    fused = sys.modules["torch"].backends.mha
    modes, was_fused = [(part, part.training) for part in module.modules()], fused.get_fastpath_enabled()
    module.eval()
    fused.set_fastpath_enabled(False)
    try:
        yield
    finally:
        fused.set_fastpath_enabled(was_fused)
        for part, training in modes:
            part.training = training


def _attempt(name: str, exporters: list[tuple[str, Callable[[], Any]]]) -> None:
    """Runs the first exporter that does not fail; what they print stays out of the caller's output."""
    reasons = []
    for exporter, export in exporters:
        try:
            silence = io.StringIO()
            with warnings.catch_warnings(), contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
                warnings.simplefilter("ignore")
                export()
            return
        except Exception as error:  # exporters raise whatever they meet
            reasons.append(f"{exporter}: {_sentence(error)}")
    raise Error(f"PyTorch cannot export the module {name}: {'; '.join(reasons)}")


def _sentence(error: Exception) -> str:
    """The first line that says something, and what it announces, of the exception that was raised first."""
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]


def _trace(module: Any, examples: Examples) -> _Traced:
    torch = sys.modules["torch"]
    args, kwargs, named = _bind(module, examples.inputs)
    tensors = {name: value for name, value in named.items() if isinstance(value, torch.Tensor)}
    axes = _name_axes({name: tensor.dim() for name, tensor in tensors.items()}, examples.dynamic_shapes)
    # Exporters take an extent of one for a constant: an open dimension is shown to them with two.
    wide = {name: _widened(tensor, axes.get(name, {})) for name, tensor in tensors.items()}
    if kwargs or len(args) != len(tensors):  # others are exported as they are: taps name their nodes
        module = _tensors_alone(module, args, kwargs)
    try:
        with torch.no_grad():
            result = module(*wide.values())
    except Exception as error:
        raise Error(f"the module {type(module).__name__} fails on example_inputs: {_sentence(error)}") from None
    if isinstance(result, Mapping):
        outputs, values = [str(name) for name in result], list(result.values())
    elif isinstance(result, (list, tuple)):
        outputs, values = [f"output_{i}" for i in range(len(result))], list(result)
    else:
        outputs, values = ["output"], [result]
    return _Traced(module, wide, axes, outputs if all(isinstance(value, torch.Tensor) for value in values) else None)


def _tensors_alone(module: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """A module of the tensors among the arguments, in order; the others are constants of it."""
    torch = sys.modules["torch"]

    def forward(self: Any, *tensors: Any) -> Any:
        rest = iter(tensors)
        values = [next(rest) if isinstance(value, torch.Tensor) else value for value in (*args, *kwargs.values())]
        return self.module(*values[: len(args)], **dict(zip(kwargs, values[len(args) :])))

    wrapper = type(type(module).__name__, (torch.nn.Module,), {"forward": forward})()
    wrapper.module = module
    return wrapper.eval()


def _bind(module: Any, inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any], dict[str, Any]]:
    """Positional and named arguments, and both by the names of the parameters of `forward`, in the same order."""
    kwargs = inputs if isinstance(inputs, Mapping) else {}
    args = () if isinstance(inputs, Mapping) else inputs if isinstance(inputs, (list, tuple)) else (inputs,)
    try:
        signature = _signature(module)
        bound = signature.bind(*args, **kwargs)
    except (TypeError, ValueError) as error:
        raise Error(f"example_inputs do not fit {type(module).__name__}.forward: {error}") from None
    named: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            named.update({f"{name}_{i}": each for i, each in enumerate(value)})
        else:
            named.update(value if kind is inspect.Parameter.VAR_KEYWORD else {name: value})
    nested = next((name for name, value in named.items() if isinstance(value, (list, tuple, Mapping))), None)
    if nested is not None:
        raise Error(f"'{nested}' in example_inputs is a {type(named[nested]).__name__}; expected tensors, numbers or None")
    return bound.args, bound.kwargs, named


def _signature(module: Any) -> inspect.Signature:
    """Of `forward`; a traced module has it in a form of PyTorch's own."""
    try:
        return inspect.signature(module.forward)
    except ValueError:
        names = [argument.name for argument in module.forward.schema.arguments[1:]]
        return inspect.Signature([inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names])


def _name_axes(ranks: Mapping[str, int], shapes: Any) -> dict[str, dict[int, str]]:
    """{"x": {0: "batch"}} of any way to say it. Raises Error where an input or axis is not there."""
    if shapes is not None and not isinstance(shapes, Mapping):
        shapes = dict(zip(ranks, shapes))
    axes = {}
    for name, dims in (shapes or {}).items():
        if name not in ranks:
            raise Error(f"dynamic_shapes names '{name}'; the inputs are {', '.join(map(repr, ranks))}")
        if dims is not None and not isinstance(dims, Mapping):
            dims = {axis: dim for axis, dim in enumerate(dims) if dim is not None}
        rank = ranks[name]
        axes[name] = {}
        for axis, dim in (dims or {}).items():
            if not isinstance(axis, int) or not -rank <= axis < rank:
                raise Error(f"dynamic_shapes names axis {axis} of '{name}', which has {rank} dimensions")
            if dim is not None:
                axes[name][axis % rank] = dim if isinstance(dim, str) else getattr(dim, "__name__", f"{name}_{axis % rank}")
    return axes


def check_open(inputs: Sequence[Tensor], requirements: Sequence[str], shapes: Any) -> None:
    """Raises Error where a dimension that was to stay open has become a number, or has to be one of all: exporters do that
    without a word. `requirements` are those of info_json, "batch to be 2, for the Concat '/Concat'"."""
    by_name = {spec.name: spec for spec in inputs}
    for name, axes in _name_axes({spec.name: len(spec.shape) for spec in inputs}, shapes).items():
        for axis, dim in axes.items():
            extent = by_name[name].shape[axis]
            if isinstance(extent, int):
                raise Error(f"dimension {axis} of '{name}' does not stay open as '{dim}': the module makes it "
                            f"{extent} for PyTorch's exporter")
            fixed = next((each for each in requirements if re.match(rf"{re.escape(extent)} to be \d+,", each)), None)
            if fixed is not None:
                raise Error(f"dimension {axis} of '{name}' does not stay open as '{dim}': the export needs {fixed}; where "
                            "forward makes a number of it, by len(x) or int(…), let it say x.shape")


def _widened(tensor: Any, axes: Mapping[int, str]) -> Any:
    for axis in axes:
        if tensor.shape[axis] == 1:
            tensor = tensor.repeat_interleave(2, axis)
    return tensor


def _dynamo(traced: _Traced, path: pathlib.Path) -> None:
    torch = sys.modules["torch"]
    shapes: Any = tuple(traced.axes.get(name) or None for name in traced.tensors)
    parameters = _signature(traced.module).parameters.values()
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        before = sum(parameter.kind is not parameter.VAR_POSITIONAL for parameter in parameters)
        shapes = (*shapes[:before], shapes[before:])
    torch.onnx.export(traced.module, tuple(traced.tensors.values()), path, dynamo=True, verbose=False, external_data=True,
                      dynamic_shapes=shapes if any(traced.axes.values()) else None, input_names=list(traced.tensors),
                      output_names=traced.outputs)


def _torchscript(traced: _Traced, path: pathlib.Path) -> None:
    torch = sys.modules["torch"]
    module, tensors = traced.module, tuple(traced.tensors.values())
    if len(_signature(module).parameters) > len(tensors):  # defaults would become inputs
        module = _tensors_alone(module, tensors, {})
    torch.onnx.export(module, tensors, str(path), dynamo=False, input_names=list(traced.tensors),
                      output_names=traced.outputs, dynamic_axes={name: dims for name, dims in traced.axes.items() if dims})
