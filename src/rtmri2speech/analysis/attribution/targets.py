"""What a map explains: one number a frame, made of the frame's mel spectrum within a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rtmri2speech.errors import ConfigError
from rtmri2speech.phonetics.mel_formants import formant_in_band, formants_of_mel
from rtmri2speech.signal.features import FeatureConfig, parse_band

TargetKind = Literal["energy", "log-energy", "centroid", "adaptive"]
"""Band energy (memo section 4), its level in dB, the frequency of its centre of gravity, level about the formant."""

UNITS: dict[str, str] = {"energy": "power", "log-energy": "dB", "centroid": "Hz", "adaptive": "dB"}
"""Unit of each target, and so of the maps that explain it."""

FORMANT_BANDS = ("F1:300-900", "F2:900-2500")
"""The memo's bands (section 4), where no others are asked for."""

ADAPTIVE_HZ = 250.0
"""Half the width of the band about a measured formant."""

# Decibels to nepers of power.
_LN_PER_DB = float(np.log(10.0) / 10.0)


@dataclass(frozen=True)
class Band:
    """A frequency band.

    Attributes:
        name: as in file names.
        low, high: Hz.
        bins: first and last mel bin in it, both included.
    """

    name: str
    low: float
    high: float
    bins: tuple[int, int]

    def weights(self, n_mels: int) -> Tensor:
        """1 for bins in the band, else 0: (1, M)."""
        mask = torch.zeros(1, n_mels)
        mask[:, self.bins[0] : self.bins[1] + 1] = 1.0
        return mask


@dataclass(frozen=True)
class Target:
    """A number a frame.

    Attributes:
        name: the band's.
        kind: what is computed.
        weights: bins that count, (1, M) or, where they change with time, (T, M).
        centres: centre frequencies of the bins, (M,), Hz.
    """

    name: str
    kind: TargetKind
    weights: Tensor
    centres: Tensor

    def __call__(self, mel_db: Tensor) -> Tensor:
        """Value of each frame: (T, M) in dB to (T,).

        With P_m = 10^(dB_m / 10) over the bins m in the band: ``energy`` is sum P_m; ``log-energy`` and ``adaptive``
        are 10 log10 of it; ``centroid`` is sum f_m P_m / sum P_m.
        """
        weights, centres = self.weights.to(mel_db), self.centres.to(mel_db)
        if self.kind == "energy":
            return (weights * torch.exp(mel_db * _LN_PER_DB)).sum(dim=1)
        # Relative to the loudest bin, so that nothing over- or underflows.
        masked = (mel_db * _LN_PER_DB).masked_fill(weights == 0, -torch.inf)
        if self.kind == "centroid":
            return (torch.softmax(masked, dim=1) * centres).sum(dim=1)
        return torch.logsumexp(masked, dim=1) / _LN_PER_DB


def read_bands(texts: Sequence[str] | None, features: FeatureConfig) -> list[Band]:
    """Read bands in the memo's spelling, ``F1:300-900``; :data:`FORMANT_BANDS` where there is none.

    Raises:
        ConfigError: for another spelling, a band outside the filterbank or between two bins, or a name given twice.
    """
    bands: list[Band] = []
    for text in texts or FORMANT_BANDS:
        name, low, high = parse_band(text)
        try:
            bins = features.band_bins(low, high)
        except ConfigError as error:
            raise ConfigError(f"--formant-band {text}: {error.problem}", error.remedy) from None
        bands.append(Band(name, low, high, bins))
    names = [band.name.casefold() for band in bands]
    twice = next((band.name for band in bands if names.count(band.name.casefold()) > 1), None)
    if twice is not None:
        raise ConfigError(f"--formant-band: '{twice}' is given twice.", "Give each band a name of its own.")
    return bands


def make_target(
    band: Band, kind: TargetKind, features: FeatureConfig, formants: NDArray[np.float64] | None = None
) -> Target:
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
    if kind not in get_args(TargetKind):
        raise ValueError(f"unknown target {kind!r}")
    centres = features.mel_centers()
    weights = band.weights(features.n_mels)
    if kind == "adaptive":
        if formants is None:
            raise ValueError("an adaptive band needs formants")
        distance = np.abs(centres[None] - formants[:, None])
        # Where filters lie further apart than the band is wide, the nearest one counts.
        near = (distance <= ADAPTIVE_HZ) | (distance == np.min(distance, axis=1, keepdims=True))
        follows = torch.from_numpy(near.astype(np.float32))
        known = torch.from_numpy(np.isfinite(formants))[:, None]
        weights = torch.where(known, follows, weights)
    return Target(band.name, kind, weights, torch.from_numpy(centres).float())


def targets_for(
    mel: NDArray[np.float32], bands: Sequence[Band], kind: TargetKind, features: FeatureConfig, notes: list[str]
) -> list[Target]:
    """A target a band; adaptive ones follow the formants of a mel (T, M), dB.

    Args:
        mel: the predicted mel.
        bands: which.
        kind: of target.
        features: the mel definition.
        notes: gets a line for each band in which no formant was found in some frame.
    """
    if kind != "adaptive":
        return [make_target(band, kind, features) for band in bands]
    formants = formants_of_mel(mel, features)
    targets = []
    for band in bands:
        track = formant_in_band(formants, mel, band.low, band.high, features)
        missing = int(np.isnan(track).sum())
        if missing:
            notes.append(
                f"{band.name}: no formant was found in {missing} of {len(mel)} frames; there the band is fixed"
            )
        targets.append(make_target(band, "adaptive", features, track))
    return targets
