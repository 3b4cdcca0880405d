"""DeepViT (Zhou et al., "DeepViT: Towards Deeper Vision Transformer", arXiv 2103.11886): re-attention, eq. 3.

    ReAttention(Q, K, V) = Norm(Θᵀ softmax(Q Kᵀ / √d)) V

Θ (h, h) mixes the maps of the heads after the softmax. As in the published code it is a 1 x 1 convolution with bias, and
the norm is a batch norm whose channels are the heads.
"""
from __future__ import annotations

from torch import Tensor, nn

from .layers import Attention, Block, Mlp, merge_heads
from .vit import ViTConfig, VisionTransformer


class ReAttention(Attention):
    """x (B, N, C) -> (B, N, C)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__(width, heads, bias=False)
        self.theta = nn.Conv2d(heads, heads, kernel_size=1)
        self.norm = nn.BatchNorm2d(heads)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.project(x)
        maps = self.norm(self.theta(self.probabilities(q, k)))
        return self.proj(merge_heads(maps @ v))


class DeepViTConfig(ViTConfig):
    def block(self) -> Block:
        return Block(self.width, ReAttention(self.width, self.heads), Mlp(self.width, 3 * self.width))


class DeepViT(nn.Module):
    """Picture (B, 3, S, S) -> logits (B, classes), from the CLS token. 16 blocks have 24.5 M parameters, 24 have 36.3 M."""

    def __init__(self, depth: int = 16, size: int = 224, width: int = 384, heads: int = 12, classes: int = 1000) -> None:
        super().__init__()
        self.vit = VisionTransformer(DeepViTConfig(size=size, patch=16, width=width, depth=depth, heads=heads))
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.vit(x))
