"""What a recognizer understands of recordings before and after the noise is taken off."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rtmri2speech.corpora.inputs import Source
from rtmri2speech.errors import ConfigError
from rtmri2speech.evaluation.intelligibility.rates import Intelligibility, Recognized
from rtmri2speech.evaluation.intelligibility.session import Listening, listening
from rtmri2speech.evaluation.intelligibility.texts import Truth
from rtmri2speech.evaluation.scores import RECORDED
from rtmri2speech.preparation.check import CheckReport, check
from rtmri2speech.preparation.facts import RecordingFacts
from rtmri2speech.progress import SILENT, Progress

DENOISED = "denoised"
"""Name of the sound without noise, next to the recorded one."""


def check_with_recognizer(
    source: Source | Sequence[Source],
    recognizer: str | None,
    *,
    texts: str | Path | None = None,
    language: str | None = None,
    workers: int = 0,
    progress: Progress = SILENT,
    **options: Any,
) -> tuple[CheckReport, Intelligibility | None]:
    """As :func:`rtmri2speech.preparation.check.check`, with error rates before and after ``denoise``.

    Args:
        source: as of ``check``.
        recognizer: as of ``evaluate``; None for none.
        texts: what is said: a table or a folder; None for what corpora and annotations say, or transcripts next to the
            recordings.
        language: two letters; None for what the texts look like.
        workers: processes; 0 for one per core.
        progress: counts files.
        options: fields of its options, and ``shard``.

    Returns:
        The report, and error rates; None without a recognizer, or where no recording could be denoised.

    Raises:
        ConfigError: when there is no such recognizer, or no ``denoise`` to compare with.
        UserError: as ``check``, and when the recognizer cannot be opened.
    """
    if recognizer is not None and options.get("denoise") in (None, "none"):
        raise ConfigError(f"`recognizer={recognizer}`: there is nothing to compare.", "Give `denoise` as well.")
    heard = listening(recognizer, language, texts, None)
    report = check(source, None, workers, progress, recognizer=heard.recognizer if heard else None, **options)
    return report, None if heard is None else recognized_in_check(heard, report)


def recognized_in_check(heard: Listening, report: CheckReport) -> Intelligibility | None:
    """Error rates of the recordings of a report.

    Args:
        heard: the recognizer, and where texts are.
        report: of a check with that recognizer.

    Returns:
        None where nothing was recognized.

    Raises:
        MediaError: when a transcript cannot be read.
    """
    found = [
        Recognized(
            facts.file, _truth(heard, facts), dict(zip((RECORDED, DENOISED), facts.effect.recognized, strict=True))
        )
        for facts in report.facts
        if facts.effect is not None and facts.effect.recognized
    ]
    return Intelligibility(heard.recognizer, found, DENOISED, heard.pronunciations) if found else None


def _truth(heard: Listening, facts: RecordingFacts) -> Truth | None:
    stem = Path(facts.file).with_suffix("")
    own = heard.truth([stem.name], [stem])
    said = None if facts.effect is None else facts.effect.said
    return own if own is not None or heard.has_texts or said is None else Truth(said)
