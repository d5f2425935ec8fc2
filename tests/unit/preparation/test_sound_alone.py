"""Datasets of sound without pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.corpora.sounds import SoundFolderCorpus, SoundOf
from rtmri2speech.data.dataset.layout import SAMPLE_FILES, SOUND_FILES, Dataset
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.data.media.textgrid import interval_grid, read_textgrid, write_textgrid
from rtmri2speech.errors import ConfigError, DatasetError, MediaError, UserError
from rtmri2speech.preparation import recording as recording_module
from rtmri2speech.preparation.check import CheckOptions, check_recordings
from rtmri2speech.preparation.check_dataset import check_dataset
from rtmri2speech.preparation.cut import CutConfig
from rtmri2speech.preparation.findings import Finding
from rtmri2speech.preparation.prepare import PrepareSummary, prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.mel import mel_db
from talker import speak

Run = Callable[..., PrepareSummary]
Tree = Callable[[Path], dict[str, str]]

FEATURES = FeatureConfig()
HOP, RATE = FEATURES.hop_length, FEATURES.sample_rate


def voice(seconds: float, seed: int = 0, rate: int = 16000) -> NDArray[np.float32]:
    return speak(seconds, seed, sample_rate=rate, size=16).audio


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """A folder with three recordings of two speakers, of 1.5 to 2 s."""
    for index, (name, rate) in enumerate((("F1/one.wav", 16000), ("F1/two.flac", 44100), ("M1/three.ogg", 22050))):
        path = tmp_path / "sounds" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, voice(1.5 + 0.25 * index, index, rate), rate)
    return tmp_path / "sounds"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "dataset"


@pytest.fixture
def run_sounds(sounds: Path, root: Path) -> Run:
    def run(
        folder: Path = sounds,
        root: Path = root,
        workers: int = 1,
        export_pairs: bool = False,
        prune: bool = False,
        overwrite: bool = False,
        **options: object,
    ) -> PrepareSummary:
        chosen = PrepareOptions.parse({"split": "recording", **options}, "test")
        return prepare(SoundFolderCorpus((folder,)), root, chosen, workers, export_pairs, prune, overwrite=overwrite)

    return run


def test_the_layout_without_pictures(run_sounds: Run, root: Path) -> None:
    summary = run_sounds()
    assert summary.redone == 3 and not summary.failures and not summary.notes and summary.split_mode == "recording"
    names = [".receipts", "hifigan_filelists", "meta.json", "samples", "scaler.json", "utterances.csv"]
    assert sorted(path.name for path in root.iterdir()) == names
    assert json.loads((root / "meta.json").read_text(encoding="utf-8"))["frames"] is None
    dataset = Dataset(root)
    assert not dataset.has_frames and dataset.sample_files == SOUND_FILES and dataset.meta.corpus == "sounds"
    assert [(row.id, row.speaker) for row in dataset.utterances] == [
        ("F1_one", "F1"),
        ("F1_two", "F1"),
        ("M1_three", "M1"),
    ]
    assert sorted(row.split for row in dataset.utterances) == ["test", "train", "validation"]
    for row, seconds in zip(dataset.utterances, (1.5, 1.75, 2.0), strict=True):
        assert {path.name for path in dataset.folder(row).iterdir()} == {*SOUND_FILES}
        audio = read_sound(dataset.audio_path(row))
        assert audio.rate == RATE and len(audio.samples) == HOP * row.n_frames
        assert abs(row.seconds - seconds) < 0.05
        assert np.array_equal(mel_db(audio.samples, FEATURES), dataset.mel_db(row))
        assert row.source_video == "" and Path(row.source_audio).is_file() and row.source_start == 0.0


def with_av(path: Path, samples: NDArray[np.float32], rate: int, codec: str) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = 96000
        context = stream.codec_context
        cutter = av.AudioResampler(context.format.name, "mono", rate, frame_size=context.frame_size or 1024)
        whole = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
        whole.sample_rate = rate
        for piece in [*cutter.resample(whole), *cutter.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("name", "rate", "kind"),
    [
        ("a.wav", 8000, "PCM_U8"),
        ("a.wav", 96000, "DOUBLE"),
        ("a.wav", RATE, "FLOAT"),
        ("a.flac", 48000, "PCM_24"),
        ("a.aiff", 22050, "PCM_16"),
        ("a.au", 8000, "ULAW"),
        ("a.sph", 16000, "PCM_16"),
        ("a.ogg", 44100, "VORBIS"),
        ("a.mp3", 24000, "MPEG_LAYER_III"),
        ("a.opus", 48000, "libopus"),
        ("a.m4a", 32000, "aac"),
        ("a.wma", 44100, "wmav2"),
    ],
)
def test_any_format_rate_and_depth(
    run_sounds: Run, root: Path, tmp_path: Path, name: str, rate: int, kind: str
) -> None:
    expected = voice(2.0, 3, rate)
    (tmp_path / "in").mkdir()
    if kind in soundfile.available_subtypes():
        formats = {".sph": "NIST", ".aiff": "AIFF", ".au": "AU"}
        soundfile.write(tmp_path / "in" / name, expected, rate, subtype=kind, format=formats.get(Path(name).suffix))
    else:
        with_av(tmp_path / "in" / name, expected, rate, kind)
    run_sounds(tmp_path / "in", split="blocks", split_ratio=(50, 50, 0))
    dataset = Dataset(root)
    first = dataset.of_split("train")[0]
    # Its loudness goes up and down as the source's does; encoders may put up to two frames before it.
    found = read_sound(dataset.audio_path(first)).samples
    hops = np.sqrt(np.square(found.reshape(-1, HOP)).mean(axis=1))
    edges = np.round((first.source_start + np.arange(first.n_frames + 1) * HOP / RATE) * rate).astype(int)
    wanted = np.array([np.sqrt(np.square(expected[a:b]).mean()) for a, b in pairwise(edges)])
    shifted = [np.corrcoef(hops[lag:], wanted[: len(wanted) - lag])[0, 1] for lag in range(3)]
    assert max(shifted) > 0.97


def test_channels_are_mixed_where_that_is_asked_for(run_sounds: Run, root: Path, tmp_path: Path) -> None:
    left, right = voice(1.0, 1, RATE), voice(1.0, 2, RATE)
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "a.wav", np.stack([left, right], axis=1), RATE, subtype="FLOAT")
    run_sounds(tmp_path / "in", channel="mix")
    (row,) = Dataset(root).utterances
    mixed = read_sound(Dataset(root).audio_path(row)).samples
    assert np.allclose(mixed, ((left + right) / 2)[: len(mixed)], atol=1e-6)


def test_a_tone_keeps_its_pitch(run_sounds: Run, root: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "a.wav", 0.5 * np.sin(2 * np.pi * 1000 * np.arange(96000) / 48000), 48000)
    run_sounds(tmp_path / "in")
    (row,) = Dataset(root).utterances
    samples = read_sound(Dataset(root).audio_path(row)).samples
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert np.argmax(spectrum) * RATE / len(samples) == pytest.approx(1000, abs=1.0)


def test_what_needs_frames_is_refused(run_sounds: Run, root: Path) -> None:
    run_sounds()
    dataset = Dataset(root)
    row = dataset.utterances[0]
    for read in (lambda: dataset.frames(row), lambda: dataset.mask(row), dataset.pixel_mask):
        with pytest.raises(DatasetError, match="holds sound alone") as caught:
            read()
        assert str(root) in caught.value.problem and "prepare VIDEOS" in caught.value.remedy
    with pytest.raises(DatasetError, match="holds sound alone"):
        _ = dataset.meta.frames
    with pytest.raises(ConfigError, match="`export_pairs`"):
        run_sounds(export_pairs=True)
    with pytest.raises(ConfigError, match="`mask`"):
        run_sounds(mask=Path("mask.png"))
    assert Dataset(root).utterances == dataset.utterances


def test_long_recordings_are_cut_at_quiet_moments(run_sounds: Run, root: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "a.wav", voice(9.0, 4), 16000)
    run_sounds(tmp_path / "in", cut={"seconds": 2.0})
    dataset = Dataset(root)
    rows = dataset.utterances
    assert len(rows) > 4 and all(row.seconds <= 2.0 for row in rows) and {row.split for row in rows} == {"train"}
    assert [row.id for row in rows][:2] == ["a-001", "a-002"]
    for one, other in pairwise(rows):
        assert other.source_start == pytest.approx(one.source_start + one.seconds, abs=1e-5)
    assert sum(row.seconds for row in rows) == pytest.approx(9.0, abs=0.05)
    run_sounds(tmp_path / "in", cut={"mode": "whole"}, overwrite=True)
    assert [row.id for row in Dataset(root).utterances] == ["a"]
    assert {path.name for path in (root / "samples").iterdir()} == {"a"}


def test_annotations_go_along_and_can_cut(run_sounds: Run, root: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "a.wav", voice(4.0, 4), 16000)
    grid = interval_grid({"sentences": [(0.5, 1.5, "one"), (2.0, 3.75, "two")]}, 4.0)
    write_textgrid(grid, tmp_path / "in" / "a.TextGrid")
    run_sounds(tmp_path / "in", cut={"tier": "sentences"})
    dataset = Dataset(root)
    assert [row.source_start for row in dataset.utterances] == pytest.approx([0.5, 2.0], abs=0.02)
    for row, label in zip(dataset.utterances, ("one", "two"), strict=True):
        own = read_textgrid(dataset.folder(row) / f"{row.id}.TextGrid")
        assert [entry.label for entry in own.tier("sentences").entries] == [label]
        assert own.end == pytest.approx(row.seconds, abs=1e-5)
    assert run_sounds(tmp_path / "in", cut={"tier": "sentences"}).redone == 0
    (dataset.folder(dataset.utterances[0]) / "a-001.TextGrid").unlink()
    assert run_sounds(tmp_path / "in", cut={"tier": "sentences"}).redone == 1


def test_few_recordings_are_split_in_blocks_a_window_apart(run_sounds: Run, root: Path) -> None:
    assert run_sounds(split="auto", split_ratio=(60, 20, 20)).split_mode == "blocks"
    dataset = Dataset(root)
    for name in ("F1_one", "F1_two", "M1_three"):
        rows = [row for row in dataset.utterances if row.id.startswith(name)]
        assert [row.split for row in rows] == ["train", "validation", "test"]
        for one, other in pairwise(rows):
            gap = (other.source_start - one.source_start) * RATE / HOP - one.n_frames
            assert gap == pytest.approx(4, abs=0.01)
    assert check_dataset(root, 1) == []


def test_speakers_stay_together(run_sounds: Run, root: Path) -> None:
    run_sounds(split="speaker")
    assert len({(row.speaker, row.split) for row in Dataset(root).utterances}) == 2


def test_a_second_run_redoes_only_what_changed(run_sounds: Run, root: Path, sounds: Path, tree: Tree) -> None:
    run_sounds()
    before = tree(root)
    assert run_sounds().redone == 0 and tree(root) == before
    victim = root / "samples" / "F1_two" / "mel_db.npy"
    victim.write_bytes(victim.read_bytes()[:-5] + b"spoil")
    (root / "samples" / "M1_three" / "audio.wav").unlink()
    assert run_sounds().redone == 2 and tree(root) == before
    soundfile.write(sounds / "F1" / "one.wav", voice(2.5, 9), 16000)
    assert run_sounds().redone == 1 and tree(root) != before
    (sounds / "F1" / "one.wav").unlink()
    with pytest.raises(DatasetError, match="such as 'F1_one'"):
        run_sounds()
    assert run_sounds(prune=True).redone == 0 and not (root / "samples" / "F1_one").exists()


def test_workers_change_nothing(run_sounds: Run, root: Path, tmp_path: Path, tree: Tree) -> None:
    run_sounds()
    assert run_sounds(root=tmp_path / "parallel", workers=2).redone == 3
    assert tree(tmp_path / "parallel") == tree(root)


def test_an_interrupted_run_goes_on(
    run_sounds: Run, root: Path, tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sounds(root=tmp_path / "fresh")
    write, count = recording_module.write_float_wav, 0

    def interrupted(path: Path, samples: NDArray[np.float32], rate: int) -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise KeyboardInterrupt
        write(path, samples, rate)

    monkeypatch.setattr(recording_module, "write_float_wav", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_sounds()
    monkeypatch.undo()
    with pytest.raises(DatasetError, match="not a finished dataset"):
        Dataset(root)
    assert run_sounds().redone == 1
    assert tree(root) == tree(tmp_path / "fresh")


def spoil(path: Path, kind: str) -> None:
    rate = 16000
    if kind == "empty file":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("no sound", encoding="utf-8")
    elif kind == "cut short":
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
    elif kind == "silent":
        soundfile.write(path, np.zeros(rate), rate)
    elif kind == "no samples":
        soundfile.write(path, np.zeros(0), rate)
    else:
        samples = voice(1.0)
        samples[100] = np.nan
        soundfile.write(path, samples, rate, subtype="FLOAT")


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("F1/one.wav", "empty file", "cannot be read"),
        ("F1/one.wav", "text", "cannot be read"),
        ("M1/three.ogg", "empty file", "empty"),
        ("M1/three.ogg", "text", "cannot be read"),
        ("F1/two.flac", "cut short", "cannot be read"),
        ("F1/one.wav", "silent", "silent"),
        ("F1/one.wav", "no samples", "0 samples"),
        ("F1/one.wav", "not a number", "not numbers"),
    ],
)
def test_one_bad_file_fails_alone(run_sounds: Run, root: Path, sounds: Path, name: str, kind: str, text: str) -> None:
    spoil(sounds / name, kind)
    summary = run_sounds(split="blocks")
    ((failed, error),) = summary.failures
    assert failed.file == sounds / name and isinstance(error, MediaError) and text in error.problem
    assert str(sounds / name) in error.problem
    assert len({row.source_audio for row in Dataset(root).utterances}) == 2
    # What check says beforehand.
    options = CheckOptions()
    recordings = SoundFolderCorpus((sounds,)).recordings()
    (finding,) = check_recordings(recordings, options, 1)
    assert finding.file == str(sounds / name) and finding.severity == "error" and text in finding.problem


def test_only_bad_files_are_an_error_and_harm_no_dataset(run_sounds: Run, root: Path, sounds: Path) -> None:
    run_sounds()
    rows = Dataset(root).utterances
    for path in sounds.rglob("*.*"):
        path.write_bytes(b"spoilt")
    with pytest.raises(UserError, match="None of the 3 recordings"):
        run_sounds()
    assert Dataset(root).utterances == rows


def test_nothing_left_to_train_on_names_the_bad_file(run_sounds: Run, root: Path, sounds: Path) -> None:
    run_sounds()
    (row,) = Dataset(root).of_split("train")
    Path(row.source_audio).write_bytes(b"spoilt")
    with pytest.raises(UserError, match="Nothing is left to train on") as caught:
        run_sounds()
    assert row.source_audio in caught.value.problem and caught.value.remedy
    assert sounds in Path(row.source_audio).parents


def test_what_is_too_short_is_left_out_and_said(run_sounds: Run, root: Path, sounds: Path, tmp_path: Path) -> None:
    least = -(-FEATURES.min_samples // HOP) * HOP
    lengths = {"enough": least, "less": least - 1, "tiny": 1}
    for name, length in lengths.items():
        soundfile.write(sounds / f"{name}.wav", 0.1 * (-1.0) ** np.arange(length), RATE)
    summary = run_sounds()
    assert not summary.failures
    assert {row.id for row in summary.utterances} == {"F1_one", "F1_two", "M1_three", "enough"}
    assert [note.partition(": ")[0] for note in summary.notes] == [str(sounds / f"{n}.wav") for n in ("less", "tiny")]
    assert all("0.07 s that a mel spectrogram needs" in note for note in summary.notes)
    again = run_sounds()
    assert again.redone == 0 and again.notes == summary.notes
    recordings = SoundFolderCorpus((sounds,)).recordings()
    findings = check_recordings(recordings, CheckOptions(), 1)
    assert [(Path(item.file).stem, item.severity) for item in findings] == [("less", "note"), ("tiny", "note")]
    soundfile.write(tmp_path / "alone.wav", 0.1 * (-1.0) ** np.arange(100), RATE)
    with pytest.raises(DatasetError, match="no utterance is long enough"):
        run_sounds(tmp_path / "alone.wav", root=tmp_path / "other")


def test_clipped_sound_and_a_bad_annotation_are_named(run_sounds: Run, sounds: Path) -> None:
    soundfile.write(sounds / "F1" / "one.wav", np.clip(20 * voice(1.0), -1, 1), 16000)
    (note,) = [note for note in run_sounds(split="blocks").notes if "% of the samples are clipped" in note]
    assert note.startswith(str(sounds / "F1" / "one.wav"))
    (sounds / "M1" / "three.TextGrid").write_text("?", encoding="utf-8")
    ((failed, error),) = run_sounds(split="blocks").failures
    assert failed.id == "M1_three" and "TextGrid" in error.problem
    recordings = SoundFolderCorpus((sounds,)).recordings()
    found: list[Finding] = check_recordings(recordings, CheckOptions(), 1)
    assert [(item.severity, Path(item.file).name) for item in found] == [
        ("warning", "one.wav"),
        ("error", "three.TextGrid"),
    ]


def test_check_finds_nothing_and_then_every_harm(run_sounds: Run, root: Path) -> None:
    run_sounds()

    def check() -> list[Finding]:
        return check_dataset(root, 1)

    assert check() == []
    for name in SOUND_FILES:
        path = root / "samples" / "F1_one" / name
        content = path.read_bytes()
        path.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
        assert [finding.problem for finding in check()] == ["changed since it was written: the checksum differs"]
        path.unlink()
        assert [finding.problem for finding in check()] == [f"{name} missing"]
        path.write_bytes(content)
    assert check() == []


def test_pieces_of_one_sound_in_two_splits_are_leakage(run_sounds: Run, root: Path) -> None:
    run_sounds(split="auto", split_ratio=(60, 20, 20))
    table = root / "utterances.csv"
    text = table.read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("F1_one-002"))
    start = float(row.split(",")[7])
    table.write_text(text.replace(row, row.replace(f",{start},", f",{start - 0.1:.6f},")), encoding="utf-8")
    problems = [finding.problem for finding in check_dataset(root, 1)]
    assert any("F1_one-001 (train) and F1_one-002 (validation)" in problem for problem in problems)


def test_videos_may_give_their_sound_alone_and_back(
    videos: Path, root: Path, options: PrepareOptions, tree: Tree, tmp_path: Path
) -> None:
    corpus = FolderCorpus((videos,))
    chosen = options.model_copy(update={"split": "recording", "cut": CutConfig(mode="whole")})
    prepare(corpus, tmp_path / "pictures", chosen, 1)
    prepare(corpus, root, chosen, 1, export_pairs=True)
    assert prepare(SoundOf(corpus), root, chosen, 1).redone == 3
    assert not Dataset(root).has_frames and not list(root.glob("pairs_ref4*/*"))
    for row in Dataset(root).utterances:
        names = {path.name for path in (root / "samples" / row.id).iterdir()}
        assert names == {*SOUND_FILES, *({"one.TextGrid"} if row.id == "one" else ())}
    assert Dataset(root).fingerprint() != Dataset(tmp_path / "pictures").fingerprint()
    assert prepare(corpus, root, chosen, 1).redone == 3
    assert Dataset(root).has_frames and Dataset(root).sample_files == SAMPLE_FILES
    found, fresh = tree(root), tree(tmp_path / "pictures")
    assert {name: digest for name, digest in found.items() if not name.startswith("pairs_")} == fresh
