"""Convolution of rows, direct and by minimal filtering."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from rtmri2speech.models.vocoder.winograd import DirectConv, MinimalConv, row_conv, transforms

FORMS = [(6, 3), (4, 7), (5, 6), (5, 7)]


@pytest.mark.parametrize(("outputs", "taps"), FORMS)
def test_the_transforms_make_a_correlation(outputs: int, taps: int) -> None:
    after, filters, before = transforms(outputs, taps)
    signal, kernel = torch.randn(outputs + taps - 1, dtype=torch.float64), torch.randn(taps, dtype=torch.float64)
    made = after @ ((filters @ kernel) * (before @ signal))
    torch.testing.assert_close(made, F.conv1d(signal[None], kernel[None, None])[0], atol=1e-9, rtol=0)


@given(
    form=st.sampled_from([None, *FORMS]),
    kernel=st.integers(1, 15),
    dilation=st.integers(1, 5),
    rows=st.integers(1, 60),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)
@settings(max_examples=80, deadline=None)
def test_equals_the_library(
    form: tuple[int, int] | None, kernel: int, dilation: int, rows: int, channels: tuple[int, int]
) -> None:
    weight, bias = torch.randn(*channels, kernel, dtype=torch.float64), torch.randn(channels[0], dtype=torch.float64)
    if form is not None and kernel > form[1] and (form[0] > form[1] or kernel > sum(form)):
        with pytest.raises(ValueError, match="cannot make up a kernel"):
            MinimalConv(weight, bias, dilation, *form)
        return
    conv = DirectConv(weight, bias, dilation) if form is None else MinimalConv(weight, bias, dilation, *form)
    reach = (kernel - 1) * dilation
    x = torch.randn(conv.span(rows), channels[1], dtype=torch.float64)
    expected = F.conv1d(x[: rows + reach].T[None], weight, bias, dilation=dilation)[0].T
    made = conv(x, rows)
    torch.testing.assert_close(made, expected, atol=1e-9, rtol=0)
    # Rows beyond the reach have to be there but do not matter.
    x[rows + reach :] = 7
    torch.testing.assert_close(conv(x, rows), made, atol=1e-9, rtol=0)


@pytest.mark.parametrize("kernel", [3, 7, 11])
@pytest.mark.parametrize("dilation", [1, 5])
def test_float32_loses_little(kernel: int, dilation: int) -> None:
    weight, bias = torch.randn(64, 64, kernel) / (64 * kernel) ** 0.5, torch.randn(64)
    conv = row_conv(weight, bias, dilation)
    assert isinstance(conv, MinimalConv)
    x = torch.randn(conv.span(240), 64)
    exact = DirectConv(weight.double(), bias.double(), dilation)
    expected = exact(x.double()[: exact.span(240)], 240)
    assert float((conv(x, 240) - expected).abs().max()) < 1e-5 * float(expected.abs().max())


def test_few_channels_and_other_kernels_go_directly() -> None:
    for shape in ((8, 64, 7), (64, 8, 7), (64, 64, 5)):
        assert isinstance(row_conv(torch.randn(shape), torch.randn(shape[0])), DirectConv)
