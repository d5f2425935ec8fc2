"""Convolution of rows (N, C), channels last, on a CPU: direct, or with fewer multiplications.

Minimal filtering (Toom and Cook; Winograd 1980; Lavin and Gray 2015, arXiv:1509.09308): m outputs of a filter of r
taps need not m * r but m + r - 1 products. Filter and signal are polynomials; their values at m + r - 1 points are
multiplied, and the transpose of that algorithm is the correlation

    y = A ((G g) * (B d)),    d: m + r - 1 samples, g: r taps, y: m outputs.

Over many channels each product is a matrix product, and these take the time; A and B mix rows only. The points are
small rationals, for which float32 loses about one digit and a half.
"""

from __future__ import annotations

import math
from typing import Final, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

# Points beside 0 and infinity, by how many points there are in all: the best in float32 of those tried.
_POINTS: Final = {
    8: (0.5, -0.5, 1, -1, 2, -2),
    10: (0.5, -0.5, 0.8, -0.8, 1.25, -1.25, 2, -2),
    11: (0.5, -0.5, 0.8, -0.8, 1.25, -1.25, 2, -2, 1),
}

# Outputs m and taps r of the filter by kernel size, and from how many channels on it beats the direct way.
# A longer kernel is cut into parts of at most r taps, m apart, which share the values of the signal.
_FORMS: Final = {3: (6, 3, 64), 7: (4, 7, 64), 11: (6, 6, 32)}


class RowConv(Protocol):
    """A convolution that hears rows and makes rows, without padding."""

    def span(self, rows: int) -> int:
        """Rows heard for ``rows`` rows made; those beyond ``rows - 1 + reach`` do not matter but have to be there."""

    def __call__(self, x: Tensor, rows: int) -> Tensor:
        """Shape (span(rows), channels in) to (rows, channels out), bias included; the result is new."""


class DirectConv:
    """The library's convolution, in channels-last order.

    Args:
        weight: shape (channels out, channels in, kernel).
        bias: shape (channels out,).
        dilation: rows between taps.
    """

    def __init__(self, weight: Tensor, bias: Tensor, dilation: int = 1) -> None:
        self._weight = weight[:, :, None].contiguous(memory_format=torch.channels_last)
        self._bias = bias
        self._dilation = dilation
        self._reach = (weight.shape[-1] - 1) * dilation

    def span(self, rows: int) -> int:
        """No more than what matters."""
        return rows + self._reach

    def __call__(self, x: Tensor, rows: int) -> Tensor:
        """Shape (span(rows), channels in) to (rows, channels out)."""
        return F.conv2d(x.T[None, :, None], self._weight, self._bias, dilation=(1, self._dilation))[0, :, 0].T


class MinimalConv:
    """The same by minimal filtering.

    With dilation d every d-th row belongs together; d neighbours in time are then like further channels.

    Args:
        weight: shape (channels out, channels in, kernel).
        bias: shape (channels out,).
        dilation: rows d between taps.
        outputs: m, the outputs made together.
        taps: r, the taps of a part of the kernel.
    """

    def __init__(self, weight: Tensor, bias: Tensor, dilation: int, outputs: int, taps: int) -> None:
        after, filters, before = transforms(outputs, taps)
        self._after, self._before = after.to(weight.dtype), before.to(weight.dtype)
        if outputs > taps < weight.shape[-1]:
            raise ValueError("a kernel of several parts needs parts of at least as many taps as there are outputs")
        cuts = range(outputs, outputs + max(0, weight.shape[-1] - taps), outputs)
        parts = weight.double().tensor_split(tuple(cuts), dim=-1)
        # Part p, shape (points, channels in, channels out), hears p * m rows on.
        self._parts = [
            torch.einsum("pt,oit->pio", filters[:, : part.shape[-1]], part).to(weight.dtype).contiguous()
            for part in parts
        ]
        self._bias, self._dilation, self._outputs = bias, dilation, outputs

    def _tiles(self, rows: int) -> int:
        return -(-rows // (self._outputs * self._dilation))

    def span(self, rows: int) -> int:
        """What whole groups of outputs need."""
        tiles = self._tiles(rows) + len(self._parts) - 1
        return ((tiles - 1) * self._outputs + len(self._before)) * self._dilation

    def __call__(self, x: Tensor, rows: int) -> Tensor:
        """Shape (span(rows), channels in) to (rows, channels out)."""
        m, d, points, channels = self._outputs, self._dilation, len(self._before), x.shape[1]
        tiles = self._tiles(rows)
        heard = tiles + len(self._parts) - 1
        signal = x.as_strided((heard, points, d * channels), (m * d * channels, d * channels, 1))
        values = torch.bmm(self._before.expand(heard, -1, -1), signal).view(heard, points, d, channels)
        product = None
        for first, part in enumerate(self._parts):
            here = values[first : first + tiles].transpose(0, 1).reshape(points, tiles * d, channels)
            product = torch.bmm(here, part) if product is None else product.baddbmm_(here, part)
        assert product is not None
        made = torch.bmm(self._after.expand(tiles, -1, -1), product.view(points, tiles, -1).transpose(0, 1))
        return made.view(tiles * m * d, -1)[:rows].add_(self._bias)


def row_conv(weight: Tensor, bias: Tensor, dilation: int = 1) -> RowConv:
    """The faster convolution for a weight of shape (channels out, channels in, kernel)."""
    outputs, taps, channels = _FORMS.get(weight.shape[-1], (0, 0, math.inf))
    if min(weight.shape[:2]) < channels:
        return DirectConv(weight, bias, dilation)
    return MinimalConv(weight, bias, dilation, outputs, taps)


def transforms(outputs: int, taps: int) -> tuple[Tensor, Tensor, Tensor]:
    """The matrices A (m, m + r - 1), G (m + r - 1, r) and B (m + r - 1, m + r - 1), float64.

    Rows of B are scaled to an absolute sum of 1, and those of G against it.
    """
    points = outputs + taps - 1
    finite = torch.tensor((0.0, *_POINTS[points]), dtype=torch.float64)
    # Values of a polynomial of `points` coefficients; at infinity its last one.
    values = torch.zeros(points, points, dtype=torch.float64)
    values[:-1] = finite[:, None] ** torch.arange(points)
    values[-1, -1] = 1
    before = torch.linalg.inv(values).T
    size = before.abs().sum(1, keepdim=True)
    after, filters = (torch.cat([values[:-1, :n], torch.eye(n, dtype=torch.float64)[-1:]]) for n in (outputs, taps))
    return after.T.contiguous(), filters * size, (before / size).contiguous()
