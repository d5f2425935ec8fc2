"""Training, validation and test: by recording, by speaker, or as blocks of each recording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from rtmri2speech.data.dataset.layout import SPLITS, Split
from rtmri2speech.errors import ConfigError

SplitMode = Literal["corpus", "recording", "speaker", "blocks", "test"]

FEW_RECORDINGS = 10
"""Below this many recordings a tenth of them is none, so each recording is split in blocks instead."""


def check_ratio(ratio: Sequence[float]) -> tuple[float, float, float]:
    """Shares of training, validation and test, scaled to sum to 1.

    Raises:
        ConfigError: for anything but three shares with a positive training and validation share.
    """
    if len(ratio) != 3 or not np.isfinite(ratio).all() or min(ratio) < 0 or ratio[0] <= 0 or ratio[1] <= 0:
        raise ConfigError(
            f"`split_ratio=({', '.join(f'{share:g}' for share in ratio)})`: three shares are needed, the first two "
            "above 0.",
            "For example: `split_ratio=(80, 10, 10)`; for a dataset to evaluate on alone: `split='test'`",
        )
    total = sum(ratio)
    return ratio[0] / total, ratio[1] / total, ratio[2] / total


def split_units(units: Sequence[str], ratio: Sequence[float], seed: int) -> dict[str, Split]:
    """Assign whole units (recordings or speakers) to splits, shuffled with a seed.

    Every split with a positive share gets at least one unit while there are enough units.
    """
    shares = check_ratio(ratio)
    names = sorted(set(units))
    order = np.random.default_rng(seed).permutation(len(names))
    counts = [0, 0, 0]
    left = len(names)
    for index in (1, 2):
        if shares[index] > 0 and left > 1:
            counts[index] = min(max(1, round(shares[index] * len(names))), left - 1)
            left -= counts[index]
    counts[0] = left
    labels = np.repeat(np.arange(3), counts)
    return {names[unit]: SPLITS[label] for unit, label in zip(order, labels, strict=True)}


def split_blocks(n_frames: int, ratio: Sequence[float], gap: int) -> list[tuple[Split, int, int]]:
    """Split one recording in contiguous blocks (split, start, stop): training first, test last.

    ``gap`` frames are left out between blocks, so that no window reaches across and no frame is on both
    sides. Blocks without frames are left out.
    """
    shares = check_ratio(ratio)
    edges = [0, *(round(n_frames * share) for share in np.cumsum(shares)[:2]), n_frames]
    blocks: list[tuple[Split, int, int]] = []
    for split, start, stop in zip(SPLITS, edges[:-1], edges[1:], strict=True):
        first = start + gap if blocks else start
        if first < stop:
            blocks.append((split, first, stop))
    return blocks
