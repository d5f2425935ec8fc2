from __future__ import annotations

from pathlib import Path

import pytest

from rtmri2speech.data.annotation.fit import fit_to_sound
from rtmri2speech.data.annotation.grid import (
    IntervalTier,
    TextGrid,
    choose_tier,
    interval_tier,
    point_tier,
    tier_choices,
)
from rtmri2speech.errors import MediaError

PATH = Path("a.TextGrid")


def grid(start: float, end: float, *labels: tuple[float, float, str], bounded: bool = True) -> TextGrid:
    return TextGrid(start, end, (interval_tier("phones", labels),), bounded)


def times(found: TextGrid) -> list[tuple[float, float]]:
    return [(one.start, one.end) for tier in found.interval_tiers for one in tier.entries]


def test_times_that_start_elsewhere() -> None:
    found, notes = fit_to_sound(grid(100.0, 102.2, (100.5, 100.9, "a")), PATH, 2.2)
    assert times(found) == [(pytest.approx(0.5), pytest.approx(0.9))] and found.end == pytest.approx(2.2)
    assert "start at 100 s" in notes[0][0]
    # The end is the sound's: times count from its start, and what lies before is cut off later.
    found, notes = fit_to_sound(grid(-0.3, 2.2, (-0.3, 0.5, "x")), PATH, 2.2)
    assert times(found) == [(-0.3, 0.5)] and notes == []
    found, _ = fit_to_sound(grid(-0.3, 1.9, (-0.3, 0.5, "x")), PATH, 2.2)
    assert times(found) == [(0.0, pytest.approx(0.8))]
    found, notes = fit_to_sound(grid(0.3, 2.2, (0.5, 0.9, "a")), PATH, 2.2)
    assert times(found) == [(0.5, 0.9)] and notes == []


@pytest.mark.parametrize(
    "other",
    [
        grid(0.0, 20.0, (2.0, 9.0, "a")),
        grid(0.0, 20.0, (0.5, 0.9, "a")),
        grid(0.0, 2.2, (2.0, 9.0, "a")),
        grid(100.0, 120.0, (100.5, 101.0, "a")),
        grid(0.0, 9.0, (2.0, 9.0, "a"), bounded=False),
    ],
)
def test_an_annotation_of_another_sound_is_refused(other: TextGrid) -> None:
    with pytest.raises(MediaError, match="not an annotation of this sound") as caught:
        fit_to_sound(other, PATH, 2.2)
    assert str(PATH) in caught.value.problem and "2.20 s long" in caught.value.problem


def test_what_is_shorter_or_odd_is_said() -> None:
    found, notes = fit_to_sound(grid(0.0, 1.0, (0.5, 0.9, "a"), (0.9, 0.9, "x")), PATH, 2.2)
    assert times(found) == [(0.5, 0.9), (0.9, 0.9)]
    assert ["no length, the first 'x' at 0.9 s" in notes[0][0], "1.20 s before the sound" in notes[1][0]] == [True] * 2
    assert fit_to_sound(grid(0.0, 1.0, (0.5, 1.0, "a"), bounded=False), PATH, 2.2)[1] == []
    assert fit_to_sound(grid(0.0, 2.4, (0.5, 2.4, "a")), PATH, 2.2)[1] == []
    assert fit_to_sound(TextGrid(0.0, 1.0, (), encoding="Latin-1"), PATH, 1.0)[1][0][0].startswith("neither UTF-8")


def test_tiers_of_one_name_are_chosen_by_number() -> None:
    one, two = interval_tier("phones", [(0, 1, "a")]), interval_tier("phones", [(0, 1, "x")])
    both = TextGrid(0.0, 1.0, (one, point_tier("phones", []), two, interval_tier("words", [])))
    assert choose_tier(both, "phones") == "has 2 interval tiers 'phones'"
    assert tier_choices(both) == ["#1", "#3", "words"]
    assert choose_tier(both, "#3") is two and choose_tier(both, "#1") is one
    assert choose_tier(both, "#2") == "has no interval tier '#2'"
    assert isinstance(choose_tier(both, "words"), IntervalTier)
