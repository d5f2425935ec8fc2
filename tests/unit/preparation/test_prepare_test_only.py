"""A dataset to evaluate on: every recording in the test split."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rtmri2speech.corpora.base import Recording
from rtmri2speech.corpora.phantom import PhantomCorpus
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.errors import DatasetError
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
