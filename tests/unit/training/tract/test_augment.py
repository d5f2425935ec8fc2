"""Tracts as other recordings would have given them."""

from __future__ import annotations

import torch

import measured
from rtmri2speech.models.tract.inputs import PLACES
from rtmri2speech.training.tract.augment import augment
from rtmri2speech.training.tract.bank import Batch
from rtmri2speech.training.tract.recipe import TractAugmentConfig

NOTHING = TractAugmentConfig.model_validate(dict.fromkeys(TractAugmentConfig.model_fields, 0.0))


def drawn() -> Batch:
    rows = torch.stack([torch.from_numpy(measured.rows(30, seed)) for seed in range(4)])
    rows[:, 5, 39] = 0.0
    full = torch.ones(4, 30)
    factors = torch.tensor([1.1, 0.9, torch.nan, 1.0])
    return Batch(rows, full > 0, torch.zeros(4, 30, 64), full, torch.zeros(4, 30, 4), factors)


def changed(**fields: float) -> torch.Tensor:
    return augment(drawn(), NOTHING.model_copy(update=fields), torch.Generator().manual_seed(0))


def test_nothing_changes_nothing() -> None:
    assert torch.equal(changed(), drawn().rows)


def test_closed_stays_closed_and_distances_change_smoothly() -> None:
    found, before = changed(distance=0.2)[..., PLACES["distance"]], drawn().rows[..., PLACES["distance"]]
    assert not found[:, 5, 39].any()
    ratio = (found / before)[:, 0]
    assert ratio.std() > 0.05 and (ratio.diff(dim=1).abs().max() < 0.15)
    assert torch.allclose((found / before)[:, 7], ratio)


def test_an_unknown_size_is_the_estimated_one() -> None:
    found, before = changed(unknown_size=1.0), drawn().rows
    for number, factor in enumerate((1.1, 0.9, 1.0, 1.0)):
        assert torch.allclose(found[number, :, 45], before[number, :, 45] * factor)
        assert torch.allclose(found[number, :, 51], before[number, :, 51] / factor)
    assert found[:, 0, -1].tolist() == [0.0, 0.0, 1.0, 0.0]


def test_what_is_lost_is_unknown() -> None:
    frames = changed(lost_frames=0.3)
    missing = frames[..., :-1].isnan()
    assert missing.any() and torch.equal(missing.any(dim=-1), missing.all(dim=-1)) and frames[..., -1].isfinite().all()
    groups = changed(lost_groups=0.5)[..., PLACES["formants"]].isnan()
    assert groups.any() and torch.equal(groups.any(dim=1), groups.all(dim=1))
