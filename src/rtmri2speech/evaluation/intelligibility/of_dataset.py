"""Error rates of the utterances of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.evaluation.intelligibility.rates import Intelligibility, Recognized
from rtmri2speech.evaluation.intelligibility.session import Listening
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
        dataset: whose utterances they are; its TextGrids, and transcripts next to the source recordings, say what was
            said where ``heard`` has no texts of its own.
        rows: its utterances, those of ``scores`` among them.
        scores: with the recognized texts.
        bootstrap: makes the intervals.

    Raises:
        MediaError: when a transcript cannot be read.
    """
    by_id = {row.id: row for row in rows}
    utterances = []
    for one in scores:
        row = by_id[one.id]
        sources = [Path(name).with_suffix("") for name in (row.source_video, row.source_audio) if name]
        stems = [dataset.folder(row) / row.id, *sources]
        truth = heard.truth([row.id, *(source.name for source in sources)], stems)
        utterances.append(Recognized(one.id, truth, one.texts))
    return Intelligibility(heard.recognizer, utterances, _MAIN, heard.pronunciations, bootstrap)
