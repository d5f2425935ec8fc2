"""Tracts with their annotations: next to videos and files, on the clock of the sound; what does not fit."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from plain_tracts import plain_tract
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.errors import ConfigError, DatasetError, MediaError
from rtmri2speech.vocal_tract.gestures.recordings import annotation_of, compare_tracts, tokens_of_video
from rtmri2speech.vocal_tract.gestures.tokens import tokens_of
from rtmri2speech.vocal_tract.measurement.tract import Tract
from talker import speak, write_recording

RATE = Fraction(25)


def talk(folder: Path, seconds: float = 2.0) -> Path:
    return write_recording(speak(seconds, 0, RATE, size=32), folder, "talk", textgrid=True)


def measured(seconds: float = 2.0, name: str = "talk", scale: float = 1.0) -> Tract:
    frames = int(seconds * RATE)
    rng = np.random.default_rng(len(name))
    return plain_tract(frames, name=name, rate=RATE, area=scale * rng.uniform(2.0, 4.0, (frames, 40)))


def save(folder: Path, tract: Tract, annotated: bool = True) -> Path:
    if annotated:
        labels = [(0.1 * number, 0.1 * number + 0.1, "ai"[number % 2]) for number in range(18)]
        write_textgrid(interval_grid({"phones": labels}, 2.0), folder / f"{tract.name}.TextGrid")
    return tract.save(folder)[0]


def test_labels_are_on_the_clock_of_the_sound(tmp_path: Path) -> None:
    video = talk(tmp_path)
    grid = annotation_of(video)
    assert grid == tmp_path / "talk.TextGrid" and annotation_of(tmp_path / "other.mp4") is None
    found = tokens_of_video(measured(), video, grid)
    assert found.labels == ("a", "i", "u", "o") and found.tokens[0].start == pytest.approx(0.0, abs=0.03)
    with pytest.raises(MediaError, match="not an annotation of this sound"):
        write_textgrid(interval_grid({"phones": [(0.0, 9.0, "a")]}, 9.0), grid)
        tokens_of_video(measured(), video, grid)


def test_files_and_their_annotations(tmp_path: Path) -> None:
    first = save(tmp_path, measured(name="anna"))
    second = save(tmp_path, measured(name="ben", scale=1.5))
    found = compare_tracts([first], [second])
    assert found.names == ("anna", "ben") and [one.label for one in found.differences] == ["all labels", "a", "i"]
    np.testing.assert_allclose(found.differences[0].difference, 1.5, atol=0.6)
    given = compare_tracts(
        [measured(name="anna")],
        [measured(name="ben", scale=1.5)],
        textgrid=[tmp_path / "anna.TextGrid", tmp_path / "ben.TextGrid"],
        names=["A", "B"],
        label=["a"],
    )
    assert given.names == ("A", "B")
    np.testing.assert_allclose(given.differences[0].difference, found.differences[1].difference, rtol=1e-5)


def test_labels_of_files_are_on_the_clock_that_they_were_measured_with(tmp_path: Path) -> None:
    late = [replace(measured(name=name), label_lead=0.5, label_seconds=2.0) for name in ("anna", "ben")]
    plain = [save(tmp_path, measured(name=name)) for name in ("anna", "ben")]
    on_time = compare_tracts(plain[:1], plain[1:])
    files = [save(tmp_path, one) for one in late]
    found = compare_tracts(files[:1], files[1:])
    # The first 0.5 s of labels lie before the frames: 5 of 18.
    assert sum(len(one.first) for one in on_time.differences[1:]) == 18
    assert sum(len(one.first) for one in found.differences[1:]) == 13
    assert any("5 label(s) reach beyond the frames" in note for note in pooled_notes(late, tmp_path))
    wrong = [save(tmp_path, replace(one, label_seconds=1.0)) for one in late]
    with pytest.raises(MediaError, match="not an annotation of this sound"):
        compare_tracts(wrong[:1], wrong[1:])


def pooled_notes(tracts: list[Tract], folder: Path) -> list[str]:
    return [note for one in tracts for note in tokens_of(one, folder / f"{one.name}.TextGrid").notes]


def test_several_files_on_a_side_and_equal_names(tmp_path: Path) -> None:
    files = [save(tmp_path, measured(name=name)) for name in ("anna", "ben")]
    found = compare_tracts(files, files)
    assert found.names == ("anna and 1 more (A)", "anna and 1 more (B)")
    assert len(found.differences[1].first) == 18


def test_without_annotations_stretches_are_compared(tmp_path: Path) -> None:
    files = [save(tmp_path, measured(3.0, name), annotated=False) for name in ("anna", "ben")]
    found = compare_tracts(files[:1], files[1:])
    (one,) = found.differences
    assert one.label == "all" and len(one.first) == 3
    assert "no annotation next to the tracts: stretches of a second are compared" in found.notes[0]


def test_what_is_no_difference_of_speakers_is_named() -> None:
    anna, ben = measured(3.0, "anna"), measured(3.0, "ben")
    assert not any("pixel" in note or "models" in note or "low" in note for note in compare_tracts([anna], [ben]).notes)
    doubted = replace(ben, confidence=np.where(np.arange(75) < 5, 0.2, 1.0).astype(np.float32))
    other = replace(doubted, pixel_source="estimated", area_model="phantom")
    notes = " ".join(compare_tracts([anna], [other]).notes)
    assert "different models (people, phantom)" in notes and "of average length (ben)" in notes and "14 %" in notes
    assert "ben: confidence is low in 5 of 75 frames" in notes


def test_what_does_not_fit(tmp_path: Path) -> None:
    first, second = save(tmp_path, measured(name="anna")), save(tmp_path, measured(name="ben"), annotated=False)
    with pytest.raises(ConfigError, match=r"ben_tract\.npz: no annotation next to it, and others have one"):
        compare_tracts([first], [second])
    with pytest.raises(ConfigError, match="`textgrid`: 1 given, and there are 2 tracts"):
        compare_tracts([first], [second], textgrid=[tmp_path / "anna.TextGrid"])
    with pytest.raises(ConfigError, match="a side without tracts"):
        compare_tracts([first], [])
    with pytest.raises(ConfigError, match="`names`: 3 given"):
        compare_tracts([first], [first], names=["a", "b", "c"])
    with pytest.raises(DatasetError, match="there is no such file"):
        compare_tracts([first], [tmp_path / "none_tract.npz"])
