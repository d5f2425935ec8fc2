"""Targets: where formants are, and their derivatives by the mel."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rtmri2speech.analysis.attribution.targets import read_bands
from rtmri2speech.analysis.widening.formant_targets import formant_targets
from rtmri2speech.errors import ConfigError
from rtmri2speech.signal.features import FeatureConfig

FEATURES = FeatureConfig()


def mel_of(*formants: float) -> torch.Tensor:
    """A frame (1, M) in dB with resonances 120 Hz wide."""
    hertz = np.asarray(FEATURES.mel_centers())
    power = sum(1.0 / (1.0 + ((hertz - one) / 60.0) ** 2) for one in formants) + 1e-4
    return torch.from_numpy(10.0 * np.log10(power))[None].double()


def test_targets_lie_near_the_formants_and_follow_them_in_part() -> None:
    low, high = (formant_targets(mel_of(500.0 + step, 1500.0, 2500.0, 3500.0), FEATURES) for step in (0.0, 30.0))
    assert low.names == ("F1", "F2", "F3", "F4")
    assert low.values[:, 0] == pytest.approx([500, 1500, 2500, 3500], abs=60)
    assert 0.2 < (high.values[0, 0] - low.values[0, 0]) / 30.0 <= 1.1
    assert 0.1 < low.gain[0, 0] < 1.0


def test_derivatives_by_the_mel_are_those_of_the_target() -> None:
    mel = mel_of(500.0, 1500.0, 2500.0, 3500.0)
    found = formant_targets(mel, FEATURES)
    hertz = torch.from_numpy(np.asarray(FEATURES.mel_centers(), np.float64))
    leaf = mel.clone().requires_grad_()
    window = -0.5 * ((hertz - found.found[1, 0]) / 120.0) ** 2
    value = (torch.softmax(leaf[0] * np.log(10.0) / 10.0 + window, 0) * hertz).sum()
    value.backward()
    assert value.item() == pytest.approx(found.values[1, 0])
    torch.testing.assert_close(found.by_mel[1], leaf.grad)


def test_a_formant_that_is_not_there_is_empty_and_its_window_lies_between_its_neighbors() -> None:
    both, one = mel_of(500.0, 1500.0), mel_of(500.0)
    bands = read_bands(["F2:1200-1800"], FEATURES)
    found = formant_targets(torch.cat([both, one, both]), FEATURES, bands=bands)
    assert np.isnan(found.values[0, 1]) and np.isfinite(found.values[0, [0, 2]]).all()
    assert torch.isfinite(found.by_mel).all() and found.by_mel[0, 1].abs().max() > 0


def test_a_band_without_a_formant_is_refused() -> None:
    bands = read_bands(["F9:4200-4700"], FEATURES)
    with pytest.raises(ConfigError, match=r"F9:4200-4700.*holds no formant"):
        formant_targets(mel_of(500.0, 1500.0), FEATURES, bands=bands)


@pytest.mark.parametrize("width", [0.0, 5000.0, float("nan")])
def test_a_width_that_cannot_be_is_refused(width: float) -> None:
    with pytest.raises(ConfigError, match="`width="):
        formant_targets(mel_of(500.0), FEATURES, width=width)


def test_the_formant_itself_is_differentiated_by_small_steps() -> None:
    mel = mel_of(500.0, 1500.0, 2500.0, 3500.0)
    found = formant_targets(mel, FEATURES, target="formant")
    np.testing.assert_array_equal(found.values, found.found)
    assert (found.gain == 1.0).all()
    rng = np.random.default_rng(3)
    change = torch.from_numpy(0.02 * rng.standard_normal(mel.shape))
    ends = [formant_targets(mel + sign * change, FEATURES).found for sign in (1.0, -1.0)]
    wanted = (found.by_mel.numpy() * 2.0 * change.numpy()).sum(axis=-1)
    np.testing.assert_allclose(ends[0] - ends[1], wanted, rtol=0.05, atol=0.02)
