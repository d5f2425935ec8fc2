"""The vowels of an utterance and their times, from its TextGrid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from praatio.data_classes.interval_tier import IntervalTier
from praatio.data_classes.textgrid import Textgrid

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
# Seconds; the middle third of a shorter one is less than two periods of a low voice.
_SHORTEST = 0.03


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

    def spans_in(self, path: Path) -> list[Span]:
        """Vowels of a TextGrid in order, those of 30 ms and more.

        Raises:
            MediaError: when it cannot be read.
            ConfigError: when it has no tier of the name asked for.
        """
        tier = self._tier(read_textgrid(path), path)
        spans = [] if tier is None else [Span(self._vowel(e.label), e.start, e.end) for e in tier.entries]
        return [span for span in spans if span.label and span.end - span.start >= _SHORTEST]

    def _tier(self, grid: Textgrid, path: Path) -> IntervalTier | None:
        tiers = [tier for tier in grid.tiers if isinstance(tier, IntervalTier)]
        if self.tier is not None:
            for tier in tiers:
                if tier.name == self.tier:
                    return tier
            names = ", ".join(tier.name for tier in tiers) or "none"
            raise ConfigError(f"{path}: has no interval tier '{self.tier}'.", f"Give `tier` one of: {names}.")
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
