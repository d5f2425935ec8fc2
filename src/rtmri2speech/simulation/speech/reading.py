"""A script from a text: every line of a file is one utterance, said once by every speaker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rtmri2speech.errors import ConfigError
from rtmri2speech.simulation.speech.kana import Mora, read_text
from rtmri2speech.simulation.speech.phones import gestures_of, is_vowel
from rtmri2speech.simulation.speech.script import Script, Segment, draw_pauses, draw_rate, split_of

Text = tuple[tuple[Mora, ...], ...]
"""Phrases of morae."""

_VOWEL = (0.085, 0.125)
_LONG, _FINAL_LENGTHENING = 1.8, 1.3
_LONGEST_LINE = 400


def read_lines(path: Path) -> list[Text]:
    """The utterances of a text file in UTF-8; empty lines and those that start with # are passed over.

    Raises:
        ConfigError: for a file that cannot be read, a line that cannot be said, or no line at all.
        UserError: for kanji without the extra that reads them.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read ({error.strerror}).", "Give a text file, an utterance per line."
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8.", "Save it as UTF-8.") from None
    texts = []
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            text = read_text(line.strip(), f"{path}, line {number}")
            count = sum(len(phrase) for phrase in text)
            if count > _LONGEST_LINE:
                raise ConfigError(
                    f"{path}, line {number}: {count} morae; an utterance has at most {_LONGEST_LINE}.", "Part the line."
                )
            texts.append(text)
    if not texts:
        raise ConfigError(f"{path}: holds no text.", "Write an utterance per line.")
    return texts


def script_of(text: Text, number: int, rng: np.random.Generator) -> Script:
    """The script of a text: durations are drawn, the split is that of the ``number``-th utterance."""
    rate = draw_rate(rng)
    lead, tail = draw_pauses(rng)
    time = lead
    segments = [Segment("", 0.0, time, "", -1)]
    for index, phrase in enumerate(text):
        for label, seconds, vowel, gesture in _time(phrase, rate, rng):
            segments.append(Segment(label, time, time + seconds, vowel, index, gesture))
            time += seconds
        pause = float(rng.uniform(0.20, 0.45))
        segments.append(Segment("", time, time + pause, "", -1))
        time += pause
    last = segments[-1]
    segments[-1] = Segment("", last.start, last.start + tail, "", -1)
    phrases = tuple(tuple("".join(mora) for mora in phrase) for phrase in text)
    return Script(number, split_of(number), phrases, tuple(segments))


def _time(
    phrase: tuple[Mora, ...], rate: float, rng: np.random.Generator
) -> Iterator[tuple[str, float, str, str | None]]:
    """Segments of a phrase: label, seconds, vowel of the mora, gesture."""
    phones = [(phone, _vowel_of(phrase, index)) for index, mora in enumerate(phrase) for phone in mora]
    for place, (phone, vowel) in enumerate(phones):
        last = place == len(phones) - 1
        if is_vowel(phone):
            length = float(rng.uniform(*_VOWEL)) * (_LONG if phone.endswith(":") else 1.0)
            yield phone, length * (_FINAL_LENGTHENING if last else 1.0) / rate, vowel, vowel
        else:
            following = "" if last else phones[place + 1][0]
            for gesture, near, seconds in gestures_of(phone, vowel, following):
                yield phone, float(rng.uniform(*seconds)) / rate, near, gesture


def _vowel_of(phrase: tuple[Mora, ...], index: int) -> str:
    """The vowel of a mora; a moraic consonant takes that before it, at the start of a phrase that after it."""
    for other in (*range(index, -1, -1), *range(index + 1, len(phrase))):
        if is_vowel(phrase[other][-1]):
            return str(phrase[other][-1]).rstrip(":")
    return "a"
