"""What was said in the utterances of a dataset, from wherever it is told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.evaluation.intelligibility.of_dataset import recognized
from rtmri2speech.evaluation.intelligibility.recognizers import parse_recognizer
from rtmri2speech.evaluation.intelligibility.session import Listening
from rtmri2speech.evaluation.scores import UtteranceScores
from rtmri2speech.metrics.bootstrap import Bootstrap


def row(name: str, source: Path, text: str = "") -> Utterance:
    """An utterance of a recording."""
    known = {field: "" for field in ("speaker", "sha256")}
    return Utterance(
        id=name, split="test", n_frames=10, seconds=0.4, source_video=f"{source}.mp4", source_audio="",
        source_start=0.0, text=text, **known,
    )  # fmt: skip


@pytest.fixture
def said(tmp_path: Path) -> Any:
    """The texts of rows, by utterance."""

    def texts(rows: list[Utterance], **options: Any) -> dict[str, str | None]:
        dataset = SimpleNamespace(utterances=rows, folder=lambda one: tmp_path / one.id)
        heard = Listening(parse_recognizer("command:true", "en", "cpu"), **options)
        scores = [cast(UtteranceScores, SimpleNamespace(id=one.id, texts={})) for one in rows]
        found = recognized(heard, cast(Dataset, dataset), rows, scores, Bootstrap(seed=0))
        return {one.id: None if one.truth is None else one.truth.text for one in found.utterances}

    return texts


def test_the_datasets_own_text_counts_before_the_recordings_transcript(tmp_path: Path, said: Any) -> None:
    (tmp_path / "clip.txt").write_text("all of the clip", encoding="utf-8")
    assert said([row("a", tmp_path / "clip", "one piece")]) == {"a": "one piece"}
    assert said([row("a", tmp_path / "clip")]) == {"a": "all of the clip"}


def test_a_recordings_transcript_is_not_that_of_its_pieces(tmp_path: Path, said: Any) -> None:
    (tmp_path / "clip.txt").write_text("all of the clip", encoding="utf-8")
    rows = [row("a", tmp_path / "clip"), row("b", tmp_path / "clip", "its end")]
    assert said(rows) == {"a": None, "b": "its end"}


def test_texts_that_the_user_names_are_all_that_counts(tmp_path: Path, said: Any) -> None:
    rows = [row("a", tmp_path / "a", "of the dataset"), row("b", tmp_path / "b", "of the dataset")]
    assert said(rows, table={"a": "of the table"}) == {"a": "of the table", "b": None}
