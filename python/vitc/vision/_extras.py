"""The packages that `vitc.vision` stands on besides NumPy; `vitc` itself needs none of them."""
from __future__ import annotations

import importlib
from typing import Any

from .._errors import Error

_EXTRAS = {"PIL": ("Pillow", "vision"), "tqdm": ("tqdm", "vision"), "matplotlib": ("matplotlib", "pictures"),
           "pyarrow": ("pyarrow", "parquet"), "sklearn": ("scikit-learn", "study"), "scipy": ("SciPy", "study")}


def require(module: str) -> Any:
    """The module `PIL.Image`, say. Raises Error with the command that installs its package where that is missing."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        top = module.split(".")[0]
        if (error.name or "").split(".")[0] != top or top not in _EXTRAS:
            raise
        package, extra = _EXTRAS[top]
        raise Error(f"vitc.vision needs {package} for this: pip install 'vitc[{extra}]', or pip install {package}") from None
