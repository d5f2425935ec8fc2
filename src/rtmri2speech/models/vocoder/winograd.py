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
from collections.abc import Iterator
from typing import Final, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

# Magnitudes of the points other than 0 and infinity by how many points there are in all, each with both signs as far as
# that goes: the most accurate of those tried.
_POINTS: Final = {8: (1 / 2, 1, 2), 10: (1 / 2, 4 / 5, 5 / 4, 2), 11: (2 / 3, 1, 3 / 2, 3, 1 / 3)}

# Outputs m and taps r by kernel size, and from how many channels on that beats the library. Forms with more outputs
# are faster, but lose digits: a trained generator's error is to stay near that of plain float32.
_FORMS: Final = {3: (6, 3, 64), 7: (4, 7, 32), 11: (5, 6, 32)}


class RowConv(Protocol):
    """A convolution of rows to rows, without padding."""

    def span(self, rows: int) -> int:
        """Input rows for ``rows`` output rows; those beyond ``rows - 1 + reach`` do not matter but have to be there."""

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

    With dilation d every d-th row belongs together; d neighbors in time are then like further channels. A kernel of
    up to m + r taps is cut into parts g0 of m and g1 of r taps. Neighboring groups y0, y1 of outputs read the groups
    d0, d1, d2 of the signal, and three products do for four (Karatsuba):

        y0 = d0 g0 + d1 g1 = d1 (g0 + g1) + (d0 - d1) g0,    y1 = d1 g0 + d2 g1 = d1 (g0 + g1) + (d2 - d1) g1.

    Args:
        weight: shape (channels out, channels in, kernel).
        bias: shape (channels out,).
        dilation: rows d between taps.
        outputs: m, the outputs made together; at most ``taps`` where the kernel has two parts.
        taps: r.
    """

    def __init__(self, weight: Tensor, bias: Tensor, dilation: int, outputs: int, taps: int) -> None:
        kernel = weight.shape[-1]
        if kernel > taps and (outputs > taps or kernel > outputs + taps):
            raise ValueError(f"{outputs} outputs of {taps} taps cannot make up a kernel of {kernel}")
        after, filters, before = transforms(outputs, taps)
        self._after, self._before = after.to(weight.dtype), before.to(weight.dtype)
        parts = weight.double().tensor_split((outputs,) if kernel > taps else (), dim=-1)
        # Values of the parts and of their sum, each of shape (points, channels in, channels out).
        values = [torch.einsum("pt,oit->pio", filters[:, : part.shape[-1]], part) for part in parts]
        values += [values[0] + values[1]] if len(parts) == 2 else []
        self._filters = [value.to(weight.dtype).contiguous() for value in values]
        self._together = len(parts)
        self._bias, self._dilation, self._outputs = bias, dilation, outputs

    def _groups(self, rows: int) -> int:
        """Groups of m * d rows that hold ``rows`` rows, an even number where two are made together."""
        return -(-rows // (self._together * self._outputs * self._dilation)) * self._together

    def span(self, rows: int) -> int:
        """What whole groups of outputs need."""
        groups = self._groups(rows) + self._together - 1
        return ((groups - 1) * self._outputs + len(self._before)) * self._dilation

    def __call__(self, x: Tensor, rows: int) -> Tensor:
        """Shape (span(rows), channels in) to (rows, channels out)."""
        m, d, points, wide = self._outputs, self._dilation, len(self._before), self._dilation * x.shape[1]
        groups = self._groups(rows)
        groups_in = groups + self._together - 1
        # Sample s of group t, d neighbors side by side; groups overlap.
        samples = x.as_strided((points, groups_in, wide), (wide, m * wide, 1))
        values = torch.mm(self._before, samples.reshape(points, -1)).view(points, groups_in, wide)
        out = x.new_empty(groups // self._together, self._together, m, d, len(self._bias))
        for place, products in enumerate(self._products(values)):
            made = torch.mm(self._after, products.view(points, -1)).view(m, -1, d, len(self._bias))
            torch.add(made.transpose(0, 1), self._bias, out=out[:, place])
        return out.view(groups * m * d, -1)[:rows]

    def _products(self, values: Tensor) -> Iterator[Tensor]:
        """Shape (points, input groups, d * channels in) to (points, groups // together * d, channels out), in turn."""

        def flat(chosen: Tensor) -> Tensor:
            return chosen.reshape(len(chosen), -1, self._filters[0].shape[1])

        if self._together == 1:
            yield torch.bmm(flat(values), self._filters[0])
            return
        first, second, both = self._filters
        before, middle, after = values[:, :-1:2], values[:, 1::2], values[:, 2::2]
        shared = torch.bmm(flat(middle), both)
        yield torch.baddbmm(shared, flat(before - middle), first)
        yield shared.baddbmm_(flat(after - middle), second)


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
