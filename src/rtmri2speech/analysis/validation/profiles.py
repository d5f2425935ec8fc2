"""Attribution and sensitivity by place along the tract, gathered from frames, and how well they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rtmri2speech.analysis.attribution.pixels import to_pixels
from rtmri2speech.analysis.validation.clip_probe import MapKey, Variant
from rtmri2speech.analysis.validation.similarity import (
    cosine,
    permutation_p,
    rank_correlation,
    specificity_p,
)
from rtmri2speech.analysis.validation.summary_table import POOLED, Score
from rtmri2speech.analysis.validation.tract import Tract
from rtmri2speech.arrays import Float64, Floating, Int64
from rtmri2speech.metrics.known import mean_of_known

WIDENING = Variant("widening", "formant", 1)
"""How Hz per mm stands among ways to make maps, by its size."""


@dataclass(frozen=True)
class Profile:
    """One vowel and formant, as one way to make maps explains it; means over frames.

    Attributes:
        variant, band, vowel: which.
        frames: how many.
        found: share of the tract's attribution, by absolute value, in each of K places: (K,).
        expected: share of the sensitivity function's size in each place, (K,).
        area: share of the tract's pixels in each place, (K,): what an even map would give.
        mass: share of the whole frame's attribution that lies in the tract.
        density: that divided by the tract's share of the frame; 1 for a map that is the same everywhere.
    """

    variant: Variant
    band: str
    vowel: str
    frames: int
    found: Float64
    expected: Float64
    area: Float64
    mass: float
    density: float


@dataclass(frozen=True)
class _FrameProfile:
    """Of one frame; ``tract`` is the tract's share of the frame's pixels."""

    found: Float64
    expected: Float64
    area: Float64
    mass: float
    tract: float


class MapsOfFrames(Protocol):
    """What makes maps of a clip's frames, as :class:`.clip_probe.ClipProbe` does."""

    def maps(self, chosen: Int64) -> Mapping[MapKey, Floating]:
        """Signed maps (n, h, w) of n frames, by variant and band; the first band is F1's, the second F2's."""
        ...


class ProfileTable:
    """Gathers frames of any number of clips, and compares."""

    def __init__(self) -> None:
        self._frames: dict[tuple[MapKey, str], list[_FrameProfile]] = {}

    def add(self, clip: MapsOfFrames, tract: Tract) -> None:
        """Add the vowels of a clip."""
        for vowel, chosen in tract.vowels.items():
            maps = clip.maps(chosen)
            formants = {name: number for number, name in enumerate(dict.fromkeys(band for _, band in maps))}
            for place, frame in enumerate(chosen.tolist()):
                masks = tract.at(frame)
                height, width = masks.shape[-2:]
                flat = masks.reshape(len(masks), -1).astype(np.float64)
                inside = masks.any(axis=0).ravel()
                expected, area = tract.expected(frame, vowel), _share(flat.sum(axis=1))
                for key, values in maps.items():
                    pixels = np.abs(to_pixels(values[place], height, width).astype(np.float64)).ravel()
                    total = float(pixels.sum())
                    mass = float(pixels[inside].sum()) / total if total > 0 else 0.0
                    found, true = _share(flat @ pixels), _share(expected[formants[key[1]]])
                    one = _FrameProfile(found, true, area, mass, float(inside.mean()))
                    self._frames.setdefault((key, vowel), []).append(one)

    def add_widening(self, values: Float64, tract: Tract, bands: Sequence[str]) -> None:
        """Add the sizes of Hz per mm (T, n, K) by place; whatever lies outside the tract has none."""
        for vowel, chosen in tract.vowels.items():
            for frame in chosen.tolist():
                masks = tract.at(frame)
                expected, area = tract.expected(frame, vowel), _share(masks.sum(axis=(1, 2)).astype(np.float64))
                for number, band in enumerate(bands):
                    found = np.abs(values[min(frame, len(values) - 1), number])
                    if not np.isfinite(found).all():
                        continue
                    one = _FrameProfile(_share(found), _share(expected[number]), area, np.nan, np.nan)
                    self._frames.setdefault(((WIDENING, band), vowel), []).append(one)

    def profiles(self) -> list[Profile]:
        """One for each variant, band and vowel."""
        return [
            Profile(
                variant,
                band,
                vowel,
                len(frames),
                np.mean([one.found for one in frames], axis=0),
                np.mean([one.expected for one in frames], axis=0),
                np.mean([one.area for one in frames], axis=0),
                float(np.mean([one.mass for one in frames])),
                _density(frames),
            )
            for ((variant, band), vowel), frames in self._frames.items()
        ]


def scores_of(profiles: Sequence[Profile]) -> list[Score]:
    """By variant and band, and by variant for all bands: means over vowels, and the p of all of them together."""
    found = []
    for variant in dict.fromkeys(one.variant for one in profiles):
        ours = [one for one in profiles if one.variant == variant]
        for band in (*dict.fromkeys(one.band for one in ours), POOLED):
            chosen = [one for one in ours if band in (one.band, POOLED)]
            attribution = np.stack([one.found for one in chosen])
            expected = np.stack([one.expected for one in chosen])
            even = np.stack([one.area for one in chosen])
            values = {
                "cosine": float(mean_of_known(cosine(attribution, expected))),
                "cosine_even": float(mean_of_known(cosine(even, expected))),
                "rank": float(mean_of_known(rank_correlation(attribution, expected))),
                "p": permutation_p(attribution, expected),
                "p_specific": specificity_p(_by_band(chosen)),
                "tract_mass": float(np.mean([one.mass for one in chosen])),
                "tract_density": float(np.mean([one.density for one in chosen])),
            }
            found.append(Score(variant, band, values))
    return found


def _by_band(profiles: Sequence[Profile]) -> list[tuple[Float64, Float64]]:
    bands = dict.fromkeys(one.band for one in profiles)
    groups = ([one for one in profiles if one.band == band] for band in bands)
    return [(np.stack([one.found for one in group]), np.stack([one.expected for one in group])) for group in groups]


def _density(frames: Sequence[_FrameProfile]) -> float:
    ratios = [one.mass / one.tract for one in frames if not one.tract <= 0]
    return float(np.mean(ratios)) if ratios else float("nan")


def _share(values: Float64) -> Float64:
    whole = values.sum()
    return np.asarray(values / whole if whole > 0 else values)
