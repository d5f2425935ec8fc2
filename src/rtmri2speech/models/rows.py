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

# Magnitudes of the points beside 0 and infinity by how many points there are in all, each with both signs as far as
# that goes: the most accurate of those tried.
_POINTS: Final = {8: (1 / 2, 1, 2), 11: (1 / 3, 3 / 4, 4 / 3, 3, 1), 12: (1 / 3, 3 / 4, 4 / 3, 3, 1)}

# Outputs m and taps r by kernel size, and from how many channels on that beats the library. A longer kernel is cut
# into parts, m apart, which share the values of the signal; m <= r then.
_FORMS: Final = {3: (6, 3, 64), 7: (6, 7, 32), 11: (6, 6, 32)}


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
        kernel = weight.shape[-1]
        if outputs > taps < kernel:
            raise ValueError("a kernel of several parts needs parts of at least as many taps as there are outputs")
        after, filters, before = transforms(outputs, taps)
        self._after, self._before = after.to(weight.dtype), before.to(weight.dtype)
        parts = weight.double().tensor_split(tuple(range(outputs, outputs + kernel - taps, outputs)), dim=-1)
        # Part p, shape (points, channels in, channels out), hears p * m * d rows on.
        self._parts = [
            torch.einsum("pt,oit->pio", filters[:, : part.shape[-1]], part).to(weight.dtype).contiguous()
            for part in parts
        ]
        self._bias, self._dilation, self._outputs = bias, dilation, outputs

    def _tiles(self, rows: int) -> int:
        """Groups of m * d rows that hold ``rows`` rows."""
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
        # Sample s of group t, d neighbours together: (points, heard, d * channels), with overlap.
        groups = x.as_strided((points, heard, d * channels), (d * channels, m * d * channels, 1))
        values = torch.mm(self._before, groups.reshape(points, -1)).view(points, heard, d * channels)
        products = torch.bmm(values[:, :tiles].view(points, tiles * d, channels), self._parts[0])
        for first, part in enumerate(self._parts[1:], 1):
            products.baddbmm_(values[:, first : first + tiles].view(points, tiles * d, channels), part)
        made = torch.mm(self._after, products.view(points, -1)).view(m, tiles, d, -1)
        out = x.new_empty(tiles, m, d, made.shape[-1])
        torch.add(made.transpose(0, 1), self._bias, out=out)
        return out.view(tiles * m * d, -1)[:rows]


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
    sizes = [sign * size for size in _POINTS[points] for sign in (1, -1)][: points - 2]
    finite = torch.tensor([0.0, *sizes], dtype=torch.float64)
    # Values of a polynomial of `points` coefficients; at infinity its last one.
    values = torch.zeros(points, points, dtype=torch.float64)
    values[:-1] = finite[:, None] ** torch.arange(points)
    values[-1, -1] = 1
    before = torch.linalg.inv(values).T
    size = before.abs().sum(1, keepdim=True)
    after, filters = (torch.cat([values[:-1, :n], torch.eye(n, dtype=torch.float64)[-1:]]) for n in (outputs, taps))
    return after.T.contiguous(), filters * size, (before / size).contiguous()
