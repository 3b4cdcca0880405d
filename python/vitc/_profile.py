"""What `model.profile` returns: the steps of a run with their times, and a table of them."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


class Profile(list):
    """A dict for each step, in order; printed, a table. The keys are those that `Model.profile` names."""

    @property
    def seconds(self) -> float:
        """The time of all steps together."""
        return sum(step["seconds"] for step in self)

    def by_kind(self) -> dict[str, float]:
        """The seconds of each kind of step, the longest first."""
        kinds: dict[str, float] = {}
        for step in self:
            kinds[step["kind"]] = kinds.get(step["kind"], 0.0) + step["seconds"]
        return dict(sorted(kinds.items(), key=lambda item: -item[1]))

    def __str__(self) -> str:
        if not self:
            return "no steps"
        rows = [("step", "kind", "ms", "share", "GFLOP/s", "GB/s", "nodes")]
        rows += [(str(number), *_cells(step, self.seconds)) for number, step in enumerate(self)]
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = ["  ".join(cell.ljust(width) if i in (1, 6) else cell.rjust(width)
                           for i, (cell, width) in enumerate(zip(row, widths))).rstrip() for row in rows]
        return "\n".join([*lines, f"{self.seconds * 1e3:.3f} ms in {len(self)} steps"])


def _cells(step: dict[str, Any], total: float) -> tuple[str, ...]:
    seconds = max(step["seconds"], 1e-9)
    nodes = step["nodes"]
    names = (repr(nodes[0])[1:-1] if nodes else "") + (f" and {len(nodes) - 1} more" if len(nodes) > 1 else "")
    moved = step["weight_bytes"] + step["activation_bytes"]
    return (step["kind"], f"{step['seconds'] * 1e3:.3f}", f"{100 * step['seconds'] / max(total, 1e-9):.1f} %",
            f"{2e-9 * step['macs'] / seconds:.1f}", f"{1e-9 * moved / seconds:.1f}", names)


def summarise(steps: Sequence[dict[str, Any]], times: np.ndarray) -> Profile:
    """times: (runs, threads, steps, 3), in seconds: when a thread began, finished and left a step."""
    seconds = np.median(np.diff(times[..., 1].max(axis=1), prepend=0), axis=0)
    work = times[..., 1] - times[..., 0]
    imbalance = np.median(work.max(axis=1) / np.maximum(work.mean(axis=1), 1e-9), axis=0)
    wait = np.median((times[..., 2] - times[..., 1]).mean(axis=1), axis=0)
    return Profile({**step, "seconds": float(seconds[i]), "imbalance": float(imbalance[i]), "wait_seconds": float(wait[i])}
                   for i, step in enumerate(steps))
