"""Models that are exported for any batch, height and width: positions are resized or maps upsampled in the graph."""
from __future__ import annotations

import dataclasses

from torch import nn

from architectures import ARCHITECTURES, hf_dinov2, plain_vit
from drawing import Architecture
from own import NARROW_RESNET
from vitc.models import fpn, resnet


def _semantic_fpn() -> nn.Module:
    config = dataclasses.replace(NARROW_RESNET, depths=(1, 1, 1, 1))
    return fpn.SemanticFPN(resnet.ResNet(config), config.channels, 10, width=32, inner=16, groups=4)


_DINOV2 = Architecture(plain_vit("vit_small_patch14_reg4_dinov2", 112, dynamic_img_size=True), 112)
_DINO = Architecture(plain_vit("vit_small_patch16_224.dino", 64, num_classes=0, dynamic_img_size=True), 64)
_SEMANTIC_FPN = Architecture(_semantic_fpn, 64)

# name: (architecture, exporter, what height and width are multiples of when exported).
SIZED: dict[str, tuple[Architecture, str, int]] = {
    "hf_dinov2_sizes": (Architecture(hf_dinov2("eager"), 112), "torchscript", 14),
    "dinov2_reg4_sizes.dyn": (_DINOV2, "dynamo", 14),
    "dino_sizes.dyn": (_DINO, "dynamo", 16),
    "resnet_sizes": (ARCHITECTURES["resnet"], "torchscript", 1),
    "resnet_sizes.dyn": (ARCHITECTURES["resnet"], "dynamo", 1),
    "convnext_sizes": (ARCHITECTURES["convnext"], "torchscript", 1),
    "convnext_sizes.dyn": (ARCHITECTURES["convnext"], "dynamo", 1),
    "pvt_v2_sizes": (ARCHITECTURES["pvt_v2"], "torchscript", 32),
    "semantic_fpn_sizes": (_SEMANTIC_FPN, "torchscript", 32),
    "semantic_fpn_sizes.dyn": (_SEMANTIC_FPN, "dynamo", 32),
}
