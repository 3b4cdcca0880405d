"""CaiT's two stages (Touvron et al., "Going Deeper with Image Transformers", arXiv 2103.17239, section 3): patches attend to each
other, then a CLS token, which was not among them, attends to the patches and itself. Talking heads are left out of the first.
"""
from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from .layers import LayerScale, Mlp, layer_norm, merge_heads, scaled_scores, split_heads
from .vit import PatchEmbed, ViTConfig


class ClassAttention(nn.Module):
    """u (B, 1 + P, C), CLS first -> (B, 1, C): softmax(q Kᵀ / √d) V with one query, CLS's, and keys and values of all (eq. 5-7)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))
        self.proj = nn.Linear(width, width)

    def forward(self, u: Tensor) -> Tensor:
        q = split_heads(self.q(u[:, 0]).unsqueeze(1), self.heads)
        k, v = (split_heads(project(u), self.heads) for project in (self.k, self.v))
        return self.proj(merge_heads(scaled_scores(q, k).softmax(-1) @ v))


class ClassBlock(nn.Module):
    """cls (B, 1, C), patches (B, P, C) -> cls: of the two only CLS changes (eq. 8)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.attention, self.scale1 = layer_norm(width), ClassAttention(width, heads), LayerScale(width)
        self.norm2, self.mlp, self.scale2 = layer_norm(width), Mlp(width, 4 * width), LayerScale(width)

    def forward(self, cls: Tensor, patches: Tensor) -> Tensor:
        cls = cls + self.scale1(self.attention(self.norm1(torch.cat([cls, patches], dim=1))))
        return cls + self.scale2(self.mlp(self.norm2(cls)))


class CaiT(nn.Module):
    """Picture (B, 3, S, S) -> CLS after the last norm, (B, C)."""

    def __init__(self, config: ViTConfig, class_depth: int = 2) -> None:
        super().__init__()
        config = dataclasses.replace(config, scaled=True)
        self.patch_embed = PatchEmbed(3, config.width, config.patch)
        self.positions = nn.Parameter(torch.zeros(1, config.grid**2, config.width))
        self.blocks = nn.Sequential(*(config.block() for _ in range(config.depth)))
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.class_blocks = nn.ModuleList(ClassBlock(config.width, config.heads) for _ in range(class_depth))
        self.norm = layer_norm(config.width)

    def forward(self, x: Tensor) -> Tensor:
        patches = self.blocks(self.patch_embed(x) + self.positions)
        cls = self.cls_token.expand(x.shape[0], -1, -1)
        for block in self.class_blocks:
            cls = block(cls, patches)
        return self.norm(cls)[:, 0]
