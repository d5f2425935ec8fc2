"""Places of the tract, its vowels, and the sensitivity expected there."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.analysis.regions.masks import Source, read_regions
from rtmri2speech.analysis.validation.tract import PLACES, Tract, drawn_tract, simulated_tract, tube_shares
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import ConfigError
from rtmri2speech.phonetics.labeled_segments import Segment, Token


def test_places_run_from_the_glottis_to_the_lips_and_share_out_all_that_is_known(tract: Tract, truth: Truth) -> None:
    frame = int(next(iter(tract.vowels.values()))[0])
    masks = tract.at(frame)
    assert masks.shape == (PLACES, 256, 256) and masks.sum(axis=0).max() == 1
    np.testing.assert_array_equal(masks.any(axis=0), truth.sections[frame] > 0)
    columns, rows = zip(*(np.array(np.nonzero(mask))[::-1].mean(axis=1) for mask in masks), strict=True)
    assert columns[0] > columns[-1] and rows[0] > rows[-1] and np.argmax(columns) < 3
    expected = tract.expected(frame, "a")
    np.testing.assert_allclose(expected.sum(axis=1), np.abs(truth.sensitivity[frame]).sum(axis=1), rtol=1e-5)


def test_frames_are_those_in_the_middle_of_vowels(tract: Tract, truth: Truth) -> None:
    rate = truth.frame_rate[0] / truth.frame_rate[1]
    assert tract.vowels and set(tract.vowels) <= set("aiueo")
    for vowel, frames in tract.vowels.items():
        for frame in frames:
            time = (frame + 0.5) / rate
            (place,) = np.flatnonzero((truth.phone_times[:, 0] < time) & (time < truth.phone_times[:, 1]))
            start, end = truth.phone_times[place]
            assert truth.phones[place] == vowel and 1 / 3 < (time - start) / (end - start) < 2 / 3
            assert not truth.velum_open[frame]


def test_truths_that_do_not_serve(truth_path: Path, truth: Truth) -> None:
    with pytest.raises(ConfigError, match="frames of truth"):
        simulated_tract(truth_path, Source([0, 1], 256, 256, 256))
    with pytest.raises(ConfigError, match="no vowel"):
        simulated_tract(truth_path, Source(list(range(len(truth.f0))), 256, 256, 256), vowels=["y"])


@pytest.mark.parametrize(
    ("vowel", "formant", "shares"),
    [
        ("a", 1, (0.32, 0.20, 0.15, 0.25, 0.07)),
        ("a", 2, (0.08, 0.16, 0.07, 0.60, 0.10)),
        ("i", 2, (0.05, 0.11, 0.18, 0.59, 0.07)),
        ("u", 1, (0.29, 0.11, 0.08, 0.48, 0.04)),
        ("o", 2, (0.05, 0.17, 0.10, 0.61, 0.07)),
    ],
)
def test_tubes_depend_on_their_places_as_a_lossy_tube_does(vowel: str, formant: int, shares: tuple[float, ...]) -> None:
    found = tube_shares(vowel)[formant - 1]
    np.testing.assert_allclose(found / found.sum(), shares, atol=0.06)


def test_a_real_speakers_tract_needs_its_regions_and_vowels() -> None:
    source = Source(list(range(30)), 64, 64, 64)
    regions = read_regions("template", source)
    rate = Fraction(20)
    segments = [Segment("a", (Token(0.0, 0.6, 0, 12),)), Segment("x", (Token(0.6, 1.2, 12, 24),))]
    tract = drawn_tract(regions, segments, 30, rate, "template")
    assert tract.names == ("lips", "tongue_tip", "tongue_body", "tongue_root", "larynx")
    np.testing.assert_array_equal(tract.vowels["a"], [4, 5, 6, 7])
    np.testing.assert_array_equal(tract.at(3)[0], regions.only(["lips"]).at(3)[0])
    np.testing.assert_array_equal(tract.expected(5, "a"), tube_shares("a"))
    with pytest.raises(ConfigError, match="no vowel"):
        drawn_tract(regions, segments[1:], 30, rate, "template")
    with pytest.raises(ConfigError, match="'larynx'"):
        drawn_tract(regions.only(["lips", "tongue_tip", "tongue_body", "tongue_root"]), segments, 30, rate, "r.json")
