"""Visual Transformers (Wu et al., arXiv 2006.03677) in the equations of the ICCV 2021 text: tokenizers, transformer, projector.

X (H W, C) are the positions of a map, T (L, C) visual tokens. No scale, no norm, and no values of their own:

    static tokenizer     T = softmax_HW(X W_A)ᵀ X
    recurrent tokenizer  T = softmax_HW(X W_R)ᵀ X,   W_R = (T_in W_T→R)ᵀ
    transformer          T' = T + softmax_L((T K)(T Q)ᵀ) T,   T_out = T' + relu(T' F₁) F₂
    projector            X_out = X + softmax_L((X W_Q)(T W_K)ᵀ) T

and, of the paper's ablation, tokens that are no weighted sums: pooled windows, and centres of clusters.
"""
from __future__ import annotations

from torch import Tensor, nn

from .layers import map_to_tokens, tokens_to_map


def bias_free(inputs: int, outputs: int) -> nn.Linear:
    return nn.Linear(inputs, outputs, bias=False)


class StaticTokenizer(nn.Module):
    """x (B, H W, C) -> (B, L, C); the tokens before, if any, are not read."""

    def __init__(self, width: int, tokens: int) -> None:
        super().__init__()
        self.attention = bias_free(width, tokens)

    def forward(self, x: Tensor, before: Tensor | None = None) -> Tensor:
        return self.attention(x).softmax(1).transpose(1, 2) @ x


class RecurrentTokenizer(nn.Module):
    """x (B, H W, C) and the tokens of the module before, (B, L, C), -> (B, L, C)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.guide = bias_free(width, width)

    def forward(self, x: Tensor, before: Tensor) -> Tensor:
        weights = self.guide(before).transpose(1, 2)
        return (x @ weights).softmax(1).transpose(1, 2) @ x


class PoolingTokenizer(nn.Module):
    """x (B, H W, C) -> (B, side², C): the means of side x side windows of a map of `grid` positions along a side."""

    def __init__(self, grid: int, side: int) -> None:
        super().__init__()
        self.grid, self.pool = grid, nn.AvgPool2d(grid // side)

    def forward(self, x: Tensor, before: Tensor | None = None) -> Tensor:
        return map_to_tokens(self.pool(tokens_to_map(x, self.grid, self.grid)))


class ClusteringTokenizer(nn.Module):
    """x (B, H W, C) -> (B, L, C): the centres after `steps` of k-means, which starts from pooled windows.

    The paper names k-means and no more; its start and number of steps are this project's choice.
    """

    def __init__(self, grid: int, side: int, steps: int = 2) -> None:
        super().__init__()
        self.start, self.steps = PoolingTokenizer(grid, side), steps

    def forward(self, x: Tensor, before: Tensor | None = None) -> Tensor:
        centres = self.start(x)
        for _ in range(self.steps):
            # |x - c|² without |x|², which no centre changes.
            distances = (centres * centres).sum(-1)[:, None] - 2 * x @ centres.transpose(1, 2)
            members = (distances == distances.amin(-1, keepdim=True)).to(x.dtype)
            centres = members.transpose(1, 2) @ x / members.sum(1).clamp(min=1)[:, :, None]
        return centres


class TokenTransformer(nn.Module):
    """t (B, L, C) -> (B, L, C)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.key, self.query = bias_free(width, width), bias_free(width, width)
        self.fc1, self.fc2 = bias_free(width, width), bias_free(width, width)

    def forward(self, t: Tensor) -> Tensor:
        t = t + (self.key(t) @ self.query(t).transpose(1, 2)).softmax(-1) @ t
        return t + self.fc2(self.fc1(t).relu())


class Projector(nn.Module):
    """x (B, H W, C), t (B, L, C) -> (B, H W, C)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query, self.key = bias_free(width, width), bias_free(width, width)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return x + (self.query(x) @ self.key(t).transpose(1, 2)).softmax(-1) @ t


class VTModule(nn.Module):
    """x (B, H W, C) and the tokens before -> x (B, H W, C) and this module's tokens (B, L, C)."""

    def __init__(self, tokenizer: nn.Module, transformer: nn.Module, projector: nn.Module) -> None:
        super().__init__()
        self.tokenizer, self.transformer, self.projector = tokenizer, transformer, projector

    def forward(self, x: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
        t = self.transformer(self.tokenizer(x, before))
        return self.projector(x, t), t
