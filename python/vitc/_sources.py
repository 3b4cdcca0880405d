"""What `vitc.compile` takes in place of an ONNX file, written as one: an `onnx.ModelProto`, its bytes, a module of PyTorch."""
from __future__ import annotations

import os
import pathlib
import re
import sys
from typing import Any

from ._errors import Error
from ._torch_export import Examples, export_module

# Protobuf writes no message of 2 GB; weights beyond this go into a file of their own, and the rest is small.
_LARGEST = 1 << 30
_WEIGHTS = "model.weights"
_EXTERNAL = 1  # TensorProto.DataLocation


def name_of(model: Any) -> str:
    """A name for the library of a model that may have no path."""
    if isinstance(model, (str, os.PathLike)):
        name = pathlib.Path(os.fspath(model)).stem
    elif _is_proto(model):
        name = model.graph.name
    else:
        name = "" if isinstance(model, (bytes, bytearray, memoryview)) else type(model).__name__.lower()
    return re.sub(r"[^\w.-]", "_", name)[:64].lstrip(".") or "model"


def as_file(model: Any, folder: pathlib.Path, examples: Examples) -> pathlib.Path:
    """The ONNX file of a model: its own path, or one that is written into the folder.

    model: a path, an `onnx.ModelProto`, the bytes of one, or a `torch.nn.Module` or `torch.export.ExportedProgram`, which
        PyTorch exports with these examples. Neither `onnx` nor `torch` is imported: whoever has such an object did.
    """
    module = _is_module(model)
    if examples.given() and not module:
        raise Error(f"{examples.given()} is for a torch.nn.Module; the model is of type {type(model).__name__}")
    if isinstance(model, (str, os.PathLike)):
        return pathlib.Path(model)
    path = folder / (name_of(model) + ".onnx")
    if module:
        export_module(model, path, examples)
    elif isinstance(model, (bytes, bytearray, memoryview)):
        path.write_bytes(model)
    elif _is_proto(model):
        _write_proto(model, path)
    else:
        raise Error(f"cannot compile an object of type {type(model).__name__}; expected the path of an ONNX file, an "
                    "onnx.ModelProto, its bytes, or a torch.nn.Module with example_inputs")
    return path


def _is_module(model: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, (torch.nn.Module, torch.export.ExportedProgram))


def _is_proto(model: Any) -> bool:
    return type(model).__name__ == "ModelProto" and hasattr(model, "SerializeToString")


def _write_proto(model: Any, path: pathlib.Path) -> None:
    outside = [tensor.name for tensor in model.graph.initializer if tensor.data_location == _EXTERNAL]
    if outside:
        raise Error(f"the values of {len(outside)} weights ({outside[0]!r}, …) are in a file beside the model, which an "
                    "onnx.ModelProto does not hold: pass the path, or what onnx.load reads with load_external_data=True")
    if sum(len(tensor.raw_data) for tensor in model.graph.initializer) > _LARGEST:
        model = _with_external_weights(model, path.with_name(_WEIGHTS))
    try:
        data = model.SerializeToString()
    except Exception as error:  # EncodeError of google.protobuf, or ValueError, by its version
        raise Error(f"the onnx.ModelProto cannot be written: {error}") from None
    path.write_bytes(data)


def _with_external_weights(model: Any, weights: pathlib.Path) -> Any:
    """A copy whose large weights are in a file. The model stays as it is, and no weight is in memory twice but for the one
    that is being written."""
    copy = type(model)()
    for field, value in model.ListFields():
        if field.name != "graph":
            _set(copy, field.name, value)
    for field, value in model.graph.ListFields():
        if field.name != "initializer":
            _set(copy.graph, field.name, value)
    with open(weights, "wb") as file:
        for tensor in model.graph.initializer:
            _add_initializer(copy.graph, tensor, file)
    return copy


def _add_initializer(graph: Any, tensor: Any, file: Any) -> None:
    small = graph.initializer.add()
    if len(tensor.raw_data) < 1024:
        small.CopyFrom(tensor)
        return
    small.name, small.data_type, small.data_location = tensor.name, tensor.data_type, _EXTERNAL
    small.dims.extend(tensor.dims)
    file.write(b"\0" * (-file.tell() % 64))
    for key, value in ("location", _WEIGHTS), ("offset", file.tell()), ("length", len(tensor.raw_data)):
        small.external_data.add(key=key, value=str(value))
    file.write(tensor.raw_data)


def _set(message: Any, name: str, value: Any) -> None:
    """Sets a field of protobuf to a copy of a value, which is a scalar, a message, or a list of either."""
    if isinstance(value, (str, bytes, int, float)):
        setattr(message, name, value)
    elif hasattr(value, "extend"):
        getattr(message, name).extend(value)
    else:
        getattr(message, name).CopyFrom(value)
