"""Attention pooling: learned queries, the same for every picture, choose from its tokens. With one query it is SigLIP's head (Zhai
et al., "Sigmoid Loss for Language Image Pre-Training", arXiv 2303.15343; Set Transformer's pooling, arXiv 1810.00825, eq. 11), with
several the resampler of Perceiver-like models (Jaegle et al., arXiv 2103.03206).
"""
from __future__ import annotations

import torch
from torch import Tensor, nn

from .layers import Mlp, layer_norm, merge_heads, scaled_scores, split_heads
from .vit import PatchEmbed, ViTConfig


class AttentionPool(nn.Module):
    """x (B, N, C) -> (B, Q, C): q = softmax(L Kᵀ / √d) V, projected, then q + mlp(LN q). L (Q, C) are the learned queries."""

    def __init__(self, width: int, heads: int, queries: int = 1) -> None:
        super().__init__()
        self.heads = heads
        self.latent = nn.Parameter(torch.zeros(1, queries, width))
        self.q, self.kv, self.proj = nn.Linear(width, width), nn.Linear(width, 2 * width), nn.Linear(width, width)
        self.norm, self.mlp = layer_norm(width), Mlp(width, 4 * width)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        q = split_heads(self.q(self.latent.expand(batch, -1, -1)), self.heads)
        k, v = self.kv(x).reshape(batch, tokens, 2, self.heads, width // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        pooled = self.proj(merge_heads(scaled_scores(q, k).softmax(-1) @ v))
        return pooled + self.mlp(self.norm(pooled))


class PooledViT(nn.Module):
    """Picture (B, 3, S, S) -> (B, Q, C): no CLS token; the patches are pooled after the last norm."""

    def __init__(self, config: ViTConfig, queries: int = 1) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed(3, config.width, config.patch)
        self.positions = nn.Parameter(torch.zeros(1, config.grid**2, config.width))
        self.blocks = nn.Sequential(*(config.block() for _ in range(config.depth)))
        self.norm = layer_norm(config.width)
        self.pool = AttentionPool(config.width, config.heads, queries)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.norm(self.blocks(self.patch_embed(x) + self.positions)))
