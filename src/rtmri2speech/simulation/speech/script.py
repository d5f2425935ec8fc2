"""What is said: isolated vowels, vowel pairs, vowel sequences, and morae with consonants."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from rtmri2speech.data.dataset.layout import SPLITS, Split
from rtmri2speech.simulation.speaker.vowel_fitting import VOWELS

CONSONANTS = ("p", "b", "t", "d", "k", "g", "s", "m", "n", "r")

# Kind of the n-th utterance. The lengths of this list and the next have no common factor, so that every
# kind comes in every split.
_KINDS = ("isolated", "morae", "vowels", "pairs", "morae", "vowels", "morae")
# Split of the n-th utterance: 80 : 10 : 10, and the first two serve to train and to validate.
_SPLIT_OF: tuple[Split, ...] = ("train", "validation", "train", "train", "test", *("train",) * 5)
# Share of all texts that belong to each split.
_BUCKETS = {"train": 0.6, "validation": 0.2, "test": 0.2}

# Seconds: vowels, longer when they stand alone; consonants by what they need.
_VOWEL = {"isolated": (0.30, 0.45), "pairs": (0.18, 0.28), "vowels": (0.11, 0.20), "morae": (0.09, 0.17)}
_CONSONANT = {
    **dict.fromkeys("ptk", (0.075, 0.10)),
    **dict.fromkeys("bdg", (0.055, 0.08)),
    "s": (0.09, 0.13),
    **dict.fromkeys("mn", (0.06, 0.085)),
    "r": (0.028, 0.04),
}
_FINAL_LENGTHENING = 1.3
_LEAD = (0.35, 0.50)
_PAUSE = (0.20, 0.45)
_TAIL = (0.28, 0.40)
_RATE = (0.8, 1.25)
_MORAE_PER_PHRASE = (3, 7)


@dataclass(frozen=True)
class Segment:
    """A phone and its time.

    Attributes:
        label: a vowel, a consonant, or empty for silence.
        start, end: seconds.
        vowel: the vowel of its mora; empty for silence.
        phrase: number of the phrase, -1 for silence.
        gesture: how it is made, a key of ``phones.GESTURES``; None where the label says it.
    """

    label: str
    start: float
    end: float
    vowel: str
    phrase: int
    gesture: str | None = None

    @property
    def made_as(self) -> str:
        """How it is made, empty for silence."""
        return self.label if self.gesture is None else self.gesture


@dataclass(frozen=True)
class Script:
    """One utterance as text with times.

    Attributes:
        number: of the utterance, from 0.
        split: where it belongs.
        phrases: morae by phrase, such as ``("ka", "ta", "i")``.
        segments: phones and silences from 0 to ``duration`` without a gap.
    """

    number: int
    split: Split
    phrases: tuple[tuple[str, ...], ...]
    segments: tuple[Segment, ...]

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.segments[-1].end

    @property
    def text(self) -> str:
        """Phrases with spaces between them, morae joined by hyphens."""
        return text_of(self.phrases)


def phones_of(script: Script) -> list[tuple[float, float, str]]:
    """Phones with their start and end in seconds, silences too; the gestures of one consonant are one phone."""
    phones: list[tuple[float, float, str]] = []
    before: Segment | None = None
    for segment in script.segments:
        consonant = segment.gesture is not None and segment.gesture not in VOWELS
        if before is not None and consonant and before.gesture is not None and before.label == segment.label:
            phones[-1] = (phones[-1][0], segment.end, segment.label)
        else:
            phones.append((segment.start, segment.end, segment.label))
        before = segment
    return phones


def text_of(phrases: tuple[tuple[str, ...], ...]) -> str:
    """Phrases with spaces between them, morae joined by hyphens."""
    return " ".join("-".join(phrase) for phrase in phrases)


def bucket_of(text: str) -> Split:
    """The one split a text may appear in, by its hash: scripts are disjoint between splits, whoever speaks."""
    value = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
    for split in SPLITS:
        value -= _BUCKETS[split]
        if value < 0:
            return split
    return SPLITS[-1]


def split_of(number: int) -> Split:
    """The split of a speaker's ``number``-th utterance: 80 : 10 : 10."""
    return _SPLIT_OF[number % len(_SPLIT_OF)]


def draw_rate(rng: np.random.Generator) -> float:
    """How much faster than usual an utterance is said."""
    return float(rng.uniform(*_RATE))


def draw_pauses(rng: np.random.Generator) -> tuple[float, float]:
    """Seconds of silence before an utterance and after it."""
    return float(rng.uniform(*_LEAD)), float(rng.uniform(*_TAIL))


def write_script(number: int, seconds: float, rng: np.random.Generator) -> Script:
    """The ``number``-th utterance of a speaker, about ``seconds`` long.

    A phrase of three morae or more appears in one split only. There are too few single vowels and pairs
    for that: of them, the order in an utterance does.
    """
    kind, split = _KINDS[number % len(_KINDS)], split_of(number)
    rate = draw_rate(rng)
    while True:
        phrases, segments = _fill(kind, split, seconds, rate, rng)
        if kind in ("vowels", "morae") or bucket_of(text_of(phrases)) == split:
            return Script(number, split, phrases, segments)


def _fill(
    kind: str, split: Split, seconds: float, rate: float, rng: np.random.Generator
) -> tuple[tuple[tuple[str, ...], ...], tuple[Segment, ...]]:
    """Phrases until the time is used up, one at least."""
    time, tail = draw_pauses(rng)
    segments = [Segment("", 0.0, time, "", -1)]
    phrases: list[tuple[str, ...]] = []
    source = _phrases(kind, split, rng)
    while True:
        phrase = next(source)
        spoken = list(_time(phrase, kind, rate, rng))
        if phrases and time + sum(length for _, length, _ in spoken) + tail > seconds:
            break
        for label, length, vowel in spoken:
            segments.append(Segment(label, time, time + length, vowel, len(phrases)))
            time += length
        phrases.append(phrase)
        pause = float(rng.uniform(*_PAUSE))
        segments.append(Segment("", time, time + pause, "", -1))
        time += pause
        if time + tail > seconds:
            break
    last = segments[-1]
    segments[-1] = Segment("", last.start, last.start + tail, "", -1)
    return tuple(phrases), tuple(segments)


def _phrases(kind: str, split: Split, rng: np.random.Generator) -> Iterator[tuple[str, ...]]:
    """Phrases without end; single vowels and pairs all come before one comes again."""
    while True:
        if kind == "isolated":
            yield from ((str(vowel),) for vowel in rng.permutation(VOWELS))
        elif kind == "pairs":
            yield from (tuple(str(vowel) for vowel in pair) for pair in rng.permutation(list(permutations(VOWELS, 2))))
        else:
            yield _sequence(kind, split, rng)


def _sequence(kind: str, split: Split, rng: np.random.Generator) -> tuple[str, ...]:
    while True:
        count = int(rng.integers(*_MORAE_PER_PHRASE, endpoint=True))
        morae: list[str] = []
        while len(morae) < count:
            onset = str(rng.choice(CONSONANTS)) if kind == "morae" and rng.random() < 0.8 else ""
            mora = onset + str(rng.choice(VOWELS))
            # The same vowel twice in a row would be one long vowel.
            if not (morae and not onset and morae[-1][-1] == mora):
                morae.append(mora)
        if bucket_of(text_of((tuple(morae),))) == split:
            return tuple(morae)


def _time(
    phrase: tuple[str, ...], kind: str, rate: float, rng: np.random.Generator
) -> Iterator[tuple[str, float, str]]:
    """Phones of a phrase: label, seconds, vowel of the mora."""
    for index, mora in enumerate(phrase):
        vowel = mora[-1]
        for consonant in mora[:-1]:
            yield consonant, float(rng.uniform(*_CONSONANT[consonant])), vowel
        final = _FINAL_LENGTHENING if index == len(phrase) - 1 and len(phrase) > 1 else 1.0
        yield vowel, float(rng.uniform(*_VOWEL[kind])) * final / rate, vowel
