"""Arai's tubes."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.phonetics.vowels.arai_tubes import PLATE_CM, TUBES, tube_areas


@pytest.mark.parametrize("vowel", TUBES)
def test_a_tube_is_16_cm_long_and_runs_from_the_glottis(vowel: str) -> None:
    areas = tube_areas(vowel)
    assert len(areas) * PLATE_CM == 16.0
    assert areas[0] == pytest.approx(np.pi * 0.6**2)
    assert areas[-1] == pytest.approx(np.pi * (TUBES[vowel][0] / 20) ** 2)
