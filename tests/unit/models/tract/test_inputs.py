"""What the tract model reads: order, scaling, what is missing."""

from __future__ import annotations

import numpy as np
import torch

import measured
from rtmri2speech.models.tract.inputs import INPUTS, MEASURES, PLACES, SECTIONS, TractScaler, scaled_rows
from rtmri2speech.vocal_tract.geometry.constrictions import MEASURES as MEASURED
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS as CUT
from rtmri2speech.vocal_tract.measurement.tract import FORMANTS

REAL = torch.ones(1, 30, dtype=torch.bool)


def scaled(values: torch.Tensor, real: torch.Tensor = REAL) -> torch.Tensor:
    return TractScaler()(values, real)


def drawn(frames: int = 30) -> torch.Tensor:
    return torch.from_numpy(measured.rows(frames))[None]


def test_inputs_are_those_that_are_measured() -> None:
    assert SECTIONS == CUT and set(MEASURES) <= set(MEASURED)
    assert len(INPUTS) == len(set(INPUTS)) == 57
    assert PLACES["formants"].stop - PLACES["formants"].start == FORMANTS


def test_speakers_of_all_sizes_are_alike_in_distances_and_differ_in_length() -> None:
    small, large = (scaled(scaled_rows(drawn(), torch.tensor([factor])))[0] for factor in (0.8, 1.0))
    assert torch.allclose(small[:, :45], large[:, :45], atol=1e-4)
    assert torch.allclose(small[:, 45] - large[:, 45], torch.tensor(0.8).log(), atol=1e-5)


def test_closed_is_zero_and_flagged() -> None:
    rows = drawn()
    rows[0, 3, 39] = 0.0
    found = scaled(rows)[0]
    # But for the rounding of the square root, which differs between processors.
    assert abs(found[3, 39]) < 1e-6 and found[4, 39] > 0.5
    closed = found[:, -(SECTIONS + 11 + 1) : -12]
    assert closed.sum() == 1.0 and closed[3, 39] == 1.0


def test_what_is_missing_has_the_median_and_a_flag() -> None:
    rows = drawn()
    rows[0, 5, PLACES["distance"]] = torch.nan
    rows[0, :, PLACES["measures"].start] = torch.nan
    found = scaled(rows)[0]
    assert found.isfinite().all()
    flags = found[:, -12:-1]
    assert flags[5, 0] == 1.0 and flags[4, 0] == 0.0 and flags[:, 2].all()
    root = (rows[0, :, 7] / (16.0 / 15.75)).nanmedian()
    assert torch.isclose(found[5, 7], (root + 0.05).sqrt() - 0.05**0.5, atol=0.02)
    assert scaled(torch.full((1, 30, len(INPUTS)), torch.nan)).isfinite().all()


def test_padding_changes_nothing() -> None:
    rows = drawn()
    padded = torch.cat([rows, torch.full((1, 7, len(INPUTS)), 3.0)], dim=1)
    real = torch.arange(37)[None] < 30
    assert torch.equal(scaled(padded, real)[:, :30], scaled(rows))
    assert not scaled(padded, real)[:, 30:].any()


def test_fitted_values_are_normalized() -> None:
    scaler = TractScaler()
    recordings = [torch.from_numpy(measured.rows(200, seed)) for seed in range(3)]
    scaler.fit(recordings)
    found = scaler(recordings[0][None], torch.ones(1, 200, dtype=torch.bool))[0].numpy()
    assert np.abs(np.median(found[:, :40])) < 1.0 and found.std(axis=0)[:40].max() < 3.0
    assert found.shape[1] == scaler.size


def test_gradients_pass_through_distances_but_not_through_medians() -> None:
    rows = drawn().requires_grad_()
    scaled(rows)[0, 3, :40].sum().backward()
    assert rows.grad is not None and rows.grad.isfinite().all()
    touched = rows.grad[0, :, PLACES["distance"]].abs().sum(dim=1)
    assert touched[3] > 0 and touched.count_nonzero() == 1
