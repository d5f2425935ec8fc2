"""Tracts of a dataset, measured and kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.dataset.tract_folder import TractFolder, inputs_path
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.models.tract.inputs import INPUTS
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.tracts.prepare_tracts import prepare_tracts
from rtmri2speech.signal.frames import FrameConfig

SMALL = FrameConfig(size=32)


def test_a_phantom_under_looks(tiny_phantom: Path, tiny_segmenter: Path, tmp_path: Path) -> None:
    prepare(tiny_phantom, tmp_path / "ds", frames=SMALL, workers=1)
    how = {"segmenter": tiny_segmenter, "device": "cpu", "workers": 1}
    summary = prepare_tracts(tmp_path / "ds", looks=2, **how)  # type: ignore[arg-type]
    assert summary.measured == 2 and not summary.failures and "2 utterances under 4 looks" in str(summary)
    folder, dataset = TractFolder(tmp_path / "ds"), Dataset(tmp_path / "ds")
    assert folder.meta.dataset == dataset.fingerprint() and folder.meta.inputs == INPUTS
    item = folder.utterances[0]
    found, row = folder.load(item), dataset[item.id].row
    assert found.inputs.shape == (2, row.n_frames, len(INPUTS)) and item.split == row.split
    np.testing.assert_allclose(found.mel_db, dataset[item.id].mel_db, atol=0.1)
    truth = Truth.load(Path(row.source_video).with_suffix(".npz"))
    np.testing.assert_allclose(found.f0_hz, truth.f0[: row.n_frames], rtol=2e-3)
    np.testing.assert_allclose(found.formants_hz, truth.formants[: row.n_frames], rtol=2e-3)
    assert prepare_tracts(tmp_path / "ds", looks=2, **how).measured == 0  # type: ignore[arg-type]
    inputs_path(folder.root, item.id).unlink()
    (folder.root / "tracts.json").unlink()
    shares = [prepare_tracts(tmp_path / "ds", looks=2, shard=f"{n}/3", **how) for n in (1, 2, 3)]  # type: ignore[arg-type]
    assert sorted(len(share.utterances) for share in shares) == [0, 1, 1] and sum(s.measured for s in shares) == 1
    assert "share 1/3" in str(shares[0]) and not (folder.root / "tracts.json").exists()
    assert prepare_tracts(tmp_path / "ds", looks=2, **how).measured == 0  # type: ignore[arg-type]
    assert (folder.root / "tracts.json").is_file()


def test_people_as_they_are(talker: Path, tiny_segmenter: Path, tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    for path in talker.parent.glob("talker.*"):
        shutil.copy(path, videos)
    video = videos / talker.name
    prepare(video, tmp_path / "ds", frames=SMALL, workers=1)
    how = {"segmenter": tiny_segmenter, "device": "cpu", "workers": 1}
    summary = prepare_tracts(tmp_path / "ds", pixel_mm=3.0, people_looks=2, **how)  # type: ignore[arg-type]
    assert {item.looks for item in summary.utterances} == {2}
    folder = TractFolder(tmp_path / "ds")
    found = [folder.load(item) for item in folder.utterances]
    rows = Dataset(tmp_path / "ds").utterances
    assert [one.inputs.shape[1] for one in found] == [row.n_frames for row in rows]
    video.unlink()
    with pytest.raises(DatasetError, match="no such file; the dataset was made from it"):
        prepare_tracts(tmp_path / "ds", pixel_mm=2.0, **how)  # type: ignore[arg-type]


def test_what_cannot_be_asked_for(tiny_phantom: Path, tiny_segmenter: Path, tmp_path: Path) -> None:
    prepare(tiny_phantom, tmp_path / "ds", frames=SMALL, workers=1)
    with pytest.raises(ConfigError, match="less than one"):
        prepare_tracts(tmp_path / "ds", looks=0, segmenter=tiny_segmenter, workers=1)
    some = prepare_tracts(tmp_path / "ds", looks=1, segmenter=tiny_segmenter, device="cpu", workers=1, max_minutes=1e-6)
    assert some.measured == 1 and len(some.utterances) == 1
