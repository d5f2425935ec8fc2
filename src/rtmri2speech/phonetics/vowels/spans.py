"""The vowels of an utterance and their times, from its TextGrid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from rtmri2speech.data.annotation.fit import fit_to_sound
from rtmri2speech.data.annotation.grid import IntervalTier, TextGrid, choose_tier, tier_choices
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.errors import ConfigError

_JAPANESE = "a i u e o"
_ARPABET = "AA AE AH AO EH ER IH IY UH UW"
_IPA = "ɑ ɐ æ ʌ ɒ ɔ ə ɘ ɵ ɜ ɛ œ ø ɪ ɨ y ʏ ʉ ʊ ɯ ɤ"
VOWELS = (*_JAPANESE.split(), *_ARPABET.split(), *_IPA.split())
"""Labels that count as vowels where none are named: five vowels, monophthongs of ARPAbet and of the IPA."""

_PHONE_TIERS = ("phones", "phone", "phonemes", "phoneme", "segments", "segment", "mau")
# Length, stress and nasality do not make another vowel here.
_MARKS = re.compile(r"[ːˑ:ˈˌ~̃0-9]+")
SHORTEST = 0.03
"""Seconds; the middle third of a shorter vowel is less than two periods of a low voice."""


@dataclass(frozen=True)
class Span:
    """A vowel in an utterance.

    Attributes:
        label: which vowel.
        start, end: seconds from the start of the utterance.
    """

    label: str
    start: float
    end: float


@dataclass(frozen=True)
class VowelFinder:
    """Finds the vowels of a dataset's utterances.

    Attributes:
        tier: name of the tier with the phones; None for one called ``phones`` or similar, or else the first interval
            tier that holds a vowel.
        vowels: labels that are vowels; none for :data:`VOWELS`.
    """

    tier: str | None = None
    vowels: tuple[str, ...] = ()

    def spans(self, dataset: Dataset, utterance: Utterance) -> list[Span]:
        """Vowels of an utterance in order, those of 30 ms and more; none without a TextGrid.

        Raises:
            MediaError: when the TextGrid cannot be read.
            ConfigError: when it has no tier of the name asked for.
        """
        path = textgrid_of(dataset, utterance)
        return [] if path is None else self.spans_in(path)

    def spans_in(self, path: Path, seconds: float | None = None) -> list[Span]:
        """Vowels of a TextGrid in order, those of 30 ms and more.

        Args:
            path: the file; also a CSV table of intervals (label, start, end).
            seconds: length of the sound that is annotated, to compare; None compares nothing.

        Raises:
            MediaError: when it cannot be read, or is of another sound.
            ConfigError: when it has no tier of the name asked for.
        """
        grid = read_textgrid(path)
        tier = self._tier(grid if seconds is None else fit_to_sound(grid, path, seconds)[0], path)
        spans = [] if tier is None else [Span(self._vowel(e.label), e.start, e.end) for e in tier.entries]
        return [span for span in spans if span.label and span.end - span.start >= SHORTEST]

    def _tier(self, grid: TextGrid, path: Path) -> IntervalTier | None:
        if self.tier is not None:
            chosen = choose_tier(grid, self.tier)
            if isinstance(chosen, str):
                names = ", ".join(tier_choices(grid)) or "none"
                raise ConfigError(f"{path}: {chosen}.", f"Give `tier` one of: {names}.")
            return chosen
        tiers = grid.interval_tiers
        named = [tier for tier in tiers if tier.name.casefold() in _PHONE_TIERS]
        for tier in named or tiers:
            if any(self._vowel(entry.label) for entry in tier.entries):
                return tier
        return None

    def _vowel(self, label: str) -> str:
        """The vowel that a label means, or an empty string."""
        plain = label.strip()
        if self.vowels:
            return plain if plain in self.vowels else ""
        plain = _MARKS.sub("", plain)
        return plain if plain in VOWELS else ""


def textgrid_of(dataset: Dataset, utterance: Utterance) -> Path | None:
    """The utterance's TextGrid, or None."""
    own = dataset.folder(utterance) / f"{utterance.id}.TextGrid"
    if own.is_file():
        return own
    return next(iter(sorted(dataset.folder(utterance).glob("*.TextGrid"))), None)
