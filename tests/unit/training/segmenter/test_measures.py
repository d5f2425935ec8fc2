"""Dice by class, and the distance of tongue surfaces."""

from __future__ import annotations

import math

import pytest
import torch

from rtmri2speech.data.labels import CLASSES, UNKNOWN
from rtmri2speech.training.segmenter.measures import LabelSums, surface, surface_distance

TONGUE, AIRWAY = tuple(CLASSES).index("tongue"), tuple(CLASSES).index("airway")


def flat(row: int, size: int = 24) -> torch.Tensor:
    classes = torch.full((size, size), AIRWAY)
    classes[row:] = TONGUE
    return classes


def test_surface_lies_between_tongue_and_airway() -> None:
    points = surface(flat(10))
    assert points.shape == (24, 2) and set(points[:, 0].tolist()) == {9.5}
    assert surface(flat(10).T)[:, 1].unique().tolist() == [9.5]
    velum = flat(10)
    velum[9] = tuple(CLASSES).index("velum")
    assert len(surface(velum)) == 0


def test_distance_of_surfaces() -> None:
    assert surface_distance(flat(13), flat(10)) == pytest.approx(3.0)
    assert surface_distance(flat(10), flat(10)) == 0.0
    assert surface_distance(torch.zeros(24, 24), flat(10)) == 20.0
    assert surface_distance(flat(10), torch.zeros(24, 24)) is None


def test_figures() -> None:
    sums = LabelSums(torch.device("cpu"))
    true = flat(12)[None].clone()
    true[0, :, :4] = UNKNOWN
    sums.update(flat(14)[None], true)
    figures = sums.figures()
    assert figures["dice_airway"] == pytest.approx(2 * 12 / 26)
    assert figures["dice_tongue"] == pytest.approx(2 * 10 / 22)
    assert math.isnan(figures["dice_velum"])
    assert figures["dice"] == pytest.approx((24 / 26 + 20 / 22) / 2)
    assert 2.0 <= figures["tongue_px"] < 2.2
    assert figures["loss"] == pytest.approx(1 - figures["dice"] + figures["tongue_px"] / 20)
    assert "tongue_px" not in LabelSums(torch.device("cpu"), surface=False).figures()
