"""A tract and the voice of it: what is found of their formants."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from made_tracts import made_tract, voice_of
from rtmri2speech.phonetics.vowels.spans import Span
from rtmri2speech.vocal_tract.against_sound.comparison import SoundComparison, compare_formants
from rtmri2speech.vocal_tract.measurement.tract import Tract

pytest.importorskip("parselmouth", reason="Praat is not installed")

SPANS = (Span("a", 0.21, 0.51), Span("i", 0.9, 1.2), Span("a", 1.51, 1.79), Span("u", 9.0, 9.2))


@pytest.fixture(scope="module")
def tract() -> Tract:
    """Two seconds; its lips are closed for a moment, and some frames are not to be trusted."""
    made = made_tract(50)
    closed, confidence = made.closed.copy(), made.confidence.copy()
    closed[20, -1], confidence[30:34] = True, 0.2
    return replace(made, closed=closed, confidence=confidence)


@pytest.fixture(scope="module")
def found(tract: Tract) -> SoundComparison:
    return compare_formants(tract, voice_of(tract, silent=(1.0, 1.2)), spans=SPANS)


def test_formants_of_a_tract_are_those_of_its_voice(found: SoundComparison) -> None:
    for one in found.agreement[:2]:
        assert one.r > 0.98 and one.ratio == pytest.approx(1.0, abs=0.03) and one.error < 0.03
        assert one.reference_r > 0.95
    assert [one.formant for one in found.open_agreement] == [1, 2, 3, 4]
    assert found.notes == ()
    assert "r 1.00" in found.lines()[1] or "r 0.99" in found.lines()[1]


def test_frames_that_are_silent_closed_or_doubtful_are_set_apart(found: SoundComparison) -> None:
    assert not found.voiced[26:29].any() and found.voiced[10:20].all()
    assert not found.open[[20, 30, 31, 32, 33]].any() and found.open[10:20].all()
    assert not (found.open & ~found.voiced).any()


def test_vowels_are_medians_of_their_middle_thirds(found: SoundComparison, tract: Tract) -> None:
    a, i, u = found.vowels
    assert (a.label, a.tokens, a.compared) == ("a", 2, 2) and (u.tokens, u.compared) == (1, 0)
    inside = (tract.times > 0.3) & (tract.times < 0.4), (tract.times > 1.6) & (tract.times < 1.7)
    wanted = np.median([np.median(tract.formants[one, 0]) for one in inside])
    assert a.tube[0] == pytest.approx(wanted) and a.sound[0] == pytest.approx(wanted, rel=0.05)
    assert u.row()["tube_F1_hz"] is None and i.label == "i"


def test_a_wrong_size_of_pixels_comes_back(tract: Tract) -> None:
    """A tube that is taken a sixth too short sounds a fifth too high."""
    wrong = replace(tract, formants=1.2 * tract.formants, pixel_mm=tract.pixel_mm / 1.2, pixel_source="estimated")
    found = compare_formants(wrong, voice_of(tract))
    assert found.pixel.mm == pytest.approx(tract.pixel_mm, rel=0.03)
    assert found.pixel.range[0] <= found.pixel.mm <= found.pixel.range[1]
    (note,) = found.notes
    assert f"`pixel_mm={found.pixel.mm:.2f}`" in note


def test_sound_that_is_late_is_told_and_not_shifted(tract: Tract) -> None:
    made = made_tract(75)
    found = compare_formants(made, voice_of(made, delay=0.06))
    assert found.delay.seconds == pytest.approx(0.06) and found.delay.clear
    assert (
        found.delay.r
        > 0.95
        > found.delay.r_in_time
        == pytest.approx(np.mean([one.r for one in found.open_agreement[:2]]), abs=0.02)
    )
    assert any("60 ms later" in note and "out of sync" in note for note in found.notes)


def test_silence_has_nothing_to_compare_with(tract: Tract) -> None:
    found = compare_formants(tract, voice_of(tract, silent=(0.0, 2.0)))
    assert not found.open.any() and np.isnan(found.pixel.mm) and not found.delay.clear
    assert "nothing to compare" in found.notes[0] and "`audio`" in found.notes[0]


def test_files_say_what_they_are(found: SoundComparison, tmp_path: Path) -> None:
    table, about = found.save(tmp_path)
    assert [path.name for path in (table, about)] == ["clip_tract_formants.csv", "clip_tract_formants.json"]
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    assert len(rows) == len(found.rows()) == 50 and list(rows[0])[:4] == ["frame", "time_s", "voiced", "open"]
    assert float(rows[12]["tube_F2_hz"]) == pytest.approx(found.tube[12, 1], rel=1e-4) and rows[27]["voiced"] == "0"
    entries = json.loads(about.read_text(encoding="utf-8"))
    assert (entries["kind"], entries["schema"], entries["recording"]) == ("tract_formants", 1, "clip")
    assert entries["agreement"]["open"][1]["frames"] == found.open_agreement[1].frames
    assert entries["vowels"][2]["sound_F1_hz"] is None and entries["voiced_frames"] == int(found.voiced.sum())


def test_it_can_be_looked_at(found: SoundComparison) -> None:
    assert len(found.show().axes) == 3
    assert found._repr_html_().count("<p>") == 5 and "50 frames" in repr(found)
