"""Recorded speech to compare with: what is taken of videos and datasets, and what cannot be."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.errors import DatasetError, MediaError
from rtmri2speech.evaluation.checkpoints.references import VideoReader, from_dataset
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig


@pytest.fixture(scope="module")
def dataset(talker: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    root = tmp_path_factory.mktemp("set") / "dataset"
    options = PrepareOptions(frames=FrameConfig(size=32), split_ratio=(40, 60, 0))
    prepare(FolderCorpus((talker,)), root, options, workers=1)
    return Dataset(root)


def test_a_dataset_gives_its_own_sound_and_mel(dataset: Dataset) -> None:
    found, failures = from_dataset(dataset, "validation", None)
    (row,) = dataset.of_split("validation")
    assert [item.name for item in found] == [row.id] and failures == []
    assert np.array_equal(found[0].mel_db, dataset.mel_db(row))
    assert np.array_equal(found[0].wave, soundfile.read(dataset.audio_path(row), dtype="float32")[0])
    with pytest.raises(DatasetError, match="test split holds no utterance"):
        from_dataset(dataset, "test", None)


def test_an_utterance_without_sound_is_listed(dataset: Dataset, tmp_path: Path) -> None:
    copy = Dataset(Path(shutil.copytree(dataset.root, tmp_path / "dataset")))
    (row,) = copy.of_split("validation")
    copy.audio_path(row).unlink()
    found, [(path, error)] = from_dataset(copy, "validation", None)
    assert found == [] and path == copy.folder(row) and "audio.wav" in error.problem


def test_a_video_gives_what_prepare_makes_of_it(talker: Path, tmp_path: Path) -> None:
    (recording,) = FolderCorpus((talker,)).recordings()
    found = VideoReader(FeatureConfig()).read(recording)
    options = PrepareOptions(frames=FrameConfig(size=32), split="recording")
    prepare(FolderCorpus((talker,)), tmp_path / "set", options, workers=1)
    whole = Dataset(tmp_path / "set")
    (row,) = whole.utterances
    assert found.name == row.id and np.allclose(found.mel_db, whole.mel_db(row), atol=1e-3)
    assert np.array_equal(found.wave, soundfile.read(whole.audio_path(row), dtype="float32")[0])


def test_sound_that_does_not_belong_to_the_picture(talker: Path, tmp_path: Path) -> None:
    video = Path(shutil.copy(talker, tmp_path / "v.mp4"))
    samples, rate = soundfile.read(talker.with_suffix(".wav"), dtype="float32")
    write_wav(tmp_path / "v.wav", samples[: len(samples) // 2], rate)
    (recording,) = FolderCorpus((video,)).recordings()
    with pytest.raises(MediaError, match=r"v\.mp4: sound and video disagree") as error:
        VideoReader(FeatureConfig()).read(recording)
    assert "`on_mismatch='trim'`" in error.value.remedy
    trimmed = VideoReader(FeatureConfig(), on_mismatch="trim").read(recording)
    hop = FeatureConfig().hop_length
    assert len(trimmed.wave) == len(trimmed.mel_db) * hop < 0.6 * len(samples) / rate * FeatureConfig().sample_rate
    write_wav(tmp_path / "v.wav", np.zeros(len(samples), np.float32), rate)
    found, [(path, silent)] = VideoReader(FeatureConfig()).read_all([recording])
    assert found == [] and path == video and "the sound is silent" in silent.problem
