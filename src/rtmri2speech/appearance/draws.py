"""Random numbers for many looks at once, and the tensors that hold what was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import log
from typing import Self

import torch
from torch import Tensor


class Draws:
    """Random numbers of N looks, on the generator's device.

    Args:
        count: N.
        generator: where they come from.
    """

    def __init__(self, count: int, generator: torch.Generator) -> None:
        self.count = count
        self.generator = generator

    def uniform(self, ends: Sequence[float], *shape: int) -> Tensor:
        """Evenly between two values, (N, *shape)."""
        numbers = torch.rand(self.count, *shape, generator=self.generator, device=self.generator.device)
        return ends[0] + (ends[1] - ends[0]) * numbers

    def ratio(self, ends: Sequence[float], *shape: int) -> Tensor:
        """Evenly in the logarithm between two values above 0, (N, *shape)."""
        return self.uniform((log(ends[0]), log(ends[1])), *shape).exp()

    def around(self, reach: float, *shape: int) -> Tensor:
        """Evenly from ``-reach`` to ``reach``, (N, *shape)."""
        return self.uniform((-reach, reach), *shape)

    def normal(self, deviation: float, *shape: int) -> Tensor:
        """Normal about 0, (N, *shape)."""
        return deviation * torch.randn(self.count, *shape, generator=self.generator, device=self.generator.device)

    def chance(self, probability: float, *shape: int) -> Tensor:
        """1 with a probability, else 0: (N, *shape), float."""
        return (self.uniform((0.0, 1.0), *shape) < probability).float()


@dataclass(frozen=True)
class Drawn:
    """Tensors whose first axis counts looks."""

    def take(self, index: Tensor) -> Self:
        """Some of the looks, by number; a number may come more than once."""
        return type(self)(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    def to(self, device: torch.device | str) -> Self:
        """On a device."""
        return type(self)(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


def per_frame(values: Tensor) -> Tensor:
    """(N,) as (N, 1, 1), to be combined with frames."""
    return values[:, None, None]


def chosen(strength: Tensor) -> Tensor:
    """Numbers of the looks that have a step at all."""
    return torch.nonzero(strength > 0.0).squeeze(1)
