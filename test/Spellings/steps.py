"""Ways to write each step from queries, keys and values to the result."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import TensorProto

from graph import Axes, Tensor
from spelling import Build, Values

LOWEST = float(np.finfo(np.float32).min)
FACTOR = 0.25  # a scale that no shape says; its root and its reciprocal are exact


# Scales: of an operand as it is made ("early"), of one as it is multiplied, of scores before and after addends.

def times(build: Build, x: Tensor, factor: float, kind: str = "Mul", shape: tuple[int, ...] = ()) -> Tensor:
    """x · factor, or over its reciprocal."""
    value = np.full(shape, factor if kind == "Mul" else 1 / factor, np.float32)
    return build.graph.binary(kind, x, build.graph.constant(value), build.spelling.commuted)


def traced_width(build: Build, x: Tensor, how: str) -> Tensor:
    """√d of x's last dimension, as TorchScript writes it."""
    graph = build.graph
    shape = graph.op("Shape", x, axes=("",))
    if how == "slice":
        width = graph.op("Slice", shape, graph.indices(-1), graph.indices(np.iinfo(np.int64).max), axes=("",))
    else:
        width = graph.op("Gather", shape, graph.constant(np.array(len(x.axes) - 1, np.int64)), axes=())
    return graph.unary("Sqrt", graph.unary("Cast", width, to=TensorProto.FLOAT))


def scale_operand(build: Build, role: str, x: Tensor, early: bool) -> Tensor:
    name, graph = build.spelling.scale, build.graph
    if early:
        return times(build, x, FACTOR) if (name, role) == ("mul_q_early", "q") else x
    if name in ("sqrt_both", "div_both") and role != "v":
        return times(build, x, FACTOR ** 0.5, "Mul" if name == "sqrt_both" else "Div")
    if name == "traced_sdpa" and role != "v":
        queries = x if role == "q" else build.queries
        one = graph.scalar(1.0)
        root = graph.op("Div", one, traced_width(build, queries, "slice"), axes=("",))
        return graph.binary("Mul", x, graph.unary("Sqrt", root), build.spelling.commuted)
    chosen = {"mul_q": ("q", "Mul"), "div_q": ("q", "Div"), "mul_k": ("k", "Mul"), "div_k": ("k", "Div"), "twice": ("q", "Mul"),
              "splat_q": ("q", "Mul")}.get(name)
    if not chosen or chosen[0] != role:
        return x
    return times(build, x, FACTOR, chosen[1], (graph.extent(x.axes[-1]),) if name == "splat_q" else ())


def scale_scores(build: Build, x: Tensor) -> Tensor:
    name, graph = build.spelling.scale, build.graph
    if name == "traced_div":
        return graph.binary("Div", x, traced_width(build, build.queries, "gather"))
    shapes = {"mul_scores": (), "mul_scores_1": (1,), "mul_scores_11": (1,) * len(x.axes), "twice": ()}
    if name in shapes:
        return times(build, x, FACTOR, "Mul", shapes[name])
    return times(build, x, FACTOR, "Div") if name == "div_scores" else x


SCALES: dict[str, float] = {  # what they multiply by
    "none": 1.0, "mul_scores": FACTOR, "div_scores": FACTOR, "mul_scores_1": FACTOR, "mul_scores_11": FACTOR, "mul_q": FACTOR,
    "div_q": FACTOR, "mul_k": FACTOR, "div_k": FACTOR, "sqrt_both": FACTOR, "div_both": FACTOR, "mul_q_early": FACTOR,
    "splat_q": FACTOR, "twice": FACTOR ** 2, "traced_sdpa": 0.5, "traced_div": 0.5, "mul_sum": FACTOR, "div_sum": FACTOR,
}


# Products of queries and keys.

def scores_of(build: Build, q: Tensor, k: Tensor) -> Tensor:
    graph, lead, how = build.graph, build.lead(), build.spelling.product
    rows, columns = (*lead, "m", "d"), (*lead, "n", "d")
    if how == "einsum_tokens":
        rows, columns = (*lead[:1], "m", *lead[1:], "d"), (*lead[:1], "n", *lead[1:], "d")
    build.queries = q = scale_operand(build, "q", graph.arrange(q, rows), early=False)
    if how == "direct":
        return graph.matmul(q, scale_operand(build, "k", graph.arrange(k, (*lead, "d", "n")), early=False))
    k = scale_operand(build, "k", graph.arrange(k, columns), early=False)
    if how.startswith("einsum"):
        return graph.einsum(q, k, (*lead, "m", "n"))
    if how in ("swapped", "keys_first"):
        scores = graph.matmul(k, graph.transpose(q, (*lead, "d", "m")))
        return scores if how == "keys_first" else graph.transpose(scores, (*lead, "m", "n"))
    if how == "flat":
        flat = graph.reshape(k, ("".join(lead), "n", "d"))
        return graph.matmul(q, graph.reshape(graph.transpose(flat, (flat.axes[0], "d", "n")), (*lead, "d", "n")))
    return graph.matmul(q, graph.transpose(k, (*lead, "d", "n")))


SCORES = ("transpose", "direct", "flat", "einsum", "einsum_tokens", "swapped", "keys_first")


# Addends and masks. Each takes scores of axes that are single letters and says what it means for scores (b, w, h, m, n).

LETTERS = "bwhmn"


def spread(build: Build, scores: Tensor, letters: str, whole_rank: bool = False) -> Axes:
    """The axes of a tensor with these letters that broadcasts to the scores."""
    axes = [axis if axis in letters else "" for axis in scores.axes]
    while not whole_rank and axes and axes[0] == "":
        axes.pop(0)
    return tuple(axes)


def over_scores(build: Build, values: np.ndarray, axes: Axes) -> np.ndarray:
    """Values of these axes, broadcastable to (b, w, h, m, n)."""
    kept = [axis for axis in axes if axis]
    values = values.reshape([build.graph.extent(axis) for axis in kept])
    values = values.transpose([kept.index(letter) for letter in LETTERS if letter in kept])
    return values.reshape([build.graph.extent(letter) if letter in kept else 1 for letter in LETTERS])


def add(build: Build, scores: Tensor, addend: Tensor, kind: str = "Add") -> Tensor:
    return build.graph.binary(kind, scores, addend, build.spelling.commuted)


def constant_addend(letters: str, whole_rank: bool = False, kind: str = "Add") -> Callable[[Build, Tensor], Tensor]:
    def write(build: Build, scores: Tensor) -> Tensor:
        axes = spread(build, scores, letters, whole_rank)
        bias, values = build.graph.weight(axes)
        values = over_scores(build, values, axes) * (1 if kind == "Add" else -1)
        build.addends.append(lambda inputs, s: s + values)
        return add(build, scores, bias, kind)
    return write


def input_addend(letters: str, whole_rank: bool = True) -> Callable[[Build, Tensor], Tensor]:
    def write(build: Build, scores: Tensor) -> Tensor:
        name = f"addend{len(build.graph.inputs)}"
        axes = spread(build, scores, letters, whole_rank)
        build.addends.append(lambda inputs, s: s + over_scores(build, inputs[name], axes))
        return add(build, scores, build.graph.input(name, axes))
    return write


def allowed(build: Build, axes: Axes) -> np.ndarray:
    """A drawn mask of queries and keys that leaves every query a key: like causality, but not regular."""
    kept = build.graph.rng.random(build.graph.shape(("m", "n"))) < 0.6
    kept[:, 0] = True
    values = kept if axes.index("m") < axes.index("n") else kept.T
    return values.reshape([build.graph.extent(axis) for axis in axes])


def masked(build: Build, kept: np.ndarray, axes: Axes, value: float) -> None:
    where = over_scores(build, kept, axes)
    build.addends.append(lambda inputs, s: np.where(where, s, value))


def constant_mask(value: float, form: str) -> Callable[[Build, Tensor], Tensor]:
    """form: add, where, flipped (the mask says what is not allowed)."""
    def write(build: Build, scores: Tensor) -> Tensor:
        graph, axes = build.graph, spread(build, scores, "mn")
        kept = allowed(build, axes)
        masked(build, kept, axes, value)
        if form == "add":
            return add(build, scores, graph.constant(np.where(kept, 0, value).astype(np.float32), axes))
        fill = graph.scalar(value)
        if form == "where":
            return graph.op("Where", graph.constant(kept), scores, fill, axes=scores.axes)
        return graph.op("Where", graph.constant(~kept), fill, scores, axes=scores.axes)
    return write


def input_mask(value: float, form: str, letters: str = "bn") -> Callable[[Build, Tensor], Tensor]:
    """A boolean input: what is allowed. form: where; select (of 0 and the value, added); cast ((1 − mask) · value, added)."""
    def write(build: Build, scores: Tensor) -> Tensor:
        graph, name = build.graph, f"mask{len(build.graph.inputs)}"
        axes = spread(build, scores, letters, whole_rank=True)
        kept = graph.input(name, axes, boolean=True)
        build.addends.append(lambda inputs, s: np.where(over_scores(build, inputs[name], axes) != 0, s, value if form == "where" else s + value))
        fill = graph.scalar(value)
        if form == "where":
            return graph.op("Where", kept, scores, fill, axes=scores.axes)
        if form == "select":
            return add(build, scores, graph.op("Where", kept, graph.scalar(0.0), fill, axes=axes))
        flipped = graph.op("Sub", graph.scalar(1.0), graph.unary("Cast", kept, to=TensorProto.FLOAT), axes=axes)
        return add(build, scores, graph.binary("Mul", flipped, fill, build.spelling.commuted))
    return write


def table(build: Build, scores: Tensor) -> Tensor:
    """Swin: rows of a table of relative positions, one column a head."""
    graph, queries, keys = build.graph, build.graph.extent("m"), build.graph.extent("n")
    entries = graph.rng.standard_normal((11, graph.extent("h"))).astype(np.float32)
    index = graph.rng.integers(0, 11, queries * keys)
    rows = graph.op("Gather", graph.constant(entries), graph.constant(index), axes=("mn", "h"))
    bias = graph.arrange(rows, tuple(axis for axis in scores.axes if axis in "hmn" and axis))
    values = entries[index].reshape(queries, keys, -1).transpose(2, 0, 1).astype(np.float64)
    build.addends.append(lambda inputs, s: s + values)
    if not build.spelling.traced:
        bias = graph.op("Unsqueeze", bias, graph.indices(0), axes=("", *bias.axes))
    return add(build, scores, bias)


def projected(build: Build, scores: Tensor) -> Tensor:
    """An addend computed from the queries' tokens: x · W is (b, m, h · n)."""
    graph = build.graph
    if "x" not in graph.shapes:
        return input_addend("bhmn")(build, scores)
    weight, values = graph.weight(("c", "hn"), 0.4)
    x = Tensor("x", ("b", "w", "m", "c") if build.spelling.tokens == "windows" else ("b", "m", "c"))
    product = graph.matmul(x, weight)

    def meaning(inputs: Values, s: np.ndarray) -> np.ndarray:
        tokens = inputs["x"] if inputs["x"].ndim == 4 else inputs["x"][:, None]
        addend = (tokens @ values).reshape(*tokens.shape[:3], graph.extent("h"), graph.extent("n"))
        return s + addend.transpose(0, 1, 3, 2, 4)

    build.addends.append(meaning)
    return add(build, scores, graph.arrange(product, tuple(axis for axis in scores.axes)))


ADDENDS: dict[str, Callable[[Build, Tensor], Tensor]] = {
    "bias4": constant_addend("hmn", whole_rank=True), "bias3": constant_addend("hmn"), "bias2": constant_addend("mn"),
    "bias1": constant_addend("n"), "bias_heads_keys": constant_addend("hn"), "subtracted": constant_addend("hmn", kind="Sub"),
    "window": constant_addend("wmn", whole_rank=True), "input4": input_addend("bwhmn"), "input3": input_addend("hmn", whole_rank=False),
    "padding": input_addend("bn"), "table": table, "projected": projected,
    "causal_add": constant_mask(-np.inf, "add"), "causal_where": constant_mask(-np.inf, "where"),
    "causal_flipped": constant_mask(-np.inf, "flipped"), "causal_lowest": constant_mask(LOWEST, "where"),
    "causal_finite": constant_mask(-1e9, "where"),
    "mask_where": input_mask(-np.inf, "where"), "mask_lowest": input_mask(LOWEST, "where", "bmn"),
    "mask_select": input_mask(-np.inf, "select"), "mask_cast": input_mask(-1e4, "cast"), "mask_cast_2": input_mask(LOWEST, "cast", "bmn"),
}
# Those whose scores are finite, or leave each row a finite score, whatever the input: a guard against rows that are not changes nothing.
FINITE = ("bias4", "bias3", "bias2", "bias1", "bias_heads_keys", "subtracted", "window", "table", "causal_add", "causal_where",
          "causal_flipped", "causal_lowest", "causal_finite")


# Softmax over the keys.

def softmax_of(build: Build, scores: Tensor) -> Tensor:
    graph, how, axis = build.graph, build.spelling.softmax, scores.axes.index("n")
    if how.startswith("decomposed"):
        return decomposed(build, scores, axis)
    if how == "identity":
        scores = graph.unary("Identity", scores)
    if how == "cast":
        scores = graph.unary("Cast", scores, to=TensorProto.FLOAT)
    probs = graph.unary("Softmax", scores, axis=axis if how == "positive" else axis - len(scores.axes))
    if how == "cast":
        probs = graph.unary("Cast", probs, to=TensorProto.FLOAT)
    if how == "guard":
        probs = graph.op("Where", graph.unary("IsNaN", probs), graph.scalar(0.0), probs, axes=probs.axes)
    return graph.op("Dropout", probs, axes=probs.axes) if how == "identity" else probs


def decomposed(build: Build, scores: Tensor, axis: int) -> Tensor:
    graph, how = build.graph, build.spelling.softmax
    if how != "decomposed_unshifted":
        scores = graph.binary("Sub", scores, reduced(build, "ReduceMax", scores, axis))
    exponentials = graph.unary("Exp", scores)
    total = reduced(build, "ReduceSum", exponentials, axis)
    if how == "decomposed_reciprocal":
        return graph.binary("Mul", exponentials, graph.unary("Reciprocal", total), build.spelling.commuted)
    return graph.binary("Div", exponentials, total)


def reduced(build: Build, kind: str, x: Tensor, axis: int) -> Tensor:
    axes = (*x.axes[:axis], "", *x.axes[axis + 1:])
    return build.graph.op(kind, x, build.graph.indices(axis), axes=axes, keepdims=1)


SOFTMAXES = ("plain", "positive", "identity", "cast", "guard", "decomposed", "decomposed_reciprocal", "decomposed_unshifted")


# Products of probabilities and values.

def values_of(build: Build, probs: Tensor, v: Tensor) -> Tensor:
    graph, lead, how = build.graph, build.lead(), build.spelling.values
    if how == "transposed":
        columns = graph.arrange(probs, (*lead, "n", "m"))
        return graph.transpose(graph.matmul(graph.arrange(v, (*lead, "e", "n")), columns), (*lead, "m", "e"))
    if how == "flat":
        lead = ("".join(lead),) if lead else ()
    if how in ("einsum_heads", "einsum_tokens"):
        axes = (*lead, "m", "e") if how == "einsum_heads" else (*lead[:1], "m", *lead[1:], "e")
        if "n" == probs.axes[-2]:  # as it is
            probs = graph.arrange(probs, (*lead, "n", "m"))
        else:
            probs = graph.arrange(probs, (*lead, "m", "n"))
        return graph.einsum(probs, graph.arrange(v, (*lead, "n", "e")), axes)
    return graph.matmul(graph.arrange(probs, (*lead, "m", "n")), graph.arrange(v, (*lead, "n", "e")))


VALUES = ("matmul", "flat", "einsum_heads", "einsum_tokens", "transposed")


# What becomes of the result, and who else reads the inside.

def result_of(build: Build, out: Tensor) -> Tensor:
    graph, how = build.graph, build.spelling.result
    if how == "heads":
        return out
    tokens = graph.arrange(out, (*build.whole, "m", "he"))
    if how == "tokens":
        return tokens
    weight = (0.4 * graph.rng.standard_normal((graph.extent("he"), graph.extent("c")))).astype(np.float32)
    build.projection = weight.astype(np.float64)
    return graph.matmul(tokens, graph.constant(weight, ("he", "c")))


RESULTS = ("tokens", "projected", "heads")
READERS = ("none", "probs", "scores", "raw")
