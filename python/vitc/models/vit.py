"""Vision transformers with CLS and register tokens (Dosovitskiy et al., arXiv 2010.11929; Oquab et al., arXiv 2304.07193;
Darcet et al., "Vision Transformers Need Registers", arXiv 2309.16588).

Registers are R learned rows without positions; they take part in every attention and are dropped at the output. Two
layouts exist for the same model:

- "meta" (DINOv2's code and Hugging Face's): [CLS; patches] + positions of 1 + P rows, then the registers are put after CLS;
- "timm": patches + positions of P rows, then [CLS; registers; patches].
"""
from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from .layers import Attention, Block, Mlp, PatchEmbed, SwiGlu, layer_norm

LAYOUTS = ("meta", "timm")


@dataclasses.dataclass(frozen=True)
class ViTConfig:
    """size: of the picture in pixels; scaled: LayerScale; swiglu: the hidden width of SwiGLU, which then replaces the MLP."""

    size: int = 224
    patch: int = 14
    width: int = 384
    depth: int = 12
    heads: int = 6
    registers: int = 0
    layout: str = "meta"
    scaled: bool = True
    scale_on: str = "query"
    swiglu: int = 0

    @property
    def grid(self) -> int:
        return self.size // self.patch

    def block(self) -> Block:
        mlp = SwiGlu(self.width, self.swiglu) if self.swiglu else Mlp(self.width, 4 * self.width)
        return Block(self.width, Attention(self.width, self.heads, scale_on=self.scale_on), mlp, self.scaled)


class VisionTransformer(nn.Module):
    """Picture (B, 3, S, S) -> CLS after the last norm, (B, C); `tokens` gives all of them, `layers` those of several blocks."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.config, width = config, config.width
        with_cls = 1 if config.layout == "meta" else 0
        self.patch_embed = PatchEmbed(3, width, config.patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.register_tokens = nn.Parameter(torch.zeros(1, config.registers, width)) if config.registers else None
        self.positions = nn.Parameter(torch.zeros(1, with_cls + config.grid**2, width))
        self.blocks = nn.ModuleList(config.block() for _ in range(config.depth))
        self.norm = layer_norm(width)

    def placed(self) -> Tensor:
        """The positions, (1, P or 1 + P, C); a subclass may resize them."""
        return self.positions

    def embed(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) -> (B, 1 + R + P, C)."""
        patches = self.patch_embed(x)
        cls = self.cls_token.expand(x.shape[0], -1, -1)
        if self.config.layout == "timm":
            return torch.cat([cls, *self.expanded_registers(x), patches + self.placed()], dim=1)
        x = torch.cat([cls, patches], dim=1) + self.placed()
        if self.register_tokens is None:
            return x
        return torch.cat([x[:, :1], *self.expanded_registers(x), x[:, 1:]], dim=1)

    def expanded_registers(self, x: Tensor) -> list[Tensor]:
        return [] if self.register_tokens is None else [self.register_tokens.expand(x.shape[0], -1, -1)]

    def tokens(self, x: Tensor) -> Tensor:
        """After the last norm: (B, 1 + R + P, C), in the order CLS, registers, patches."""
        return self.layers(x, 1)[0]

    def layers(self, x: Tensor, count: int) -> list[Tensor]:
        """The normed tokens after each of the last `count` blocks, each (B, 1 + R + P, C)."""
        x, found = self.embed(x), []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index >= len(self.blocks) - count:
                found.append(self.norm(x))
        return found

    def forward(self, x: Tensor) -> Tensor:
        return self.tokens(x)[:, 0]


class ClsAndPatches(nn.Module):
    """Picture (B, 3, S, S) -> CLS (B, C) and patches (B, P, C); registers are not read."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.vit = VisionTransformer(config)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        tokens = self.vit.tokens(x)
        return tokens[:, 0], tokens[:, 1 + self.vit.config.registers :]


def dinov2(name: str, registers: int = 4, layout: str = "meta", **options: object) -> ViTConfig:
    """The sizes of DINOv2's models by their letter, at 224 pixels: s, b, l or g."""
    width, depth, heads = {"s": (384, 12, 6), "b": (768, 12, 12), "l": (1024, 24, 16), "g": (1536, 40, 24)}[name]
    swiglu = (int(4 * width * 2 / 3) + 7) // 8 * 8 if name == "g" else 0
    scale_on = "query" if layout == "meta" else "fused"
    return ViTConfig(width=width, depth=depth, heads=heads, registers=registers, layout=layout, scale_on=scale_on,
                     swiglu=swiglu, **options)
