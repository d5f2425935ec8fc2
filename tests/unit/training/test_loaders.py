"""Order of batches, and errors of loader processes."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from rtmri2speech.errors import DatasetError
from rtmri2speech.training.loaders import EpochSampler, Loader, make_loader
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
