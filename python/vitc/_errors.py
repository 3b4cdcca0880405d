"""What goes wrong, as a sentence."""
from __future__ import annotations

import os
from typing import Any


class Error(RuntimeError):
    """A model could not be compiled, loaded or run; the message is a sentence that says why.

    `status` is the driver's exit code (compile) or the library's status code (load, run), 0 where neither ran.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def path_of(value: Any, what: str) -> str:
    """The text of a path. Raises Error where the value is none; `what` says of what, for the message."""
    if not isinstance(value, (str, bytes, os.PathLike)):
        raise Error(f"{what} is of type {type(value).__name__}; expected a path")
    path = os.fsdecode(value)
    if not path or "\0" in path:
        raise Error(f"{what} is {path!r}; expected a path")
    return path
