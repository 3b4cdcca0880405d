"""Graphs one step away from an attention.

`REFUSED`: what no queries, keys and values explain, or explain only in a way that a recogniser must not guess. `OTHERS`: an
attention of other operands than the spelling's, which has to be recognised as that one.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from examples import Change
from graph import Tensor
from projections import letters
from spelling import Build, Spelling
from steps import reduced, spread, values_of

Requirement = Callable[[Spelling], bool]


@dataclasses.dataclass(frozen=True)
class NearMiss:
    change: Change
    makes_sense: Requirement = lambda spelling: True
    reason: str = ""  # a part of what the report says, where there is a softmax to say it at


def several_heads(spelling: Spelling) -> bool:
    return spelling.heads > 1


def several_queries(spelling: Spelling) -> bool:
    return spelling.tokens != "one"


def shifted_softmax(spelling: Spelling) -> bool:
    """One that makes equal numbers of a row of low ones, not 0 / 0."""
    return several_queries(spelling) and spelling.softmax != "decomposed_unshifted"


def self_attention(spelling: Spelling) -> bool:
    return spelling.tokens in ("self", "windows")


# Scores and softmax.

def vector_scale(letter: str) -> Change:
    """A factor of its own for each key, query or head."""
    def scores(build: Build, x: Tensor) -> Tensor:
        if letter not in x.axes:
            x = build.graph.arrange(x, build.full())
        axes = spread(build, x, letter)
        factors = 0.3 + np.arange(build.graph.extent(letter), dtype=np.float32)
        vector = build.graph.constant(factors.reshape(build.graph.shape(axes)), axes)
        return build.graph.binary("Mul", x, vector, build.spelling.commuted)
    return Change(scores=scores)


def input_scale(build: Build, x: Tensor) -> Tensor:
    return build.graph.binary("Mul", x, build.graph.input("gain", ("",)), build.spelling.commuted)


def softcap(build: Build, x: Tensor) -> Tensor:
    graph = build.graph
    capped = graph.unary("Tanh", graph.binary("Mul", x, graph.scalar(0.5)))
    return graph.binary("Mul", capped, graph.scalar(2.0), build.spelling.commuted)


def feedback(build: Build, x: Tensor) -> Tensor:
    """A second reader of the scores changes them."""
    return build.graph.binary("Add", x, build.graph.unary("Tanh", x), build.spelling.commuted)


def mean_of_heads_added(build: Build, x: Tensor) -> Tensor:
    x = build.graph.arrange(x, build.full())
    axis = x.axes.index("h")
    return build.graph.binary("Add", x, reduced(build, "ReduceMean", x, axis), build.spelling.commuted)


def talking_heads(build: Build, x: Tensor) -> Tensor:
    graph = build.graph
    graph.extents["g"] = graph.extents["h"]
    x = graph.arrange(x, build.full())
    weight, _ = graph.weight(("g", "h"))
    mixed = graph.einsum(x, weight, tuple("g" if axis == "h" else axis for axis in x.axes))
    return Tensor(mixed.name, x.axes)


def masked_rows(build: Build, x: Tensor) -> Tensor:
    """Where a query is masked all its keys are, and it attends to all of them alike."""
    x = build.graph.arrange(x, build.full())
    mask = build.graph.input("rows", spread(build, x, "bm", whole_rank=True))
    negative = build.graph.op("Less", mask, build.graph.scalar(0.0), axes=mask.axes)
    return build.graph.op("Where", negative, build.graph.scalar(-1e4), x, axes=x.axes)


def softmax_over(letter: str) -> Change:
    def softmax(build: Build, x: Tensor) -> Tensor:
        if letter not in x.axes:
            x = build.graph.arrange(x, build.full())
        return build.graph.unary("Softmax", x, axis=x.axes.index(letter))
    return Change(softmax=softmax)


def softmax_over_pairs(build: Build, x: Tensor) -> Tensor:
    pairs = build.graph.reshape(x, (*x.axes[:-2], "".join(x.axes[-2:])))
    return build.graph.reshape(build.graph.unary("Softmax", pairs, axis=-1), x.axes)


def instead(kind: str, **attributes) -> Change:
    return Change(softmax=lambda build, x: build.graph.unary(kind, x, **attributes))


def log_softmax(build: Build, x: Tensor) -> Tensor:
    return build.graph.unary("LogSoftmax", x, axis=x.axes.index("n"))


def unnormalised(build: Build, x: Tensor) -> Tensor:
    shifted = build.graph.binary("Sub", x, reduced(build, "ReduceMax", x, x.axes.index("n")))
    return build.graph.unary("Exp", shifted)


def over_constant(build: Build, x: Tensor) -> Tensor:
    return build.graph.binary("Div", unnormalised(build, x), build.graph.scalar(3.0))


def sum_over_queries(build: Build, x: Tensor) -> Tensor:
    exponentials = unnormalised(build, x)
    return build.graph.binary("Div", exponentials, reduced(build, "ReduceSum", exponentials, x.axes.index("m")))


def maximum_over_queries(build: Build, x: Tensor) -> Tensor:
    shifted = build.graph.binary("Sub", x, reduced(build, "ReduceMax", x, x.axes.index("m")))
    exponentials = build.graph.unary("Exp", shifted)
    return build.graph.binary("Div", exponentials, reduced(build, "ReduceSum", exponentials, x.axes.index("n")))


# Probabilities.

def after(kind: str, letters: str) -> Change:
    """A constant mask after softmax."""
    def probs(build: Build, x: Tensor) -> Tensor:
        if any(letter not in x.axes for letter in letters):
            axes = build.full() if x.axes.index("m" if "m" in x.axes else "n") else x.axes
            x = build.graph.arrange(x, axes)
        weight, _ = build.graph.weight(spread(build, x, letters))
        return build.graph.binary(kind, x, weight, build.spelling.commuted)
    return Change(probs=probs)


def doubled(build: Build, x: Tensor) -> Tensor:
    return build.graph.binary("Mul", x, build.graph.scalar(2.0), build.spelling.commuted)


def thresholded(build: Build, x: Tensor) -> Tensor:
    large = build.graph.op("Greater", x, build.graph.scalar(0.2), axes=x.axes)
    return build.graph.op("Where", large, x, build.graph.scalar(0.0), axes=x.axes)


def squared(build: Build, x: Tensor) -> Tensor:
    return build.graph.binary("Mul", x, x)


def mean_of_heads(build: Build, x: Tensor) -> Tensor:
    """All heads choose values by the mean of their maps."""
    axis = x.axes.index("h")
    mean = reduced(build, "ReduceMean", x, axis)
    return build.graph.op("Expand", mean, build.graph.op("Shape", x, axes=("",)), axes=x.axes)


def transposed_probs(build: Build, probs: Tensor, v: Tensor) -> Tensor:
    swap = {"m": "n", "n": "m"}
    return values_of(build, Tensor(probs.name, tuple(swap.get(axis, axis) for axis in probs.axes)), v)


def but_the_first_key(build: Build, probs: Tensor, v: Tensor) -> Tensor:
    """Probabilities over all keys meet the values of all but one."""
    graph = build.graph
    graph.extents["k"] = graph.extents["n"] - 1
    v = graph.arrange(v, (*build.lead(), "n", "e"))
    cut = [graph.op("Slice", x, graph.indices(1), graph.indices(99), graph.indices(x.axes.index("n")),
                    axes=tuple("k" if axis == "n" else axis for axis in x.axes)) for x in (probs, v)]
    columns = graph.arrange(cut[0], (*build.lead(), "m", "k"))
    return graph.matmul(columns, cut[1])


def values_twice(build: Build, probs: Tensor, v: Tensor) -> Tensor:
    once = values_of(build, probs, v)
    return values_of(build, probs, Tensor(once.name, tuple(axis.replace("m", "n") for axis in once.axes)))


# Operands.

def shuffled(role: str, letter: str, outer: int) -> Change:
    """Keys or values whose tokens or features are read column by column, as a matrix of `outer` rows."""
    def operand(build: Build, which: str, x: Tensor) -> Tensor:
        graph, (token, width) = build.graph, letters(role)
        if which != role:
            return x
        name = {"n": token, "d": width}[letter]
        graph.extents |= {"y": outer, "z": graph.extents[name] // outer}
        rest = tuple(axis for axis in (*build.whole, token, "h", width) if axis != name)
        matrix = graph.reshape(graph.arrange(x, (*rest, name)), (*rest, "y", "z"))
        return Tensor(graph.reshape(graph.transpose(matrix, (*rest, "z", "y")), (*rest, "zy")).name, (*rest, name))
    return Change(operand=operand)


def gathered(role: str, axis: int) -> Change:
    """An operand with tokens, heads or features in another order: axis 3, 2 or 4 of (b, w, h, tokens, width)."""
    def operand(build: Build, which: str, x: Tensor) -> Tensor:
        if which != role:
            return x
        graph, (token, width) = build.graph, letters(role)
        name = {2: "h", 3: token, 4: width}[axis]
        order = np.roll(np.arange(graph.extent(name)), 1)
        build.permuted = lambda of, array: array.take(order, axis) if of == role else array
        x = graph.arrange(x, (*build.whole, token, "h", width))
        return graph.op("Gather", x, graph.constant(order), axes=x.axes, axis=x.axes.index(name))
    return Change(operand=operand)


def swap_roles(build: Build, operands: dict[str, Tensor]) -> dict[str, Tensor]:
    """Keys look for queries: with a mask that is not symmetric another attention."""
    swap = str.maketrans("mn", "nm")
    q, k = (Tensor(operands[role].name, tuple(axis.translate(swap) for axis in operands[role].axes)) for role in "kq")
    build.meaning |= {"q": build.meaning["k"], "k": build.meaning["q"]}
    return operands | {"q": q, "k": k}


WRONG_AXIS = "softmax does not run over the contracted keys"
NO_PRODUCT = "the scores do not come from a contraction"
NOT_READ = "no contraction reads the probabilities"
SHUFFLED = "keys and values count the tokens in different orders"
REFUSED: dict[str, NearMiss] = {
    "scale of each key": NearMiss(vector_scale("n"), reason=NO_PRODUCT),
    "scale of each query": NearMiss(vector_scale("m"), several_queries, reason=NO_PRODUCT),
    "scale of each head": NearMiss(vector_scale("h"), several_heads, reason=NO_PRODUCT),
    "scale of the input": NearMiss(Change(scores=input_scale), reason=NO_PRODUCT),
    "softcap": NearMiss(Change(scores=softcap), reason=NO_PRODUCT),
    "feedback": NearMiss(Change(scores=feedback), reason="an addend is computed from the scores"),
    "mean of heads added": NearMiss(Change(scores=mean_of_heads_added), reason="an addend is computed from the scores"),
    "talking heads": NearMiss(Change(scores=talking_heads), several_heads, reason="are the same for a part of the batch or heads"),
    "masked rows": NearMiss(Change(scores=masked_rows), shifted_softmax, reason="a mask may replace all scores of a row"),
    "softmax over queries": NearMiss(softmax_over("m"), several_queries, reason=WRONG_AXIS),
    "softmax over heads": NearMiss(softmax_over("h"), several_heads, reason=WRONG_AXIS),
    "softmax over pairs": NearMiss(Change(softmax=softmax_over_pairs), several_queries, reason=WRONG_AXIS),
    "logarithm": NearMiss(Change(softmax=log_softmax)),
    "sigmoid": NearMiss(instead("Sigmoid")),
    "relu": NearMiss(instead("Relu")),
    "no sum": NearMiss(Change(softmax=unnormalised)),
    "divided by a constant": NearMiss(Change(softmax=over_constant)),
    "sum over queries": NearMiss(Change(softmax=sum_over_queries), several_queries),
    "maximum over queries": NearMiss(Change(softmax=maximum_over_queries), several_queries),
    "masked after softmax": NearMiss(after("Mul", "mn"), reason=NOT_READ),
    "shifted after softmax": NearMiss(after("Add", "mn"), reason=NOT_READ),
    "keys scaled after softmax": NearMiss(after("Mul", "n"), reason=NOT_READ),
    "heads scaled after softmax": NearMiss(after("Mul", "h")),
    "doubled": NearMiss(Change(probs=doubled), reason=NOT_READ),
    "thresholded": NearMiss(Change(probs=thresholded), reason=NOT_READ),
    "squared": NearMiss(Change(probs=squared), reason=NOT_READ),
    "transposed maps": NearMiss(Change(values=transposed_probs), self_attention, reason=WRONG_AXIS),
    "values of all keys but one": NearMiss(Change(values=but_the_first_key), reason=WRONG_AXIS),
    "values twice": NearMiss(Change(values=values_twice), self_attention, reason="several contractions read the probabilities"),
    "keys' features shuffled": NearMiss(shuffled("k", "d", 2), reason="contracted over features that are not contiguous"),
    "keys shuffled": NearMiss(shuffled("k", "n", 2), self_attention, reason=SHUFFLED),
    "values shuffled": NearMiss(shuffled("v", "n", 3), self_attention, reason=SHUFFLED),
}
OTHERS: dict[str, NearMiss] = {
    "keys gathered": NearMiss(gathered("k", 3)),
    "values gathered": NearMiss(gathered("v", 3)),
    "keys of other heads": NearMiss(gathered("k", 2), several_heads),
    "values of other heads": NearMiss(gathered("v", 2), several_heads),
    "keys' features gathered": NearMiss(gathered("k", 4)),
    "roles swapped": NearMiss(Change(operands=swap_roles), self_attention),
    "queries of other heads": NearMiss(gathered("q", 2), several_heads),
}
