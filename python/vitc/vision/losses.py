"""Training losses of vision transformers as functions of arrays, with their gradients: LaViT's diagonality-preserving loss, and
DINO's self-distillation (loss, centre, momentum teacher). They state what the papers' equations compute; training itself is
another matter.
"""
from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._errors import Error

FORMS = ("hinge", "printed")


@dataclasses.dataclass(frozen=True)
class Diagonality:
    """The two terms of the loss, summed over all maps, and its gradient by them (the same shape), all float64."""

    symmetry: float
    diagonal: float
    gradient: NDArray[np.float64]

    @property
    def loss(self) -> float:
        return self.symmetry + self.diagonal


def diagonality_loss(attention: ArrayLike, form: str = "hinge") -> Diagonality:
    """LaViT's diagonality-preserving loss (arXiv 2406.00427) of maps A (…, N, N), which wants them symmetric and A_ii above
    A_ij.

    symmetry = Σ_ij |A_ij − A_ji|. diagonal, with d_i = Σ_{j≠i} A_ij − (N − 1) A_ii:
    "printed": −Σ_i d_i, the sign of the paper's equation; minimised, it lowers the diagonal, against the paper's own words.
    "hinge": Σ_i max(d_i, 0), which raises the diagonal of a row until it is the row's mean, and is 0 from there on.
    The subgradient of |x| and of max(x, 0) at 0 is 0.
    """
    a = np.asarray(attention)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2] or 0 in a.shape or a.dtype.kind not in "fiu":
        raise Error(f"attention: an array of {a.dtype} and shape {a.shape}; expected numbers (…, N, N)")
    if form not in FORMS:
        raise Error(f"form is {form!r}; expected one of {', '.join(FORMS)}")
    a = a.astype(np.float64)
    count = a.shape[-1]
    skew = a - np.swapaxes(a, -1, -2)
    below = a.sum(axis=-1) - count * np.diagonal(a, axis1=-2, axis2=-1)  # d_i
    weight = -np.ones_like(below) if form == "printed" else (below > 0).astype(np.float64)
    by_row = np.ones((count, count)) - count * np.eye(count)  # ∂d_i/∂A_i·
    return Diagonality(float(np.abs(skew).sum()), float((weight * below).sum()), 2 * np.sign(skew) + weight[..., None] * by_row)


def log_softmax(values: ArrayLike) -> NDArray[np.float64]:
    """Over the last axis, in float64."""
    values = np.asarray(values, np.float64)
    shifted = values - values.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def teacher_probabilities(logits: ArrayLike, center: ArrayLike, temperature: float = 0.04) -> NDArray[np.float64]:
    """softmax((t − c) / τ_t): the teacher's targets, centred and sharpened (arXiv 2104.14294, algorithm 1)."""
    _check_temperature(temperature)
    return np.exp(log_softmax((np.asarray(logits, np.float64) - np.asarray(center, np.float64)) / temperature))


def dino_loss(student: ArrayLike, teacher: ArrayLike, temperature: float = 0.1) -> tuple[float, NDArray[np.float64]]:
    """DINO's loss and its gradient by the student's logits (arXiv 2104.14294, equation 3; facebookresearch/dino, DINOLoss).

    student: logits (views, batch, K) of all crops, the global ones first, in the teacher's order.
    teacher: probabilities (global views, batch, K), of `teacher_probabilities`.
    The mean over images and over pairs of a teacher's view and another view of the student's, of −Σ p_t log softmax(s / τ_s).
    """
    _check_temperature(temperature)
    s, p = np.asarray(student, np.float64), np.asarray(teacher, np.float64)
    if s.ndim != 3 or p.ndim != 3 or s.shape[1:] != p.shape[1:] or 0 in s.shape or not 1 <= len(p) <= len(s) or len(s) < 2:
        raise Error(f"student of shape {s.shape} and teacher of shape {p.shape}; expected (views, batch, K), of which the "
                    "teacher has the first, and the student two or more")
    log_q = log_softmax(s / temperature)
    # What each of the student's views is compared with: all of the teacher's but the same.
    others = p.sum(axis=0) - np.concatenate([p, np.zeros((len(s) - len(p), *p.shape[1:]))])
    scale = 1 / (len(p) * (len(s) - 1) * s.shape[1])
    gradient = (np.exp(log_q) * others.sum(axis=-1, keepdims=True) - others) * (scale / temperature)
    return float(-(others * log_q).sum() * scale), gradient


def update_center(center: ArrayLike, teacher_logits: ArrayLike, momentum: float = 0.9) -> NDArray[np.float64]:
    """c ← m c + (1 − m) mean of the teacher's logits (…, K) over views and images (arXiv 2104.14294, equation 4)."""
    logits = np.asarray(teacher_logits, np.float64)
    center = np.asarray(center, np.float64)
    if logits.ndim < 2 or center.shape != logits.shape[-1:] or 0 in logits.shape:
        raise Error(f"center of shape {center.shape} and logits of shape {logits.shape}; expected (K,) and (…, K)")
    return momentum * center + (1 - momentum) * logits.reshape(-1, logits.shape[-1]).mean(axis=0)


def teacher_momentum(step: int, steps: int, start: float = 0.996, end: float = 1.0) -> float:
    """λ of the teacher's average at a step, 0 to `steps`: `start` to `end` along half a cosine (arXiv 2104.14294, §3.1)."""
    if not 0 <= step <= steps or steps < 1:
        raise Error(f"step {step} of {steps}; expected a step from 0 to the number of steps, which is positive")
    return end - (end - start) * (1 + math.cos(math.pi * step / steps)) / 2


def update_teacher(teacher: Mapping[str, ArrayLike], student: Mapping[str, ArrayLike],
                   momentum: float) -> dict[str, NDArray[np.float64]]:
    """θ_t ← λ θ_t + (1 − λ) θ_s for each of the weights, by name. Raises Error where names or shapes differ."""
    if teacher.keys() != student.keys():
        raise Error(f"the teacher has weights {sorted(teacher)}, the student {sorted(student)}")
    result = {}
    for name in teacher:
        t, s = np.asarray(teacher[name], np.float64), np.asarray(student[name], np.float64)
        if t.shape != s.shape:
            raise Error(f"{name} is {t.shape} in the teacher and {s.shape} in the student")
        result[name] = momentum * t + (1 - momentum) * s
    return result


def entropy(probabilities: ArrayLike) -> float:
    """The mean of −Σ p log p over the last axis, in nats: log K where all are equal, 0 where one is 1."""
    p = np.asarray(probabilities, np.float64)
    return float(-(p * np.log(np.where(p > 0, p, 1))).sum(axis=-1).mean())


def _check_temperature(temperature: float) -> None:
    if not temperature > 0:
        raise Error(f"temperature is {temperature}; expected a positive number")
