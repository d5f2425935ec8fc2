"""Tissue codes: what they are painted with, and edges without stairs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from rtmri2speech.appearance.config import LookConfig
from rtmri2speech.appearance.look import draw_looks
from rtmri2speech.appearance.paint import Palette, paint, paint_looks
from rtmri2speech.data.labels import Label

Quiet = Callable[..., LookConfig]

PALETTE = Palette.from_table(
    {
        **{0: (0.0, 0, "air"), 1: (0.0, 1, "air"), 2: (2.0, 4, "muscle"), 3: (2.0, 5, "muscle"), 4: (4.0, 0, "fat")},
    }
)


def half_plane(count: int) -> torch.Tensor:
    """A slanted edge on a coarse grid: code 2 below, 0 above."""
    line = torch.arange(64.0)
    return (2 * (line[:, None] > 32.0 + 0.3 * (line[None, :] - 32.0))).to(torch.uint8).expand(count, 64, 64)


def test_palette_reads_a_table_and_refuses_a_wrong_one() -> None:
    assert PALETTE.signal[:5].tolist() == [0.0, 0.0, 0.5, 0.5, 1.0]
    assert PALETTE.label[:5].tolist() == [0, 1, 4, 5, 0] and PALETTE.tissue[2] == PALETTE.tissue[3] != PALETTE.tissue[4]
    for table in ({300: (1.0, 0, "fat")}, {1: (1.0, 99, "fat")}, {1: (0.0, 0, "air")}):
        with pytest.raises(ValueError, match=r"code|brightest"):
            Palette.from_table(table)


def test_tissues_vary_and_the_tongue_is_of_a_piece() -> None:
    config = LookConfig.parse({"contrast": {"code": 0.0, "air": [0.02, 0.02]}}, "test")
    looks = draw_looks(200, torch.Generator().manual_seed(0), config)
    rows = torch.arange(5, dtype=torch.uint8).repeat_interleave(4)[None, :, None].expand(200, 20, 8)
    images = paint(looks, rows, PALETTE)[:, 1::4, 4]
    assert torch.allclose(images[:, 2], images[:, 3])
    assert images[:, 0].allclose(0.02 * images[:, 2:].amax(1).maximum(images[:, 4]), rtol=0.2)
    deviation = torch.log(images[:, 2]).std()
    assert float(deviation) == pytest.approx((0.35**2 + 0.2**2) ** 0.5, rel=0.2)


def test_edges_do_not_run_in_stairs(quiet: Quiet) -> None:
    frames, labels = paint_looks(draw_looks(1, torch.Generator().manual_seed(0), quiet()), half_plane(1), PALETTE)
    values = frames[0, 16:48, 12:52] / frames[0, 56:, 20:40].mean()
    # Height of the edge along the columns: straight, though its stairs are half a pixel high either way.
    height = values.sum(0)
    line = torch.arange(40.0)
    slope, start = torch.linalg.lstsq(torch.stack([line, torch.ones(40)], 1), height).solution.tolist()
    assert slope == pytest.approx(-0.3, abs=0.02)
    assert float((height - slope * line - start).abs().max()) < 0.35
    # And no more than some two pixels wide.
    assert float(((values > 0.1) & (values < 0.9)).sum(0).float().mean()) <= 2.6
    assert set(labels.unique().tolist()) == {0, int(Label.TONGUE_TIP)}


def test_other_labels_than_the_palettes_may_be_given(quiet: Quiet) -> None:
    looks = draw_looks(2, torch.Generator().manual_seed(0), quiet())
    given = torch.full((2, 64, 64), 7, dtype=torch.uint8)
    assert bool((paint_looks(looks, half_plane(2), PALETTE, given)[1] == 7).all())
