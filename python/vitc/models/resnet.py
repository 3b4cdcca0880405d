"""Residual networks (He et al., arXiv 1512.03385), with the stride of a bottleneck in its 3 x 3 convolution."""
from __future__ import annotations

import dataclasses

import torch.nn.functional as F
from torch import Tensor, nn


def conv_norm(channels: int, width: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """(B, channels, H, W) -> (B, width, H / stride, W / stride): convolution and batch norm."""
    conv = nn.Conv2d(channels, width, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(width))


class BasicBlock(nn.Module):
    """relu(x + two 3 x 3 convolutions): (B, channels, H, W) -> (B, width, H / stride, W / stride)."""

    expansion = 1

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(conv_norm(channels, width, 3, stride), nn.ReLU(), conv_norm(width, width, 3))
        self.shortcut = nn.Identity() if (channels, stride) == (width, 1) else conv_norm(channels, width, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.shortcut(x) + self.body(x))


class Bottleneck(nn.Module):
    """relu(x + 1 x 1, 3 x 3, 1 x 1 convolutions): (B, channels, H, W) -> (B, 4 width, H / stride, W / stride)."""

    expansion = 4

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        out = self.expansion * width
        self.body = nn.Sequential(conv_norm(channels, width, 1), nn.ReLU(), conv_norm(width, width, 3, stride), nn.ReLU(),
                                  conv_norm(width, out, 1))
        self.shortcut = nn.Identity() if (channels, stride) == (out, 1) else conv_norm(channels, out, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.shortcut(x) + self.body(x))


@dataclasses.dataclass(frozen=True)
class ResNetConfig:
    """The block, how many a stage, and the first stage's inner width."""

    block: type[nn.Module]
    depths: tuple[int, ...]
    width: int = 64

    @property
    def channels(self) -> tuple[int, ...]:
        """Of each stage's output."""
        return tuple(self.width * 2**stage * self.block.expansion for stage in range(len(self.depths)))


RESNET18 = ResNetConfig(BasicBlock, (2, 2, 2, 2))
RESNET34 = ResNetConfig(BasicBlock, (3, 4, 6, 3))
RESNET50 = ResNetConfig(Bottleneck, (3, 4, 6, 3))


class ResNet(nn.Module):
    """Picture (B, 3, S, S) -> a list of maps (B, C_i, S / 2^(i + 2), S / 2^(i + 2)), one a stage."""

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv_norm(3, config.width, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1))
        self.stages, channels = nn.ModuleList(), config.width
        for stage, depth in enumerate(config.depths):
            blocks = []
            for index in range(depth):
                blocks.append(config.block(channels, config.width * 2**stage, 2 if stage and not index else 1))
                channels = config.channels[stage]
            self.stages.append(nn.Sequential(*blocks))

    def forward(self, x: Tensor) -> list[Tensor]:
        x, maps = self.stem(x), []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps

    def features(self, x: Tensor) -> Tensor:
        """The mean over positions of the last map, (B, C)."""
        return self(x)[-1].mean((2, 3))
