"""Maps of segments: means over tokens, spread, differences."""

from __future__ import annotations

import numpy as np

from rtmri2speech.analysis.attribution.band_maps import BandMaps
from rtmri2speech.analysis.attribution.segment_maps import differences_of, means_of, token_statistics
from rtmri2speech.analysis.attribution.targets import Band
from rtmri2speech.phonetics.labeled_segments import Segment, Token

A = Segment("a", (Token(0, 0.1, 0, 3), Token(0.2, 0.5, 5, 12)))
I = Segment("i", (Token(0.6, 0.7, 15, 18),))  # noqa: E741


def maps_of(stored: np.ndarray, in_pixels: bool) -> BandMaps:
    band, values = Band("F1", 300, 900, (7, 20)), np.zeros(len(stored), np.float32)
    return BandMaps("gradcam", band, "log-energy", 2, 6, values, 1.0, stored.astype(np.float32), in_pixels)


def test_means_spreads_and_differences() -> None:
    whole = np.random.default_rng(0).normal(size=(20, 6, 6))
    maps = maps_of(whole, in_pixels=True)
    a, i = means_of(maps, [A, I])
    tokens = np.stack([whole[:3].mean(axis=0), whole[5:12].mean(axis=0)])
    np.testing.assert_allclose(a.values, tokens.mean(axis=0), atol=1e-6)
    assert a.spread is not None and i.spread is None and token_statistics(maps, I)[1] is None
    np.testing.assert_allclose(a.spread, tokens.std(axis=0, ddof=1), atol=1e-6)
    (difference,) = differences_of(maps, [A, I], [a, i])
    np.testing.assert_allclose(difference.values, a.values - whole[15:18].mean(axis=0), atol=1e-6)
    assert [one.stem for one in (a, difference)] == ["gradcam_F1_aSegment_mean", "gradcam_F1_a-minus-i_difference"]
    assert [one.title for one in (a, i, difference)] == ["a, mean of 2 tokens", "i", "a minus i"]


def test_cells_and_their_pixels_have_the_same_statistics() -> None:
    cells = maps_of(np.random.default_rng(1).normal(size=(20, 3, 3)), in_pixels=False)
    pixels = maps_of(cells.to_pixels(), in_pixels=True)
    for one, other in zip(token_statistics(cells, A), token_statistics(pixels, A), strict=True):
        assert one is not None and other is not None
        np.testing.assert_allclose(one, other, atol=1e-6)
