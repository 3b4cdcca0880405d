"""DINO (Caron et al., "Emerging Properties in Self-Supervised Vision Transformers", arXiv 2104.14294).

The ViT has no registers and no LayerScale. It runs at sizes it was not trained at, because its positions are resized; the
projection head of §3 follows a ViT or a ResNet-50.
"""
from __future__ import annotations

import dataclasses

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import map_to_tokens, tokens_to_map
from .resnet import ResNet
from .vit import ViTConfig, VisionTransformer

SMALL = ViTConfig(patch=16, scaled=False, scale_on="scores")


class DinoViT(VisionTransformer):
    """Picture (B, 3, S, S) -> CLS (B, C). Positions were learned on the grid of `trained` pixels and are resized to S.

    As in the published code the grid of positions is scaled by (S / patch + 0.1) / trained grid, bicubic, which is not the
    same as resizing it to S / patch; the result has S / patch rows and columns.
    """

    def __init__(self, config: ViTConfig, trained: int = 224) -> None:
        super().__init__(dataclasses.replace(config, size=trained))
        self.grid = config.grid

    def placed(self) -> Tensor:
        trained = self.config.grid
        if trained == self.grid:
            return self.positions
        factor = (self.grid + 0.1) / trained
        patches = F.interpolate(tokens_to_map(self.positions[:, 1:], trained, trained), scale_factor=(factor, factor),
                                mode="bicubic")
        return torch.cat([self.positions[:, :1], map_to_tokens(patches)], dim=1)


class LastAttention(nn.Module):
    """Picture (B, 3, S, S) -> the last block's attention map after softmax, (B, h, 1 + P, 1 + P)."""

    def __init__(self, vit: VisionTransformer) -> None:
        super().__init__()
        self.vit = vit

    def forward(self, x: Tensor) -> Tensor:
        *blocks, last = self.vit.blocks
        x = self.vit.embed(x)
        for block in blocks:
            x = block(x)
        q, k, _ = last.attention.project(last.norm1(x))
        return last.attention.probabilities(q, k)


class DinoHead(nn.Module):
    """Features (B, C) -> prototypes' logits (B, K): a three-layer MLP, L2 normalisation, a product with unit columns (§3)."""

    def __init__(self, width: int, prototypes: int = 65536, hidden: int = 2048, bottleneck: int = 256) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(),
                                 nn.Linear(hidden, bottleneck))
        self.prototypes = nn.Linear(bottleneck, prototypes, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.normalize(self.mlp(x), dim=-1)
        return F.linear(x, F.normalize(self.prototypes.weight, dim=-1))


class DinoResNet(nn.Module):
    """Picture (B, 3, S, S) -> logits (B, K): a ResNet's mean features and the projection head."""

    def __init__(self, resnet: ResNet, head: DinoHead) -> None:
        super().__init__()
        self.resnet, self.head = resnet, head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.resnet.features(x))
