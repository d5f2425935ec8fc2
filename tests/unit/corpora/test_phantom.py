from __future__ import annotations

import json
from pathlib import Path

import pytest

from rtmri2speech.corpora.phantom import MANIFEST, VIDEO, PhantomCorpus, utterance_file
from rtmri2speech.errors import DatasetError

ROWS = [
    {"id": "m01_0001", "speaker": "m01", "split": "validation", "text": "a", "frames": 50},
    {"id": "m01_0000", "speaker": "m01", "split": "train", "text": "i", "frames": 50},
]


def write(folder: Path, text: str) -> PhantomCorpus:
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return PhantomCorpus(folder)


def test_recordings_come_in_order_with_their_files_and_splits(tmp_path: Path) -> None:
    first, second = write(tmp_path, json.dumps({"utterances": ROWS})).recordings()
    assert (first.id, first.speaker, first.split) == ("m01_0000", "m01", "train")
    assert second.split == "validation"
    assert [path.name for path in first.sources] == ["m01_0000.mp4", "m01_0000.wav", "m01_0000.TextGrid"]
    assert first.video == utterance_file(tmp_path, "m01", "m01_0000", VIDEO)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"utterances": [{"id": "a"}]}', json.dumps({"utterances": [{**ROWS[0], "split": "exam"}]})],
)
def test_a_damaged_manifest_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(DatasetError, match=MANIFEST):
        write(tmp_path, text).recordings()


def test_an_unfinished_phantom_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="not a finished phantom") as error:
        PhantomCorpus(tmp_path).recordings()
    assert "simulate" in error.value.remedy
    with pytest.raises(DatasetError, match="no utterance"):
        write(tmp_path, '{"utterances": []}').recordings()
