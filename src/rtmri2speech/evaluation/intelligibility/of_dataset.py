"""Error rates of the utterances of a dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.evaluation.intelligibility.rates import Intelligibility, Recognized
from rtmri2speech.evaluation.intelligibility.session import Listening
from rtmri2speech.evaluation.intelligibility.texts import Truth
from rtmri2speech.evaluation.scores import UtteranceScores
from rtmri2speech.metrics.bootstrap import Bootstrap

_MAIN = "model"


def recognized(
    heard: Listening,
    dataset: Dataset,
    rows: Sequence[Utterance],
    scores: Sequence[UtteranceScores],
    bootstrap: Bootstrap,
) -> Intelligibility:
    """What was recognized, with what was said.

    Args:
        heard: the recognizer, and where texts are.
        dataset: whose utterances they are. Where ``heard`` has no texts of its own, its TextGrids and its column
            ``text`` say what was said, or else transcripts next to the source recordings, of those that are one
            utterance: of a recording that was cut, no file says which words are in which piece.
        rows: its utterances, those of ``scores`` among them.
        scores: with the recognized texts.
        bootstrap: makes the intervals.

    Raises:
        MediaError: when a transcript cannot be read.
    """
    by_id = {row.id: row for row in rows}
    pieces = Counter(_sources(row) for row in dataset.utterances)
    utterances = []
    for one in scores:
        row = by_id[one.id]
        sources = _sources(row) if pieces[_sources(row)] == 1 else ()
        utterances.append(Recognized(one.id, _truth(heard, dataset, row, sources), one.texts))
    return Intelligibility(heard.recognizer, utterances, _MAIN, heard.pronunciations, bootstrap)


def _sources(row: Utterance) -> tuple[Path, ...]:
    """Paths of the recording that an utterance is from, without endings."""
    return tuple(Path(name).with_suffix("") for name in (row.source_video, row.source_audio) if name)


def _truth(heard: Listening, dataset: Dataset, row: Utterance, sources: Sequence[Path]) -> Truth | None:
    """What was said in an utterance, from the nearest place that says so."""
    own = heard.truth([row.id, *(source.name for source in sources)], [dataset.folder(row) / row.id])
    if heard.has_texts or (own is not None and own.text):
        return own
    if row.text:
        return replace(own or Truth(), text=row.text)
    return own or heard.truth([row.id], sources)
