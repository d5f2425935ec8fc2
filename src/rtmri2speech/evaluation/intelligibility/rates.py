"""Error rates of a recognizer: of the recorded sound (ceiling), of made ones, and against other texts (floor)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from rtmri2speech.data.tables import Row, finite_or_none
from rtmri2speech.evaluation.intelligibility.edit_distance import edit_distance
from rtmri2speech.evaluation.intelligibility.recognizers import SHIPPED, SHIPPED_PHONES, Recognizer
from rtmri2speech.evaluation.intelligibility.texts import Truth
from rtmri2speech.evaluation.intelligibility.units import (
    ERROR_RATES,
    Pronunciations,
    Units,
    is_japanese,
    phones_in_alphabet,
    plain_phones,
    try_units,
)
from rtmri2speech.evaluation.scores import RECORDED
from rtmri2speech.metrics.bootstrap import Bootstrap

SHUFFLED = "shuffled"
"""Name of the floor: what is recognized in one utterance, counted against the text of another."""

DEFINITIONS = {
    "wer": "Word error rate: insertions, deletions and substitutions (Levenshtein) from what was said to what was "
    "recognized, summed over utterances, as a fraction of the words said. Case, punctuation and hyphens do not count; "
    "Mr, Mrs and Dr are spelled out; digits stay. Not for Japanese, whose texts have no words.",
    "cer": "The same over letters and the spaces between words; of Japanese, over kana as pronounced (katakana, long "
    "vowels as a bar; kanji read by pyopenjtalk).",
    "mer": "The same over the morae of Japanese.",
    "per": "The same over phones: those that a phone recognizer gives, or else the pronunciations of the recognized "
    "words in the dictionary, or those of the morae. True phones are the pronunciations of what was said or, where "
    "there are none, the annotated phones. Utterances whose text has a word that the dictionary lacks are left out. "
    "The recognizer phones does not tell long vowels from short ones.",
    "dwer": "wer against what the same recognizer finds in the recorded sound instead of the text; dcer, dmer and dper "
    "likewise. No text is needed; errors that the recognizer makes in any case do not count.",
    "recorded": "The recorded sound through the same recognizer, at the same sampling rate: the ceiling.",
    "shuffled": "What was recognized in the made sound, against the text of the next utterance with another text: what "
    "a system reaches that says something else, the floor.",
}


@dataclass(frozen=True)
class Recognized:
    """An utterance through a recognizer.

    Attributes:
        id: which.
        truth: what was said; None where it is not known.
        texts: what was recognized, by sound; ``recorded`` is one of them.
    """

    id: str
    truth: Truth | None
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Rate:
    """A pooled error rate.

    Attributes:
        sound: whose: ``recorded``, that of a made sound, or :data:`SHUFFLED`.
        measure: ``wer``, ``dcer``, ...
        value: errors as a fraction of what was said; NaN without any.
        low, high: 95 % interval over utterances.
        errors, units: what was divided.
        utterances: number of them.
    """

    sound: str
    measure: str
    value: float
    low: float
    high: float
    errors: int
    units: int
    utterances: int

    def row(self) -> Row:
        """As a row of a table; None where unknown."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        counts = {"errors": self.errors, "units": self.units, "utterances": self.utterances}
        known = {name: finite_or_none(value) for name, value in numbers.items()}
        return {"sound": self.sound, "measure": self.measure, **known, **counts}


@dataclass(frozen=True)
class Intelligibility:
    """Utterances through a recognizer, and its error rates.

    Attributes:
        recognizer: which.
        utterances: all of them, in order.
        main: the made sound that matters: ``model``, ``generated``.
        pronunciations: of words, for phones; None where there is no dictionary.
        bootstrap: makes the intervals.
    """

    recognizer: Recognizer
    utterances: Sequence[Recognized]
    main: str
    pronunciations: Pronunciations | None = None
    bootstrap: Bootstrap = field(default_factory=Bootstrap)

    @cached_property
    def japanese(self) -> bool:
        """Whether the texts are Japanese."""
        if self.recognizer.language is not None:
            return self.recognizer.language == "ja"
        said = [one.truth.text for one in self.utterances if one.truth is not None and one.truth.text]
        return any(map(is_japanese, said or [one.texts.get(RECORDED, "") for one in self.utterances]))

    @cached_property
    def rates(self) -> list[Rate]:
        """Every rate that can be had, of every sound and of the floor."""
        sounds = list(dict.fromkeys(name for one in self.utterances for name in one.texts))
        found = []
        for sound in (*sounds, SHUFFLED):
            for measure in self.measures:
                counts = self._counts(sound, measure)
                if counts:
                    found.append(self._pooled(sound, measure, counts))
        return found

    @property
    def measures(self) -> list[str]:
        """All that this recognizer and language allow: against what was said, then against the recorded sound."""
        names = ["cer", "mer", "per"] if self.japanese else ["wer", "cer", "per"]
        names = ["per"] if self.recognizer.phones else names
        return [*names, *(f"d{name}" for name in names)]

    def value(self, sound: str, measure: str) -> float:
        """A pooled rate; NaN where there is none."""
        return next((one.value for one in self.rates if (one.sound, one.measure) == (sound, measure)), float("nan"))

    def rows(self) -> list[Row]:
        """A row per utterance and sound: what was said, what was recognized, and each rate; None where unknown."""
        rows: list[Row] = []
        for index, one in enumerate(self.utterances):
            said = None if one.truth is None else one.truth.text or " ".join(one.truth.phones)
            for sound, text in one.texts.items():
                rates = {measure: self._count(index, sound, measure) for measure in self.measures}
                shown = {name: None if pair is None else pair[0] / pair[1] for name, pair in rates.items()}
                rows.append({"id": one.id, "sound": sound, "said": said, "recognized": text, **shown})
        return rows

    def about(self) -> dict[str, object]:
        """As ``metrics.json`` has it."""
        words = self.pronunciations
        return {
            "recognizer": self.recognizer.name,
            "language": self.recognizer.language or ("ja" if self.japanese else None),
            "pronunciations": None if words is None else words.source.name,
            "rates": [dict(rate.row()) for rate in self.rates],
        }

    @cached_property
    def notes(self) -> list[str]:
        """What could not be counted, and what to keep in mind."""
        count, notes = len(self.utterances), []
        silent = sum(one.truth is None for one in self.utterances)
        if silent:
            notes.append(f"{silent} of {count} utterance(s) have no text and count against the recorded sound alone")
        if not (self.japanese or self.recognizer.phones or self.pronunciations):
            notes.append("no phones: give `pronunciations`, or pip install 'rtmri2speech[intelligibility]'")
        if self.japanese and self.recognizer.kind.startswith("pocketsphinx"):
            notes.append("the texts are Japanese, and the model of pocketsphinx is English: use another `recognizer`")
        if self.recognizer.kind == SHIPPED:
            said = [phone for units in self._said for phone in units.get("phones", ())]
            foreign = [phone for phone in said if phone not in SHIPPED_PHONES]
            if foreign:
                kinds = ", ".join(sorted(set(foreign)))
                notes.append(
                    f"{len(foreign)} of {len(said)} phones are none that phones writes ({kinds}): all are errors"
                )
        unread = sum(units is None for made in self._made for units in made.values())
        if unread:
            notes.append(f"{unread} recognized text(s) cannot be read as Japanese and count as nothing recognized")
        texts = {one.id: (*one.texts.values(), one.truth.text if one.truth else "") for one in self.utterances}
        digits = [name for name, own in texts.items() if any(letter.isdigit() for text in own for letter in text)]
        if digits:
            notes.append(f"digits in texts of {len(digits)} utterance(s) ({digits[0]}): number words count as errors")
        lacking = sum(bool(said) and "phones" not in said for said in self._said)
        if lacking and "per" in self.measures and (self.japanese or self.recognizer.phones or self.pronunciations):
            notes.append(
                f"{lacking} of {count} text(s) have a word without pronunciation, or phones of another alphabet"
            )
        return notes

    @cached_property
    def _said(self) -> list[Units]:
        """Units of what was said, by utterance."""
        return [self._units_of_truth(one) for one in self.utterances]

    @cached_property
    def _made(self) -> list[dict[str, Units | None]]:
        """Units of what was recognized, by utterance and sound; None where the text cannot be read."""
        return [{sound: self._units(text, one.id) for sound, text in one.texts.items()} for one in self.utterances]

    def _units(self, text: str, place: str) -> Units | None:
        if self.recognizer.phones:
            return {"phones": plain_phones(text.split())}
        return try_units(text, self.japanese, self.pronunciations, place)

    def _units_of_truth(self, one: Recognized) -> Units:
        if one.truth is None:
            return {}
        text, phones = one.truth.text, phones_in_alphabet(one.truth.phones, self.japanese)
        units = try_units(text, self.japanese, self.pronunciations, one.id) if text else None
        found = {**({} if phones is None else {"phones": phones}), **(units or {"said": (text,)})}
        if self.recognizer.kind == SHIPPED and "phones" in found:
            found["phones"] = tuple(phone.removesuffix(":") for phone in found["phones"])
        return found

    def _count(self, index: int, sound: str, measure: str, against: int | None = None) -> tuple[int, int] | None:
        """Errors and units of an utterance; None where either side is not known.

        Args:
            index: of the utterance.
            sound: in which it was recognized.
            measure: which rate.
            against: utterance whose text it is held against; None for its own.
        """
        unit = ERROR_RATES[measure.removeprefix("d")]
        other = index if against is None else against
        true = self._made[other].get(RECORDED) if measure.startswith("d") else self._said[other]
        if not true or not true.get(unit) or (measure.startswith("d") and sound == RECORDED):
            return None
        made = self._made[index].get(sound, {})
        found = () if made is None else made.get(unit)
        return None if found is None else (edit_distance(true[unit], found), len(true[unit]))

    def _counts(self, sound: str, measure: str) -> list[tuple[int, int]]:
        if sound == SHUFFLED:
            pairs = [(index, self.main, self._other(index)) for index in range(len(self.utterances))]
            counts = [self._count(index, made, measure, other) for index, made, other in pairs if other is not None]
        else:
            counts = [self._count(index, sound, measure) for index in range(len(self.utterances))]
        return [count for count in counts if count is not None]

    def _other(self, index: int) -> int | None:
        """The next utterance in which something else was said."""

        def said(place: int) -> object:
            one = self.utterances[place]
            return one.truth if one.truth is not None else one.texts.get(RECORDED)

        count = len(self.utterances)
        following = [(index + step) % count for step in range(1, count)]
        return next((place for place in following if said(place) != said(index)), None)

    def _pooled(self, sound: str, measure: str, counts: Sequence[tuple[int, int]]) -> Rate:
        errors, units = np.array(counts, np.float64).T
        low, high = self.bootstrap.ratio(errors, units)
        value = float(errors.sum() / units.sum())
        return Rate(sound, measure, value, low, high, int(errors.sum()), int(units.sum()), len(counts))
