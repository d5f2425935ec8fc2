"""Folds of a training split, so that each utterance can be predicted by a model that was trained without it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Literal

import numpy as np

from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.errors import ConfigError, DatasetError

FoldUnit = Literal["recording", "speaker"]
"""What stays together in one fold."""


def fold_unit(dataset: Dataset) -> FoldUnit:
    """What the dataset itself kept together: speakers where it was split by speaker, otherwise recordings."""
    return "speaker" if dataset.meta.split.get("mode") == "speaker" else "recording"


def assign_folds(dataset: Dataset, folds: int, seed: int, fold_by: FoldUnit) -> dict[str, int]:
    """The fold of every utterance, from 0.

    Of the training split, the utterances of one unit (those cut from one recording share frames and room noise) come
    into one fold; folds have about equal durations, of every speaker and altogether. The other splits, which no model
    of a fold is trained on, are spread over the folds one by one. The same seed gives the same folds.

    Args:
        dataset: a prepared dataset.
        folds: how many, K.
        seed: decides between equals.
        fold_by: what is not divided.

    Raises:
        ConfigError: for fewer than two folds.
        DatasetError: when the training split is empty or has fewer units than folds.
    """
    if folds < 2:
        raise ConfigError(
            f"`folds={folds}`: at least 2 are needed, one to predict and one to train on.", "For example: `folds=5`"
        )
    units: dict[str, list[Utterance]] = defaultdict(list)
    for row in dataset.of_split("train"):
        units[row.speaker if fold_by == "speaker" else row.source_video or row.source_audio].append(row)
    if folds > len(units):
        ways = [f"`folds={len(units)}` or less"] if len(units) > 1 else []
        ways += ["`fold_by='recording'`"] if fold_by == "speaker" else ["more recordings"]
        raise DatasetError(
            f"{dataset.root / 'utterances.csv'}: the training split has {len(units)} {fold_by}(s), too few for "
            f"`folds={folds}`; the utterances of one {fold_by} stay together.",
            f"Take {', or '.join([*ways, 'one model for all'])}: `model`",
        )
    single = {row.id: [row] for row in dataset.utterances if row.split != "train"}
    return {**_spread(units, folds, seed), **_spread(single, folds, seed)}


def _spread(units: Mapping[str, list[Utterance]], folds: int, seed: int) -> dict[str, int]:
    """The longest first, each to the fold that has least, of its speaker and altogether."""
    frames = {name: sum(row.n_frames for row in rows) for name, rows in units.items()}
    names = sorted(units)
    shuffled = [names[place] for place in np.random.default_rng(seed).permutation(len(names))]
    whole, of_speaker = float(sum(frames.values())), defaultdict[str, float](float)
    for name, rows in units.items():
        of_speaker[rows[0].speaker] += frames[name]
    load, own = np.zeros(folds), defaultdict[str, np.ndarray](lambda: np.zeros(folds))
    found = {}
    for name in sorted(shuffled, key=lambda name: -frames[name]):
        speaker = units[name][0].speaker
        fold = int(np.argmin(load / whole + own[speaker] / of_speaker[speaker]))
        load[fold] += frames[name]
        own[speaker][fold] += frames[name]
        found.update({row.id: fold for row in units[name]})
    return found
