"""The acoustic model of a measured tract."""

from __future__ import annotations

import pytest
import torch

import measured
from rtmri2speech.models.tract.acoustic import TractAcousticConfig, TractAcousticModel, log_base_of
from rtmri2speech.signal.features import FeatureConfig

CONFIG = TractAcousticConfig(width=16, hidden=12, layers=2)


@pytest.fixture
def model() -> TractAcousticModel:
    torch.manual_seed(0)
    made = TractAcousticModel(CONFIG, FeatureConfig())
    made.inputs.fit([torch.from_numpy(measured.rows(100))])
    return made.eval()


def test_shapes_and_units(model: TractAcousticModel) -> None:
    found = model.predict(torch.from_numpy(measured.rows(30)))
    assert found.mel_db.shape == (30, 64) and found.f0_hz.shape == found.voiced.shape == (30,)
    assert bool(((found.f0_hz >= 40.0) & (found.f0_hz <= 800.0)).all())
    assert found.voice.formants_hz.shape == (1, 30, 4)
    assert model.predict(torch.zeros(0, 57)).mel_db.shape == (0, 64)


def test_utterances_of_a_batch_do_not_touch_each_other(model: TractAcousticModel) -> None:
    short, long = (torch.from_numpy(measured.rows(frames, frames)) for frames in (20, 33))
    rows = torch.nn.utils.rnn.pad_sequence([short, long], batch_first=True)
    real = torch.arange(33)[None] < torch.tensor([20, 33])[:, None]
    together, _ = model(rows, real)
    alone, _ = model(short[None], torch.ones(1, 20, dtype=torch.bool))
    assert torch.allclose(together[0, :20], alone[0], atol=1e-5)


def test_harmonics_lie_at_multiples_of_f0(model: TractAcousticModel) -> None:
    found = model.harmonics(torch.full((1, 1), 200.0), torch.ones(1, 1))[0, 0]
    centers = model.bands[0]
    low = centers < 900.0
    for number in (1, 2, 3, 4):
        nearest = (centers - 200.0 * number).abs().argmin()
        between = (centers - 200.0 * (number - 0.5)).abs().argmin()
        assert found[nearest] > 0.3 and found[between] < -0.3
    assert found[low].abs().max() <= 1.0
    # Wide bands hold several harmonics.
    assert found[-5:].abs().max() < 0.2
    assert not model.harmonics(torch.full((1, 1), 200.0), torch.zeros(1, 1)).any()


def test_the_mel_follows_the_pitch_that_is_given(model: TractAcousticModel) -> None:
    rows = torch.from_numpy(measured.rows(30))
    low, high, again = (model.predict(rows, torch.full((30,), f0)) for f0 in (100.0, 220.0, 100.0))
    assert torch.equal(low.mel_db, again.mel_db) and not torch.allclose(low.mel_db, high.mel_db)
    assert torch.equal(low.f0_hz, torch.full((30,), 100.0)) and low.voiced.all()
    silent = model.predict(rows, torch.zeros(30))
    assert not silent.voiced.any() and silent.mel_db.isfinite().all()


def test_gradients_by_the_tract(model: TractAcousticModel) -> None:
    rows = torch.from_numpy(measured.rows(30)).requires_grad_()
    model.predict(rows).mel_db[10].sum().backward()
    assert rows.grad is not None and rows.grad.isfinite().all() and rows.grad[10, :40].abs().min() > 0


def test_mean_pitch() -> None:
    f0 = torch.tensor([[150.0, 300.0, 0.0], [0.0, 0.0, 0.0]])
    found = log_base_of(f0)
    assert torch.isclose(found[0], torch.tensor(2.0).log() / 2) and found[1].isnan()
