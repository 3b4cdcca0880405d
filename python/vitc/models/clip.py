"""CLIP's two towers (Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", arXiv
2103.00020): pre-norm transformers with QuickGELU; the text tower is causal."""
from __future__ import annotations

import torch
from torch import Tensor, nn

from .layers import Attention, Block, Mlp, PatchEmbed, QuickGelu, layer_norm


def _blocks(width: int, heads: int, depth: int, scale_on: str, causal: int = 0) -> nn.Sequential:
    return nn.Sequential(*(Block(width, Attention(width, heads, scale_on=scale_on, causal=causal),
                                 Mlp(width, 4 * width, QuickGelu)) for _ in range(depth)))


class PictureTower(nn.Module):
    """Picture (B, 3, S, S) -> embedding (B, E): a ViT with a norm before its blocks and the CLS token projected after them."""

    def __init__(self, size: int = 224, patch: int = 32, width: int = 768, depth: int = 12, heads: int = 12,
                 embedding: int = 512) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed(3, width, patch, bias=False)
        self.cls_token = nn.Parameter(torch.zeros(width))
        self.positions = nn.Parameter(torch.zeros(1 + (size // patch) ** 2, width))
        self.norm_before = layer_norm(width)
        self.blocks = _blocks(width, heads, depth, "scores")
        self.norm = layer_norm(width)
        self.projection = nn.Linear(width, embedding, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        patches = self.patch_embed(x)
        cls = self.cls_token.expand(x.shape[0], 1, -1)
        x = self.norm_before(torch.cat([cls, patches], dim=1) + self.positions)
        return self.projection(self.norm(self.blocks(x)[:, 0]))


class TextTower(nn.Module):
    """Token numbers (B, T) of int64 -> embedding (B, E): read at the end-of-text token, which has the greatest number."""

    def __init__(self, context: int = 77, vocabulary: int = 49408, width: int = 512, depth: int = 12, heads: int = 8,
                 embedding: int = 512) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.zeros(context, width))
        self.blocks = _blocks(width, heads, depth, "fused", causal=context)
        self.norm = layer_norm(width)
        self.projection = nn.Linear(width, embedding, bias=False)

    def forward(self, text: Tensor) -> Tensor:
        x = self.norm(self.blocks(self.token_embedding(text) + self.positions))
        return self.projection(x[torch.arange(x.shape[0]), text.argmax(-1)])
