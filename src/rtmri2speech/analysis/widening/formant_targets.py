"""Formants of the predicted mel as smooth functions of it: what is differentiated by the walls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from rtmri2speech.analysis.attribution.targets import Band
from rtmri2speech.arrays import Float64
from rtmri2speech.errors import ConfigError
from rtmri2speech.phonetics.mel_formants import MOST_FORMANTS, formant_in_band, formants_of_mel
from rtmri2speech.signal.features import FeatureConfig

WIDTH_HZ = 120.0
"""Standard deviation of the window about a formant within which its center of gravity is taken, Hz."""

NAMES = tuple(f"F{number}" for number in range(1, MOST_FORMANTS + 1))
"""Formants where no bands are given."""

FormantTarget = Literal["center", "formant"]
"""What is differentiated: the center of gravity about a formant, or the formant itself, as it is found."""

# Step of a bin's level that formants are differentiated by, dB; and steeper ones are jumps, Hz per dB.
_STEP_DB, _STEEPEST = 0.05, 50.0

_LN_PER_DB = float(np.log(10.0) / 10.0)
_NARROWEST, _WIDEST = 20.0, 1000.0


@dataclass(frozen=True)
class FormantTargets:
    """A target per formant and frame: the center of gravity of the mel about the formant.

    Attributes:
        names: of the N formants.
        found: (N, T), the formants that windows are laid about, Hz; NaN where there is none.
        values: (N, T), the targets, Hz; NaN likewise.
        by_mel: (N, T, M), derivative of each by its own frame's mel, Hz per dB. Where there is no formant the window
            lies between those before and after, so that sums over frames have no holes.
        gain: (N, T), what a target does, in Hz, when the whole spectrum in its window moves up by 1 Hz: below 1,
            because the window stays. NaN where there is no formant.
    """

    names: tuple[str, ...]
    found: Float64
    values: Float64
    by_mel: Tensor
    gain: Float64


def require_width(width: float) -> None:
    """Refuse a width of windows that cannot be.

    Raises:
        ConfigError: naming those that can.
    """
    if not _NARROWEST <= width <= _WIDEST:
        raise ConfigError(
            f"`width={width:g}`: not within {_NARROWEST:g} to {_WIDEST:g} Hz.", f"Give hertz, such as {WIDTH_HZ:g}."
        )


def formant_targets(
    mel_db: Tensor,
    features: FeatureConfig,
    *,
    width: float = WIDTH_HZ,
    bands: Sequence[Band] = (),
    target: FormantTarget = "center",
) -> FormantTargets:
    """Targets of every frame of a mel.

    With P_m the power of bin m and f_m its center, T = sum f_m g_m P_m / sum g_m P_m, where the window
    g_m = exp(-(f_m - F)^2 / 2 width^2) lies about the formant F, found by linear prediction, and does not move. It is
    smooth in the mel where F, a root of a polynomial, jumps.

    Args:
        mel_db: (T, M), dB.
        features: the mel definition.
        width: standard deviation of the window, Hz.
        bands: where each formant is looked for; F1 to F4 in ascending order if there are none.
        target: ``center``, or ``formant``: F itself, by small steps of each bin; 0 where it jumps. Its gain is 1.

    Raises:
        ConfigError: for a width that cannot be, or a band that holds no formant in any frame.
    """
    require_width(width)
    mel = mel_db.detach().double().cpu()
    every = formants_of_mel(mel.numpy(), features)
    names = tuple(band.name for band in bands) or NAMES
    found = every.T
    if bands:
        found = np.stack([formant_in_band(every, mel.numpy(), band.low, band.high, features) for band in bands])
        empty = next((band for band, row in zip(bands, found, strict=True) if not np.isfinite(row).any()), None)
        if empty is not None:
            raise ConfigError(
                f"`bands={empty.name}:{empty.low:g}-{empty.high:g}`: holds no formant of the predicted speech in any "
                "frame.",
                "Give a wider band, or leave `bands` out for F1 to F4.",
            )
    there = np.isfinite(found)
    if target == "formant":
        slopes = _by_steps(mel.numpy(), every, found, features)
        return FormantTargets(
            names, found, found.copy(), torch.from_numpy(slopes).to(mel_db), np.where(there, 1.0, np.nan)
        )
    values, by_mel = _centroids(mel, torch.from_numpy(np.stack([_filled(row) for row in found])), features, width)
    slope = torch.from_numpy(np.gradient(mel.numpy(), features.mel_centers(), axis=1)) if len(mel) else mel
    gain = -(by_mel * slope).sum(dim=-1).numpy()
    return FormantTargets(
        names,
        found,
        np.where(there, values.numpy(), np.nan),
        by_mel.to(mel_db),
        np.where(there, gain, np.nan),
    )


def centers_about(mel_db: Tensor, found: Float64, features: FeatureConfig, width: float) -> Float64:
    """Targets (N, T) of a mel (T, M) about given formants (N, T): how the centers move when the mel is another one.

    Args:
        mel_db: dB.
        found: formants that windows lie about, Hz; NaN where there is none.
        features: the mel definition.
        width: standard deviation of the windows, Hz.
    """
    values, _ = _centroids(mel_db.detach().double().cpu(), torch.from_numpy(found), features, width)
    return np.where(np.isfinite(found), values.numpy(), np.nan)


def _by_steps(mel: Float64, every: Float64, found: Float64, features: FeatureConfig) -> Float64:
    """Derivative (N, T, M) of formants found (N, T), of all (T, 4), by central differences of each bin's level."""
    slopes = np.zeros((*every.shape, mel.shape[1]))
    for number in range(mel.shape[1]):
        ends = []
        for sign in (1.0, -1.0):
            changed = mel.copy()
            changed[:, number] += sign * _STEP_DB
            ends.append(formants_of_mel(changed, features))
        slopes[..., number] = (ends[0] - ends[1]) / (2.0 * _STEP_DB)
    slopes = np.where(np.abs(slopes) < _STEEPEST, slopes, 0.0)  # NaN is no smaller either
    # Which of the formants each row is.
    chosen = np.nan_to_num(np.abs(every[None] - found[..., None]), nan=np.inf).argmin(axis=-1)
    picked = np.take_along_axis(slopes[None], chosen[..., None, None], axis=2)[:, :, 0]
    return np.where(np.isfinite(found)[..., None], picked, 0.0)


def _filled(found: Float64) -> Float64:
    """Formants (T,) with gaps filled from their neighbors; as they are where there is none at all."""
    known = np.flatnonzero(np.isfinite(found))
    return np.interp(np.arange(len(found)), known, found[known]) if len(known) else found


def _centroids(mel: Tensor, found: Tensor, features: FeatureConfig, width: float) -> tuple[Tensor, Tensor]:
    """Targets (N, T), and their derivatives by the mel (N, T, M): dT/dL_m = (ln 10 / 10) p_m (f_m - T)."""
    centers = torch.from_numpy(np.asarray(features.mel_centers(), np.float64))
    there = torch.isfinite(found)
    window = -0.5 * ((centers - found.nan_to_num()[..., None]) / width) ** 2
    share = torch.softmax(mel * _LN_PER_DB + window, dim=-1)
    values = share @ centers
    by_mel = _LN_PER_DB * share * (centers - values[..., None])
    return values, by_mel * there[..., None]
