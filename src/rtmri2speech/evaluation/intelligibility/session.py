"""A recognizer with what it needs: texts, and pronunciations of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.evaluation.intelligibility import engines
from rtmri2speech.evaluation.intelligibility.recognizers import Recognizer, is_installed, parse_recognizer
from rtmri2speech.evaluation.intelligibility.texts import Truth, key_of, read_table, truth_next_to
from rtmri2speech.evaluation.intelligibility.units import Pronunciations, read_pronunciations


@dataclass(frozen=True)
class Listening:
    """What error rates are made with.

    Attributes:
        recognizer: which.
        pronunciations: of words; None where there is no dictionary.
        table: texts by name; empty where none was given.
        folder: of transcripts; None for those next to the recordings.
    """

    recognizer: Recognizer
    pronunciations: Pronunciations | None = None
    table: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def has_texts(self) -> bool:
        """Whether the user has said where texts are."""
        return bool(self.table) or self.folder is not None

    def truth(self, names: Sequence[str], stems: Sequence[Path]) -> Truth | None:
        """What was said in an utterance; None where nothing tells.

        Args:
            names: of the utterance, those below a folder with their path; the first that is known counts.
            stems: paths without an ending at which transcripts lie by default; the first with one counts.

        Raises:
            MediaError: when a transcript cannot be read.
        """
        if self.table:
            found = next((self.table[key_of(name)] for name in names if key_of(name) in self.table), None)
            return None if found is None else Truth(found)
        if self.folder is None:
            return next((truth for stem in stems if (truth := truth_next_to(stem)) is not None), None)
        places = [self.folder / name for name in names] + [self.folder / Path(name).name for name in names]
        return next((truth for place in places if (truth := truth_next_to(place)) is not None), None)


def listening(
    recognizer: str | None,
    language: str | None,
    texts: str | Path | None,
    pronunciations: str | Path | None,
    device: str = "cpu",
) -> Listening | None:
    """Open a recognizer and what belongs to it; None where none is asked for.

    Args:
        recognizer: as the user wrote it.
        language: two letters; None for what the texts look like.
        texts: a table or a folder; None for transcripts next to the recordings.
        pronunciations: a dictionary; None for the one of PocketSphinx, where it is installed.
        device: ``cpu`` or ``cuda``.

    Raises:
        ConfigError: when there is no such recognizer, or texts are given without one.
        MediaError: when texts or pronunciations cannot be read.
        UserError: when the recognizer cannot be opened.
    """
    if recognizer is None:
        for name, value in {"texts": texts, "pronunciations": pronunciations, "language": language}.items():
            if value is not None:
                raise ConfigError(f"`{name}={value}`: without a recognizer.", "Give `recognizer`, or leave it out.")
        return None
    chosen = parse_recognizer(recognizer, language, device)
    place = None if texts is None else Path(texts)
    if place is not None and not place.exists():
        raise MediaError(f"{place}: no such file or folder.", "Give a table of names and texts, or a folder of them.")
    table = read_table(place) if place is not None and place.is_file() else {}
    words = _pronunciations(pronunciations, chosen)
    chosen.open()
    return Listening(chosen, words, table, place if place is not None and place.is_dir() else None)


def _pronunciations(given: str | Path | None, recognizer: Recognizer) -> Pronunciations | None:
    if given is not None:
        return read_pronunciations(Path(given))
    if recognizer.language == "ja" or not is_installed("pocketsphinx"):
        return None
    return read_pronunciations(engines.pocketsphinx_dictionary())
