"""Sounds, mels and filelists that disagree are found before a vocoder is trained on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.data.dataset.consistency import require_filelists, require_sounds
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.media.audio import write_float_wav
from rtmri2speech.errors import DatasetError, MediaError

MakeDataset = Callable[..., Path]


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    return Dataset(make_dataset((30, 12, 20, 9), ("train", "train", "validation", "test")))


@pytest.mark.parametrize(("samples", "rate"), [(12 * 40 - 1, 2000), (12 * 40 + 40, 2000), (12 * 40, 4000), (0, 2000)])
def test_a_sound_of_another_length_or_rate_than_its_mel(dataset: Dataset, samples: int, rate: int) -> None:
    require_sounds(dataset)
    path = dataset.audio_path(dataset.utterances[1])
    write_float_wav(path, np.zeros(samples, np.float32), rate)
    with pytest.raises(DatasetError, match="sound and mel disagree") as error:
        require_sounds(dataset)
    assert error.value.problem.startswith(f"{path}: ") and f"{samples} samples at {rate} Hz" in error.value.problem
    assert "n_frames 12 x hop_length 40 are 480 samples at sample_rate 2000" in error.value.problem


def test_a_sound_that_is_missing_or_damaged(dataset: Dataset) -> None:
    path = dataset.audio_path(dataset.utterances[2])
    path.write_bytes(b"RIFF")
    with pytest.raises(MediaError, match=r"u2.audio\.wav: cannot be read"):
        require_sounds(dataset)
    path.unlink()
    with pytest.raises(MediaError, match=r"u2.audio\.wav"):
        require_sounds(dataset)


@pytest.mark.parametrize(
    ("shape", "message"), [((29, 8), r"shape \(29, 8\) does not fit 30 frames"), ((30, 7), "7 bands, .* n_mels 8")]
)
def test_a_mel_of_another_size(dataset: Dataset, shape: tuple[int, int], message: str) -> None:
    np.save(dataset.folder(dataset.utterances[0]) / "mel_db.npy", np.zeros(shape, np.float32))
    with pytest.raises(DatasetError, match=rf"u0.mel_db\.npy: .*{message}"):
        require_sounds(dataset)
    require_sounds(dataset, own_mels=False)


def test_the_test_split_is_not_looked_at(dataset: Dataset) -> None:
    dataset.audio_path(dataset.utterances[3]).unlink()
    require_sounds(dataset)


def test_filelists_that_do_not_name_the_splits(dataset: Dataset) -> None:
    require_filelists(dataset)
    folder = dataset.root / "hifigan_filelists"
    folder.mkdir()
    (folder / "training.txt").write_text("u1|hello\nu0\n\n", encoding="utf-8")
    (folder / "validation.txt").write_text("u2\n", encoding="utf-8")
    require_filelists(dataset)
    for name, text, message in (
        ("training.txt", "", "is empty, but utterances.csv has 2 utterance"),
        ("training.txt", "\n \n", "is empty"),
        ("training.txt", "u0\n", "names 1 of the 2, but"),
        ("training.txt", "u0\nu1\nu2\nx\n", r"names 2 of the 2 and 2 other\(s\)"),
        ("validation.txt", "", "is empty, .* 1 utterance.* split validation"),
    ):
        before = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8")
        with pytest.raises(DatasetError, match=rf"{name}: {message}") as error:
            require_filelists(dataset)
        assert "prepare" in error.value.remedy
        (folder / name).write_text(before, encoding="utf-8")
