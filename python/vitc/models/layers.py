"""What several families are made of: MLP, attention, pre-norm block, patch embedding, tokens as maps."""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NORM_EPSILON = 1e-6


def layer_norm(width: int) -> nn.LayerNorm:
    return nn.LayerNorm(width, eps=NORM_EPSILON)


class QuickGelu(nn.Module):
    """x · sigmoid(1.702 x), CLIP's activation."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class Mlp(nn.Module):
    """x (B, N, C) -> (B, N, C): act(x W₁ + b₁) W₂ + b₂ with `hidden` units between."""

    def __init__(self, width: int, hidden: int, activation: type[nn.Module] = nn.GELU) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.activation = activation()
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.activation(self.fc1(x)))


class SwiGlu(nn.Module):
    """x (B, N, C) -> (B, N, C): (silu(x W₁) · x W₂) W₃, W₁ and W₂ in one projection (DINOv2 giant, arXiv 2304.07193)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.w12 = nn.Linear(width, 2 * hidden)
        self.w3 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        gate, value = self.w12(x).chunk(2, dim=-1)
        return self.w3(F.silu(gate) * value)


class LayerScale(nn.Module):
    """x (B, N, C) -> γ x, one factor a channel (CaiT, arXiv 2103.17239, eq. 4)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gamma


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(B, N, C) -> (B, h, N, d)."""
    batch, tokens, width = x.shape
    return x.reshape(batch, tokens, heads, width // heads).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """(B, h, N, d) -> (B, N, C)."""
    return x.transpose(1, 2).flatten(2)


def scaled_scores(q: Tensor, k: Tensor) -> Tensor:
    """Q Kᵀ / √d: (B, h, Nq, d), (B, h, Nk, d) -> (B, h, Nq, Nk)."""
    return (q @ k.transpose(-2, -1)) * q.shape[-1] ** -0.5


class Attention(nn.Module):
    """x (B, N, C) -> softmax(Q Kᵀ / √d) V, projected; one projection makes Q, K and V (ViT, arXiv 2010.11929, eq. 5-8).

    scale_on: "scores" multiplies them by 1/√d (DINO), "query" the queries (DINOv2), "fused" leaves it to PyTorch (timm).
    causal: token i reads tokens 0 … i only, by adding -inf elsewhere (CLIP's text tower); the number of tokens then.
    """

    def __init__(self, width: int, heads: int, bias: bool = True, scale_on: str = "scores", causal: int = 0) -> None:
        super().__init__()
        self.heads, self.scale_on = heads, scale_on
        self.qkv = nn.Linear(width, 3 * width, bias=bias)
        self.proj = nn.Linear(width, width)
        self.register_buffer("mask", torch.full((causal, causal), -torch.inf).triu(1) if causal else None)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (B, h, N, d)."""
        batch, tokens, width = x.shape
        qkv = self.qkv(x).reshape(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        return q, k, v

    def probabilities(self, q: Tensor, k: Tensor) -> Tensor:
        """(B, h, N, N)."""
        if self.scale_on == "query":
            scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
        else:
            scores = scaled_scores(q, k)
        return (scores if self.mask is None else scores + self.mask).softmax(-1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.project(x)
        if self.scale_on == "fused":
            return self.proj(merge_heads(F.scaled_dot_product_attention(q, k, v, attn_mask=self.mask)))
        return self.proj(merge_heads(self.probabilities(q, k) @ v))


class Block(nn.Module):
    """x (B, N, C) -> (B, N, C): x + γ₁ attention(LN x), then x + γ₂ mlp(LN x); γ = 1 where not `scaled`."""

    def __init__(self, width: int, attention: nn.Module, mlp: nn.Module, scaled: bool = False) -> None:
        super().__init__()
        self.norm1, self.attention = layer_norm(width), attention
        self.norm2, self.mlp = layer_norm(width), mlp
        self.scale1 = LayerScale(width) if scaled else nn.Identity()
        self.scale2 = LayerScale(width) if scaled else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.scale1(self.attention(self.norm1(x)))
        return x + self.scale2(self.mlp(self.norm2(x)))


class PatchEmbed(nn.Module):
    """Picture or map (B, channels, H, W) -> (B, H W / patch², C): a convolution whose windows do not overlap."""

    def __init__(self, channels: int, width: int, patch: int, bias: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, width, kernel_size=patch, stride=patch, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return map_to_tokens(self.conv(x))


def map_to_tokens(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, H W, C)."""
    return x.flatten(2).transpose(1, 2)


def tokens_to_map(x: Tensor, height: int, width: int) -> Tensor:
    """(B, H W, C) -> (B, C, H, W)."""
    return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], height, width)
