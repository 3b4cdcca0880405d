"""What goes wrong, as a sentence."""
from __future__ import annotations


class Error(RuntimeError):
    """A model could not be compiled, loaded or run; the message is a sentence that says why.

    `status` is the driver's exit code (compile) or the library's status code (load, run), 0 where neither ran.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status
