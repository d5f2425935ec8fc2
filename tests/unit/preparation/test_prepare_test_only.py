"""A dataset to evaluate on: every recording in the test split; and exports to other programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from rtmri2speech.corpora.base import Recording
from rtmri2speech.corpora.phantom import PhantomCorpus
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.audio import read_sound
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.preparation.check_dataset import check_dataset
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.frames import FrameConfig


class OnlyTests(PhantomCorpus):
    """A phantom, all of it in the test split."""

    def recordings(self) -> list[Recording]:
        return [replace(recording, split="test") for recording in super().recordings()]


def test_it_has_no_scaler_and_no_finding_and_cannot_be_trained_on(tiny_phantom: Path, tmp_path: Path) -> None:
    root = tmp_path / "dataset"
    options = PrepareOptions(frames=FrameConfig(size=32))
    prepare(PhantomCorpus(tiny_phantom), root, options, workers=1)
    assert (root / "scaler.json").is_file()
    prepare(OnlyTests(tiny_phantom), root, options, workers=1)
    assert not (root / "scaler.json").exists()
    dataset = Dataset(root)
    assert {row.split for row in dataset.utterances} == {"test"}
    assert check_dataset(root, 1) == []
    with pytest.raises(DatasetError, match="train split holds no utterance"):
        dataset.of_split("train")


def test_recordings_of_any_kind_become_one(videos: Path, tmp_path: Path, options: PrepareOptions) -> None:
    root = tmp_path / "dataset"
    summary = prepare(videos, root, options, workers=1, split="test", split_ratio=(0, 0, 100))
    assert summary.split_mode == "test" and summary.counts == {"train": 0, "validation": 0, "test": 3}
    assert "3 utterances" in str(summary) and "to evaluate on alone" in str(summary)
    assert Dataset(root).meta.split["mode"] == "test" and not (root / "scaler.json").exists()
    assert check_dataset(root, 1) == []
    with pytest.raises(DatasetError, match="all are for testing") as caught:
        Dataset(root).of_split("train")
    assert "`split='test'`" in caught.value.remedy


def test_one_recording_that_cannot_be_used_leaves_the_others(
    videos: Path, tmp_path: Path, options: PrepareOptions
) -> None:
    (videos / "broken.mp4").write_bytes(b"x")
    summary = prepare(videos, tmp_path / "dataset", options, workers=1, split="test")
    assert summary.counts["test"] == 3 and [one.id for one, _ in summary.failures] == ["broken"]


def test_a_corpus_with_splits_of_its_own_can_be_tested_on_whole(
    tiny_phantom: Path, tmp_path: Path, options: PrepareOptions
) -> None:
    summary = prepare(PhantomCorpus(tiny_phantom), tmp_path / "dataset", options, workers=1, split="test")
    assert set(summary.counts.values()) == {0, 2}


@pytest.mark.parametrize("fields", [{"split_ratio": (0, 0, 100)}, {"test_speakers": ("speaker1",)}])
def test_other_ways_that_people_try_name_this_one(videos: Path, tmp_path: Path, fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        prepare(videos, tmp_path / "dataset", **fields)
    assert "`split='test'`" in caught.value.remedy


def test_a_dataset_for_training_is_not_replaced_unasked(videos: Path, tmp_path: Path, options: PrepareOptions) -> None:
    root = tmp_path / "dataset"
    prepare(videos, root, options, workers=1, split="recording")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(DatasetError) as caught:
        prepare(videos, root, options, workers=1, split="test", ref_frames=5)
    assert "ref_frames: 4 then, 5 now; split: recording then, test now" in caught.value.problem
    assert "`overwrite=True`" in caught.value.remedy
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    assert prepare(videos, root, options, workers=1, split="test", overwrite=True).redone == 3


def test_its_sounds_are_exported_for_the_original_hifigan(
    videos: Path, tmp_path: Path, options: PrepareOptions
) -> None:
    root = tmp_path / "dataset"
    wanted = {"workers": 1, "split": "recording", "export_wavs": True}
    prepare(videos, root, options, **wanted)
    dataset = Dataset(root)
    for row in dataset.utterances:
        info, wave = soundfile.info(root / "audio_wav" / f"{row.id}.wav"), read_sound(dataset.audio_path(row)).samples
        assert (info.subtype, info.samplerate, info.frames) == ("PCM_16", 11413, len(wave))
        exported, _ = soundfile.read(root / "audio_wav" / f"{row.id}.wav", dtype="int16")
        np.testing.assert_allclose(exported / 32768.0, np.clip(wave, -1, 1), atol=1e-4)
    assert check_dataset(root, 1) == []
    (videos / "two.mp4").unlink()
    prepare(videos, root, options, **wanted, prune=True)
    assert {path.stem for path in (root / "audio_wav").iterdir()} == {row.id for row in Dataset(root).utterances}
