"""The part of ONNX Runtime's Python interface that programs run models with, over vitc.

    import vitc.compat.onnxruntime as ort

    session = ort.InferenceSession("vit.onnx")
    logits, = session.run(None, {session.get_inputs()[0].name: pixels})

A package that imports `onnxruntime` itself runs unchanged after `vitc.compat.onnxruntime.install()`, or as a program of
`python -m vitc.compat.onnxruntime PROGRAM ARGUMENTS…`.

A session compiles its model when it is made. The library is kept for other sessions and processes in $VITC_CACHE, by default
~/.cache/vitc (or vitc in $XDG_CACHE_HOME); where that cannot be written, it lives as long as the session.

What differs: every error is a `vitc.Error` (a RuntimeError), which the exceptions of `onnxruntime.capi` are other names of.
There are tensors alone, on the CPU; no binding of inputs and outputs (`io_binding`, OrtValue), no custom operators and no
profile in ONNX Runtime's format: what asks for them gets a sentence. Settings of speed and memory are accepted, and only the
number of threads has an effect.
"""
from __future__ import annotations

import sys
from typing import Any

from vitc import Error

from ._metadata import ModelMetadata
from ._options import ExecutionMode, ExecutionOrder, GraphOptimizationLevel, RunOptions, SessionOptions
from ._session import InferenceSession, NodeArg, get_all_providers, get_available_providers

__version__ = "1.31.1"  # of the interface that this follows

__all__ = ["ExecutionMode", "ExecutionOrder", "GraphOptimizationLevel", "InferenceSession", "ModelMetadata", "NodeArg",
           "RunOptions", "SessionOptions", "disable_telemetry_events", "enable_telemetry_events", "get_all_providers",
           "get_available_providers", "get_build_info", "get_device", "get_version_string", "install", "preload_dlls",
           "set_default_logger_severity", "set_default_logger_verbosity", "set_seed"]


def install() -> None:
    """Makes `import onnxruntime` import this module, for packages that are not to be changed.

    Raises Error where the real one was imported before: what imported it would go on with it.
    """
    if sys.modules.setdefault("onnxruntime", sys.modules[__name__]) is not sys.modules[__name__]:
        raise Error("onnxruntime was imported already; call vitc.compat.onnxruntime.install() before what imports it")


def get_device() -> str:
    return "CPU"


def get_version_string() -> str:
    return __version__


def get_build_info() -> str:
    return "vitc.compat.onnxruntime"


def _accept(*arguments: Any, **named: Any) -> None:
    """Has no effect: vitc writes no log, sends nothing home, draws no numbers and loads no other library."""


set_default_logger_severity = set_default_logger_verbosity = set_seed = _accept
disable_telemetry_events = enable_telemetry_events = preload_dlls = _accept


def __getattr__(name: str) -> Any:
    raise AttributeError(f"vitc.compat.onnxruntime has no '{name}'; it has {', '.join(__all__)}", name=name)
