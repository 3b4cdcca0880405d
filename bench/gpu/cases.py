"""What bench/gpu/run.py runs, as prepare.py writes it and run.py reads it. Needs NumPy alone, like all on a GPU's machine.

A folder holds `manifest.json`, a list of cases, and a graph for each: CASE.onnx, whose large weights are beside it in
CASE.weights. That file is not in the folder: each tensor of it has a recipe, by which it is drawn, the same on every machine
(zoo/zoo.py draws so).
"""
from __future__ import annotations

import dataclasses
import json
import math
import pathlib
from typing import Any

import numpy as np

MANIFEST = "manifest.json"


@dataclasses.dataclass
class Recipe:
    """A float32 tensor in a file of weights. `text` is what the zoo's graphs hold in its place."""

    name: str
    shape: list[int]
    text: str  # "normal MEAN DEVIATION any|positive [repeated]"
    seed: int
    offset: int

    def values(self) -> np.ndarray:
        _, mean, deviation, sign, *repeated = self.text.split()
        shape = (1, *self.shape[1:]) if repeated else tuple(self.shape)
        drawn = np.random.default_rng(self.seed).standard_normal(shape, dtype=np.float32)
        drawn = drawn * np.float32(deviation) + np.float32(mean)
        drawn = np.abs(drawn) + np.float32(1e-3) if sign == "positive" else drawn
        return np.broadcast_to(drawn, tuple(self.shape))


@dataclasses.dataclass
class Case:
    """part: "kernels", whose reference is computed in float64, or "models", whose reference is what ONNX Runtime made of the
    same inputs, in CASE.npz. macs: multiplications with an addition, of one element of the batch where there is one."""

    name: str
    part: str
    kind: str  # "gemm", "attention", "layer_norm": the kernel that is timed; "model"
    inputs: dict[str, list[int | str]]
    macs: int
    batches: list[int] = dataclasses.field(default_factory=lambda: [1])
    weights: list[Recipe] = dataclasses.field(default_factory=list)
    heads: int = 0
    sanitize: bool = False  # small enough for compute-sanitizer

    def shapes(self, batch: int) -> dict[str, tuple[int, ...]]:
        return {name: tuple(batch if extent == "batch" else int(extent) for extent in shape)
                for name, shape in self.inputs.items()}

    def draw(self, batch: int, seed: int = 0, distinct: int = 8) -> dict[str, np.ndarray]:
        """Normal inputs, others for each seed. Of a larger batch than `distinct`, elements come again: a reference of so many
        is enough."""
        drawn = {}
        for index, (name, shape) in enumerate(self.shapes(min(batch, distinct)).items()):
            values = np.random.default_rng([seed, index]).standard_normal(shape, dtype=np.float32)
            drawn[name] = np.resize(values, self.shapes(batch)[name])
        return drawn

    def write_weights(self, folder: pathlib.Path) -> None:
        with open(folder / f"{self.name}.weights", "wb") as file:
            for recipe in self.weights:
                file.seek(recipe.offset)
                file.write(recipe.values().tobytes())


def save(folder: pathlib.Path, cases: list[Case]) -> None:
    (folder / MANIFEST).write_text(json.dumps([dataclasses.asdict(case) for case in cases], indent=1) + "\n")


def load(folder: pathlib.Path) -> list[Case]:
    cases = [Case(**entry) for entry in json.loads((folder / MANIFEST).read_text())]
    for case in cases:
        case.weights = [Recipe(**recipe) for recipe in case.weights]
    return cases


ROWS = 64  # of a product that are compared: all of them take minutes in float64


def reference(case: Case, inputs: dict[str, np.ndarray]) -> tuple[np.ndarray, Any]:
    """What a kernel should give in float64, and which part of its result that is (an index)."""
    weights = {recipe.name: recipe.values().astype(np.float64) for recipe in case.weights}
    values = {name: value.astype(np.float64) for name, value in inputs.items()}
    if case.kind == "gemm":
        rows = np.unique(np.linspace(0, len(values["x"]) - 1, ROWS).astype(int))
        return gelu(values["x"][rows] @ weights["w"] + weights["b"]), rows
    if case.kind == "layer_norm":
        x = values["x"]
        return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6) * weights["g"] + weights["b"], ...
    q, k, v = (split(values[name], case.heads)[0] for name in "qkv")  # of the first element of the batch
    scores = q @ k.swapaxes(1, 2) / math.sqrt(q.shape[-1])
    p = np.exp(scores - scores.max(-1, keepdims=True))
    o = p / p.sum(-1, keepdims=True) @ v
    return o.swapaxes(0, 1).reshape(1, o.shape[1], -1), slice(1)


def split(x: np.ndarray, heads: int) -> np.ndarray:
    """(B, N, heads · d) -> (B, heads, N, d)."""
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def gelu(x: np.ndarray) -> np.ndarray:
    """By erf, which NumPy lacks."""
    return 0.5 * x * (1 + np.vectorize(math.erf, otypes=[np.float64])(x / math.sqrt(2)))
