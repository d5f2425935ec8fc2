"""Recordings of real speakers: what other people's files are really like.

None of them is ours to pass on; the folder with them is named by ``RTMRI_REAL_DATA``.
"""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import correlate

from recordings import data
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.corpora.sound_of_recording import MissingSound
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.media.clips import open_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.errors import MediaError
from rtmri2speech.preparation.check import CheckOptions, check_recordings
from rtmri2speech.preparation.check_dataset import check_dataset
from rtmri2speech.preparation.findings import Finding, check_scan
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.simulation.speaker.speaker_file import read_speaker_file

pytestmark = pytest.mark.realdata

OPTIONS = PrepareOptions(frames=FrameConfig(size=64), split="recording")


def check(corpus: FolderCorpus, **options: object) -> list[Finding]:
    return check_recordings(corpus.recordings(), CheckOptions.parse(options, "check"), 1)


def errors(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity == "error"]


def test_the_usc75_clip_is_what_its_record_says() -> None:
    (video,) = data("usc75_sub001").glob("*.mp4")
    scan = scan_video(video)
    assert (scan.n_frames, scan.announced, scan.width, scan.height) == (3216, 3216, 84, 84)
    assert scan.rate == Fraction(65040, 781) and scan.damage is None and scan.concealed == 0 and not scan.blank
    assert scan.duration == pytest.approx(38.618, abs=1e-3)
    # Over-bright until the magnetisation is in its steady state: flagged, and within the first three seconds.
    assert scan.means[0] > 1.5 * np.median(scan.means)
    assert 20 < scan.over_bright < 3 * 83
    sound = read_sound(video)
    assert sound.rate == 22050 and sound.duration == pytest.approx(38.73, abs=0.1)
    assert not errors(check(FolderCorpus((video,))))
    assert any("brighter than the rest" in item.problem for item in check_scan(scan, FeatureConfig()))
    assert not any("brighter" in item.problem for item in check_scan(scan, FeatureConfig(), trim_over_bright=True))


def test_the_usc75_clip_lies_on_the_feature_clock_without_drift() -> None:
    (video,) = data("usc75_sub001").glob("*.mp4")
    features = FeatureConfig()
    clip = open_clip(scan_video(video), features, FrameConfig(size=64))
    assert clip.n_frames == int(3216 * Fraction(781, 65040) * features.frame_rate)
    centres = (np.arange(3216) + 0.5) * float(Fraction(781, 65040))
    width = clip.retiming.weights.shape[1]
    index = np.minimum(clip.retiming.first[:, None] + np.arange(width), 3215)
    times = (clip.retiming.weights * centres[index]).sum(axis=1)
    assert np.abs(times - (np.arange(clip.n_frames) + 0.5) / float(features.frame_rate)).max() < 1 / 83


def test_the_sync_case_is_refused_with_the_lengths(tmp_path: Path) -> None:
    folder = data("usc_sync_case")
    corpus = FolderCorpus((folder,))
    (finding,) = errors(check(corpus))
    assert "no sound track" in finding.problem and "lasts 13.80 s" in finding.problem
    assert "DSP_OUT_2022-07-15_10_33_12.wav (22.5" in finding.problem and "s off)" in finding.problem
    with pytest.raises(MissingSound, match=r"13\.80 s"):
        prepare(corpus, tmp_path / "a", OPTIONS, workers=1)
    (video,), sound = folder.glob("*.avi"), folder / "DSP_OUT_2022-07-15_10_33_12.wav"
    paired = FolderCorpus((video,), audio=sound)
    (finding,) = errors(check(paired))
    with pytest.raises(MediaError) as caught:
        prepare(paired, tmp_path / "b", OPTIONS, workers=1)
    for text in (finding.problem, caught.value.problem):
        assert "22.5" in text and "13.80 s of video" in text and "after the video has ended" in text
    assert "`sync_offset`" in caught.value.remedy and "`on_mismatch='trim'`" in caught.value.remedy


def test_the_sync_case_is_accepted_with_the_right_options(tmp_path: Path) -> None:
    folder = data("usc_sync_case")
    (video,), sound = folder.glob("*.avi"), folder / "DSP_OUT_2022-07-15_10_33_12.wav"
    offset = 4 * 0.15506  # frames trimmed from the start, 155.06 ms each
    corpus = FolderCorpus((video,), audio=sound, sync_offset=offset)
    assert not errors(check(corpus, on_mismatch="trim"))
    prepare(corpus, tmp_path / "set", OPTIONS.model_copy(update={"on_mismatch": "trim"}), workers=1)
    (row,) = Dataset(tmp_path / "set").utterances
    assert row.n_frames == int(13.8003 * 11413 / 420) and row.source_start == 0.0
    # Its first sample is the one 0.62024 s into the sound.
    heard, whole = read_sound(tmp_path / "set" / "samples" / row.id / "audio.wav").samples, read_sound(sound)
    for second in (2, 6, 11):
        part = heard[second * 11413 : (second + 1) * 11413]
        begin = round((second + offset) * whole.rate)
        source = whole.samples[begin : begin + whole.rate]
        assert np.sqrt(np.mean(part**2)) == pytest.approx(np.sqrt(np.mean(source**2)), rel=0.1)
    assert not errors(check_dataset(tmp_path / "set", 1))


def test_the_sentences_of_m3_prepare_with_either_sound(tmp_path: Path) -> None:
    folder = data("usctimit_m3")
    for video in sorted(folder.glob("*.mp4")):
        shutil.copy(video, tmp_path / video.name)
    for source, name in ((tmp_path, "own"), (folder, "beside")):
        summary = prepare(FolderCorpus((source,)), tmp_path / "sets" / name, OPTIONS, workers=1)
        assert not summary.failures and len(summary.utterances) == 3
    own, beside = (Dataset(tmp_path / "sets" / name) for name in ("own", "beside"))
    for one, other in zip(own.utterances, beside.utterances, strict=True):
        assert (
            one.id == other.id and Path(one.source_audio).suffix == ".mp4" and Path(other.source_audio).suffix == ".wav"
        )
        assert abs(one.n_frames - other.n_frames) <= 2
        n = min(one.n_frames, other.n_frames)
        assert np.array_equal(own.frames(one)[:n], beside.frames(other)[:n])
        a, b = read_sound(own.audio_path(one)).samples, read_sound(beside.audio_path(other)).samples
        lag = int(np.argmax(np.abs(correlate(a, b)))) - (len(b) - 1)
        assert abs(lag) < own.meta.features.hop_length


def test_the_silent_films_of_usc_timit_need_no_sound_for_synthesis() -> None:
    corpus = FolderCorpus((data("usctimit_atb"),))
    recordings = corpus.recordings()
    assert len(recordings) == 6
    found = errors(check(corpus))
    assert [finding.file for finding in found] == [str(recording.video) for recording in recordings]
    assert all("no sound" in finding.problem for finding in found)
    assert not errors(check(corpus, need_sound=False))
    lengths = [scan_video(recording.video).n_frames for recording in recordings]
    assert lengths == [46, 68, 53, 65, 76, 80]


@pytest.mark.parametrize(("name", "f0"), [("JD2", 110.0), ("M01", 121.0), ("W02", 223.0)])
def test_speakers_of_an_older_vocaltractlab_are_read(name: str, f0: float) -> None:
    pytest.importorskip("vocaltractlab_cython", reason="vocaltractlab-cython is not installed (extra simulate)")
    file = read_speaker_file(data("vtl_speakers") / f"{name}.speaker")
    assert file.f0 == f0 and "tonsil" not in file.text
