"""Heads on a pyramid of maps: a feature pyramid network (Lin et al., arXiv 1612.03144), Semantic FPN (Kirillov et al.,
arXiv 1901.02446) and RetinaNet (Lin et al., arXiv 1708.02002)."""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def conv3(channels: int, width: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, width, 3, stride, padding=1)


class FPN(nn.Module):
    """Maps (B, C_i, H / 2^i, W / 2^i) -> maps (B, width, H / 2^i, W / 2^i): top-down sums, then a 3 x 3 convolution each."""

    def __init__(self, channels: tuple[int, ...], width: int = 256) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(c, width, 1) for c in channels)
        self.smooth = nn.ModuleList(conv3(width, width) for _ in channels)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        maps = [lateral(x) for lateral, x in zip(self.lateral, maps)]
        for level in range(len(maps) - 2, -1, -1):
            maps[level] = maps[level] + F.interpolate(maps[level + 1], size=maps[level].shape[2:], mode="nearest")
        return [smooth(x) for smooth, x in zip(self.smooth, maps)]


class UpBranch(nn.Module):
    """A map at 2^steps of the finest stride -> (B, width, H, W) at the finest: convolution, group norm, ReLU, twice as large."""

    def __init__(self, channels: int, width: int, steps: int, groups: int) -> None:
        super().__init__()
        self.steps = steps
        self.convs = nn.ModuleList(
            nn.Sequential(conv3(width if step else channels, width), nn.GroupNorm(groups, width), nn.ReLU())
            for step in range(max(steps, 1)))

    def forward(self, x: Tensor) -> Tensor:
        for conv in self.convs:
            x = conv(x)
            if self.steps:
                x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return x


class SemanticFPN(nn.Module):
    """Picture (B, 3, S, S) -> logits (B, classes, S / 4, S / 4); the backbone gives four maps of the widths in `channels`."""

    def __init__(self, backbone: nn.Module, channels: tuple[int, ...], classes: int, width: int = 256, inner: int = 128,
                 groups: int = 32) -> None:
        super().__init__()
        self.backbone, self.fpn = backbone, FPN(channels, width)
        self.branches = nn.ModuleList(UpBranch(width, inner, level, groups) for level in range(len(channels)))
        self.head = nn.Conv2d(inner, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        levels = self.fpn(self.backbone(x))
        return self.head(torch.stack([branch(x) for branch, x in zip(self.branches, levels)]).sum(0))


def _tower(width: int, outputs: int, depth: int) -> nn.Sequential:
    layers = [layer for _ in range(depth) for layer in (conv3(width, width), nn.ReLU())]
    return nn.Sequential(*layers, conv3(width, outputs))


def _rows(x: Tensor, size: int) -> Tensor:
    """A map (B, anchors x size, H, W) -> (B, H W anchors, size)."""
    return x.permute(0, 2, 3, 1).reshape(x.shape[0], -1, size)


class RetinaNet(nn.Module):
    """Picture (B, 3, S, S) -> class probabilities (B, A, classes) and box offsets (B, A, 4) of the A anchors of P3 … P7.

    The backbone gives four maps of the widths in `channels`; P3 to P5 are made of the last three, P6 and P7 by
    convolutions of stride 2. Both towers are shared by the levels. Anchors and non-maximum suppression are the caller's.
    """

    def __init__(self, backbone: nn.Module, channels: tuple[int, ...], classes: int, width: int = 256, anchors: int = 9,
                 depth: int = 4) -> None:
        super().__init__()
        self.backbone, self.fpn, self.classes = backbone, FPN(channels[1:], width), classes
        self.p6, self.p7 = conv3(channels[-1], width, 2), conv3(width, width, 2)
        self.class_tower = _tower(width, anchors * classes, depth)
        self.box_tower = _tower(width, anchors * 4, depth)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.backbone(x)
        p6 = self.p6(maps[-1])
        levels = [*self.fpn(maps[1:]), p6, self.p7(p6.relu())]
        classes = torch.cat([_rows(self.class_tower(level), self.classes) for level in levels], dim=1).sigmoid()
        return classes, torch.cat([_rows(self.box_tower(level), 4) for level in levels], dim=1)
