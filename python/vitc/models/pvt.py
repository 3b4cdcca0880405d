"""Pyramid Vision Transformer (Wang et al., arXiv 2102.12122): four stages, and spatial-reduction attention (SRA), eq. 1-3.

    SRA(Q, K, V) = softmax(Q K'ᵀ / √d) V',   K', V' from LN(conv(x)) with kernel and stride R

so that N queries read N / R² keys.
"""
from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from .layers import Block, Mlp, PatchEmbed, layer_norm, merge_heads, scaled_scores, split_heads, tokens_to_map


@dataclasses.dataclass(frozen=True)
class PyramidConfig:
    """Of four stages, at strides 4, 8, 16 and 32; the defaults are PVT's and LaViT-REF's common widths."""

    depths: tuple[int, ...]
    size: int = 224
    widths: tuple[int, ...] = (64, 128, 320, 512)
    heads: tuple[int, ...] = (1, 2, 5, 8)
    expansions: tuple[int, ...] = (8, 8, 4, 4)  # of the MLPs
    reductions: tuple[int, ...] = (8, 4, 2, 1)  # R
    classes: int = 1000

    def grid(self, stage: int) -> int:
        """Positions along a side of the stage's map."""
        return self.size // (4 * 2**stage)

    def mlp(self, stage: int) -> Mlp:
        return Mlp(self.widths[stage], self.expansions[stage] * self.widths[stage])

    def patch_embed(self, stage: int) -> nn.Sequential:
        """The previous map, (B, C', H, W), -> tokens of this stage, (B, N, C)."""
        channels = self.widths[stage - 1] if stage else 3
        return nn.Sequential(PatchEmbed(channels, self.widths[stage], 2 if stage else 4), layer_norm(self.widths[stage]))


PVT_TINY = PyramidConfig((2, 2, 2, 2))
PVT_SMALL = PyramidConfig((3, 4, 6, 3))


class Reduction(nn.Module):
    """Tokens (B, g², C) -> (B, g² / R², C): the source of keys and values. With R = 1 the tokens themselves."""

    def __init__(self, width: int, grid: int, factor: int) -> None:
        super().__init__()
        self.grid = grid
        self.embed = PatchEmbed(width, width, factor) if factor > 1 else None
        self.norm = layer_norm(width) if factor > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return x if self.embed is None else self.norm(self.embed(tokens_to_map(x, self.grid, self.grid)))


class SpatialReductionAttention(nn.Module):
    """x (B, N, C) -> (B, N, C); scores are (B, h, N, N / R²)."""

    def __init__(self, width: int, heads: int, grid: int, factor: int) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width)
        self.reduce = Reduction(width, grid, factor)
        self.kv = nn.Linear(width, 2 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q = split_heads(self.q(x), self.heads)
        k, v = (split_heads(part, self.heads) for part in self.kv(self.reduce(x)).chunk(2, dim=-1))
        return self.proj(merge_heads(scaled_scores(q, k).softmax(-1) @ v))


class Stage(nn.Module):
    """A map (B, C', H, W) -> tokens (B, N, C), or (B, 1 + N, C) where the stage has a CLS token (the last one of PVT)."""

    def __init__(self, config: PyramidConfig, stage: int, with_cls: bool = False) -> None:
        super().__init__()
        width, grid = config.widths[stage], config.grid(stage)
        self.patch_embed = config.patch_embed(stage)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width)) if with_cls else None
        self.positions = nn.Parameter(torch.zeros(1, with_cls + grid**2, width))
        self.blocks = nn.Sequential(*(
            Block(width, SpatialReductionAttention(width, config.heads[stage], grid, config.reductions[stage]),
                  config.mlp(stage)) for _ in range(config.depths[stage])))

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch_embed(x)
        if self.cls_token is not None:
            x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], dim=1)
        return self.blocks(x + self.positions)


class PVT(nn.Module):
    """Picture (B, 3, S, S) -> logits (B, classes), from the last stage's CLS token."""

    def __init__(self, config: PyramidConfig) -> None:
        super().__init__()
        self.config = config
        self.stages = nn.ModuleList(Stage(config, stage, with_cls=stage == 3) for stage in range(4))
        self.norm = layer_norm(config.widths[-1])
        self.head = nn.Linear(config.widths[-1], config.classes)

    def forward(self, x: Tensor) -> Tensor:
        for stage in range(3):
            x = tokens_to_map(self.stages[stage](x), self.config.grid(stage), self.config.grid(stage))
        return self.head(self.norm(self.stages[3](x)[:, 0]))


class PVTFeatures(nn.Module):
    """Picture (B, 3, S, S) -> the four maps (B, C_i, S / 2^(i + 2), S / 2^(i + 2)) that dense predictors read; no CLS token."""

    def __init__(self, config: PyramidConfig) -> None:
        super().__init__()
        self.config = config
        self.stages = nn.ModuleList(Stage(config, stage) for stage in range(4))

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for index, stage in enumerate(self.stages):
            x = tokens_to_map(stage(x), self.config.grid(index), self.config.grid(index))
            maps.append(x)
        return maps
