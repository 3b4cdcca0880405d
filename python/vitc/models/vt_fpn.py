"""VT-FPN (arXiv 2006.03677, §4): visual tokens in place of the convolutions of a feature pyramid network.

Each level is tokenized by itself, one transformer reads the tokens of all levels, and each level is projected from all of
them. Levels are first brought to one width by 1 x 1 convolutions; what a level reads of the others is this project's choice.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn

from .visual_tokens import bias_free
from .visual_tokens_v1 import Projector, TokenTransformer


class LevelTokenizer(nn.Module):
    """A map x (B, C, H, W) -> (B, L, C_T): softmax_HW(X W_A)ᵀ (X W_V), at any size."""

    def __init__(self, channels: int, tokens: int, width: int) -> None:
        super().__init__()
        self.attention, self.value = bias_free(channels, tokens), bias_free(channels, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(2).transpose(1, 2)
        return self.attention(x).softmax(1).transpose(1, 2) @ self.value(x)


class VTFPN(nn.Module):
    """Maps (B, C_i, H_i, W_i), of any sizes, -> maps (B, C, H_i, W_i)."""

    def __init__(self, channels: tuple[int, ...], inner: int = 256, tokens: int = 8, width: int = 1024) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(c, inner, 1) for c in channels)
        self.tokenizers = nn.ModuleList(LevelTokenizer(inner, tokens, width) for _ in channels)
        self.transformer = TokenTransformer(width)
        self.projectors = nn.ModuleList(Projector(inner, width) for _ in channels)

    def forward(self, *maps: Tensor) -> tuple[Tensor, ...]:
        maps = [lateral(x) for lateral, x in zip(self.lateral, maps)]
        t = self.transformer(torch.cat([tokenize(x) for tokenize, x in zip(self.tokenizers, maps)], dim=1))
        return tuple(project(x, t) for project, x in zip(self.projectors, maps))
