"""What tokens attend to: maps of a layer's heads over the image, with class tokens and registers told apart from patches.

An attention tap is (batch, heads, queries, keys) after softmax, tokens in the order class tokens, registers, patches; so rows
sum to 1. Maps are what DINO shows of its last block (arXiv 2104.14294, figures 1 and 3; facebookresearch/dino,
visualize_attention.py).
"""
from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._errors import Error

if TYPE_CHECKING:
    from .backbone import Backbone, Tokens

MASS = 0.6


@dataclasses.dataclass(frozen=True)
class AttentionMaps:
    """The attention that some queries pay to the keys of each kind, by image and head.

    patches: (batch, heads, queries, rows, columns). cls: (batch, heads, queries, class tokens).
    registers: (batch, heads, queries, registers). One query's numbers in all three sum to 1.
    """

    patches: NDArray[np.floating]
    cls: NDArray[np.floating]
    registers: NDArray[np.floating]

    @property
    def shares(self) -> dict[str, NDArray[np.float64]]:
        """What class tokens, registers and patches get of each query's attention: (batch, heads, queries) each."""
        return {"cls": self.cls.sum(axis=-1, dtype=np.float64), "registers": self.registers.sum(axis=-1, dtype=np.float64),
                "patches": self.patches.sum(axis=(-2, -1), dtype=np.float64)}


def split_keys(attention: ArrayLike, grid: tuple[int, int], cls: int = 1, registers: int = 0) -> AttentionMaps:
    """Attention (batch, heads, queries, keys) by the kind of its keys: `cls` class tokens, `registers`, and the grid's patches.

    Raises Error where these are not as many as there are keys.
    """
    array = _as_attention(attention)
    rows, columns = grid
    if min(cls, registers) < 0 or min(grid) < 1 or array.shape[-1] != cls + registers + rows * columns:
        raise Error(f"attention to {array.shape[-1]} tokens; expected {cls} class tokens, {registers} registers and "
                    f"{rows} × {columns} patches")
    first = cls + registers
    return AttentionMaps(array[..., first:].reshape(*array.shape[:-1], rows, columns), array[..., :cls], array[..., cls:first])


def mass_mask(maps: ArrayLike, mass: float = MASS) -> NDArray[np.bool_]:
    """Of each map (…, rows, columns) of numbers from 0, the smallest set of largest entries with more than `mass` of its sum.

    DINO's masks, bit for bit (visualize_attention.py, --threshold): the entries in ascending order, divided by their sum, are
    kept from where their cumulative sum exceeds 1 − mass. As PyTorch does it, quotients are rounded to the maps' type,
    cumulative sums are of float64 and rounded to it. Its sum over a map is rounded as its vectors are long, so that where a
    cumulative sum is 1 − mass but for the last bit, a mask may have a patch more or less (of 18 000 drawn masks, two did).
    Of equal entries, later ones are kept first. A map of zeros keeps nothing.
    """
    array = np.asarray(maps)
    if array.ndim < 2 or 0 in array.shape or array.dtype.kind != "f":
        raise Error(f"maps: an array of {array.dtype} and shape {array.shape}; expected floats (…, rows, columns)")
    if not 0 < mass <= 1:
        raise Error(f"mass is {mass}; expected more than 0 and at most 1")
    if not np.isfinite(array).all() or array.min() < 0:
        raise Error("maps: some numbers are negative or not finite")
    flat = array.reshape(-1, array.shape[-2] * array.shape[-1])
    order = np.argsort(flat, axis=1, kind="stable")
    values = np.take_along_axis(flat, order, axis=1)
    total = values.sum(axis=1, dtype=np.float64, keepdims=True).astype(array.dtype)
    values = values / np.where(total > 0, total, 1)
    kept = np.cumsum(values, axis=1, dtype=np.float64).astype(array.dtype) > array.dtype.type(1 - mass)
    mask = np.empty(flat.shape, bool)
    np.put_along_axis(mask, order, kept, axis=1)
    return mask.reshape(array.shape)


def enlarge(maps: ArrayLike, patch: int) -> NDArray:
    """Maps (…, rows, columns) at the size of their image, each number for the patch × patch pixels it stands for."""
    array = np.asarray(maps)
    if array.ndim < 2 or patch < 1:
        raise Error(f"maps of shape {array.shape} and a patch of {patch}; expected (…, rows, columns) and a positive patch")
    return array.repeat(patch, axis=-2).repeat(patch, axis=-1)


def query_index(query: str, grid: tuple[int, int], cls: int = 1, registers: int = 0) -> int:
    """The token that "cls", "register:I" or "patch:ROW,COLUMN" names, counted from zero. Raises Error where there is none."""
    kind, _, place = query.partition(":")
    numbers = [int(part) if part.isdecimal() else -1 for part in place.split(",")] if place else []
    if kind == "cls" and not numbers:
        if not cls:
            raise Error("the model has no class token; ask for a register or a patch")
        return 0
    if kind == "register" and len(numbers) == 1:
        if not 0 <= numbers[0] < registers:
            raise Error(f"there is no {query}: the model has {registers} registers, counted from 0")
        return cls + numbers[0]
    if kind == "patch" and len(numbers) == 2:
        if not all(0 <= number < extent for number, extent in zip(numbers, grid)):
            raise Error(f"there is no {query}: the image has {grid[0]} × {grid[1]} patches, counted from 0")
        return cls + registers + numbers[0] * grid[1] + numbers[1]
    raise Error(f"'{query}' is no query; expected cls, register:I or patch:ROW,COLUMN")


def default_query(tokens: Tokens) -> str:
    """The class token, or the first register where there is none. (One that no output reads is a register to the compiler.)"""
    if not tokens.prefix:
        raise Error("the model has no class token and no registers; ask for a patch: --query patch:ROW,COLUMN")
    return "cls" if tokens.cls else "register:0"


def open_attention(model: str | os.PathLike[str], queries: Sequence[str] = ("cls",), layers: str = "-1", *, threads: int = 0,
                   **options: Any) -> Backbone:
    """The model with the attention that these queries need, and nothing computed that they do not.

    model: an .onnx file, or a library (.so) that has it. layers: as `vitc --tap` takes them: "-1", "0-3,-1". threads, options: of
    `Backbone`. Of the class token alone, an .onnx file is compiled for that row of each map, where the compiler can: it must
    know the class token, and how many tokens there are.
    """
    from .backbone import Backbone

    if not os.fspath(model).endswith(".onnx"):
        return Backbone(model, threads=threads, **options)
    if set(queries) == {"cls"}:
        with contextlib.suppress(Error):
            return Backbone(model, [f"cls_attention:{layers}"], threads=threads, **options)
    return Backbone(model, [f"attention:{layers}"], threads=threads, **options)


def attention_maps(backbone: Backbone, batch: NDArray[np.float32],
                   queries: Sequence[str] = ("cls",)) -> dict[int, AttentionMaps]:
    """The maps of the layers that the backbone taps, by layer, of images (batch, 3, height, width) of any size that it takes.

    backbone: with outputs `tap.attention.LAYER` or, for the class token's query alone, `tap.cls_attention.LAYER`, as `open_attention`
    gives it. queries: as for `query_index`.
    """
    tokens, grid = backbone.tokens, backbone.grid(*np.shape(batch)[2:])
    rows = [query_index(query, grid, tokens.cls, tokens.registers) for query in queries]
    names = [output.name for output in backbone.model.outputs]
    only_cls = set(rows) == {0} and tokens.cls and any(name.startswith("tap.cls_attention.") for name in names)
    layers, results = backbone.outputs_of("cls_attention" if only_cls else "attention"), backbone.run(batch)
    return {layer: split_keys(results[name][:, :, rows], grid, tokens.cls, tokens.registers) for layer, name in layers.items()}


def _as_attention(attention: ArrayLike) -> NDArray[np.floating]:
    array = np.asarray(attention)
    if array.ndim != 4 or 0 in array.shape or array.dtype.kind != "f":
        raise Error(f"attention: an array of {array.dtype} and shape {array.shape}; "
                    "expected floats (batch, heads, queries, keys)")
    return array
