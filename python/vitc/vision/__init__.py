"""Images through compiled vision transformers: read, preprocessed as torchvision does, and what the model says of them.

>>> from vitc.vision import Backbone, Preprocess, read_image
>>> backbone = Backbone("dino.onnx", taps=["attention:-1"])         # compiled once, then found in the cache
>>> pixels = Preprocess(224)(read_image("cat.jpg"))                 # (3, 224, 224) float32
>>> attention = backbone.run(pixels[None])["tap.attention.11"]      # (1, heads, tokens, tokens)

`python -m vitc.vision` is the same from a shell. Needs Pillow; progress bars need tqdm, Parquet pyarrow, plots matplotlib.
"""
from __future__ import annotations

import importlib
from typing import Any

# Each public name and its module, which is imported when the name is first used: `import vitc.vision` needs no extra.
_MODULES = {
    "Backbone": "backbone",
    "Features": "feature_files",
    "ImageError": "images",
    "Images": "sources",
    "Picker": "features",
    "Preprocess": "preprocess",
    "extract_features": "features",
    "find_images": "images",
    "open_images": "sources",
    "read_image": "images",
}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
