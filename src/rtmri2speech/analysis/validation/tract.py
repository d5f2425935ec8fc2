"""The vocal tract of a clip: its places from glottis to lips, and how formants depend on them by physics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from rtmri2speech.analysis.regions.masks import Regions, Source, read_truth
from rtmri2speech.arrays import Bool, Float64, Int64
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import ConfigError
from rtmri2speech.phonetics.labeled_segments import Segment
from rtmri2speech.phonetics.vowels.arai_tubes import PLATE_CM, TUBES, tube_areas
from rtmri2speech.vocal_tract.acoustics.lossless import sensitivity

FORMANTS = 2
"""Formants whose sensitivity is known."""
PLACES = 8
"""Stretches of equal length that a simulated tract is cut into: 2 cm each in a man's."""

# Plates of a tube at each region, from the lips.
_PLATES = {
    "lips": slice(0, 2),
    "tongue_tip": slice(2, 6),
    "tongue_body": slice(6, 9),
    "tongue_root": slice(9, 14),
    "larynx": slice(14, 16),
}


class Tract(Protocol):
    """A clip's tract, in K places."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the places."""
        ...

    @property
    def vowels(self) -> dict[str, Int64]:
        """Numbers of the frames in the middle third of each vowel's tokens."""
        ...

    def at(self, frame: int) -> Bool:
        """Masks of the places in a frame, (K, S, S)."""
        ...

    def expected(self, frame: int, vowel: str) -> Float64:
        """Sizes of the sensitivity functions of F1 and F2, summed over each place: (2, K)."""
        ...


@dataclass(frozen=True)
class SimulatedTract:
    """The tract of a simulated utterance: stretches of equal length, and the sensitivity of its own tube by frame.

    Attributes:
        truth: of the utterance.
        vowels: frames by vowel.
    """

    truth: Truth
    vowels: dict[str, Int64]

    @property
    def names(self) -> tuple[str, ...]:
        """From the glottis to the lips."""
        return ("1_glottis", *(str(place) for place in range(2, PLACES)), f"{PLACES}_lips")

    def at(self, frame: int) -> Bool:
        """Masks of the places in a frame, (K, S, S)."""
        frame = self._held(frame)
        # 0 stands for no section.
        table = np.concatenate([[-1], self._places[frame]])
        shown = table[self.truth.sections[frame]]
        return np.stack([shown == place for place in range(PLACES)])

    def expected(self, frame: int, vowel: str) -> Float64:
        """Sizes of the sensitivity functions of F1 and F2, summed over each place: (2, K)."""
        frame = self._held(frame)
        sizes = np.abs(self.truth.sensitivity[frame].astype(np.float64))
        return np.stack([np.bincount(self._places[frame], row, PLACES) for row in sizes])

    @cached_property
    def _places(self) -> Int64:
        """Place of each section in each frame, (T, 40)."""
        lengths = self.truth.lengths
        middle = np.cumsum(lengths, axis=1) - lengths / 2.0
        shares = PLACES * middle / lengths.sum(axis=1, keepdims=True)
        return np.asarray(np.minimum(shares.astype(np.int64), PLACES - 1))

    def _held(self, frame: int) -> int:
        """The video may be a frame longer than the truth."""
        return min(frame, len(self.truth.lengths) - 1)


@dataclass(frozen=True)
class DrawnTract:
    """A real speaker's tract: lips, parts of the tongue and larynx as drawn or traced, paired with Arai's tubes.

    Nobody has measured the speaker's areas; the sensitivity is that of the tube which produces the same vowel.

    Attributes:
        regions: lips, tongue_tip, tongue_body, tongue_root and larynx.
        vowels: frames by vowel.
    """

    regions: Regions
    vowels: dict[str, Int64]

    @property
    def names(self) -> tuple[str, ...]:
        """From the lips to the larynx."""
        return self.regions.names

    def at(self, frame: int) -> Bool:
        """Masks of the places in a frame, (K, S, S)."""
        return self.regions.at(frame)

    def expected(self, frame: int, vowel: str) -> Float64:
        """Sizes of the sensitivity functions of F1 and F2, summed over each place: (2, K)."""
        return self._shares[vowel]

    @cached_property
    def _shares(self) -> dict[str, Float64]:
        return {vowel: tube_shares(vowel) for vowel in self.vowels}


def simulated_tract(path: Path, source: Source, vowels: Sequence[str] = tuple(TUBES)) -> SimulatedTract:
    """Read the tract of a simulated utterance.

    Frames with the velum down do not count: their formants are the nose's as well.

    Args:
        path: the truth, next to the video.
        source: the clip.
        vowels: which phones.

    Raises:
        DatasetError: when the file cannot be read.
        ConfigError: when it belongs to another clip, or holds none of the vowels.
    """
    truth = read_truth(path, source)
    last = len(truth.lengths) - 1
    rate = truth.frame_rate[0] / truth.frame_rate[1]
    numbers = np.arange(len(source.frames))
    oral = ~truth.velum_open[np.minimum(numbers, last)]
    known = np.isfinite(truth.sensitivity[np.minimum(numbers, last)]).all(axis=(1, 2))
    found: dict[str, list[Int64]] = {}
    for phone, (start, end) in zip(truth.phones.tolist(), truth.phone_times, strict=True):
        if phone in vowels:
            inside = _middle_third(numbers, float(start), float(end), rate)
            found.setdefault(phone, []).append(numbers[inside & oral & known])
    return SimulatedTract(truth, _with_frames({vowel: found[vowel] for vowel in sorted(found)}, path))


def drawn_tract(regions: Regions, segments: Sequence[Segment], n_frames: int, rate: Fraction, name: str) -> DrawnTract:
    """The tract of a real speaker.

    Args:
        regions: with lips, tongue_tip, tongue_body, tongue_root and larynx among them.
        segments: the vowels' tokens, called a, i, u, e or o.
        n_frames: of the clip.
        rate: frames per second.
        name: of what the regions came from, for messages.

    Raises:
        ConfigError: when a region is missing, or no vowel that there is a tube for.
    """
    missing = next((region for region in _PLATES if region not in regions.names), None)
    if missing is not None:
        raise ConfigError(
            f"{name}: has no region '{missing}' to compare with physics.", f"Draw all of {', '.join(_PLATES)}."
        )
    numbers = np.arange(n_frames)
    found = {
        segment.name: [numbers[_middle_third(numbers, one.start, one.end, float(rate))] for one in segment.tokens]
        for segment in segments
        if segment.name in TUBES
    }
    return DrawnTract(regions.only(list(_PLATES)), _with_frames(found, Path(name)))


def tube_shares(vowel: str) -> Float64:
    """Sizes of the sensitivity functions of F1 and F2 of one of Arai's tubes, summed over each region: (2, 5)."""
    areas = tube_areas(vowel)
    from_glottis = sensitivity(np.full(len(areas), PLATE_CM), areas, FORMANTS).values
    sizes = np.abs(from_glottis[:, ::-1])
    return np.stack([sizes[:, plates].sum(axis=1) for plates in _PLATES.values()], axis=1)


def _middle_third(numbers: Int64, start: float, end: float, rate: float) -> Bool:
    third = (end - start) / 3.0
    times = (numbers + 0.5) / rate
    return np.asarray((times > start + third) & (times < end - third))


def _with_frames(tokens: dict[str, list[Int64]], path: Path) -> dict[str, Int64]:
    """Frames by vowel, of those vowels that have any."""
    frames = {vowel: np.concatenate(parts) for vowel, parts in tokens.items()}
    frames = {vowel: numbers for vowel, numbers in frames.items() if len(numbers)}
    if not frames:
        raise ConfigError(
            f"{path}: no vowel ({', '.join(TUBES)}) whose middle third holds a frame.",
            "Give a recording in which such vowels are spoken and labeled.",
        )
    return frames
