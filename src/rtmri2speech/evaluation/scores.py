"""What is measured of one utterance."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

RECORDED, TRUTH = "recorded", "truth"
"""Names of the recorded sound, and of a simulated speaker's known formants, next to those of the conditions."""

Pair = tuple[float, float]
"""F1 and F2, Hz."""


@dataclass(frozen=True)
class ScoredVowel:
    """A vowel with F1 and F2 in Hz of each sound: ``recorded``, the conditions, and ``truth`` of a simulated one.

    Attributes:
        label: which vowel.
        start, end: seconds from the start of the utterance.
        formants: by sound; NaN where none was found.
    """

    label: str
    start: float
    end: float
    formants: dict[str, Pair]


@dataclass(frozen=True)
class UtteranceScores:
    """What was measured of an utterance.

    Attributes:
        id, speaker: whose.
        n_frames: mel frames.
        measures: of each condition, by name; a name is missing where it cannot be measured on this computer.
        by_bin: mean absolute error of each mel bin, dB: of the mel given to the vocoder for ``model`` and ``floor``,
            of the wave's for ``ceiling``.
        vowels: its vowels.
        texts: what a recognizer found in each sound, ``recorded`` and the conditions; empty without one.
    """

    id: str
    speaker: str
    n_frames: int
    measures: dict[str, dict[str, float]] = field(default_factory=dict)
    by_bin: dict[str, list[float]] = field(default_factory=dict)
    vowels: list[ScoredVowel] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, stored: dict[str, Any]) -> UtteranceScores:
        """The scores that ``dataclasses.asdict`` and JSON were given; other entries are passed over.

        Raises:
            KeyError, TypeError, IndexError: when one is missing or of another form.
        """
        vowels = [
            ScoredVowel(v["label"], v["start"], v["end"], {name: (f[0], f[1]) for name, f in v["formants"].items()})
            for v in stored["vowels"]
        ]
        own = {one.name: stored[one.name] for one in fields(cls)}
        return cls(**{**own, "vowels": vowels})
