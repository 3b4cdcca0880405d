"""Visual Transformers as the first arXiv version (2006.03677v1) has them: tokens are wider than the map, keys narrower.

X (H W, C) are the positions of a map, T (L, C_T) visual tokens, A (H W, L) the tokenizer's maps, d_K = C_T / 2:

    tokenizer    T = conv1d([softmax_HW(X W_A)ᵀ (X W_V) ; P]),   P = downsample(A)ᵀ W_A→P
    recurrent    W_A = (T_in W_T→R)ᵀ
    transformer  T' = T + softmax_L((T K)(T Q)ᵀ) (T V),   T_out = T' + relu(T' F₁) F₂
    projector    X_out = X + softmax_L((X W_Q)(T W_K)ᵀ) (T W_V)

W_V of the tokenizer is a 1 x 1 convolution in groups. How far A is downsampled (by 2) and the width of P (C_T / 8) are this
project's choice.
"""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .visual_tokens import bias_free


class PositionEncoder(nn.Module):
    """The tokenizer's maps (B, L, H W) -> P, (B, L, C_P)."""

    def __init__(self, grid: int, width: int) -> None:
        super().__init__()
        self.grid = grid
        self.project = nn.Linear((grid // 2) ** 2, width, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        small = F.avg_pool2d(maps.reshape(*maps.shape[:2], self.grid, self.grid), 2)
        return self.project(small.flatten(2))


class Tokenizer(nn.Module):
    """A map x (B, C, H, W) and the tokens before, (B, L, C_T), -> (B, L, C_T). recurrent: weights from the tokens before."""

    def __init__(self, grid: int, channels: int, tokens: int, width: int, groups: int, recurrent: bool) -> None:
        super().__init__()
        positions = width // 8
        self.guide = bias_free(width, channels) if recurrent else None
        self.attention = None if recurrent else nn.Conv2d(channels, tokens, 1)
        self.value = nn.Conv2d(channels, width, 1, groups=groups)
        self.positions = PositionEncoder(grid, positions)
        self.merge = nn.Conv1d(width + positions, width, 1)

    def maps(self, x: Tensor, before: Tensor | None) -> Tensor:
        """A transposed, (B, L, H W); each row sums to one."""
        scores = self.attention(x).flatten(2) if self.guide is None else self.guide(before) @ x.flatten(2)
        return scores.softmax(-1)

    def forward(self, x: Tensor, before: Tensor | None) -> Tensor:
        maps = self.maps(x, before)
        t = maps @ self.value(x).flatten(2).transpose(1, 2)
        t = torch.cat([t, self.positions(maps)], dim=2)
        return self.merge(t.transpose(1, 2)).transpose(1, 2)


class TokenTransformer(nn.Module):
    """t (B, L, C_T) -> (B, L, C_T)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.key, self.query = bias_free(width, width // 2), bias_free(width, width // 2)
        self.value = bias_free(width, width)
        self.fc1, self.fc2 = bias_free(width, width), bias_free(width, width)

    def forward(self, t: Tensor) -> Tensor:
        t = t + (self.key(t) @ self.query(t).transpose(1, 2)).softmax(-1) @ self.value(t)
        return t + self.fc2(self.fc1(t).relu())


class Projector(nn.Module):
    """A map x (B, C, H, W) and t (B, L, C_T) -> (B, C, H, W)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, width // 2, 1, bias=False)
        self.key, self.value = bias_free(width, width // 2), bias_free(width, channels)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        q = self.query(x).flatten(2).transpose(1, 2)
        read = (q @ self.key(t).transpose(1, 2)).softmax(-1) @ self.value(t)
        return x + read.transpose(1, 2).reshape(x.shape)
