"""The models that vision transformers are compared with, narrow and of full size, as PyTorch modules.

`COMPARATORS`, and `FULL_COMPARATORS` for those of full size, map a name to what `export.py` needs. timm's code
makes every module but the attention-augmented convolution, which timm does not have.
"""
from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import torch
from timm.models import byoanet, byobnet, convnext, swin_transformer, vgg
from torch import nn

from architectures import DYNAMO, TORCHSCRIPT, timm_model
from drawing import Architecture

NARROW_RESNET = {"layers": (1, 1, 1, 1), "channels": (16, 24, 32, 48), "num_classes": 10}


class AugmentedConv(nn.Module):
    """Self-attention and a convolution side by side (Bello et al., "Attention Augmented Convolutional Networks", 2019,
    equations 1 to 4): (B, C, H, W) -> (B, outputs, H, W), of which `values` channels are attention's.

    Relative positions add q · r to the scores, along the height and along the width.
    """

    def __init__(self, inputs: int, outputs: int, keys: int, values: int, heads: int, height: int, width: int) -> None:
        super().__init__()
        self.keys, self.values, self.heads = keys, values, heads
        self.conv = nn.Conv2d(inputs, outputs - values, 3, padding=1)
        self.qkv = nn.Conv2d(inputs, 2 * keys + values, 1)
        self.project = nn.Conv2d(values, values, 1)
        self.row_embed = nn.Parameter(torch.empty(2 * height - 1, keys // heads))
        self.column_embed = nn.Parameter(torch.empty(2 * width - 1, keys // heads))
        self.register_buffer("row_index", self._distances(height), persistent=False)
        self.register_buffer("column_index", self._distances(width), persistent=False)

    @staticmethod
    def _distances(extent: int) -> torch.Tensor:
        places = torch.arange(extent)
        return places[None, :] - places[:, None] + extent - 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, _, height, width = x.shape
        queries, keys, values = (
            part.reshape(batch, self.heads, -1, height * width).transpose(2, 3)
            for part in self.qkv(x).split([self.keys, self.keys, self.values], dim=1))
        queries = queries / math.sqrt(self.keys // self.heads)
        grid = queries.reshape(batch, self.heads, height, width, -1)
        by_row = torch.einsum("bhyxd,yvd->bhyxv", grid, self.row_embed[self.row_index])
        by_column = torch.einsum("bhyxd,xwd->bhyxw", grid, self.column_embed[self.column_index])
        relative = by_row[..., :, None] + by_column[..., None, :]
        scores = queries @ keys.transpose(2, 3) + relative.reshape(batch, self.heads, height * width, height * width)
        attended = (scores.softmax(-1) @ values).transpose(2, 3).reshape(batch, self.values, height, width)
        return torch.cat([self.conv(x), self.project(attended)], dim=1)


class AugmentedNet(nn.Module):
    """A stem, a bottleneck whose 3×3 convolution is augmented, and a classifier."""

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        grid = size // 4
        self.stem = nn.Sequential(nn.Conv2d(3, width, 4, stride=4, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.block = nn.Sequential(nn.Conv2d(width, width, 1), nn.BatchNorm2d(width), nn.ReLU(),
                                   AugmentedConv(width, width, 16, 16, 2, grid, grid), nn.BatchNorm2d(width), nn.ReLU(),
                                   nn.Conv2d(width, width, 1), nn.BatchNorm2d(width))
        self.head = nn.Linear(width, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        return self.head(torch.relu(x + self.block(x)).mean((2, 3)))


def _resnet(**options: object) -> Callable[[], nn.Module]:
    return timm_model("resnet50", **NARROW_RESNET, **options)


def _convnext(norm: str, kernel: int) -> Callable[[], nn.Module]:
    return lambda: convnext.ConvNeXt(depths=(1, 1, 1, 1), dims=(16, 24, 32, 48), num_classes=10, norm_layer=norm,
                                     conv_mlp=norm != "layernorm", kernel_sizes=kernel)


def _as_pictures(norm: Callable[[torch.Tensor], torch.Tensor], tokens: torch.Tensor) -> torch.Tensor:
    """A norm of pictures, applied to tokens, rows (B, N, C) or a grid (B, H, W, C)."""
    return norm(tokens.flatten(1, -2).transpose(1, 2)).transpose(1, 2).reshape(tokens.shape)


class TokenBatchNorm(nn.BatchNorm1d):
    def __init__(self, channels: int, **_: object) -> None:
        super().__init__(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _as_pictures(super().forward, x)


class TokenGroupNorm(nn.GroupNorm):
    def __init__(self, channels: int, **_: object) -> None:
        super().__init__(4, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return _as_pictures(super().forward, x)


def _vgg() -> nn.Module:
    """VGG-19's sequence of stages; its head is 64 wide."""
    net = vgg.VGG([8, 8, "M", 16, 16, "M", 24, 24, 24, 24, "M", 32, 32, "M", 32, 32, "M"], num_classes=10)
    net.pre_logits = vgg.ConvMlp(32, 64, 2, act_layer=nn.ReLU)
    net.head.fc = nn.Linear(64, 10)
    return net


def _swin(norm: type[nn.Module], window: int, size: int) -> Callable[[], nn.Module]:
    return lambda: swin_transformer.SwinTransformer(
        img_size=size, patch_size=4, embed_dim=32, depths=(2, 2), num_heads=(2, 4), window_size=window, num_classes=10,
        norm_layer=norm)


def _stages(name: str) -> Callable[[], nn.Module]:
    """A narrow copy of one of timm's networks of blocks: two stages, the last one of which attends."""

    def make() -> nn.Module:
        config = byoanet.model_cfgs[name]
        blocks = [byobnet.ByoBlockCfg(type="bottle", d=1, c=64, s=1, gs=0, br=0.25),
                  byobnet.ByoBlockCfg(type="self_attn", d=2, c=128, s=2, gs=0, br=0.25)]
        narrow = dataclasses.replace(config, blocks=blocks, stem_chs=16)
        return byobnet.ByobNet(narrow, num_classes=10, img_size=64)

    return make


COMPARATORS: dict[str, Architecture] = {
    "vgg": Architecture(_vgg, 64),
    "resnet_c": Architecture(_resnet(stem_type="deep", stem_width=16), 64),
    "resnet_c2": Architecture(_resnet(stem_type="deep_tiered", stem_width=16), 64),  # whose three convolutions widen
    "resnet_d": Architecture(_resnet(stem_type="deep", stem_width=16, avg_down=True), 64),
    "resnet_se": Architecture(_resnet(block_args={"attn_layer": "se"}), 64),
    "resnet_cbam": Architecture(_resnet(block_args={"attn_layer": "cbam"}), 64),
    "augmented": Architecture(lambda: AugmentedNet(32, 32), 32),
    "botnet": Architecture(_stages("botnet26t"), 64),
    "halonet": Architecture(_stages("halonet26t"), 64, DYNAMO),  # the other exporter has no windows that overlap
    "convnext_bn": Architecture(_convnext("batchnorm2d", 7), 64),
    "convnext_gn": Architecture(_convnext("groupnorm1", 5), 64),
    "convnext_k3": Architecture(_convnext("layernorm", 3), 64),
    "swin_bn": Architecture(_swin(TokenBatchNorm, 7, 112), 112, gain=1.0),
    "swin_gn": Architecture(_swin(TokenGroupNorm, 4, 64), 64),
    "deit_distilled": Architecture(timm_model("deit_small_distilled_patch16_224", img_size=64, embed_dim=96, depth=2,
                                              num_heads=3, num_classes=10), 64),
    "pit_distilled": Architecture(timm_model("pit_s_distilled_224", img_size=64, base_dims=(16, 16, 16), heads=(2, 4, 8),
                                             depth=(1, 1, 1), num_classes=10), 64),
}


def _convnext_tiny(norm: str, kernel: int) -> Callable[[], nn.Module]:
    return lambda: convnext.ConvNeXt(norm_layer=norm, conv_mlp=True, kernel_sizes=kernel)


def _swin_tiny(norm: type[nn.Module], window: int, size: int) -> Callable[[], nn.Module]:
    return timm_model("swin_tiny_patch4_window7_224", norm_layer=norm, window_size=window, img_size=size)


# The exporters take turns: what differs between them is in the narrow copies. A batch norm of drawn statistics does not
# normalise; smaller weights keep the scores of deep networks with it from making a softmax jump.
FULL_COMPARATORS: dict[str, Architecture] = {
    "resnet50_c": Architecture(timm_model("resnet50", stem_type="deep", stem_width=32), 224, TORCHSCRIPT),
    "resnet50_d": Architecture(timm_model("resnet50d"), 224, DYNAMO),
    "resnet50_se": Architecture(timm_model("seresnet50"), 224, TORCHSCRIPT, gain=1.0),
    "resnet50_cbam": Architecture(timm_model("resnet50", block_args={"attn_layer": "cbam"}), 224, DYNAMO, gain=1.0),
    "botnet26": Architecture(timm_model("botnet26t_256"), 256, TORCHSCRIPT),
    "halonet26": Architecture(timm_model("halonet26t"), 256, DYNAMO, gain=1.0),
    "convnext_t_bn": Architecture(_convnext_tiny("batchnorm2d", 7), 224, TORCHSCRIPT),
    "convnext_t_gn_k5": Architecture(_convnext_tiny("groupnorm1", 5), 224, DYNAMO),
    "swin_t_bn": Architecture(_swin_tiny(TokenBatchNorm, 7, 224), 224, DYNAMO, gain=0.5),
    "swin_t_gn_w8": Architecture(_swin_tiny(TokenGroupNorm, 8, 256), 256, TORCHSCRIPT),
    "deit_s_distilled": Architecture(timm_model("deit_small_distilled_patch16_224"), 224, DYNAMO),
    "pit_s_distilled": Architecture(timm_model("pit_s_distilled_224"), 224, TORCHSCRIPT),
}
