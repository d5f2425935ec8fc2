"""A dataset to evaluate on: the tiny phantom as a speaker that was trained on, and again as one that was not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from rtmri2speech.corpora.phantom import PhantomCorpus
from rtmri2speech.data.dataset.layout import Dataset, write_utterances
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.frames import FrameConfig


def evaluation_dataset(phantom: Path, root: Path) -> Path:
    """32 x 32 pixels: two utterances of m01, train and test, and one of ``new`` in the test split alone."""
    prepare(PhantomCorpus(phantom), root, PrepareOptions(frames=FrameConfig(size=32)), workers=1)
    dataset = Dataset(root)
    one, other = dataset.utterances
    new = replace(other, id="new_0000", speaker="new", split="test")
    shutil.copytree(dataset.folder(other), dataset.folder(new))
    grid = dataset.folder(new) / f"{other.id}.TextGrid"
    grid.rename(grid.with_name("new_0000.TextGrid"))
    write_utterances(root, [replace(one, split="train"), replace(other, split="test"), new])
    return root
