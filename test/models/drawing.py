"""What an exported model is made of: a module, its inputs, and weights drawn from a seed.

No weight is degenerate: LayerScale is between 0.5 and 1, every bias and every statistic of a BatchNorm is drawn, and scores
spread enough that a softmax is far from uniform.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import torch
from torch import nn


@dataclasses.dataclass(frozen=True)
class Architecture:
    """make: the module; size: the picture's height and width in pixels; exporters: who can export it.

    shapes: of the inputs without the batch, where the input is not one picture; one of rank 1 is of token numbers.
    gain: the standard deviation of weights is this over the root of a row's length. gains: factors for weights by a part
    of their name, for products that no 1/√d scales.
    """

    make: Callable[[], nn.Module]
    size: int = 0
    exporters: tuple[str, ...] = ("torchscript", "dynamo")
    opset: int = 17  # of the TorchScript exporter; the dynamo exporter's is 20
    shapes: tuple[tuple[int, ...], ...] = ()
    gain: float = 1.5
    gains: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def inputs(self, batch: int, seed: int) -> tuple[torch.Tensor, ...]:
        generator = torch.Generator().manual_seed(seed)

        def draw(shape: tuple[int, ...]) -> torch.Tensor:
            if len(shape) == 1:  # all different, so that a row has one greatest number
                return torch.randperm(batch * shape[0], generator=generator).reshape(batch, *shape)
            return torch.randn(batch, *shape, generator=generator)

        return tuple(draw(shape) for shape in self.shapes or ((3, self.size, self.size),))

    def build(self, seed: int) -> nn.Module:
        """The module in inference mode, its parameters and statistics drawn."""
        module = self.make().eval().requires_grad_(False)
        generator = torch.Generator().manual_seed(seed)
        for key, tensor in [*module.named_parameters(), *module.named_buffers()]:
            if tensor.is_floating_point():
                tensor.copy_(self._drawn(key, tensor, generator))
        return module

    def _drawn(self, key: str, tensor: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        def uniform(low: float, high: float) -> torch.Tensor:
            return torch.rand(tensor.shape, generator=generator) * (high - low) + low

        leaf = key.rsplit(".", 1)[-1]
        normal = torch.randn(tensor.shape, generator=generator)
        if leaf in ("gamma", "lambda1") and tensor.ndim == 1:
            return uniform(0.5, 1)
        if leaf in ("weight", "running_var") and tensor.ndim == 1:
            return uniform(0.5, 1.5)
        if tensor.ndim == 1:
            return 0.2 * normal
        if leaf == "weight" or leaf.endswith("_weight"):
            gain = self.gain
            for part, factor in self.gains.items():
                gain *= factor if part in key else 1
            return gain * normal / (tensor[0].numel() ** 0.5)
        if any(word in leaf for word in ("bias", "token", "pos", "embed")):
            return 0.5 * normal
        return tensor  # a mask or an index table
