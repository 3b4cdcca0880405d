"""Random blocks of vision transformers, each a few changes away from what the recognisers know.

A change is either a spelling that means the same or something that must not be taken for the original: keys permuted,
softmax over another axis, one factor a key, a second reader of the scores. Both must come out as ONNX Runtime says.
"""
from __future__ import annotations

import dataclasses

import numpy as np

from graphs import BATCH, Graph

LOWEST = float(np.finfo(np.float32).min)


@dataclasses.dataclass
class Sizes:
    """Extents of a block; the tokens are a square of `side`², so that windows can be cut from them."""

    side: int
    heads: int
    features: int

    @property
    def tokens(self) -> int:
        return self.side**2

    @property
    def channels(self) -> int:
        return self.heads * self.features


def linear(g: Graph, value: str, tokens: int, inputs: int, outputs: int) -> str:
    """value (b, tokens, inputs) times a weight, plus a bias, in one of the exporters' ways."""
    weight = g.normal(inputs, outputs) * np.float32(inputs**-0.5)
    if g.chance(0.15):
        flat = g.reshape(value, -1, inputs)
        options = {"alpha": 0.5} if g.chance(0.2) else {}
        flat = g.op("Gemm", flat, weight.T.copy(), g.normal(outputs), transB=1, **options)
        return g.reshape(flat, -1, tokens, outputs)
    if g.chance(0.1):
        product = g.op("Einsum", value, weight, equation="bnc,cd->bnd")
    elif g.chance(0.1):
        product = g.op("MatMul", value, g.transpose(g.constant(weight.T.copy()), 1, 0))
    else:
        product = g.op("MatMul", value, weight[None] if g.chance(0.1) else weight)
    if g.chance(0.1):
        return product
    shapes = [(outputs,)] * 8 + [(1, 1, outputs), (tokens, outputs), (tokens, 1), ()]
    return g.either(g.choose("Add", "Add", "Add", "Mul") if g.chance(0.1) else "Add", product, g.normal(*g.choose(*shapes)))


def decomposed_norm(g: Graph, value: str, channels: int, tokens: int) -> str:
    axis = -1 if g.chance(0.9) else 1
    mean = g.reduce("ReduceMean", value, axis)
    centered = g.op("Sub", value, mean)
    spread = value if g.chance(0.05) else centered
    square = g.op("Pow", spread, np.float32(2 if g.chance(0.9) else 4)) if g.chance() else g.op("Mul", spread, spread)
    variance = g.reduce("ReduceMean" if g.chance(0.9) else "ReduceSum", square, axis if g.chance(0.95) else -1)
    epsilon = np.float32(g.choose(1e-5, 1e-6, 1e-2)) if g.chance(0.9) else np.abs(g.normal(*((channels,) if g.chance() else (tokens, 1))))
    if g.chance(0.9):
        deviation = g.op("Sqrt", g.either("Add", variance, epsilon))
    else:
        deviation = g.either("Add", g.op("Sqrt", variance), epsilon)
    normal = g.op("Div", centered, deviation) if g.chance() else g.op("Mul", centered, g.op("Reciprocal", deviation))
    if g.chance(0.1):
        g.outputs.append(g.choose(mean, centered, variance, deviation, normal))
    if g.chance(0.9):
        normal = g.either("Mul", normal, g.normal(*g.choose((channels,), (channels,), (1, 1, channels), ())))
    if g.chance(0.9):
        normal = g.either("Add", normal, g.normal(*g.choose((channels,), (channels,), (tokens, channels), (tokens, 1))))
    return normal


def norm(g: Graph, value: str, channels: int, tokens: int) -> str:
    kind = g.count(0, 9)
    if kind < 4:
        axis = -1 if g.chance(0.9) else 1
        shape = (channels,) if axis == -1 else (tokens, channels)
        return g.op("LayerNormalization", value, g.normal(*shape), *([g.normal(*shape)] if g.chance(0.8) else []), axis=axis,
                    epsilon=float(g.choose(1e-5, 1e-6)))
    if kind == 4:  # RMS
        square = g.reduce("ReduceMean", g.op("Mul", value, value if g.chance(0.9) else g.op("Abs", value)), -1)
        scaled = g.op("Div", value, g.op("Sqrt", g.op("Add", square, np.float32(1e-6))))
        return g.op("Mul", scaled, g.normal(channels))
    return decomposed_norm(g, value, channels, tokens)


def activation(g: Graph, value: str) -> str:
    """GELU in its spellings, with a constant that is sometimes another one."""
    near = lambda right, wrong: np.float32(right if g.chance(0.9) else wrong)  # noqa: E731
    kind = g.count(0, 5)
    if kind == 0:
        erf = g.op("Erf", g.op("Div", value, near(2**0.5, 1.5)) if g.chance() else g.op("Mul", value, near(0.5**0.5, 0.7)))
        if g.chance(0.1):
            g.outputs.append(erf)
        gate = g.either("Add", erf, near(1, 1.1))
        if g.chance():
            return g.op("Mul", g.either("Mul", value, gate), near(0.5, 0.6))
        return g.either("Mul", g.either("Mul", value, near(0.5, 0.6)), gate)
    if kind == 1:
        cube = g.op("Pow", value, near(3, 2)) if g.chance() else g.op("Mul", g.op("Mul", value, value), value)
        inner = g.either("Add", value, g.op("Mul", cube, near(0.044715, 0.05)))
        gate = g.op("Add", g.op("Tanh", g.op("Mul", inner, near((2 / np.pi) ** 0.5, 0.8))), near(1, 0.9))
        return g.either("Mul", g.op("Mul", value, np.float32(0.5)), gate)
    if kind == 2:
        return g.either("Mul", value, g.op("Sigmoid", g.op("Mul", value, near(1.702, -1)) if g.chance() else value))
    if kind == 3 and g.opset >= 20:
        return g.op("Gelu", value, approximate=g.choose("none", "tanh"))
    return g.op(g.choose("Relu", "Tanh", "HardSwish", "Softplus", "LeakyRelu"), value)


def project(g: Graph, value: str, s: Sizes, tokens: int) -> list[str]:
    """Queries, keys and values (b, heads, tokens, features), from one projection or three."""
    order = list(g.rng.permutation(3)) if g.chance(0.2) else [0, 1, 2]
    style = g.count(0, 3)
    if style == 0:
        joint = linear(g, value, tokens, s.channels, 3 * s.channels)
        if g.chance(0.8):
            joint = g.transpose(g.reshape(joint, -1, tokens, 3, s.heads, s.features), 2, 0, 3, 1, 4)
        else:  # heads outside
            joint = g.transpose(g.reshape(joint, -1, tokens, s.heads, 3, s.features), 3, 0, 2, 1, 4)
        if g.chance():
            return [g.op("Gather", joint, np.array(int(k)), axis=0) for k in order]
        parts = g.ops("Split", [joint, g.constant(np.array([1, 1, 1]))], 3, axis=0)
        return [g.op("Squeeze", parts[k], np.array([0])) for k in order]
    if style == 1:
        joint = linear(g, value, tokens, s.channels, 3 * s.channels)
        parts = g.ops("Split", [joint, g.constant(np.array([s.channels] * 3))], 3, axis=-1)
        parts = [parts[k] for k in order]
    else:
        parts = [linear(g, value, tokens, s.channels, s.channels) for _ in range(3)]
    shape, perm = ((s.heads, s.features), (0, 2, 1, 3)) if g.chance(0.9) else ((s.features, s.heads), (0, 3, 1, 2))
    return [g.transpose(g.reshape(part, -1, tokens, *shape), *perm) for part in parts]


def mask(g: Graph, rows: int, columns: int, heads: int) -> np.ndarray:
    """What is added to scores (b, heads, rows, columns): a bias of some shape, or a mask with whole rows hidden perhaps."""
    shape = g.choose((rows, columns), (1, heads, rows, columns), (heads, 1, 1), (columns,), (heads, rows, 1), (1, 1, 1, 1), (rows, 1))
    if g.chance(0.6):
        return g.normal(*shape)
    hidden = g.choose(-np.inf, LOWEST, -1e9, -100.0)
    values = np.where(g.rng.random((rows, columns)) < 0.3, np.float32(hidden), np.float32(0))
    if g.chance(0.6):
        values[np.arange(min(rows, columns)), np.arange(min(rows, columns))] = 0
    if g.chance(0.3):
        values[g.count(0, rows - 1)] = hidden
    return values.astype(np.float32)


def add_bias(g: Graph, scores: str, rows: int, columns: int, heads: int) -> str:
    if g.chance(0.6):
        return scores
    if g.chance(0.2):
        hidden = np.float32(g.choose(-np.inf, LOWEST, -1e4))
        return g.op("Where", g.rng.random((rows, columns)) < g.choose(0.2, 0.8), scores, hidden)
    scores = g.either("Add", scores, mask(g, rows, columns, heads)) if g.chance(0.9) else g.op("Sub", scores, g.normal(rows, columns))
    if g.chance(0.15):
        scores = g.op("Mul", scores, np.float32(0.5))
    if g.chance(0.2):
        scores = g.either("Add", scores, g.normal(heads, 1, 1))
    return scores


def scores_of(g: Graph, query: str, key: str, rows: int, columns: int, s: Sizes) -> str:
    scale, place = np.float32(s.features**-0.5), g.count(0, 5)
    if place == 0:
        query = g.either("Mul", query, scale if g.chance(0.8) else g.normal(rows, 1))
    if place == 1:
        key = g.either("Mul", key, scale if g.chance(0.7) else g.choose(g.normal(s.features), g.normal(columns, 1)))
    if place == 2:
        root = np.float32(s.features**-0.25)
        query, key = g.op("Mul", query, root), g.op("Mul", key, root)
    if g.chance(0.07):
        key = g.roll(key, g.choose(2, 3), 1)
    if g.chance(0.05) and columns == s.features:
        scores = g.op("MatMul", query, key)
    elif g.chance(0.85):
        scores = g.op("MatMul", query, g.transpose(key, 0, 1, 3, 2))
    elif g.chance():
        scores = g.op("Einsum", query, key, equation="bhqd,bhkd->bhqk")
    else:
        scores = g.transpose(g.op("MatMul", key, g.transpose(query, 0, 1, 3, 2)), 0, 1, 3, 2)
    if place == 3:
        scores = g.either("Mul", scores, g.choose(scale, scale, np.float32(-0.3), g.normal(s.heads, 1, 1)))
    if place == 4:
        scores = g.op("Div", scores, 1 / scale if g.chance(0.8) else np.abs(g.normal(columns)) + 1)
    return scores


def probabilities(g: Graph, scores: str, rows: int, columns: int, heads: int) -> str:
    axis = -1 if g.chance(0.93) else g.choose(-2, 1)
    if g.chance(0.05):
        scores = g.op("Add", scores, g.reduce("ReduceMax", scores, g.choose(-1, -2)))
    if g.chance(0.1):
        g.outputs.append(scores)
    if g.chance(0.75):
        weights = g.op("Softmax", scores, axis=axis)
    else:
        exponentials = g.op("Exp", g.op("Sub", scores, g.reduce("ReduceMax", scores, axis)))
        weights = g.op("Div", exponentials, g.reduce("ReduceSum", exponentials, axis if g.chance(0.95) else -2))
    if g.chance(0.1):
        weights = g.op("Where", g.op("IsNaN", weights), np.float32(0), weights)
    if g.chance(0.1):
        g.outputs.append(weights)
    if g.chance(0.08):
        weights = g.op("Mul", weights, np.float32(0.7) if g.chance() else g.normal(heads, 1, 1))
    if g.chance(0.04):
        mixed = g.op("MatMul", g.transpose(weights, 0, 2, 3, 1), g.normal(heads, heads))
        weights = g.transpose(mixed, 0, 3, 1, 2)
    if g.chance(0.05) and rows == columns:
        weights = g.transpose(weights, 0, 1, 3, 2)
    return weights


def attention(g: Graph, value: str, s: Sizes, tokens: int, windows: int = 1) -> str:
    """Attention over value (b, tokens, channels); of `windows` windows a picture, one may have a mask of its own."""
    query, key, content = project(g, value, s, tokens)
    rows = columns = tokens
    if g.chance(0.05):
        key = query
    if g.chance(0.05):
        content = key
    if g.chance(0.1) and tokens > 1:  # fewer keys
        key, content = (g.slice(part, 2, 0, tokens, 2) for part in (key, content))
        columns = (tokens + 1) // 2
    if g.chance(0.1) and windows == 1:  # the class token alone asks
        query, rows = g.slice(query, 2, 0, 1), 1
    if g.chance(0.05):
        g.outputs.append(g.choose(query, key, content))
    scores = add_bias(g, scores_of(g, query, key, rows, columns, s), rows, columns, s.heads)
    if windows > 1 and g.chance() and rows == columns:
        hidden = np.where(g.rng.random((windows, 1, rows, columns)) < 0.3, np.float32(-100), np.float32(0))
        scores = g.op("Add", g.reshape(scores, -1, windows, s.heads, rows, columns), hidden.astype(np.float32))
        scores = g.reshape(scores, -1, s.heads, rows, columns)
    weights = probabilities(g, scores, rows, columns, s.heads)
    result = g.op("MatMul", weights, content)
    if g.chance(0.95):
        result = g.transpose(result, 0, 2, 1, 3)
    return linear(g, g.reshape(result, -1, rows, s.channels), rows, s.channels, s.channels)


def window_attention(g: Graph, value: str, s: Sizes) -> str:
    side, window = s.side, s.side // 2
    image = g.reshape(value, -1, side, side, s.channels)
    shift = g.count(0, window - 1)
    if shift:
        image = g.roll(g.roll(image, 1, shift), 2, shift)
    cut = g.transpose(g.reshape(image, -1, 2, window, 2, window, s.channels), 0, 1, 3, 2, 4, 5)
    inner = attention(g, g.reshape(cut, -1, window**2, s.channels), s, window**2, windows=4)
    joined = g.transpose(g.reshape(inner, -1, 2, 2, window, window, s.channels), 0, 1, 3, 2, 4, 5)
    image = g.reshape(joined, -1, side, side, s.channels)
    if shift:
        image = g.roll(g.roll(image, 1, side - shift), 2, side - shift)
    return g.reshape(image, -1, s.tokens, s.channels)


def mlp(g: Graph, value: str, s: Sizes) -> str:
    hidden = activation(g, linear(g, value, s.tokens, s.channels, 2 * s.channels))
    if g.chance(0.15):
        hidden = g.op("Mul", hidden, linear(g, value, s.tokens, s.channels, 2 * s.channels))
    return linear(g, hidden, s.tokens, 2 * s.channels, s.channels)


def residual(g: Graph, before: str, value: str, s: Sizes) -> str:
    if g.chance(0.3):
        value = g.either("Mul", value, g.normal(*g.choose((s.channels,), (s.channels,), (1, 1, s.channels), (s.tokens, 1), ())))
    after = g.either("Add", before, value)
    if g.chance(0.07):
        g.outputs.append(value)
    if g.chance(0.07):
        after = g.op("Add", after, value)
    if g.chance(0.07):
        after = g.op("Sub", before, after) if g.chance() else g.op("Sub", after, before)
    return after


def embed(g: Graph, batch: int | str, s: Sizes) -> str:
    """Patches of an image as tokens (b, tokens, channels)."""
    patch = g.count(1, 3)
    image = g.input(batch, 3, s.side * patch, s.side * patch)
    patches = g.op("Conv", image, g.normal(s.channels, 3, patch, patch), g.normal(s.channels), strides=[patch, patch])
    flat = g.reshape(patches, -1, s.channels, s.tokens)
    tokens = g.transpose(flat, 0, 2, 1) if g.chance(0.9) else g.reshape(flat, -1, s.tokens, s.channels)
    return g.either("Add", tokens, g.normal(1, s.tokens, s.channels))


def draw_block(seed: int) -> Graph:
    """One or two encoder blocks on tokens or a picture."""
    g = Graph(seed)
    s = Sizes(side=g.choose(2, 3, 4, 6), heads=g.count(1, 3), features=g.choose(1, 2, 4, 8, 9, 16, 17))
    batch = g.choose(BATCH, BATCH, 1, 2)
    value = embed(g, batch, s) if g.chance(0.2) else g.input(batch, s.tokens, s.channels)
    for _ in range(g.count(1, 2)):
        normal = norm(g, value, s.channels, s.tokens) if g.chance(0.9) else value
        windowed = s.side % 2 == 0 and g.chance(0.25)
        mixed = window_attention(g, normal, s) if windowed else attention(g, normal, s, s.tokens)
        value = residual(g, value, mixed, s)
        if g.chance(0.07):
            value = norm(g, value, s.channels, s.tokens)
        value = residual(g, value, mlp(g, norm(g, value, s.channels, s.tokens), s), s)
    if g.chance(0.3):
        value = g.op("Gather", norm(g, value, s.channels, s.tokens), np.array(g.count(-s.tokens, s.tokens - 1)), axis=1)
    g.outputs.append(value)
    return g
