"""Folders of mels: what they must hold, and which of them a segment is taken from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.dataset.mel_folders import MelSource, mel_path, open_ln_mel, read_mel_db, require_ln
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.signal.mel import db_to_ln, mel_db

MakeDataset = Callable[..., Path]


def fill(dataset: Dataset, name: str = "mels", level: float = 0.0) -> Path:
    """A folder with a mel of one level for every utterance."""
    folder = dataset.root / name
    folder.mkdir()
    for row in dataset.utterances:
        np.save(mel_path(folder, row), np.full((dataset.meta.features.n_mels, row.n_frames), level, np.float32))
    return folder


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    return Dataset(make_dataset())


def test_ln_power_by_bands_becomes_db_by_frames(dataset: Dataset) -> None:
    folder, row = fill(dataset), dataset.utterances[0]
    ln_mel = np.random.default_rng(0).normal(-10, 3, (8, 30)).astype(np.float32)
    np.save(mel_path(folder, row), ln_mel)
    assert np.array_equal(open_ln_mel(folder, row, 8), ln_mel)
    part = read_mel_db(folder, row, 8, 5, 11)
    assert part.shape == (6, 8) and part.dtype == np.float32 and part.flags.c_contiguous
    assert np.allclose(part, 10 * np.log10(np.exp(ln_mel[:, 5:11].astype(float))).T, atol=1e-4)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"u1\.npy: no such file, and utterance u1 needs it"),
        (np.zeros((8, 13), np.float32), r"u1\.npy: has shape \(8, 13\), .* 8 bands and utterance u1 12 frames"),
        (np.zeros((12, 8), np.float32), r"shape \(12, 8\), .* shape \(8, 12\)"),
        (np.zeros((7, 12), np.float32), r"shape \(7, 12\)"),
        (np.zeros(96, np.float32), r"shape \(96,\)"),
        (np.zeros((8, 12), np.int16), r"u1\.npy: holds int16"),
        (np.array([{}]), r"u1\.npy: damaged"),
        (b"\x93NUMPY", r"u1\.npy: damaged"),
    ],
)
def test_a_file_that_does_not_fit_is_named_with_its_numbers(dataset: Dataset, content: Any, message: str) -> None:
    folder = fill(dataset)
    path = mel_path(folder, dataset.utterances[1])
    if content is None:
        path.unlink()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content, allow_pickle=True)
    for source in (MelSource(folder), MelSource(fill(dataset, "good"), folder, 0.5)):
        with pytest.raises(DatasetError, match=message) as error:
            source.require(dataset)
        assert "export-mels" in error.value.remedy


def test_a_missing_folder_is_named(dataset: Dataset, tmp_path: Path) -> None:
    fill(dataset)
    with pytest.raises(DatasetError, match="no such folder of mels") as error:
        MelSource(Path("mels")).require(dataset)
    assert error.value.remedy == f"Did you mean {dataset.root / 'mels'}?"
    with pytest.raises(DatasetError, match="no such folder") as error:
        MelSource(dataset.root / "mels", tmp_path / "mels_gt_log", 0.8).require(dataset)
    assert f"export-mels ground-truth {dataset.root};" in error.value.remedy
    with pytest.raises(DatasetError, match="no such folder") as error:
        MelSource(tmp_path / "none").require(dataset)
    assert f"export-mels predicted {dataset.root} --model" in error.value.remedy


def test_mels_of_the_test_split_and_extra_ones_of_validation_are_not_needed(make_dataset: MakeDataset) -> None:
    dataset = Dataset(make_dataset((30, 12, 20, 9), ("train", "train", "validation", "test")))
    folder, extra = fill(dataset), fill(dataset, "extra")
    mel_path(folder, dataset.utterances[3]).unlink()
    mel_path(extra, dataset.utterances[2]).unlink()
    MelSource(folder, extra, 0.5).require(dataset)
    mel_path(folder, dataset.utterances[2]).unlink()
    with pytest.raises(DatasetError, match=r"u2\.npy"):
        MelSource(folder, extra, 0.5).require(dataset)


def test_values_that_are_not_numbers_are_refused_where_they_are_read(dataset: Dataset) -> None:
    folder, row = fill(dataset), dataset.utterances[0]
    mel = np.zeros((8, 30), np.float32)
    mel[3, 20] = np.nan
    np.save(mel_path(folder, row), mel)
    assert read_mel_db(folder, row, 8, 0, 20).shape == (20, 8)
    with pytest.raises(DatasetError, match=r"u0\.npy: holds values that are not numbers"):
        read_mel_db(folder, row, 8, 15, 21)


@pytest.mark.parametrize("weight", [0.0, 0.2, 0.8, 1.0])
def test_the_weight_is_the_share_of_extra_mels(weight: float) -> None:
    source = MelSource(Path("a"), Path("b"), weight)
    drawn = [source.draw(3, epoch, index) for epoch in range(100) for index in range(50)]
    assert drawn.count(Path("b")) / len(drawn) == pytest.approx(weight, abs=0.02)
    # Of every utterance and in every epoch.
    for part in (drawn[7::50], drawn[50:100]):
        assert part.count(Path("b")) / len(part) == pytest.approx(weight, abs=0.2)


def test_the_choice_is_a_function_of_seed_epoch_and_index() -> None:
    source = MelSource(Path("a"), Path("b"), 0.5)
    keys = [(epoch, index) for epoch in range(10) for index in range(10)]
    one = [source.draw(1, *key) for key in keys]
    assert [source.draw(1, *key) for key in reversed(keys)] == one[::-1]
    assert [source.draw(2, *key) for key in keys] != one
    assert MelSource(Path("a")).draw(1, 0, 0) == Path("a")


@pytest.mark.parametrize("weight", [-0.1, 1.5, float("nan")])
def test_a_weight_that_is_no_probability_is_refused(weight: float) -> None:
    with pytest.raises(ConfigError, match="no probability"):
        MelSource(Path("a"), Path("b"), weight)


def test_contents_and_weight_tell_sources_apart(dataset: Dataset) -> None:
    folder, extra, other = fill(dataset), fill(dataset, "extra", 1.0), fill(dataset, "other", 2.0)
    plain = MelSource(folder).identity(dataset)
    assert plain.keys() == {"input"} and plain["input"].startswith("mels (")
    mixed = MelSource(folder, extra, 0.8).identity(dataset)
    assert mixed["input"] == plain["input"] and mixed["extra"].startswith("extra (") and mixed["extra_weight"] == 0.8
    assert MelSource(folder, other, 0.8).identity(dataset)["extra"] != mixed["extra"]
    row = dataset.utterances[0]
    np.save(mel_path(folder, row), np.ones((8, 30), np.float32))
    assert MelSource(folder).identity(dataset) != plain


@pytest.mark.parametrize("place", ["folder", "extra"])
def test_decibels_are_refused_before_training(dataset: Dataset, place: str) -> None:
    folders = {"folder": fill(dataset), "extra": fill(dataset, "extra")}
    row = dataset.utterances[0]
    # The noise of the fixture is loud; recordings have pauses.
    np.save(mel_path(folders[place], row), dataset.mel_db(row).T - 20.0)
    with pytest.raises(
        DatasetError, match=r"u0\.npy: holds values down to -\d\d, .* these seem to be decibels"
    ) as error:
        MelSource(folders["folder"], folders["extra"], 0.5).require(dataset)
    assert str(folders[place]) in error.value.problem and "ln(10) / 10" in error.value.remedy


@pytest.mark.parametrize("level", [-23.1, -30.0, -45.9, 0.0, 12.0])
def test_no_ln_mel_is_taken_for_decibels(dataset: Dataset, level: float) -> None:
    MelSource(fill(dataset, level=level)).require(dataset)


def test_silence_and_loudness_are_possible_ln_mels(dataset: Dataset) -> None:
    features, row = dataset.meta.features, dataset.utterances[0]
    for wave in (np.zeros(30 * 40), np.sign(np.random.default_rng(0).normal(size=30 * 40))):
        folder = dataset.root / f"level{wave.max():.0f}"
        folder.mkdir()
        np.save(mel_path(folder, row), db_to_ln(mel_db(wave.astype(np.float32), features)).T)
        require_ln(folder, row, features)


def test_values_that_are_not_numbers_are_refused_before_training(dataset: Dataset) -> None:
    folder = fill(dataset)
    np.save(mel_path(folder, dataset.utterances[2]), np.full((8, 20), np.nan))
    with pytest.raises(DatasetError, match=r"u2\.npy: holds values that are not numbers"):
        MelSource(folder).require(dataset)
