"""Ways to make queries, keys and values of tokens."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graph import Axes, Tensor
from spelling import Build, Values

Operands = dict[str, Tensor]  # q, k and v, in whatever axes


def tokens(build: Build, name: str, letter: str) -> Tensor:
    """An input of tokens, one axis for pictures and windows."""
    graph = build.graph
    if build.spelling.tokens != "windows":
        return graph.input(name, ("b", letter, "c"))
    return graph.arrange(graph.input(name, ("b", "w", letter, "c")), ("bw", letter, "c"))


def sources(build: Build) -> Operands:
    x = tokens(build, "x", "m")
    if build.self_attention:
        renamed = Tensor(x.name, tuple(axis.replace("m", "n") for axis in x.axes))
        return {"q": x, "k": renamed, "v": renamed}
    y = tokens(build, "y", "n")
    return {"q": x, "k": y, "v": y}


def drawn(build: Build, role: str, biased: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Weights (c, h, width) and biases (h, width), of which the meaning is made."""
    graph, width = build.graph, "e" if role == "v" else "d"
    source = "x" if role == "q" or build.self_attention else "y"
    weight = (0.5 * graph.rng.standard_normal(graph.shape(("c", "h", width)))).astype(np.float32)
    bias = (0.5 * biased * graph.rng.standard_normal(graph.shape(("h", width)))).astype(np.float32)

    def project(inputs: Values) -> np.ndarray:
        x = inputs[source]
        x = x if x.ndim == 4 else x[:, None]
        return build.permuted(role, np.einsum("bwnc,chd->bwhnd", x, weight.astype(np.float64)) + bias[:, None].astype(np.float64))

    build.meaning[role] = project
    return weight, bias


def letters(role: str) -> tuple[str, str]:
    """How tokens and features of q, k or v are called."""
    return ("m" if role == "q" else "n"), ("e" if role == "v" else "d")


def biased(build: Build, product: Tensor, bias: np.ndarray) -> Tensor:
    return build.graph.binary("Add", product, build.graph.constant(bias), build.spelling.commuted)


def separate(build: Build) -> Operands:
    made = {}
    for role, x in sources(build).items():
        token, width = letters(role)
        weight, bias = drawn(build, role)
        matrix = build.graph.constant(weight.reshape(weight.shape[0], -1), ("c", "h" + width))
        made[role] = biased(build, build.graph.matmul(x, matrix), bias.reshape(-1))
    return made


def gemm(build: Build) -> Operands:
    graph, made = build.graph, {}
    for role, x in sources(build).items():
        token, width = letters(role)
        weight, bias = drawn(build, role)
        rows = graph.reshape(x, (build.whole[0] + token, "c"))
        transposed = role != "k"
        matrix = weight.reshape(weight.shape[0], -1)
        product = graph.op("Gemm", rows, graph.constant(matrix.T if transposed else matrix), graph.constant(bias.reshape(-1)),
                           axes=(rows.axes[0], "h" + width), transB=int(transposed))
        made[role] = graph.reshape(product, (build.whole[0], token, "h" + width))
    return made


def einsum(axes: tuple[str, ...]) -> Callable[[Build], Operands]:
    """axes: of the result, "t" for tokens and "f" for features."""
    def make(build: Build) -> Operands:
        graph, made = build.graph, {}
        for role, x in sources(build).items():
            token, width = letters(role)
            weight, bias = drawn(build, role)
            result = tuple({"b": build.whole[0], "t": token, "f": width}.get(axis, axis) for axis in axes)
            product = graph.einsum(x, graph.constant(weight, ("c", "h", width)), result)
            spread = bias if result.index("h") < result.index(width) else bias.T
            shape = [graph.extent(axis) if axis in ("h", width) else 1 for axis in result]
            made[role] = biased(build, product, spread.reshape(shape))
        return made
    return make


def conv(build: Build) -> Operands:
    """1 × 1 convolutions over tokens as a picture of one column."""
    graph, made = build.graph, {}
    for role, x in sources(build).items():
        token, width = letters(role)
        weight, bias = drawn(build, role)
        picture = graph.arrange(x, (build.whole[0], "c", token, ""))
        filters = weight.reshape(weight.shape[0], -1).T[..., None, None]
        made[role] = graph.op("Conv", picture, graph.constant(filters), graph.constant(bias.reshape(-1)),
                              axes=(build.whole[0], "h" + width, token, ""), kernel_shape=[1, 1])
    return made


def raw(build: Build) -> Operands:
    """Inputs, with the heads where the lead wants them."""
    graph, made = build.graph, {}
    orders = [("b", "h", "t", "f"), ("b", "t", "h", "f"), ("b", "h", "f", "t"), ("h", "b", "t", "f")]
    for index, role in enumerate("qkv"):
        token, width = letters(role)
        order = orders[(build.spelling.seed + index) % (3 if build.graph.symbolic else 4)]
        axes = tuple({"t": token, "f": width}.get(axis, axis) for axis in order)
        made[role] = graph.input(role, axes)

        def meaning(inputs: Values, role: str = role, axes: Axes = axes, token: str = token, width: str = width) -> np.ndarray:
            return build.permuted(role, inputs[role].transpose([axes.index(axis) for axis in ("b", "h", token, width)])[:, None])

        build.meaning[role] = meaning
    return made


def packed_product(build: Build, order: Axes, roles: str = "qkv", source: str = "q") -> Tensor:
    """One projection to all of `roles`: features in the order of letters h, d and "3", the role."""
    graph = build.graph
    x = sources(build)[source] if roles == "qkv" else build.sources[source]
    weights, biases = zip(*[drawn(build, role) for role in roles])
    letters_ = ("h", "d", "r")
    weight = np.stack(weights, -1).transpose(0, *[1 + letters_.index(letter) for letter in order])
    bias = np.stack(biases, -1).transpose([letters_.index(letter) for letter in order])
    count = {"qkv": "3", "kv": "2"}[roles]
    axis = "".join(order).replace("r", count)
    product = graph.matmul(x, graph.constant(weight.reshape(weight.shape[0], -1), ("c", axis)))
    return biased(build, product, bias.reshape(-1))


def named(build: Build, tensor: Tensor, role: str) -> Tensor:
    """The same tensor with the letters of a role: the packed projection's tokens are m, or n, and its features d."""
    token, width = letters(role)
    rename = lambda axis: axis.replace("m", token).replace("n", token).replace("d", width)  # noqa: E731
    return Tensor(tensor.name, tuple(rename(axis) for axis in tensor.axes))


def pick(build: Build, packed: Tensor, axis: str, how: str) -> list[Tensor]:
    """The parts of one axis, which goes."""
    graph, position, count = build.graph, packed.axes.index(axis), build.graph.extent(axis)
    rest = packed.axes[:position] + packed.axes[position + 1:]
    if how == "gather":
        return [graph.op("Gather", packed, graph.constant(np.array(index, np.int64)), axes=rest, axis=position) for index in range(count)]
    ones = packed.axes[:position] + ("",) + packed.axes[position + 1:]
    if how == "split":
        parts = graph.ops("Split", packed, graph.indices(*[1] * count), axes=[ones] * count, axis=position)
    else:
        parts = [graph.op("Slice", packed, graph.indices(index), graph.indices(index + 1), graph.indices(position), axes=ones)
                 for index in range(count)]
    return [graph.op("Squeeze", part, graph.indices(position), axes=rest) for part in parts]


def cut(build: Build, packed: Tensor, widths: list[int], how: str, axes: list[str]) -> list[Tensor]:
    """Stretches of the last axis, which become `axes`."""
    graph, position = build.graph, len(packed.axes) - 1
    results = [packed.axes[:-1] + (axis,) for axis in axes]
    if how == "split":
        return graph.ops("Split", packed, graph.indices(*widths), axes=results, axis=-1)
    bounds = np.cumsum([0, *widths])
    return [graph.op("Slice", packed, graph.indices(int(begin)), graph.indices(int(end)), graph.indices(position), axes=axes_)
            for begin, end, axes_ in zip(bounds, bounds[1:], results)]


def packed_flat(how: str) -> Callable[[Build], Operands]:
    """(b, n, 3 · h · d) cut in three."""
    def make(build: Build) -> Operands:
        packed = packed_product(build, ("r", "h", "d"))
        parts = cut(build, packed, [build.graph.extent("hd")] * 3, how, ["hd"] * 3)
        return {role: named(build, part, role) for role, part in zip("qkv", parts)}
    return make


def packed(order: Axes, how: str, outermost: bool = False) -> Callable[[Build], Operands]:
    """(b, n, ·) with the features split in this order, and a part of the axis of roles taken, first moved to the front."""
    def make(build: Build) -> Operands:
        product = packed_product(build, order)
        split = build.graph.reshape(product, product.axes[:-1] + tuple("3" if axis == "r" else axis for axis in order))
        if outermost:
            split = build.graph.transpose(split, ("3", build.whole[0], "h", "m", "d"))
        parts = pick(build, split, "3", how)
        return {role: named(build, part, role) for role, part in zip("qkv", parts)}
    return make


def uneven(build: Build) -> Operands:
    """LeViT: within each head d features of q, d of k and e of v."""
    graph, x = build.graph, sources(build)["q"]
    weights, biases = zip(*[drawn(build, role) for role in "qkv"])
    weight, bias = np.concatenate(weights, -1), np.concatenate(biases, -1)
    graph.extents["p"] = weight.shape[-1]
    product = biased(build, graph.matmul(x, graph.constant(weight.reshape(weight.shape[0], -1), ("c", "hp"))), bias.reshape(-1))
    heads = graph.reshape(product, product.axes[:-1] + ("h", "p"))
    parts = cut(build, heads, [part.shape[-1] for part in weights], "split", ["d", "d", "e"])
    q, k, v = parts
    return {"q": q, "k": named(build, k, "k"), "v": Tensor(v.name, tuple(axis.replace("m", "n") for axis in v.axes))}


def keys_with_values(build: Build) -> Operands:
    """q of its own, k and v packed: (b, n, 2, h, d)."""
    build.sources = sources(build)
    weight, bias = drawn(build, "q")
    q = biased(build, build.graph.matmul(build.sources["q"], build.graph.constant(weight.reshape(weight.shape[0], -1), ("c", "hd"))),
               bias.reshape(-1))
    both = packed_product(build, ("r", "h", "d"), "kv", "k")
    split = build.graph.reshape(both, both.axes[:-1] + ("2", "h", "d"))
    k, v = pick(build, build.graph.transpose(split, ("2", build.whole[0], "h", "n", "d")), "2", "gather")
    return {"q": q, "k": k, "v": named(build, v, "v")}


QKV: dict[str, Callable[[Build], Operands]] = {
    "separate": separate, "gemm": gemm, "conv": conv, "inputs": raw, "uneven": uneven, "kv": keys_with_values,
    "einsum_heads": einsum(("b", "h", "t", "f")), "einsum_tokens": einsum(("b", "t", "h", "f")),
    "einsum_features": einsum(("b", "h", "f", "t")),
    "split": packed_flat("split"), "slice": packed_flat("slice"),
    "3hd_gather": packed(("r", "h", "d"), "gather", outermost=True), "3hd_split": packed(("r", "h", "d"), "split", outermost=True),
    "3hd_slice": packed(("r", "h", "d"), "slice"), "h3d_split": packed(("h", "r", "d"), "split"),
    "h3d_gather": packed(("h", "r", "d"), "gather"), "hd3_gather": packed(("h", "d", "r"), "gather"),
    "hd3_slice": packed(("h", "d", "r"), "slice"),
}
PACKED = ("uneven", "split", "slice", "3hd_gather", "3hd_split", "3hd_slice", "h3d_split", "h3d_gather", "hd3_gather", "hd3_slice")

