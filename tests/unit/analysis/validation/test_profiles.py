"""Maps compared with physics: those that are right, and those that know nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from rtmri2speech.analysis.validation.clip_probe import MapKey, Variant
from rtmri2speech.analysis.validation.profiles import ProfileTable, scores_of
from rtmri2speech.analysis.validation.summary_table import POOLED
from rtmri2speech.analysis.validation.tract import PLACES, Tract
from rtmri2speech.data.truth import Truth

KNOWING, EVEN = Variant("hirescam", "centroid", 1), Variant("gradcam", "centroid", 32)


class Fake:
    """Maps of a model that knows the physics, and of one that knows nothing."""

    def __init__(self, known: Callable[[int, int], np.ndarray]) -> None:
        self._known = known

    def maps(self, chosen: np.ndarray) -> dict[MapKey, np.ndarray]:
        found: dict[MapKey, np.ndarray] = {}
        for number, band in enumerate(("F1", "F2")):
            true = np.stack([self._known(number, frame) for frame in chosen.tolist()]).astype(np.float32)
            found[KNOWING, band], found[EVEN, band] = true, np.ones_like(true)
        return found


def test_a_map_that_knows_physics_is_told_from_an_even_one(tract: Tract, truth: Truth) -> None:
    sections = truth.sensitivity_map(1), truth.sensitivity_map(2)
    # Some attribution outside of the tract takes from its mass, not from the comparison within it.
    sections[0][:, 0, 0] += 1.0
    table = ProfileTable()
    table.add(Fake(lambda band, frame: sections[band][frame]), tract)
    profiles = table.profiles()
    assert {(one.variant, one.band, one.vowel) for one in profiles} == {
        (variant, band, vowel) for variant in (KNOWING, EVEN) for band in ("F1", "F2") for vowel in tract.vowels
    }
    scores = {(score.variant, score.band): score.values for score in scores_of(profiles)}
    right, even = scores[KNOWING, POOLED], scores[EVEN, POOLED]
    assert right["cosine"] > 0.99 > even["cosine"] and right["rank"] > even["rank"]
    assert even["cosine"] == pytest.approx(even["cosine_even"]) == pytest.approx(right["cosine_even"])
    assert even["tract_density"] == pytest.approx(1.0) and right["tract_density"] > 5
    assert scores[KNOWING, "F2"]["tract_mass"] == pytest.approx(1.0) and scores[KNOWING, "F1"]["tract_mass"] < 0.9
    assert right["p"] < 0.001
    for one in profiles:
        for values in (one.found, one.expected, one.area):
            assert values.shape == (PLACES,) and values.sum() == pytest.approx(1.0)
