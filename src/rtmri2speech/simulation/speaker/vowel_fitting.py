"""A speaker's Japanese vowels: tract parameters whose formants are those of a Japanese speaker of that length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from rtmri2speech.arrays import Float64
from rtmri2speech.phonetics.vowels.arai_tubes import PLATE_CM, tube_areas
from rtmri2speech.simulation.speaker.vocaltractlab import TRACT, VocalTract
from rtmri2speech.vocal_tract.acoustics.lossless import resonances

VOWELS = ("a", "i", "u", "e", "o")

# F1 and F2 in Hz: male speakers, vowels in words, Kyoto University (n = 765-917 per vowel).
_PUBLISHED = {
    "a": (753.0, 1385.0),
    "i": (315.0, 2172.0),
    "u": (367.0, 1332.0),
    "e": (500.0, 1947.0),
    "o": (520.0, 997.0),
}
REFERENCE_LENGTH = 16.0
"""Length in cm of the tract that the published formants are taken for: that of Chiba & Kajiyama's shapes."""

_FREE_NAMES = ("HX", "HY", "JA", "LP", "LD", "VS", "TCX", "TCY", "TTX", "TTY", "TBX", "TBY", "TS1", "TS2")
_FREE = [TRACT.index(name) for name in _FREE_NAMES]
_HY = TRACT.index("HY")
# What one unit of cost is: this relative error of F1, F2, F3; this share of a parameter's range; this lack of area.
_FORMANT_UNITS = np.array([0.008, 0.008, 0.05])
_DISTANCE_UNIT = 0.15
_LEAST_AREA, _AREA_UNIT = 0.30, 0.03
# JD3's larynx stands 2 cm higher in /a/ than in /i/, more than in real speakers.
_LARYNX_SHARE = 0.4
# Lips of /u/: hardly protruded (LP is 1 in JD3's /u/ and 0 in its neutral vowel), their distance (LD, cm) half way
# between the two.
_SPREAD_LIPS = {"LP": 0.05, "LD": 0.6}
_EVALUATIONS = 20
# Of finite differences, in shares of a parameter's range.
_STEP = 0.01
# Error of F1 and F2 at which no other start is tried.
_GOOD = 0.03


@dataclass(frozen=True)
class VowelFit:
    """A vowel of a speaker.

    Attributes:
        tract: shape (19,), tract parameters.
        target: F1, F2, F3 aimed at, Hz.
        formants: F1, F2, F3 of the transfer function, Hz.
    """

    tract: Float64
    target: Float64
    formants: Float64

    @property
    def errors(self) -> Float64:
        """Relative errors of F1, F2, F3."""
        return np.asarray(self.formants / self.target - 1.0)

    @property
    def error_percent(self) -> list[float]:
        """Relative errors of F1, F2, F3 in percent, rounded for files and messages."""
        return [round(100.0 * float(error), 2) for error in self.errors]


def vowel_targets(tract_length: float) -> dict[str, Float64]:
    """F1, F2, F3 in Hz of the five vowels for a tract of that length in cm: formants go with 1 / length."""
    scale = REFERENCE_LENGTH / tract_length
    third = {name: resonances(*tube_of(name), count=3)[2] for name in VOWELS}
    return {name: scale * np.array([*_PUBLISHED[name], third[name]]) for name in VOWELS}


def tube_of(vowel: str) -> tuple[Float64, Float64]:
    """Arai's tube of a vowel from glottis to lips: lengths in cm and areas in cm^2, both (16,).

    Its third resonance stands in for F3.
    """
    areas = tube_areas(vowel)
    return np.full(len(areas), PLATE_CM), areas


def carry_over(shape: Float64, source: tuple[Float64, Float64], tract: VocalTract) -> Float64:
    """A shape of another anatomy on this one: each parameter at the same place within its range.

    Args:
        shape: (19,) parameters on the other anatomy.
        source: lowest and highest values there.
        tract: this anatomy.
    """
    low, high = source
    return np.asarray(tract.low + (shape - low) / (high - low) * (tract.high - tract.low))


def fit_vowels(tract: VocalTract, shapes: dict[str, Float64]) -> dict[str, VowelFit]:
    """Find the five vowels.

    The transfer function's F1 to F3 are brought to the targets; what the formants leave open is decided by
    the distance from the starting shape, JD3's nearest vowel. Japanese /u/ has spread lips and a fronted tongue:
    it starts between JD3's /u/ and its neutral vowel.

    Args:
        tract: the speaker.
        shapes: JD3's shapes ``a i u e o @``, carried over to the speaker, (19,) each.
    """
    neutral = shapes["@"]
    targets = vowel_targets(float(tract.tube(neutral)[0].sum()))
    fits = {}
    for vowel in VOWELS:
        anchor = shapes[vowel].copy()
        anchor[_HY] = neutral[_HY] + _LARYNX_SHARE * (anchor[_HY] - neutral[_HY])
        if vowel == "u":
            anchor = 0.5 * (anchor + neutral)
            for name, value in _SPREAD_LIPS.items():
                anchor[TRACT.index(name)] = value
        fits[vowel] = _fit(tract, anchor, neutral, targets[vowel])
    return fits


def _fit(tract: VocalTract, anchor: Float64, neutral: Float64, target: Float64) -> VowelFit:
    low, span = tract.low[_FREE], (tract.high - tract.low)[_FREE]
    anchor = np.clip(anchor, tract.low, tract.high)

    # Every parameter runs from 1 to 2 over its range: steps of differences go with the value, and must not vanish.
    def whole(place: Float64) -> Float64:
        shape = anchor.copy()
        shape[_FREE] = low + (place - 1.0) * span
        return shape

    def place_of(shape: Float64) -> Float64:
        return np.asarray(1.0 + (shape[_FREE] - low) / span)

    def cost(place: Float64) -> Float64:
        shape = whole(place)
        formants = tract.formants(shape, 3)
        formants = np.where(np.isnan(formants), 2.0 * target, formants)
        lack = max(0.0, _LEAST_AREA - tract.narrowest(shape))
        return np.concatenate(
            [
                np.log(formants / target) / _FORMANT_UNITS,
                (place - place_of(anchor)) / _DISTANCE_UNIT,
                [lack / _AREA_UNIT],
            ]
        )

    best: VowelFit | None = None
    for start in (_opened(tract, anchor, neutral - anchor), _opened(tract, anchor, _tongue_down(tract))):
        found = least_squares(
            cost,
            np.clip(place_of(start), 1.001, 1.999),
            bounds=(1.0, 2.0),
            diff_step=_STEP,
            xtol=1e-3,
            ftol=1e-3,
            max_nfev=_EVALUATIONS,
        )
        shape = whole(found.x)
        fit = VowelFit(shape, target, tract.formants(shape, 3))
        if best is None or _worst(fit) < _worst(best):
            best = fit
        if _worst(best) < _GOOD:
            break
    assert best is not None
    return best


def _worst(fit: VowelFit) -> float:
    """Largest relative error of F1 and F2; infinite where one is missing."""
    errors = np.abs(fit.errors[:2])
    return float(np.inf if np.isnan(errors).any() else errors.max())


def _tongue_down(tract: VocalTract) -> Float64:
    direction = np.zeros(len(TRACT))
    for name in ("TCY", "TTY", "TBY"):
        index = TRACT.index(name)
        direction[index] = -0.4 * (tract.high[index] - tract.low[index])
    return direction


def _opened(tract: VocalTract, anchor: Float64, direction: Float64) -> Float64:
    """The anchor moved along ``direction`` until the tract is open: where it is closed, formants are no guide."""
    for share in np.linspace(0.0, 0.9, 10):
        start = np.asarray(np.clip(anchor + share * direction, tract.low, tract.high))
        if tract.narrowest(start) > _LEAST_AREA:
            break
    return start
