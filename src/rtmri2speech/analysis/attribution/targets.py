"""What a map explains: one number per frame, computed from the frame's mel spectrum within a band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import torch
from torch import Tensor

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.errors import ConfigError
from rtmri2speech.phonetics.mel_formants import formant_in_band, formants_of_mel
from rtmri2speech.signal.features import FeatureConfig, parse_band

TargetKind = Literal["energy", "log-energy", "centroid", "adaptive"]
"""Band energy (reference configuration, section 4), its level in dB, its center of gravity, level around a formant."""
KINDS: tuple[TargetKind, ...] = get_args(TargetKind)
"""All targets."""

UNITS: dict[str, str] = {"energy": "power", "log-energy": "dB", "centroid": "Hz", "adaptive": "dB"}
"""Unit of each target, and so of the maps that explain it."""

FORMANT_BANDS = ("F1:300-900", "F2:900-2500")
"""The bands of the reference configuration (section 4), where no others are given."""

ADAPTIVE_HZ = 250.0
"""Half the width of the band around a measured formant."""

Bands: TypeAlias = Sequence[str] | Mapping[str, tuple[float, float]] | None
"""Frequency bands: ``{"F1": (300, 900)}`` or ``["F1:300-900"]``, Hz; F1 and F2 where None."""

# Decibels to nepers of power.
_LN_PER_DB = float(np.log(10.0) / 10.0)


@dataclass(frozen=True)
class Band:
    """A frequency band.

    Attributes:
        name: as in file names.
        low, high: Hz.
        bins: first and last mel bin in it, both included.
        centers: center frequencies of those bins, Hz; empty where they are not known.
    """

    name: str
    low: float
    high: float
    bins: tuple[int, int]
    centers: tuple[float, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.low:g}-{self.high:g} Hz"

    def weights(self, n_mels: int) -> Tensor:
        """1 for bins in the band, else 0: (1, M)."""
        mask = torch.zeros(1, n_mels)
        mask[:, self.bins[0] : self.bins[1] + 1] = 1.0
        return mask


@dataclass(frozen=True)
class Target:
    """A number per frame.

    Attributes:
        name: the band's.
        kind: what is computed.
        weights: bins that count, (1, M) or, where they change with time, (T, M).
        centers: center frequencies of the bins, (M,), Hz.
    """

    name: str
    kind: TargetKind
    weights: Tensor
    centers: Tensor

    def __call__(self, mel_db: Tensor) -> Tensor:
        """Value of each frame: (T, M) in dB to (T,).

        With P_m = 10^(dB_m / 10) over the bins m in the band: ``energy`` is sum P_m; ``log-energy`` and ``adaptive``
        are 10 log10 of it; ``centroid`` is sum f_m P_m / sum P_m.
        """
        weights, centers = self.weights.to(mel_db), self.centers.to(mel_db)
        if self.kind == "energy":
            return (weights * torch.exp(mel_db * _LN_PER_DB)).sum(dim=1)
        # Relative to the loudest bin, so that nothing overflows or underflows.
        masked = (mel_db * _LN_PER_DB).masked_fill(weights == 0, -torch.inf)
        if self.kind == "centroid":
            return (torch.softmax(masked, dim=1) * centers).sum(dim=1)
        return torch.logsumexp(masked, dim=1) / _LN_PER_DB


def read_bands(bands: Bands, features: FeatureConfig) -> list[Band]:
    """Frequency bands on the mel filterbank.

    Args:
        bands: as people write them; :data:`FORMANT_BANDS` where there is none.
        features: the filterbank.

    Raises:
        ConfigError: for another spelling, a band outside the filterbank or between two bins, or a name given twice.
    """
    if isinstance(bands, Mapping):
        bands = [f"{name}:{low:.12g}-{high:.12g}" for name, (low, high) in bands.items()]
    centers = features.mel_centers()
    found: list[Band] = []
    for text in bands or FORMANT_BANDS:
        name, low, high = parse_band(text)
        try:
            first, last = features.band_bins(low, high)
        except ConfigError as error:
            raise ConfigError(f"`bands={text}`: {error.problem}", error.remedy) from None
        found.append(Band(name, low, high, (first, last), tuple(float(one) for one in centers[first : last + 1])))
    names = [band.name.casefold() for band in found]
    twice = next((band.name for band in found if names.count(band.name.casefold()) > 1), None)
    if twice is not None:
        raise ConfigError(f"`bands`: '{twice}' is given twice.", "Give each band a name of its own.")
    return found


def make_target(band: Band, kind: TargetKind, features: FeatureConfig, formants: Float64 | None = None) -> Target:
    """The target of a band.

    Args:
        band: where.
        kind: what.
        features: the mel definition.
        formants: with ``adaptive``, the formant's frequency in each frame, (T,), Hz; where it is NaN the band itself
            is used.

    Raises:
        ValueError: for an unknown kind, or ``adaptive`` without formants.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown target {kind!r}")
    centers = features.mel_centers()
    weights = band.weights(features.n_mels)
    if kind == "adaptive":
        if formants is None:
            raise ValueError("an adaptive band needs formants")
        distance = np.abs(centers[None] - formants[:, None])
        # Where filters lie further apart than the band is wide, the nearest one counts.
        near = (distance <= ADAPTIVE_HZ) | (distance == np.min(distance, axis=1, keepdims=True))
        follows = torch.from_numpy(near.astype(np.float32))
        known = torch.from_numpy(np.isfinite(formants))[:, None]
        weights = torch.where(known, follows, weights)
    return Target(band.name, kind, weights, torch.from_numpy(centers).float())


def targets_for(
    mel_db: Float32, bands: Sequence[Band], kind: TargetKind, features: FeatureConfig
) -> tuple[list[Target], list[str]]:
    """A target per band; adaptive ones follow the formants of a mel spectrogram.

    Args:
        mel_db: the predicted mel spectrogram, (T, M), dB.
        bands: which.
        kind: of target.
        features: the mel definition.

    Returns:
        The targets, and a note on each band in which no formant was found in some frame.
    """
    if kind != "adaptive":
        return [make_target(band, kind, features) for band in bands], []
    formants = formants_of_mel(mel_db, features)
    targets, notes = [], []
    for band in bands:
        track = formant_in_band(formants, mel_db, band.low, band.high, features)
        missing = int(np.isnan(track).sum())
        if missing:
            notes.append(
                f"{band.name}: no formant was found in {missing} of {len(mel_db)} frames; there the band is fixed"
            )
        targets.append(make_target(band, "adaptive", features, track))
    return targets, notes
