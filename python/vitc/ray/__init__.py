"""Compiled vision transformers on several machines, by Ray (https://docs.ray.io): features of many images, and a service.

>>> import vitc.ray
>>> vitc.ray.extract("photos", "dino.onnx", "features.npy", workers=8)      # the file that one process would write
>>> rows = vitc.ray.features("photos", "dino.onnx", workers=8)              # the same as a Dataset of Ray's
>>> ray.serve.run(vitc.ray.deployment("dino.onnx"))                         # a picture in, its features out

docs/Ray.md tells how it works and what it costs. Needs ray[data,serve], Pillow and pyarrow, also where Ray's workers run.
"""
from __future__ import annotations

import importlib
from typing import Any

from .._errors import Error

# Each public name and its module, which is imported when the name is first used: features need no Ray Serve.
_MODULES = {"deployment": "serve", "extract": "data", "features": "data"}
_NEEDED = ("ray", "pyarrow", "starlette")  # ray[data,serve] brings the others

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in _NEEDED:
            raise
        raise Error(f"vitc.ray.{name} needs {error.name}, which is not installed: pip install 'vitc[ray]'") from None


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
