"""Batches for both models: a seeded order that can be resumed, and loaders that work on every platform."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, Sampler, default_collate
from torch.utils.data import Dataset as TorchDataset

from rtmri2speech.arrays import Int64
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.dataset.training_items import load_sound
from rtmri2speech.errors import UserError
from rtmri2speech.training.engine.distributed import ALONE, Processes
from rtmri2speech.training.run_config import LoaderConfig


class EpochSampler(Sampler[tuple[int, int]]):
    """A shuffled order that is a function of seed and epoch alone; yields (epoch * rounds + round, index).

    A resumed run therefore gets the batches that an uninterrupted one would have got.

    Args:
        size: items of the dataset.
        seed: of the order.
        rounds: how often each item comes up per epoch, each time with another first part of the key.
    """

    def __init__(self, size: int, seed: int, rounds: int = 1) -> None:
        super().__init__()
        self.size = size
        self.seed = seed
        self.rounds = rounds
        self.epoch = 0
        self._skip = 0

    def __len__(self) -> int:
        return self.size * self.rounds

    def order(self, epoch: int) -> Int64:
        """Keys of an epoch as numbers: round * size + index, in the order they come up."""
        return np.random.default_rng((self.seed, epoch)).permutation(len(self))

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; Lightning calls this at the start of each."""
        if epoch != self.epoch:
            self.epoch, self._skip = epoch, 0

    def resume(self, epoch: int, done: int) -> None:
        """Start inside an epoch, after the ``done`` items that were already used."""
        self.epoch, self._skip = epoch, done

    def __iter__(self) -> Iterator[tuple[int, int]]:
        epoch, skip = self.epoch, self._skip
        for place in self.order(epoch)[skip:].tolist():
            yield epoch * self.rounds + place // self.size, place % self.size


class Counted(TorchDataset[int]):
    """Numbers, where the items themselves are drawn on the device."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> int:
        return index


class ShareOfBatches(Sampler[list[Any]]):
    """Batches of one process: its part of every batch, so that all processes together get what one alone would.

    A last batch with fewer items than processes is left out.

    Args:
        sampler: order of the items.
        batch_size: items of a whole batch.
        rank, world: which process of how many.
        drop_last: leave a smaller last batch out, unless it is the only one.
    """

    def __init__(
        self, sampler: Sampler[Any], batch_size: int, rank: int = 0, world: int = 1, *, drop_last: bool = False
    ) -> None:
        self.sampler = sampler  # Lightning sets its epoch
        self.batch_size = batch_size
        self.rank = rank
        self.world = world
        self._least = batch_size if drop_last and len(sampler) >= batch_size else world  # type: ignore[arg-type]

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)  # type: ignore[arg-type]
        return whole + (rest >= self._least)

    def __iter__(self) -> Iterator[list[Any]]:
        for batch in BatchSampler(self.sampler, self.batch_size, drop_last=False):
            if len(batch) >= self._least:
                yield batch[len(batch) * self.rank // self.world : len(batch) * (self.rank + 1) // self.world]


class ErrorForwardingDataset(TorchDataset[Any]):
    """Items of a dataset, or the UserError that was raised instead.

    A loader process cannot raise it: the loader would rebuild the exception from its text alone and turn it
    into a RuntimeError with a traceback. It is passed on as an item and raised by :class:`Loader`.

    Args:
        items: the dataset.
        by_epoch: True when it takes the sampler's (epoch, index) keys, False when the index alone.
    """

    def __init__(self, items: TorchDataset[Any], by_epoch: bool) -> None:
        self.items = items
        self.by_epoch = by_epoch

    def __len__(self) -> int:
        return len(self.items)  # type: ignore[arg-type]

    def __getitem__(self, key: int | tuple[int, int]) -> Any:
        try:
            return self.items[key if self.by_epoch or isinstance(key, int) else key[1]]
        except UserError as error:
            return error


class ErrorForwardingCollate:
    """A collate function that passes on a UserError among the items."""

    def __init__(self, collate: Callable[[list[Any]], Any]) -> None:
        self.collate = collate

    def __call__(self, items: list[Any]) -> Any:
        """A batch, or the first error."""
        return next((item for item in items if isinstance(item, UserError)), None) or self.collate(items)


class Loader(DataLoader[Any]):
    """A DataLoader that raises the UserErrors of its worker processes."""

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        for batch in super().__iter__():
            if isinstance(batch, UserError):
                raise batch
            yield batch


class WholeSounds(TorchDataset[tuple[Tensor, Tensor]]):
    """Utterances from their start, for validation: mel (F, M) dB and wave (F * hop,).

    Args:
        dataset: the dataset.
        utterances: which.
        least: frames that shorter utterances are padded to.
        most: frames at which longer ones are cut, so that memory is bounded.
        mels: folder to take the mels from instead of the dataset's own.
    """

    def __init__(
        self, dataset: Dataset, utterances: list[Utterance], least: int, most: int, mels: Path | None = None
    ) -> None:
        self.dataset = dataset
        self.utterances = utterances
        self.least = least
        self.most = most
        self.mels = mels

    def __len__(self) -> int:
        return len(self.utterances)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        utterance = self.utterances[index]
        n_frames = max(min(utterance.n_frames, self.most), self.least)
        return load_sound(self.dataset, utterance, 0, n_frames, self.mels)


def make_loader(
    items: TorchDataset[Any],
    config: LoaderConfig,
    *,
    batch_size: int,
    cuda: bool,
    seed: int,
    processes: Processes = ALONE,
    sampler: EpochSampler | None = None,
    by_epoch: bool = False,
    collate: Callable[[list[Any]], Any] = default_collate,
) -> Loader:
    """A loader: in the sampler's order for training, in the dataset's own for validation.

    All its arguments can be pickled, because Windows and macOS spawn workers.

    Args:
        items: the dataset.
        config: how it is read.
        batch_size: items per batch, of all processes together; the last one may have fewer.
        cuda: whether batches go to a GPU.
        seed: of the loader's own generator.
        processes: which part of the batches (training) or of the items (validation) is this process's.
        sampler: order of the training items; None keeps the dataset's, for validation.
        by_epoch: the dataset takes (epoch, index) keys.
        collate: items to batch.
    """
    workers = loader_workers(config.num_workers, cuda)
    rank, world = processes.rank, processes.world
    if sampler is not None:
        batches: Sampler[list[Any]] = ShareOfBatches(sampler, batch_size, rank, world, drop_last=config.drop_last)
    else:
        own = range(rank, len(items), world)  # type: ignore[arg-type]
        batches = BatchSampler(own, batch_size, drop_last=False)
    return Loader(
        ErrorForwardingDataset(items, by_epoch),
        batch_sampler=batches,
        num_workers=workers,
        prefetch_factor=config.prefetch_factor if workers else None,
        persistent_workers=workers > 0,
        pin_memory=config.pin_memory and cuda,
        collate_fn=ErrorForwardingCollate(collate),
        worker_init_fn=_leave_signals,
        # Its own generator: starting a loader must not draw from the stream that dropout uses.
        generator=torch.Generator().manual_seed(seed),
    )


def loader_workers(wanted: int, cuda: bool) -> int:
    """Loader processes to start: as wanted on a GPU, within the machine's cores; on a CPU, few or none.

    Reading costs next to nothing compared with a network on the CPU, and every process takes a core from it.
    """
    cores = os.cpu_count() or 1
    return min(wanted, cores if cuda else cores // 4)


def _leave_signals(_: int) -> None:
    # Ctrl-C reaches every process of the terminal, a cluster's SIGTERM every process of the job; the main process
    # decides when to stop.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def counting_loaders(batch_size: int, epoch_steps: int, seed: int, cuda: bool) -> tuple[Loader, Loader, EpochSampler]:
    """Loaders of training and validation that only count, and training's order, for items drawn on the device.

    Args:
        batch_size: items per batch of the training; the validation has a single batch.
        epoch_steps: batches per epoch.
        seed: of the order.
        cuda: whether batches go to a GPU.
    """
    sampler = EpochSampler(epoch_steps * batch_size, seed)
    config = LoaderConfig(batch_size=batch_size, num_workers=0, pin_memory=False)
    train = make_loader(Counted(sampler.size), config, batch_size=batch_size, cuda=cuda, seed=seed, sampler=sampler)
    return train, make_loader(Counted(1), config, batch_size=1, cuda=cuda, seed=seed), sampler
