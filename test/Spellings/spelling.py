"""One attention, written in as many ways as exporters and people write it.

What is meant is the same everywhere (`Meaning`): queries q[b.., h, m, d], keys k[b.., h, n, d], values v[b.., h, n, e],
softmax over n of scale · q·k + what is added or masked, times v. A `Spelling` chooses how each step is written. Letters: b batch,
w windows of a picture, m queries, n keys, h heads, d their width, e that of the values, c the width of the tokens.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from graph import Axes, Graph, Tensor

Values = dict[str, np.ndarray]  # of the inputs, float64


@dataclasses.dataclass(frozen=True)
class Spelling:
    """Every field but `seed` names a choice of the table it is looked up in."""

    qkv: str  # QKV
    tokens: str  # self, cross, one (one token), windows
    heads: int
    batch: int  # 0: a symbolic dimension
    lead: str  # LEADS
    scale: str  # SCALES
    product: str  # SCORES
    addends: tuple[str, ...]  # ADDENDS
    softmax: str  # SOFTMAXES
    values: str  # VALUES
    result: str  # RESULTS
    reader: str  # READERS
    commuted: bool  # constants and biases first
    traced: bool  # shapes as the TorchScript exporter traces them
    seed: int = 0

    @property
    def depends_on_values(self) -> bool:
        """Whether it is equal to the formula because of the elements of its constants."""
        several = len(self.addends) > 1 and any("mask" in name or "causal" in name for name in self.addends)
        return self.softmax == "guard" or "causal_finite" in self.addends or several


class Build:
    """The graph so far, and what it means."""

    def __init__(self, spelling: Spelling):
        self.spelling = s = spelling
        windows = s.tokens == "windows"
        queries = {"self": 6, "cross": 5, "one": 1, "windows": 6}[s.tokens]
        keys = 7 if s.tokens in ("cross", "one") else queries
        extents = {"b": s.batch or 2, "w": 3 if windows else 1, "m": queries, "n": keys, "h": s.heads, "d": 4,
                   "e": 5 if s.qkv in ("uneven", "inputs") else 4, "c": 8, "i": queries, "3": 3, "2": 2}
        if s.batch == 0 and s.seed % 2:
            extents["b"] = 3
        self.graph = Graph(extents, "" if s.batch else "b", s.traced, np.random.default_rng(s.seed))
        self.whole = ("bw",) if windows else ("b",)  # the axes that count pictures and windows, in tokens
        self.meaning: dict[str, Callable[[Values], np.ndarray]] = {}  # q, k, v
        self.addends: list[Callable[[Values, np.ndarray], np.ndarray]] = []  # scores to scores
        self.scale = 1.0
        self.readers: list[Tensor] = []
        self.projection: np.ndarray | None = None
        self.permuted = lambda role, array: array  # what a near miss does to an operand

    @property
    def self_attention(self) -> bool:
        return self.spelling.tokens in ("self", "windows")

    def lead(self) -> tuple[str, ...]:
        """The axes before the last two of queries, keys, scores and values where they are multiplied."""
        return LEADS[self.spelling.lead][0]

    def full(self) -> Axes:
        """The axes of scores where addends meet them."""
        return ("b", "w", "h", "m", "n") if self.spelling.tokens == "windows" else ("b", "h", "m", "n")

    def attention(self, inputs: Values) -> np.ndarray:
        """The formula. (b, w, m, h · e), or projected."""
        q, k, v = (self.meaning[role](inputs) for role in "qkv")  # (b, w, h, tokens, width)
        last = self.scale if self.spelling.scale in ("mul_sum", "div_sum") else 1.0
        scores = self.scale / last * np.einsum("bwhmd,bwhnd->bwhmn", q, k)
        for addend in self.addends:
            scores = addend(inputs, scores)
        scores = last * scores
        with np.errstate(invalid="ignore"):
            probs = np.exp(scores - scores.max(-1, keepdims=True))
            probs /= probs.sum(-1, keepdims=True)
        out = np.einsum("bwhmn,bwhne->bwmhe", probs, v)
        out = out.reshape(*out.shape[:3], -1)
        return out if self.projection is None else out @ self.projection


# The axes before tokens and features in products, and which tokens, heads and batches can have them.
LEADS: dict[str, tuple[tuple[str, ...], Callable[[Spelling], bool]]] = {
    "b h": (("b", "h"), lambda s: s.tokens != "windows"),
    "bh": (("bh",), lambda s: s.tokens != "windows"),
    "h b": (("h", "b"), lambda s: s.tokens != "windows"),
    "b": (("b",), lambda s: s.tokens != "windows" and s.heads == 1),
    "none": ((), lambda s: s.tokens != "windows" and s.heads == 1 and s.batch == 1),
    "h": (("h",), lambda s: s.tokens != "windows" and s.batch == 1),
    "bw h": (("bw", "h"), lambda s: s.tokens == "windows"),
    "b w h": (("b", "w", "h"), lambda s: s.tokens == "windows"),
    "bwh": (("bwh",), lambda s: s.tokens == "windows"),
    "b h w": (("b", "h", "w"), lambda s: s.tokens == "windows"),
}
