"""Linear heads for dense prediction on the tokens of several blocks, as DINOv2 evaluates them (arXiv 2304.07193, §7.4)."""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import tokens_to_map
from .vit import ViTConfig, VisionTransformer


class LinearSegmentation(nn.Module):
    """Picture (B, 3, S, S) -> logits a pixel, (B, classes, S, S): batch norm and one linear layer on patch tokens.

    layers: the last blocks whose tokens stand side by side ("+ms" with 4, plain with 1).
    """

    def __init__(self, config: ViTConfig, classes: int, layers: int = 4) -> None:
        super().__init__()
        self.vit, self.layers = VisionTransformer(config), layers
        self.norm = nn.BatchNorm2d(layers * config.width)
        self.head = nn.Conv2d(layers * config.width, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        config = self.vit.config
        patches = [tokens[:, 1 + config.registers :] for tokens in self.vit.layers(x, self.layers)]
        logits = self.head(self.norm(tokens_to_map(torch.cat(patches, dim=2), config.grid, config.grid)))
        return F.interpolate(logits, size=(config.size, config.size), mode="bilinear", align_corners=False)


class LinearDepth(nn.Module):
    """Picture (B, 3, S, S) -> depth in metres, (B, 1, 4 S / patch, 4 S / patch).

    Each patch token stands beside CLS; the map is made four times as large, and a linear layer gives a weight to each of
    `bins` depths from 0.001 to 10 m: (relu(w) + 0.1), divided by their sum.
    """

    def __init__(self, config: ViTConfig, layers: int = 4, bins: int = 256) -> None:
        super().__init__()
        self.vit, self.layers = VisionTransformer(config), layers
        self.head = nn.Conv2d(2 * layers * config.width, bins, 1)
        self.register_buffer("depths", torch.linspace(0.001, 10, bins).reshape(1, bins, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        config, maps = self.vit.config, []
        for tokens in self.vit.layers(x, self.layers):
            patches = tokens[:, 1 + config.registers :]
            beside = torch.cat([patches, tokens[:, :1].expand_as(patches)], dim=2)
            maps.append(tokens_to_map(beside, config.grid, config.grid))
        large = F.interpolate(torch.cat(maps, dim=1), scale_factor=4, mode="bilinear", align_corners=False)
        weights = self.head(large).relu() + 0.1
        return (weights / weights.sum(1, keepdim=True) * self.depths).sum(1, keepdim=True)
