"""Losses and measures of the tract model."""

from __future__ import annotations

import math

import torch

from rtmri2speech.models.tract.acoustic import Voice
from rtmri2speech.training.tract.bank import Batch
from rtmri2speech.training.tract.losses import TractSums, level_db, tract_loss
from rtmri2speech.training.tract.recipe import TractLossConfig

FORMANTS = torch.tensor([500.0, 1500.0, 2500.0, 3500.0])


def batch() -> Batch:
    real = torch.tensor([[True, True, True, False]])
    f0 = torch.tensor([[150.0, 0.0, 150.0, 0.0]])
    return Batch(torch.zeros(1, 4, 57), real, torch.zeros(1, 4, 8), f0, FORMANTS.expand(1, 4, 4), torch.ones(1))


def voice(factor: float = 1.0, logit: float = 20.0) -> Voice:
    voicing = torch.tensor([[logit, -logit, logit, logit]])
    log = torch.full((1, 4), math.log(factor))
    return Voice(torch.zeros(1), log, voicing, torch.zeros(1, 4), log[..., None].expand(1, 4, 4))


def test_levels_are_relative_to_the_loudest_frame() -> None:
    mel = torch.tensor([[[-30.0, -30.0], [-40.0, -40.0], [-200.0, -200.0], [0.0, 0.0]]])
    found = level_db(mel, torch.tensor([[True, True, True, False]]))[0]
    torch.testing.assert_close(found[:3], torch.tensor([0.0, -10.0, -60.0]))


def test_what_is_right_costs_nothing_and_padding_does_not_count() -> None:
    target = torch.randn(1, 4, 8)
    scaled = target.clone()
    scaled[:, 3] = 100.0
    loss, terms = tract_loss(scaled, target, voice(), batch(), TractLossConfig(mel_delta=0.0))
    assert float(loss) < 1e-3 and float(terms["formants"]) < 1e-6


def test_terms_have_their_units() -> None:
    target = torch.zeros(1, 4, 8)
    _, terms = tract_loss(target + 0.5, target, voice(1.1), batch(), TractLossConfig())
    assert math.isclose(float(terms["mel"]), 0.5) and math.isclose(float(terms["f0"]), math.log(1.1), rel_tol=1e-5)
    assert math.isclose(float(terms["formants"]), math.log(1.1), rel_tol=1e-5) and float(terms["mel_delta"]) == 0.0


def test_unknown_voices_teach_nothing() -> None:
    unknown = batch()
    nothing = Batch(**{**vars(unknown), "f0_hz": torch.full((1, 4), torch.nan)})
    target = torch.zeros(1, 4, 8)
    loss, terms = tract_loss(target, target, voice(1.2), nothing, TractLossConfig())
    assert loss.isfinite() and not any(float(terms[name]) for name in ("f0", "base", "voicing", "formants"))


def test_figures() -> None:
    sums = TractSums(torch.full((8,), 2.0))
    target = torch.ones(1, 4, 8)
    sums.update(torch.tensor(3.0), target + 0.5, target, voice(1.1), batch())
    errors, floor = sums.errors()
    assert errors.mean() == 1.0 and floor.mean() == 2.0 and float(sums.loss()) == 3.0
    figures = {name: float(value) for name, value in sums.figures().items()}
    assert math.isclose(figures["f0_rmse_hz"], 15.0, rel_tol=1e-4) and figures["vuv_error"] == 0.0
    assert math.isclose(figures["f1_error_median"], 0.1, rel_tol=1e-4)
