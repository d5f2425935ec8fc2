"""Order of batches, and errors of loader processes."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.errors import DatasetError
from rtmri2speech.training.engine.loaders import EpochSampler, Loader, WholeSounds, make_loader
from rtmri2speech.training.recipes import Recipe

MakeDataset = Callable[..., Path]
MakeRecipe = Callable[..., Recipe]


class Failing(torch.utils.data.Dataset[Any]):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        raise DatasetError(f"item {index} is bad.", "Mend it.")


def test_loader_processes_hand_over_user_errors_and_can_be_pickled(make_recipe: MakeRecipe) -> None:
    config = make_recipe().acoustic.data
    loader = make_loader(Failing(), config, batch_size=2, cuda=False, seed=0, sampler=EpochSampler(4, 0))
    pickle.loads(pickle.dumps((loader.dataset, loader.collate_fn, loader.worker_init_fn, loader.sampler)))
    parallel = Loader(loader.dataset, batch_size=2, num_workers=1, collate_fn=loader.collate_fn)
    for one in (loader, parallel):
        with pytest.raises(DatasetError, match="is bad"):
            next(iter(one))


def test_order_depends_on_seed_and_epoch_alone() -> None:
    sampler = EpochSampler(5, seed=1, rounds=3)
    first = list(sampler)
    assert len(first) == len(sampler) == 15
    assert sorted(first) == [(turn, index) for turn in range(3) for index in range(5)]
    sampler.set_epoch(1)
    second = list(sampler)
    assert sorted(second) == [(3 + turn, index) for turn in range(3) for index in range(5)]
    sampler.set_epoch(0)
    assert list(sampler) == first
    sampler.resume(1, 4)
    sampler.set_epoch(1)
    assert list(sampler) == second[4:]
    sampler.set_epoch(2)
    assert len(list(sampler)) == 15


def test_whole_sounds_take_their_mels_from_a_folder(dataset: Dataset, tmp_path: Path) -> None:
    (row,) = dataset.of_split("validation")
    np.save(tmp_path / f"{row.id}.npy", np.tile(np.arange(24.0), (16, 1)) * np.log(10) / 10)
    own = WholeSounds(dataset, [row], 10, 20)[0]
    mel, wave = WholeSounds(dataset, [row], 10, 20, tmp_path)[0]
    assert torch.equal(wave, own[1]) and not torch.equal(mel, own[0])
    torch.testing.assert_close(mel, torch.arange(20.0)[:, None].expand(20, 16))
