"""VT-ResNet (arXiv 2006.03677): the last stage of a ResNet replaced by visual-transformer modules on the 14 x 14 map.

ICCV text: 16 tokens of the map's width, logits from the mean of the last tokens. First arXiv version: 8 tokens of width 1024
on a map of width 512 (ResNet-18 and 34) or 1024 (ResNet-50).

Nothing reads what the last module projects back, because logits come from its tokens. The equations, at these widths, do not
add up to the numbers of parameters that the paper gives.
"""
from __future__ import annotations

import dataclasses

from torch import Tensor, nn

from . import visual_tokens as iccv
from . import visual_tokens_v1 as v1
from .layers import map_to_tokens
from .resnet import RESNET18, RESNET34, RESNET50, ResNet, ResNetConfig, conv_norm


@dataclasses.dataclass(frozen=True)
class VTConfig:
    """The convolutional stages before, the number of modules, and their tokens.

    tokenizer: "recurrent" is static in the first module and recurrent in the others; "static", "pooling" and "clustering"
    are the ablation's. transformer: False leaves it out, as in the ablation.
    width, map_width, groups: of the tokens, the map and W_V in the first arXiv version; not used by the ICCV form.
    """

    resnet: ResNetConfig
    modules: int
    size: int = 224
    tokens: int = 16
    tokenizer: str = "recurrent"
    transformer: bool = True
    width: int = 1024
    map_width: int = 512
    groups: int = 1
    classes: int = 1000

    @property
    def grid(self) -> int:
        """Positions along a side of the last map."""
        return self.size // (2 ** (1 + len(self.resnet.depths)))

    @property
    def channels(self) -> int:
        return self.resnet.channels[-1]


def _without_last_stage(config: ResNetConfig) -> ResNetConfig:
    return dataclasses.replace(config, depths=config.depths[:3])


VT_R18 = VTConfig(_without_last_stage(RESNET18), 2)
VT_R34 = VTConfig(_without_last_stage(RESNET34), 3)
VT_R50 = VTConfig(_without_last_stage(RESNET50), 3, map_width=1024)


def v1_of(config: VTConfig) -> VTConfig:
    """The configuration for `VTResNetV1`."""
    return dataclasses.replace(config, tokens=8)


def _iccv_tokenizer(config: VTConfig, index: int) -> nn.Module:
    if config.tokenizer == "recurrent" and index:
        return iccv.RecurrentTokenizer(config.channels)
    if config.tokenizer in ("recurrent", "static"):
        return iccv.StaticTokenizer(config.channels, config.tokens)
    side = round(config.tokens**0.5)
    of_windows = iccv.PoolingTokenizer if config.tokenizer == "pooling" else iccv.ClusteringTokenizer
    return of_windows(config.grid, side)


class VTResNet(nn.Module):
    """Picture (B, 3, S, S) -> logits (B, classes); the ICCV form."""

    def __init__(self, config: VTConfig) -> None:
        super().__init__()
        width = config.channels
        self.resnet = ResNet(config.resnet)
        self.vt = nn.ModuleList(
            iccv.VTModule(_iccv_tokenizer(config, index),
                          iccv.TokenTransformer(width) if config.transformer else nn.Identity(),
                          iccv.Projector(width)) for index in range(config.modules))
        self.head = nn.Linear(width, config.classes)

    def forward(self, x: Tensor) -> Tensor:
        x, t = map_to_tokens(self.resnet(x)[-1]), None
        for module in self.vt:
            x, t = module(x, t)
        return self.head(t.mean(1))


class VTResNetV1(nn.Module):
    """Picture (B, 3, S, S) -> logits (B, classes); the first arXiv version's form."""

    def __init__(self, config: VTConfig) -> None:
        super().__init__()
        self.resnet = ResNet(config.resnet)
        widen = config.channels != config.map_width
        self.widen = conv_norm(config.channels, config.map_width, 1) if widen else nn.Identity()
        self.vt = nn.ModuleList(
            iccv.VTModule(v1.Tokenizer(config.grid, config.map_width, config.tokens, config.width, config.groups,
                                       recurrent=config.tokenizer == "recurrent" and index > 0),
                          v1.TokenTransformer(config.width), v1.Projector(config.map_width, config.width))
            for index in range(config.modules))
        self.head = nn.Linear(config.width, config.classes)

    def forward(self, x: Tensor) -> Tensor:
        x, t = self.widen(self.resnet(x)[-1]), None
        for module in self.vt:
            x, t = module(x, t)
        return self.head(t.mean(1))
