"""Writing the mels of a dataset: what is written, kept, made again, refused."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.errors import UserError
from rtmri2speech.progress import Silent
from rtmri2speech.training.mels.export import RECORD, export_ground_truth, export_mels


class Maker:
    """Gives mels of one level and remembers whose it gave."""

    def __init__(self, level: float = -40.0, bands: int = 16) -> None:
        self.level, self.bands = level, bands
        self.made: list[str] = []

    def __call__(self, utterance: Utterance) -> np.ndarray:
        self.made.append(utterance.id)
        return np.full((utterance.n_frames, self.bands), self.level, np.float32)


class Counter(Silent):
    """Progress that remembers what was counted."""

    def __init__(self) -> None:
        self.expected: list[int] = []
        self.done: list[int] = []

    def expect(self, count: int) -> None:
        self.expected.append(count)

    def advance(self, count: int = 1) -> None:
        self.done.append(count)


def level(path: Path) -> float:
    """Level of one of the Maker's mels in dB."""
    return float(np.load(path).mean() * 10 / np.log(10))


def test_ground_truth_is_the_natural_logarithm_of_the_datasets_mel(dataset: Dataset) -> None:
    progress = Counter()
    result = export_ground_truth(dataset, progress=progress)
    assert result.folder == dataset.root / "mels_gt_log" and (result.made, result.kept) == (4, 0)
    assert {path.name for path in result.folder.iterdir()} == {RECORD, *(f"u{i}.npy" for i in range(4))}
    for row in dataset.utterances:
        mel = np.load(result.folder / f"{row.id}.npy")
        assert mel.shape == (16, row.n_frames) and mel.dtype == np.float32
        assert np.allclose(mel, dataset.mel_db(row).T * (np.log(10) / 10), atol=1e-5)
    assert progress.expected == [40 + 33 + 25 + 24]
    assert sum(progress.done) == progress.expected[0] and len(progress.done) == 4


def test_a_second_export_makes_only_what_is_missing_or_incomplete(dataset: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "mels"
    export_mels(dataset, folder, "one", Maker())
    (folder / "u1.npy").unlink()
    whole = (folder / "u2.npy").read_bytes()
    (folder / "u2.npy").write_bytes(whole[:-5])
    np.save(folder / "u3.npy", np.zeros((16, 3), np.float32))
    again = Maker()
    result = export_mels(dataset, folder, "one", again)
    assert again.made == ["u1", "u2", "u3"] and (result.made, result.kept) == (3, 1)
    assert (folder / "u2.npy").read_bytes() == whole
    assert export_mels(dataset, folder, "one", again).kept == 4 and len(again.made) == 3


def test_another_source_or_overwrite_makes_all_again(dataset: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "mels"
    export_mels(dataset, folder, "one", Maker())
    assert export_mels(dataset, folder, "two", Maker(-30.0)).made == 4
    assert level(folder / "u0.npy") == pytest.approx(-30.0)
    assert export_mels(dataset, folder, "two", Maker(-20.0)).made == 0
    assert export_mels(dataset, folder, "two", Maker(-20.0), overwrite=True).made == 4
    assert level(folder / "u0.npy") == pytest.approx(-20.0)


def test_an_utterance_that_was_prepared_again_is_made_again(dataset: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "mels"
    export_mels(dataset, folder, "one", Maker())
    table = dataset.root / "utterances.csv"
    table.write_text(table.read_text(encoding="utf-8").replace(dataset.utterances[2].sha256, "f" * 64))
    again = Maker()
    export_mels(Dataset(dataset.root), folder, "one", again)
    assert again.made == ["u2"]


def test_an_export_that_was_stopped_goes_on_and_never_mixes_sources(dataset: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "mels"
    export_mels(dataset, folder, "one", Maker())

    class Stopped(Maker):
        def __call__(self, utterance: Utterance) -> np.ndarray:
            if len(self.made) == 2:
                raise KeyboardInterrupt
            return super().__call__(utterance)

    with pytest.raises(KeyboardInterrupt):
        export_mels(dataset, folder, "two", Stopped(-30.0))
    assert sorted(path.name for path in folder.glob("*.npy")) == ["u0.npy", "u1.npy"]
    rest = Maker(-30.0)
    export_mels(dataset, folder, "two", rest)
    assert rest.made == ["u2", "u3"]
    assert {round(level(path), 3) for path in folder.glob("*.npy")} == {-30.0}


@pytest.mark.parametrize("record", [None, "{", "[]", '{"source": "one"}'])
def test_mels_of_unknown_origin_are_not_overwritten_unasked(dataset: Dataset, tmp_path: Path, record: Any) -> None:
    folder = tmp_path / "mels"
    export_mels(dataset, folder, "one", Maker())
    (folder / RECORD).unlink()
    if record is not None:
        (folder / RECORD).write_text(record)
    with pytest.raises(UserError, match=r"holds 4 mel\(s\) of this dataset of unknown origin") as error:
        export_mels(dataset, folder, "one", Maker(-30.0))
    assert "`overwrite=True`" in error.value.remedy and level(folder / "u0.npy") == pytest.approx(-40.0)
    assert export_mels(dataset, folder, "one", Maker(-30.0), overwrite=True).made == 4
    assert json.loads((folder / RECORD).read_text())["utterances"].keys() == {"u0", "u1", "u2", "u3"}


def test_a_failure_is_listed_and_the_others_are_done(dataset: Dataset) -> None:
    (dataset.folder(dataset.utterances[1]) / "mel_db.npy").unlink()
    mel = np.array(dataset.mel_db(dataset.utterances[2]))
    mel[3, 3] = np.inf
    np.save(dataset.folder(dataset.utterances[2]) / "mel_db.npy", mel)
    np.save(dataset.folder(dataset.utterances[3]) / "mel_db.npy", np.zeros((24, 15), np.float32))
    result = export_ground_truth(dataset)
    assert result.made == 1 and [path.name for path, _ in result.failures] == ["u1.npy", "u2.npy", "u3.npy"]
    problems = [error.problem for _, error in result.failures]
    assert "missing or damaged" in problems[0] and "not numbers" in problems[1]
    assert "shape (24, 15), not 24 frames of 16 bands" in problems[2]
    assert sorted(path.name for path in result.folder.glob("*.npy")) == ["u0.npy"]


def test_a_full_disk_leaves_no_half_written_file(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, left = np.save, [2]

    def save(file: Any, array: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            file.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        plain(file, array)

    monkeypatch.setattr(np, "save", save)
    folder = tmp_path / "mels"
    with pytest.raises(UserError, match=r"u2\.npy: cannot be written \(No space left"):
        export_mels(dataset, folder, "one", Maker())
    assert {path.name for path in folder.iterdir()} == {RECORD, "u0.npy", "u1.npy"}


def test_sound_alone_has_a_ground_truth(dataset: Dataset) -> None:
    meta = json.loads((dataset.root / "meta.json").read_text(encoding="utf-8"))
    (dataset.root / "meta.json").write_text(json.dumps({**meta, "frames": None}), encoding="utf-8")
    for row in dataset.utterances:
        (dataset.folder(row) / "mri.npy").unlink()
        (dataset.folder(row) / "mask.npy").unlink()
    assert export_ground_truth(Dataset(dataset.root)).made == 4


def test_a_folder_of_another_dataset_is_made_again(make_dataset: Callable[..., Path]) -> None:
    one, other = Dataset(make_dataset()), Dataset(make_dataset("other", seed=9))
    export_ground_truth(one)
    shutil.copytree(one.root / "mels_gt_log", other.root / "mels_gt_log")
    assert export_ground_truth(other).made == 4
