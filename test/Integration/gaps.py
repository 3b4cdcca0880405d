"""What vitc does not do yet for the models of test/models. Tests hold that each entry is still true: a fix removes it."""
from __future__ import annotations

Gaps = dict[str, str]  # kind of op: why its count is not the expected one

# family: kinds with another count than expected.py says.
GAPS: dict[str, Gaps] = {}

# name: of the sentence it is refused with.
REFUSED: dict[str, str] = {}
