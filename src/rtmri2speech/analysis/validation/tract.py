"""The vocal tract of a clip: its places from glottis to lips, and how formants hang on them by physics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.analysis.regions.masks import Regions, Source, of_truth
from rtmri2speech.arrays import Bool
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import ConfigError
from rtmri2speech.phonetics.labelled_segments import Segment
from rtmri2speech.simulation.tube_acoustics import sensitivity

Floats = NDArray[np.float64]

FORMANTS = 2
"""Formants whose sensitivity is known."""
PLACES = 8
"""Stretches of equal length that a simulated tract is cut into: 2 cm each in a man's."""

# Arai's tubes after Chiba and Kajiyama (1942), which speak Japanese vowels: diameters of plates of 10 mm, from the lips
# to the glottis, mm.
_TUBES = {
    "i": (24, 14, 12, 10, 10, 10, 16, 24, 32, 32, 32, 32, 32, 32, 12, 12),
    "e": (24, 22, 22, 20, 18, 16, 16, 18, 24, 28, 30, 30, 30, 30, 12, 12),
    "a": (32, 28, 30, 34, 38, 38, 34, 30, 26, 20, 14, 12, 16, 26, 12, 12),
    "o": (14, 22, 26, 32, 38, 38, 34, 28, 22, 16, 14, 16, 22, 30, 12, 12),
    "u": (16, 14, 20, 22, 24, 26, 22, 14, 18, 26, 30, 30, 30, 30, 12, 12),
}
# Plates beside each region, from the lips.
_BESIDE = {
    "lips": slice(0, 2),
    "tongue_tip": slice(2, 6),
    "tongue_body": slice(6, 9),
    "tongue_root": slice(9, 14),
    "larynx": slice(14, 16),
}


@dataclass(frozen=True)
class Tract:
    """A clip's tract.

    Attributes:
        names: of K places.
        at: frame number to masks of the places, (K, S, S).
        expected: frame number and vowel to sizes of the sensitivity functions of F1 and F2 summed over each place,
            (2, K).
        vowels: numbers of the frames in the middle third of each vowel's tokens.
    """

    names: tuple[str, ...]
    at: Callable[[int], Bool]
    expected: Callable[[int, str], Floats]
    vowels: dict[str, NDArray[np.int64]]


def simulated_tract(path: Path, source: Source, vowels: Sequence[str] = tuple(_TUBES)) -> Tract:
    """The tract of a simulated utterance: stretches of equal length, the sensitivity of its own tube frame by frame.

    Frames with the velum down do not count: their formants are the nose's as well.

    Args:
        path: the truth, beside the video.
        source: the clip.
        vowels: which phones.

    Raises:
        DatasetError: when the file cannot be read.
        ConfigError: when it belongs to another clip, or holds none of the vowels.
    """
    of_truth(path, source)  # refuses a truth of another clip
    truth = Truth.load(path)
    middle = np.cumsum(truth.lengths, axis=1) - truth.lengths / 2.0
    places = np.minimum((PLACES * middle / truth.lengths.sum(axis=1, keepdims=True)).astype(np.int64), PLACES - 1)
    last = len(places) - 1

    def at(frame: int) -> Bool:
        # 0 stands for no section.
        table = np.concatenate([[-1], places[min(frame, last)]])
        shown = table[truth.sections[min(frame, last)]]
        return np.stack([shown == place for place in range(PLACES)])

    def expected(frame: int, vowel: str) -> Floats:
        sizes = np.abs(truth.sensitivity[min(frame, last)].astype(np.float64))
        return np.stack([np.bincount(places[min(frame, last)], row, PLACES) for row in sizes])

    rate = truth.frame_rate[0] / truth.frame_rate[1]
    numbers = np.arange(len(source.frames))
    oral = ~truth.velum_open[np.minimum(numbers, last)]
    known = np.isfinite(truth.sensitivity[np.minimum(numbers, last)]).all(axis=(1, 2))
    found: dict[str, list[NDArray[np.int64]]] = {}
    for phone, (start, end) in zip(truth.phones.tolist(), truth.phone_times, strict=True):
        if phone in vowels:
            inside = _middle_third(numbers, float(start), float(end), rate)
            found.setdefault(phone, []).append(numbers[inside & oral & known])
    frames = {vowel: np.concatenate(parts) for vowel, parts in sorted(found.items())}
    names = ("1_glottis", *(str(place) for place in range(2, PLACES)), f"{PLACES}_lips")
    return Tract(names, at, expected, _some({v: f for v, f in frames.items() if len(f)}, path))


def drawn_tract(regions: Regions, segments: Sequence[Segment], n_frames: int, rate: Fraction, name: str) -> Tract:
    """A real speaker's tract: lips, parts of the tongue and larynx as drawn or traced, beside Arai's tubes.

    Nobody has measured the speaker's areas; the sensitivity is that of the tube which speaks the same vowel.

    Args:
        regions: with lips, tongue_tip, tongue_body, tongue_root and larynx among them.
        segments: the vowels' tokens, called a, i, u, e or o.
        n_frames: of the clip.
        rate: frames a second.
        name: of what the regions came from, for messages.

    Raises:
        ConfigError: when a region is missing, or no vowel that there is a tube for.
    """
    missing = next((region for region in _BESIDE if region not in regions.names), None)
    if missing is not None:
        raise ConfigError(
            f"{name}: has no region '{missing}' to compare with physics.", f"Draw all of {', '.join(_BESIDE)}."
        )
    numbers = np.arange(n_frames)
    frames = {
        segment.name: np.concatenate(
            [numbers[_middle_third(numbers, token.start, token.end, float(rate))] for token in segment.tokens]
        )
        for segment in segments
        if segment.name in _TUBES
    }
    shares = {vowel: tube_shares(vowel) for vowel in frames}
    vowels = _some({vowel: found for vowel, found in frames.items() if len(found)}, Path(name))
    return Tract(tuple(_BESIDE), regions.only(list(_BESIDE)).at, lambda frame, vowel: shares[vowel], vowels)


def tube_shares(vowel: str) -> Floats:
    """Sizes of the sensitivity functions of F1 and F2 of one of Arai's tubes, summed beside each region: (2, 5)."""
    diameters = np.array(_TUBES[vowel], np.float64) / 10.0
    from_glottis = sensitivity(np.ones(len(diameters)), np.pi / 4.0 * diameters[::-1] ** 2, FORMANTS).values
    sizes = np.abs(from_glottis[:, ::-1])
    return np.stack([sizes[:, plates].sum(axis=1) for plates in _BESIDE.values()], axis=1)


def _middle_third(numbers: NDArray[np.int64], start: float, end: float, rate: float) -> NDArray[np.bool_]:
    third = (end - start) / 3.0
    times = (numbers + 0.5) / rate
    return np.asarray((times > start + third) & (times < end - third))


def _some(frames: dict[str, NDArray[np.int64]], path: Path) -> dict[str, NDArray[np.int64]]:
    if not frames:
        raise ConfigError(
            f"{path}: no vowel ({', '.join(_TUBES)}) whose middle third holds a frame.",
            "Give a recording in which such vowels are spoken and labelled.",
        )
    return frames
