"""Frequencies in Bark."""

from __future__ import annotations

import numpy as np
import pytest

from rtmri2speech.phonetics.bark import hz_to_bark


# Computed by hand from Traunmüller's formula; Zwicker's critical bands end at 100, 1080, 3150 and 15,500 Hz.
@pytest.mark.parametrize(("hz", "bark"), [(100, 1.0), (1000, 8.53), (1080, 9.0), (3150, 16.0), (15500, 24.0)])
def test_the_scale_follows_the_critical_bands(hz: float, bark: float) -> None:
    assert float(hz_to_bark(np.array(hz))) == pytest.approx(bark, abs=0.25)


def test_it_rises_without_a_jump_and_keeps_gaps() -> None:
    z = hz_to_bark(np.linspace(0.0, 20_000.0, 20_001))
    assert (np.diff(z) > 0).all() and np.diff(z).max() < 0.02
    assert np.isnan(hz_to_bark(np.array([np.nan, 500.0]))).tolist() == [True, False]
