"""Datasets at the frame rate of the recordings: every frame of the scanner is one frame of the dataset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.corpora.inputs import open_corpus
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.video import read_video
from rtmri2speech.errors import ConfigError
from rtmri2speech.preparation.check import check
from rtmri2speech.preparation.prepare import PrepareSummary, prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import normalize_frames
from talker import speak, write_recording

Run = Callable[..., PrepareSummary]

USC75 = Fraction(65040, 781)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "dataset"


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    for seed, name in enumerate(("ann", "bob")):
        write_recording(speak(0.8, seed, frame_rate=USC75, size=84), folder, name)
    return folder


def test_frames_are_the_scanners_own(recordings: Path, root: Path, run: Run, options: PrepareOptions) -> None:
    summary = run(recordings, options=options.changed({"frame_rate": "native", "split": "recording"}, "test"))
    dataset = Dataset(root)
    features = dataset.meta.features
    assert (features.sample_rate, features.hop_length) == (11992, 144) and abs(features.frame_rate / USC75 - 1) < 1e-6
    for row in dataset.utterances:
        source = np.stack(list(read_video(Path(row.source_video))))[: row.n_frames]
        assert row.n_frames == round(0.8 * USC75) and np.array_equal(
            dataset.frames(row), normalize_frames(source, options.frames, None)
        )
        assert dataset.mel_db(row).shape == (row.n_frames, 64)
    assert any("83.27778 frames per second (144 samples per frame at 11992 Hz)" in note for note in summary.notes)


def test_windows_last_as_long_as_the_references(recordings: Path, root: Path, options: PrepareOptions) -> None:
    prepare(recordings, root, options.changed({"split": "recording"}, "test"), 1, frame_rate="native")
    assert Dataset(root).meta.ref_frames == 12
    prepare(recordings, root, options, 1, overwrite=True, frame_rate="native", split="recording", ref_frames=4)
    assert Dataset(root).meta.ref_frames == 4, "as it was given"


def test_the_number_is_the_same_dataset_as_native(recordings: Path, root: Path, options: PrepareOptions) -> None:
    prepare(recordings, root, options, 1, frame_rate="native", split="recording")
    assert prepare(recordings, root, options, 1, frame_rate="83.278", split="recording").redone == 0


def test_the_reference_rate_is_the_default(recordings: Path, root: Path, options: PrepareOptions) -> None:
    prepare(recordings, root, options, 1, split="recording")
    assert prepare(recordings, root, options, 1, frame_rate="27.17", split="recording").redone == 0
    assert Dataset(root).meta.features == FeatureConfig() and Dataset(root).meta.ref_frames == 4


def test_several_native_rates_are_named(recordings: Path, root: Path, options: PrepareOptions) -> None:
    write_recording(speak(0.8, 5, frame_rate=Fraction("23.18"), size=64), recordings, "cat")
    with pytest.raises(ConfigError) as caught:
        prepare(recordings, root, options, 1, frame_rate="native")
    assert caught.value.problem == (
        "`frame_rate='native'`: the recordings have 2 frame rates: 23.18 of cat.mp4; 83.27785 of ann.mp4, bob.mp4."
    )
    assert "`frame_rate=83.27785`" in caught.value.remedy and not root.exists()
    prepare(recordings, root, options, 1, frame_rate="83.27785", split="recording")
    assert Dataset(root).meta.features.hop_length == 144, "as the message says"


def test_the_true_rate_of_wrong_files_is_the_native_one(recordings: Path, root: Path, options: PrepareOptions) -> None:
    prepare(recordings, root, options, 1, frame_rate="native", fps="80", split="recording", on_mismatch="trim")
    assert Dataset(root).meta.features.frame_rate == 80


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"frame_rate": "native", "features": FeatureConfig(hop_length=137)},
            r"`hop_length=137`: follows `frame_rate`",
        ),
        ({"frame_rate": 99, "features": FeatureConfig(n_fft=4096)}, r"`n_fft=4096`: follows `frame_rate`"),
    ],
)
def test_what_follows_the_rate_cannot_be_given(
    fields: dict[str, object], text: str, recordings: Path, root: Path, options: PrepareOptions
) -> None:
    with pytest.raises(ConfigError, match=text):
        prepare(recordings, root, options, 1, **fields)


def test_a_hop_that_no_vocoder_upsamples_to_is_said(recordings: Path, root: Path, options: PrepareOptions) -> None:
    odd = FeatureConfig(hop_length=137)
    summary = prepare(recordings, root, options, 1, features=odd, split="recording")
    (note,) = (note for note in summary.notes if "137" in note)
    assert note.startswith("`hop_length=137`: has a prime factor above 11") and "`frame_rate=83.30657`" in note


def test_sound_alone_has_no_native_rate(recordings: Path, root: Path, options: PrepareOptions) -> None:
    sounds = open_corpus((recordings,), sound_only=True)
    with pytest.raises(ConfigError, match="sound alone has no frames"):
        prepare(sounds, root, options, 1, frame_rate="native")
    prepare(sounds, root, options, 1, frame_rate="83.278", split="recording")
    assert Dataset(root).meta.features.hop_length == 144


def test_a_rate_of_no_scanner_in_a_file_is_refused(
    recordings: Path, root: Path, options: PrepareOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rtmri2speech.corpora.video_of_recording.stated_rate", lambda *_: Fraction(90_000))
    with pytest.raises(ConfigError, match=r"ann.mp4: states 90000 frames per second, not 2 to 400"):
        prepare(recordings, root, options, 1, frame_rate="native")


def test_check_judges_on_the_clock_that_prepare_will_use(tmp_path: Path) -> None:
    # 11 frames of the scanner: a window of the reference configuration, but not one that lasts as long.
    talk = speak(0.3, 1, frame_rate=USC75, size=64)
    start = round(8 / USC75 * talk.sample_rate)
    short = replace(
        talk, frames=talk.frames[8:19], audio=talk.audio[start : start + round(11 / USC75 * talk.sample_rate)]
    )
    path = write_recording(short, tmp_path / "in", "short")
    native = check(path, workers=1, frame_rate="native")
    assert any(
        "11 frame(s) with sound; the least that can be used is 12 (0.14 s)" in one.problem for one in native.findings
    )
    assert not any("retimed" in one.problem for one in native.findings)
    reference = check(path, workers=1)
    assert any("retimed to 27.1738" in one.problem for one in reference.findings), "as before"
    assert not check(path, workers=1, frame_rate="native", ref_frames=4).wrong, "windows as they were given"


def test_check_names_recordings_of_several_frame_rates(tmp_path: Path) -> None:
    for number, rate in enumerate((USC75, Fraction(25))):
        write_recording(speak(0.5, number, frame_rate=rate, size=64), tmp_path, f"clip{number}")
    with pytest.raises(ConfigError, match="2 frame rates"):
        check(tmp_path, workers=1, frame_rate="native")
