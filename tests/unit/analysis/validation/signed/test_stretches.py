"""Stretches: sums over sections, and the Hz per mm of true areas."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rtmri2speech.analysis.validation.signed.stretches import by_stretch, true_hz_per_mm
from rtmri2speech.data.truth import Truth
from rtmri2speech.vocal_tract.acoustics.lossless import sensitivity
from rtmri2speech.vocal_tract.geometry.area_function import load_area_model


def test_stretches_are_sums_of_what_is_known() -> None:
    values = np.arange(40.0)
    values[:5], values[7] = np.nan, np.nan
    found = by_stretch(values[None])[0]
    assert np.isnan(found[0]) and found[1] == 5 + 6 + 8 + 9 and found[7] == sum(range(35, 40))


def test_true_hz_per_mm_is_what_a_wider_section_does_to_the_tube(tiny_phantom: Path) -> None:
    truth = Truth.load(sorted(tiny_phantom.glob("*/*.npz"))[0])
    frame = int(np.flatnonzero(~truth.velum_open & (truth.areas.min(axis=1) > 0.3))[0])
    found = true_hz_per_mm(truth)[frame]
    assert found.shape == (2, 8)
    # Widen every section of the fourth stretch by a little, by the area model's own rule.
    lengths, areas = truth.lengths[frame].astype(float), truth.areas[frame].astype(float)
    alpha, beta = load_area_model("phantom").per_section()[:2]
    share = (np.cumsum(lengths) - 0.5 * lengths) / lengths.sum()
    section = np.minimum((share * 40).astype(int), 39)
    inside = np.minimum((share * 8).astype(int), 7) == 3
    ends = []
    for step in (0.01, -0.01):
        distance = (areas / alpha[section]) ** (1.0 / beta[section]) + step * inside
        ends.append(sensitivity(lengths[None], (alpha[section] * distance ** beta[section])[None], 2).frequencies[0])
    np.testing.assert_allclose(found[:, 3], (ends[0] - ends[1]) / 0.02, rtol=0.02, atol=0.05)
