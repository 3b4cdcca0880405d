"""The spellings: drawn from all combinations that make sense, every choice of every step among them."""
from __future__ import annotations

import dataclasses
import random

from examples import Example, build
from near_misses import OTHERS, REFUSED
from projections import PACKED, QKV
from spelling import LEADS, Spelling
from steps import ADDENDS, FINITE, READERS, RESULTS, SCALES, SCORES, SOFTMAXES, VALUES

POSITIVES, EACH = 1600, 18  # near misses of each kind


def makes_sense(s: Spelling) -> bool:
    windows = s.tokens == "windows"
    if not LEADS[s.lead][1](s) or (s.qkv == "inputs" and windows):
        return False
    if s.qkv in PACKED and s.tokens not in ("self", "windows"):
        return False
    if ("window" in s.addends) != windows and windows and s.seed % 3:
        return False  # most windows have their mask
    if "window" in s.addends and not windows:
        return False
    # A finite number in the place of other masks' scores: rows that both cover differ where masks are added.
    masks = [name for name in s.addends if ("mask" in name or "causal" in name) and name != "mask_cast"]
    if len(masks) > 1 and (masks[-1].endswith("_lowest") or "causal_finite" in masks):
        return False
    # What a guard does where a row may be masked as a whole is a near miss, or unknown.
    if s.softmax == "guard" and not all(name in FINITE for name in s.addends):
        return False
    return True


def is_masked(spelling: Spelling) -> bool:
    """Masked scores that a near miss mixes with others are no numbers any more."""
    return any("mask" in name or "causal" in name for name in spelling.addends)


def draw(rng: random.Random, seed: int) -> Spelling:
    count = rng.choice((0, 1, 1, 1, 2))
    return Spelling(
        qkv=rng.choice(list(QKV)), tokens=rng.choice(("self", "self", "cross", "one", "windows")), heads=rng.choice((1, 2, 2, 3)),
        batch=rng.choice((0, 0, 1, 2)), lead=rng.choice(list(LEADS)), scale=rng.choice(list(SCALES)), product=rng.choice(SCORES),
        addends=tuple(rng.sample(list(ADDENDS), count)), softmax=rng.choice(("plain", "plain", *SOFTMAXES)), values=rng.choice(VALUES),
        result=rng.choice(RESULTS), reader=rng.choice(("none", "none", "none", *READERS)), commuted=rng.random() < 0.5,
        traced=rng.random() < 0.5, seed=seed)


@dataclasses.dataclass(frozen=True)
class Case:
    """A spelling, perhaps changed; `recognized` is its label."""

    name: str
    spelling: Spelling
    kind: str | None  # of near miss
    recognized: bool

    def build(self) -> Example:
        return build(self.spelling, (REFUSED | OTHERS)[self.kind].change) if self.kind else build(self.spelling)


def draw_many(count: int, rng: random.Random, allowed=makes_sense) -> list[Spelling]:
    made: list[Spelling] = []
    while len(made) < count:
        spelling = draw(rng, len(made))
        if allowed(spelling):
            made.append(spelling)
    return made


def cases() -> list[Case]:
    """The whole grid, always the same."""
    rng = random.Random(0)
    made = [Case(f"spelling{index}", spelling, None, True) for index, spelling in enumerate(draw_many(POSITIVES, rng))]
    for kinds, recognized in ((REFUSED, False), (OTHERS, True)):
        for kind, miss in kinds.items():
            drawn = draw_many(EACH, rng, lambda spelling, miss=miss, may_mask=recognized: (
                makes_sense(spelling) and not spelling.depends_on_values and (may_mask or not is_masked(spelling))
                and miss.makes_sense(spelling)))
            made += [Case(f"{kind.replace(' ', '_').replace(chr(39), '')}{index}", spelling, kind, recognized)
                     for index, spelling in enumerate(drawn)]
    return made
