"""Folds of the training split: nothing that belongs together is divided, and all are of about one length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.data.dataset.folds import assign_folds, fold_unit
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.errors import ConfigError, DatasetError

MakeDataset = Callable[..., Path]


def rows_of(recordings: int, speakers: int = 2, pieces: int = 3, seed: int = 0) -> list[Utterance]:
    """Recordings in pieces, by speakers in turn, the last two recordings of the validation and test splits."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(recordings):
        split = {recordings - 2: "validation", recordings - 1: "test"}.get(number, "train")
        for piece in range(pieces):
            frames = int(rng.integers(50, 150))
            name, speaker = f"r{number:02d}-{piece}", f"s{number % speakers}"
            rows.append(
                Utterance(
                    name, speaker, split, frames, frames / 27, f"/v/r{number}.avi", f"/v/r{number}.wav", 0.0, name
                )
            )
    return rows


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    found = Dataset(make_dataset())
    found.utterances = rows_of(22)
    return found


def test_a_recording_is_never_divided_and_folds_are_of_one_length(dataset: Dataset) -> None:
    folds = assign_folds(dataset, 4, 1, "recording")
    assert folds.keys() == {row.id for row in dataset.utterances} and set(folds.values()) == {0, 1, 2, 3}
    train = dataset.of_split("train")
    by_recording = {
        row.source_video: {folds[one.id] for one in train if one.source_video == row.source_video} for row in train
    }
    assert all(len(found) == 1 for found in by_recording.values())
    longest = max(sum(one.n_frames for one in train if one.source_video == row.source_video) for row in train)
    for rows in (train, [row for row in train if row.speaker == "s0"]):
        frames = [sum(row.n_frames for row in rows if folds[row.id] == fold) for fold in range(4)]
        assert max(frames) - min(frames) < longest


def test_the_other_splits_are_spread_over_all_folds(dataset: Dataset) -> None:
    folds = assign_folds(dataset, 3, 1, "recording")
    for split in ("validation", "test"):
        assert {folds[row.id] for row in dataset.utterances if row.split == split} == {0, 1, 2}


def test_the_seed_alone_decides(dataset: Dataset) -> None:
    one = assign_folds(dataset, 4, 1, "recording")
    dataset.utterances = dataset.utterances[::-1]
    assert assign_folds(dataset, 4, 1, "recording") == one
    dataset.utterances = [replace(row, n_frames=100) for row in dataset.utterances]
    assert assign_folds(dataset, 4, 1, "recording") != assign_folds(dataset, 4, 2, "recording")


def test_speakers_stay_together_where_the_dataset_kept_them(dataset: Dataset) -> None:
    assert fold_unit(dataset) == "recording"
    dataset.utterances = rows_of(22, speakers=5)
    folds = assign_folds(dataset, 5, 0, "speaker")
    train = dataset.of_split("train")
    assert {len({folds[row.id] for row in train if row.speaker == f"s{n}"}) for n in range(5)} == {1}
    dataset.meta = dataset.meta.model_copy(update={"split": {"mode": "speaker"}})
    assert fold_unit(dataset) == "speaker"


def test_as_many_folds_as_recordings_each_get_one(dataset: Dataset) -> None:
    folds = assign_folds(dataset, 20, 0, "recording")
    assert {folds[row.id] for row in dataset.of_split("train")} == set(range(20))


def test_sound_alone_is_grouped_by_its_source(dataset: Dataset) -> None:
    dataset.utterances = [replace(row, source_video="") for row in dataset.utterances]
    assert len(set(assign_folds(dataset, 20, 0, "recording").values())) == 20


@pytest.mark.parametrize("folds", [1, 0, -3])
def test_fewer_than_two_folds_are_refused(dataset: Dataset, folds: int) -> None:
    with pytest.raises(ConfigError, match=f"`folds={folds}`: at least 2"):
        assign_folds(dataset, folds, 0, "recording")


def test_more_folds_than_there_are_units_are_refused_with_what_to_do(dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match=r"utterances\.csv: .* 20 recording\(s\), too few for `folds=21`") as error:
        assign_folds(dataset, 21, 0, "recording")
    assert "`folds=20` or less" in error.value.remedy and "more recordings" in error.value.remedy
    with pytest.raises(DatasetError, match=r"2 speaker\(s\), too few for `folds=3`") as error:
        assign_folds(dataset, 3, 0, "speaker")
    assert "`fold_by='recording'`" in error.value.remedy and "`model`" in error.value.remedy
    dataset.utterances = rows_of(3)
    with pytest.raises(DatasetError, match=r"1 recording\(s\)") as error:
        assign_folds(dataset, 2, 0, "recording")
    assert "or less" not in error.value.remedy


def test_a_part_reads_the_whole_datasets_samples(make_dataset: MakeDataset, tmp_path: Path) -> None:
    whole = Dataset(make_dataset((30, 12, 20, 9), ("train", "train", "validation", "test")))
    part = whole.without({"u1"}, tmp_path / "part")
    assert [row.split for row in part.utterances] == ["train", "test", "validation", "test"]
    assert [row.id for row in part.of_split("train")] == ["u0"] and part.root == tmp_path / "part"
    assert np.array_equal(part.mel_db(part.utterances[1]), whole.mel_db(whole.utterances[1]))
    assert part.fingerprint() != whole.fingerprint() and part.pixel_mask() is None
    assert not (tmp_path / "part").exists()
