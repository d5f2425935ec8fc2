from __future__ import annotations

import numpy as np
import torch

from rtmri2speech.signal.mel_statistics import MelStatistics
from rtmri2speech.signal.scaler import MelScaler


def mels(seed: int = 0, lengths: tuple[int, ...] = (5, 40, 1, 17)) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    spread = np.linspace(2, 20, 6)
    return [(rng.normal(size=(n, 6)) * spread - 60 + 5 * i).astype(np.float32) for i, n in enumerate(lengths)]


def fitted(parts: list[np.ndarray]) -> MelScaler:
    return MelScaler.of(MelStatistics.fit(parts))


def test_a_bin_that_never_changes_stays_at_zero() -> None:
    part = mels()[1]
    part[:, 2] = -100.0
    scaled = fitted([part])(torch.from_numpy(part))
    assert (scaled[:, 2] == 0).all() and scaled.isfinite().all()


def test_scaled_training_data_has_zero_mean_and_unit_spread() -> None:
    parts = mels()
    scaled = fitted(parts)(torch.from_numpy(np.concatenate(parts)))
    assert scaled.mean(dim=0).abs().max() < 1e-4
    assert (scaled.std(dim=0, correction=0) - 1).abs().max() < 1e-4


def test_inverse_undoes() -> None:
    scaler = fitted(mels())
    db = torch.from_numpy(mels(3)[1])
    assert torch.allclose(scaler.inverse(scaler(db)), db, atol=1e-4)


def test_values_travel_with_the_module() -> None:
    scaler = fitted(mels())
    other = MelScaler.identity(6)
    assert torch.equal(other(torch.ones(2, 6)), torch.ones(2, 6))
    other.load_state_dict(scaler.state_dict())
    assert torch.equal(other.std, scaler.std)
    assert not list(scaler.parameters())
