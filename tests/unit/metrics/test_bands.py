"""Bands of the mel spectrogram."""

from __future__ import annotations

import itertools

from rtmri2speech.metrics.bands import band_slices
from rtmri2speech.signal.features import FeatureConfig

MELS = FeatureConfig().n_mels


def test_bands_are_the_reference_configurations_and_scale_with_the_number_of_mels() -> None:
    edges = {name: (bins.start, bins.stop - 1) for name, bins in band_slices(MELS).items()}
    assert edges == {"f0": (0, 5), "f1": (6, 15), "f2": (16, 31), "f3": (32, 47), "high": (48, 63)}
    for mels in (1, 3, 16, 80, 128):
        bands = list(band_slices(mels).values())
        assert bands[0].start == 0 and bands[-1].stop == mels
        assert all(one.stop == other.start for one, other in itertools.pairwise(bands))
    assert band_slices(2 * MELS)["f1"] == slice(12, 32)
