"""LaViT-REF, after Zhang et al., "You Only Need Less Attention at Each Stage in Vision Transformers", arXiv 2406.00427.

The first blocks of a stage compute their scores (vanilla attention, VA); the others inherit them (less-attention, LA):

    VA:  A⁰ = Q Kᵀ / √d                      Z = softmax(A⁰) V
    LA:  Aˡ = Ψ(Θ(Aˡ⁻¹)ᵀ)ᵀ                   Z = softmax(Aˡ) Vˡ

Θ and Ψ are linear layers along a token axis, shared by the heads. A is taken before the softmax. The last map of a stage is
convolved to the size of the next one's, (h', N / 4, N / 4), and added to its vanilla scores; a stage without vanilla blocks
inherits from the convolved map.

The paper's table of stages is in no source that could be read: widths, depths and numbers of VA blocks are this project's
choice on the skeleton of PVT, as are the sizes of the convolution, and "LaViT-REF" is not the published LaViT.
"""
from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from .layers import layer_norm, merge_heads, scaled_scores, split_heads, tokens_to_map
from .pvt import PyramidConfig, Reduction


@dataclasses.dataclass(frozen=True)
class LaViTConfig(PyramidConfig):
    """vanilla: the VA blocks of each stage. tap: whether scores are inherited from before ("pre") or after ("post") softmax."""

    reductions: tuple[int, ...] = (8, 4, 1, 1)
    vanilla: tuple[int, ...] = ()
    tap: str = "pre"

    def keys(self, stage: int) -> int:
        return (self.grid(stage) // self.reductions[stage]) ** 2

    def twin(self) -> LaViTConfig:
        """The same model with vanilla attention in every block."""
        return dataclasses.replace(self, vanilla=self.depths)


LAVIT_TINY = LaViTConfig((2, 2, 2, 2), vanilla=(2, 2, 1, 0))
LAVIT_SMALL = LaViTConfig((3, 4, 6, 3), vanilla=(3, 4, 4, 0))
LAVIT_BASE = LaViTConfig((3, 4, 18, 3), vanilla=(3, 4, 14, 0))


class VanillaScores(nn.Module):
    """x (B, N, C), source (B, Nk, C) -> Q Kᵀ / √d + residual, (B, h, N, Nk); the residual is a map or None."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: Tensor, source: Tensor, residual: Tensor | None) -> Tensor:
        scores = scaled_scores(split_heads(self.q(x), self.heads), split_heads(self.k(source), self.heads))
        return scores if residual is None else scores + residual


class InheritedScores(nn.Module):
    """Inherited scores (B, h, N, Nk) -> Ψ(Θ(A)ᵀ)ᵀ, of the same shape. x and source are not read."""

    def __init__(self, queries: int, keys: int) -> None:
        super().__init__()
        self.theta, self.psi = nn.Linear(keys, keys), nn.Linear(queries, queries)

    def forward(self, x: Tensor, source: Tensor, inherited: Tensor) -> Tensor:
        return self.psi(self.theta(inherited).transpose(-2, -1)).transpose(-2, -1)


class Downsample(nn.Module):
    """A stage's last map (B, h, N, N) -> (B, h', N / 4, N / 4): depth-wise 4 x 4 with stride 4, then 1 x 1 across heads."""

    def __init__(self, heads: int, next_heads: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(heads, heads, kernel_size=4, stride=4, groups=heads)
        self.pointwise = nn.Conv2d(heads, next_heads, kernel_size=1)

    def forward(self, scores: Tensor) -> Tensor:
        return self.pointwise(self.depthwise(scores))


class LaViTBlock(nn.Module):
    """x (B, N, C) and the scores before, (B, h, N, Nk) or None -> x and the scores of this block, for the next one."""

    def __init__(self, config: LaViTConfig, stage: int, vanilla: bool) -> None:
        super().__init__()
        width, grid = config.widths[stage], config.grid(stage)
        self.heads, self.tap = config.heads[stage], config.tap
        self.norm1, self.norm2 = layer_norm(width), layer_norm(width)
        self.reduce = Reduction(width, grid, config.reductions[stage])
        self.scores = VanillaScores(width, self.heads) if vanilla else InheritedScores(grid**2, config.keys(stage))
        self.v, self.proj = nn.Linear(width, width), nn.Linear(width, width)
        self.mlp = config.mlp(stage)

    def forward(self, x: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
        normed = self.norm1(x)
        source = self.reduce(normed)
        scores = self.scores(normed, source, before)
        probabilities = scores.softmax(-1)
        x = x + self.proj(merge_heads(probabilities @ split_heads(self.v(source), self.heads)))
        return x + self.mlp(self.norm2(x)), scores if self.tap == "pre" else probabilities


class LaViTStage(nn.Module):
    """A map (B, C', H, W) and the previous stage's scores -> tokens (B, N, C) and this stage's last scores."""

    def __init__(self, config: LaViTConfig, stage: int) -> None:
        super().__init__()
        self.patch_embed = config.patch_embed(stage)
        self.positions = nn.Parameter(torch.zeros(1, config.grid(stage) ** 2, config.widths[stage]))
        self.blocks = nn.ModuleList(LaViTBlock(config, stage, index < config.vanilla[stage])
                                    for index in range(config.depths[stage]))
        self.vanilla = config.vanilla[stage]

    def forward(self, x: Tensor, residual: Tensor | None) -> tuple[Tensor, Tensor]:
        x = self.patch_embed(x) + self.positions
        scores = residual
        for index, block in enumerate(self.blocks):
            x, scores = block(x, residual if index < self.vanilla else scores)
        return x, scores


class LaViTFeatures(nn.Module):
    """Picture (B, 3, S, S) -> the four stages' maps (B, C_i, S / 2^(i + 2), S / 2^(i + 2)).

    cross_stage: the stages (0 … 3) that take the previous one's scores; its map must be square, which R > 1 makes it not.
    """

    def __init__(self, config: LaViTConfig, cross_stage: tuple[int, ...]) -> None:
        super().__init__()
        self.config = config
        self.stages = nn.ModuleList(LaViTStage(config, stage) for stage in range(4))
        self.down = nn.ModuleDict({str(s): Downsample(config.heads[s - 1], config.heads[s]) for s in cross_stage})

    def forward(self, x: Tensor) -> list[Tensor]:
        maps, scores = [], None
        for index, stage in enumerate(self.stages):
            residual = self.down[str(index)](scores) if str(index) in self.down else None
            x, scores = stage(x, residual)
            x = tokens_to_map(x, self.config.grid(index), self.config.grid(index))
            maps.append(x)
        return maps


class LaViT(nn.Module):
    """Picture (B, 3, S, S) -> logits (B, classes), from the mean of the last stage's normed tokens."""

    def __init__(self, config: LaViTConfig) -> None:
        super().__init__()
        # The twin has no score that a block inherits, so nothing crosses stages.
        cross_stage = () if config.vanilla == config.depths else (3,)
        self.features = LaViTFeatures(config, cross_stage)
        self.norm = layer_norm(config.widths[-1])
        self.head = nn.Linear(config.widths[-1], config.classes)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.features(x)[-1].flatten(2).transpose(1, 2)
        return self.head(self.norm(tokens).mean(1))
