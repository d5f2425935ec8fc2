"""Targets: by hand, and that each row's value hangs on its own row."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rtmri2speech.analysis.attribution.targets import make_target, read_bands
from rtmri2speech.errors import ConfigError
from rtmri2speech.signal.features import FeatureConfig

FEATURES = FeatureConfig()
F1, F2 = read_bands(["F1:300-900", "F2:900-2500"], FEATURES)


def test_the_memos_bands_are_the_right_bins() -> None:
    assert F1.bins == (7, 20) and F2.bins == (21, 44)


def test_energy_level_and_centroid_by_hand() -> None:
    mel = torch.randn(3, FEATURES.n_mels, dtype=torch.float64) * 10 - 40
    power = 10 ** (mel.numpy() / 10)
    centres = FEATURES.mel_centers()
    inside = slice(7, 21)
    energy = power[:, inside].sum(axis=1)
    centroid = (power[:, inside] * centres[inside]).sum(axis=1) / energy
    for kind, expected in (("energy", energy), ("log-energy", 10 * np.log10(energy)), ("centroid", centroid)):
        found = make_target(F1, kind, FEATURES)(mel).numpy()  # type: ignore[arg-type]
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@given(st.floats(300, 2500), st.floats(0.0, 1.0))
def test_an_adaptive_band_is_the_level_about_its_formant(formant: float, mix: float) -> None:
    mel = torch.full((2, FEATURES.n_mels), -30.0 + mix)
    target = make_target(F2, "adaptive", FEATURES, np.array([formant, np.nan]))
    count = int((np.abs(FEATURES.mel_centers() - formant) <= 250).sum())
    assert target.weights[0].sum() == count and target.weights[1].sum() == 24
    assert float(target(mel)[0]) == pytest.approx(-30.0 + mix + 10 * np.log10(count), abs=1e-3)


def test_silence_and_noise_give_finite_numbers() -> None:
    mel = torch.tensor([[-400.0], [300.0]]).expand(2, FEATURES.n_mels)
    for kind in ("log-energy", "centroid"):
        assert torch.isfinite(make_target(F1, kind, FEATURES)(mel)).all()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        (["F1:300-9000"], "Nyquist"),
        (["F1:900-300"], "empty"),
        (["F1:310-312"], "no mel bin"),
        (["F1 300-900"], "not understood"),
        (["F1:300-900", "f1:900-2500"], "given twice"),
    ],
)
def test_bands_that_cannot_be(texts: list[str], word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_bands(texts, FEATURES)
    assert word in caught.value.problem and caught.value.remedy


def test_bands_by_name_or_as_the_command_line_has_them() -> None:
    assert read_bands({"F1": (300, 900.5)}, FEATURES) == read_bands(["F1:300-900.5"], FEATURES)
    assert [band.name for band in read_bands(None, FEATURES)] == ["F1", "F2"]


def test_unknown_targets_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown"):
        make_target(F1, "loudness", FEATURES)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="formants"):
        make_target(F1, "adaptive", FEATURES)
