"""Two-block, narrow copies of vision transformers, as PyTorch modules with weights drawn from a seed.

`ARCHITECTURES` maps a name to what `export.py` needs to write it. timm's own code and transformers' own code make every
module: only widths, depths and picture sizes are ours.
"""
from __future__ import annotations

from collections.abc import Callable

import timm
import torch
import transformers
from timm.models import nest
from torch import nn

from drawing import Architecture

Readout = Callable[[torch.Tensor], torch.Tensor]  # of the tokens after the last norm, (B, N, C)


class ReadOut(nn.Module):
    """A Hugging Face model and what is read of its tokens."""

    def __init__(self, model: nn.Module, read: Readout) -> None:
        super().__init__()
        self.model, self.read = model, read

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.read(self.model(pixel_values=x).last_hidden_state)


def every_token(tokens: torch.Tensor) -> torch.Tensor:
    return tokens


def cls_token(tokens: torch.Tensor) -> torch.Tensor:
    return tokens[:, 0]


def patch_tokens(tokens: torch.Tensor) -> torch.Tensor:
    return tokens[:, 1:]


def cls_and_mean_patch(tokens: torch.Tensor) -> torch.Tensor:
    """DINOv2's features for linear classifiers; the four registers are not read."""
    return torch.cat([tokens[:, 0], tokens[:, 5:].mean(1)], dim=1)


def timm_model(name: str, **options: object) -> Callable[[], nn.Module]:
    return lambda: timm.create_model(name, pretrained=False, **options)


def plain_vit(name: str, size: int, **options: object) -> Callable[[], nn.Module]:
    return timm_model(name, **{"img_size": size, "embed_dim": 96, "depth": 2, "num_heads": 3, **options})


def _hugging_face(config: type, model: type, attention: str, read: Readout, **options: object) -> Callable[[], nn.Module]:
    narrow = {"hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 3, **options}

    def make() -> nn.Module:
        made = config(**narrow)
        made._attn_implementation = attention
        return ReadOut(model(made), read)

    return make


def hf_dinov2(attention: str) -> Callable[[], nn.Module]:
    return _hugging_face(transformers.Dinov2Config, transformers.Dinov2Model, attention, patch_tokens, image_size=112,
                         patch_size=14)


def _dinov2_registers(attention: str) -> Callable[[], nn.Module]:
    return _hugging_face(transformers.Dinov2WithRegistersConfig, transformers.Dinov2WithRegistersModel, attention,
                         cls_and_mean_patch, image_size=112, patch_size=14, num_register_tokens=4)


def _hf_vit(attention: str, read: Readout) -> Callable[[], nn.Module]:
    return _hugging_face(transformers.ViTConfig, transformers.ViTModel, attention, read, image_size=64, patch_size=16,
                         intermediate_size=384)


DYNAMO = ("dynamo",)
TORCHSCRIPT = ("torchscript",)

ARCHITECTURES: dict[str, Architecture] = {
    # Plain ViTs.
    "deit": Architecture(plain_vit("deit_small_patch16_224", 64, num_classes=10), 64),
    "deit3": Architecture(plain_vit("deit3_small_patch16_224", 64, num_classes=10), 64),
    "dino": Architecture(plain_vit("vit_small_patch16_224.dino", 64, num_classes=0), 64),
    "dino8": Architecture(plain_vit("vit_small_patch8_224.dino", 64, num_classes=0), 64),
    "dinov2_reg4": Architecture(plain_vit("vit_small_patch14_reg4_dinov2", 70), 70),
    "dinov2_reg4_gap": Architecture(plain_vit("vit_small_patch14_reg4_dinov2", 70, class_token=False, global_pool="avg"), 70),
    # Nothing here is a multiple of 16: 26 tokens, heads of 24, 72 and 200 wide.
    "vit_odd": Architecture(plain_vit("vit_base_patch16_224", 60, patch_size=12, embed_dim=72, mlp_ratio=200 / 72 + 1e-6,
                                   num_classes=7), 60),
    # Hugging Face: separate projections, one scale on the scores, a position grid resized in the graph.
    "hf_vit": Architecture(_hf_vit("eager", cls_token), 64, opset=14),
    "hf_vit_sdpa": Architecture(_hf_vit("sdpa", every_token), 64, opset=14),
    "hf_dinov2": Architecture(hf_dinov2("eager"), 70, opset=14),
    "hf_dinov2_reg": Architecture(_dinov2_registers("eager"), 70, DYNAMO),
    "hf_dinov2_reg_sdpa": Architecture(_dinov2_registers("sdpa"), 70, DYNAMO),
    # What goes through the general path, in part or as a whole.
    "swin": Architecture(timm_model("swin_tiny_patch4_window7_224", img_size=112, embed_dim=32, depths=(2, 2), num_heads=(2, 4),
                               num_classes=10), 112),
    "pvt_v2": Architecture(timm_model("pvt_v2_b1", depths=(1, 1, 1, 1), embed_dims=(16, 32, 40, 64), num_heads=(1, 2, 5, 8),
                                 num_classes=10), 64),
    "nest": Architecture(lambda: nest.Nest(img_size=64, num_levels=2, embed_dims=(32, 64), num_heads=(2, 4), depths=(2, 2),
                                           num_classes=10), 64, TORCHSCRIPT),
    "pit": Architecture(timm_model("pit_s_224", img_size=64, base_dims=(16, 16, 16), heads=(2, 4, 8), depth=(1, 1, 1),
                              num_classes=10), 64),
    "levit": Architecture(timm_model("levit_256", img_size=64, embed_dim=(32, 48, 64), key_dim=16, num_heads=(2, 3, 4),
                                depth=(1, 1, 1), num_classes=10), 64, gain=1.0),
    "convnext": Architecture(timm_model("convnext_tiny", depths=(1, 1, 1, 1), dims=(16, 24, 32, 48), num_classes=10), 64),
    "resnet": Architecture(timm_model("resnet50", layers=(1, 1, 1, 1), channels=(16, 24, 32, 48), num_classes=10), 64),
}

# name: (of what, exporter, batch); a batch of None is symbolic. At least one of each an exporter.
BATCHED: dict[str, tuple[str, str, int | None]] = {
    "deit_b2": ("deit", "torchscript", 2),
    "deit_b2.dyn": ("deit", "dynamo", 2),
    "deit_batch": ("deit", "torchscript", None),
    "dinov2_reg4_batch.dyn": ("dinov2_reg4", "dynamo", None),
    "hf_dinov2_batch": ("hf_dinov2", "torchscript", None),
    "hf_dinov2_reg_batch.dyn": ("hf_dinov2_reg", "dynamo", None),
    "vit_odd_batch": ("vit_odd", "torchscript", None),
    "swin_batch.dyn": ("swin", "dynamo", None),
    "swin_batch": ("swin", "torchscript", None),
    "deit3_batch": ("deit3", "torchscript", None),
    "hf_vit_batch": ("hf_vit", "torchscript", None),
    "nest_batch": ("nest", "torchscript", None),
    "pit_batch": ("pit", "torchscript", None),
    "levit_batch": ("levit", "torchscript", None),
}
