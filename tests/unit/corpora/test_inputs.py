"""From paths to a corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.corpora.inputs import corpus_of, list_of, open_corpus
from rtmri2speech.corpora.phantom import MANIFEST, PhantomCorpus
from rtmri2speech.corpora.sounds import SoundFolderCorpus, SoundOf
from rtmri2speech.errors import ConfigError


def test_the_kind_of_corpus_is_what_the_paths_hold(tmp_path: Path) -> None:
    (tmp_path / "phantom").mkdir()
    (tmp_path / "phantom" / MANIFEST).write_text("{}", encoding="utf-8")
    assert open_corpus(tmp_path / "phantom") == PhantomCorpus(tmp_path / "phantom")
    assert open_corpus([tmp_path / "phantom"], sound_only=True) == SoundOf(PhantomCorpus(tmp_path / "phantom"))
    assert open_corpus("a", sound_only=True, speaker="s") == SoundFolderCorpus((Path("a"),), "s")
    assert open_corpus(["a", "b"], speaker="s") == FolderCorpus((Path("a"), Path("b")), speaker="s")
    assert open_corpus(pairs=Path("x.csv")) == FolderCorpus(pairs=Path("x.csv"))


def test_what_does_not_go_together_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`audio`, `sync_offset`: of no use with `sound_only=True`"):
        open_corpus("a", sound_only=True, audio=Path("x.wav"), sync_offset=0.5)
    with pytest.raises(ConfigError, match="No videos given"):
        open_corpus([])
    (tmp_path / MANIFEST).write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="phantom is prepared by itself"):
        open_corpus([tmp_path, "b"])
    with pytest.raises(ConfigError, match=r"`sync_offset=0\.5`: a phantom's sound is a file of its own"):
        open_corpus(tmp_path, sync_offset=0.5)
    with pytest.raises(ConfigError, match="`sound='track'`: a phantom's sound"):
        open_corpus(tmp_path, sound="track")


def test_a_corpus_stays_itself() -> None:
    corpus = FolderCorpus((Path("a"),))
    assert corpus_of(corpus) is corpus and corpus_of("a") == corpus
    assert list_of(corpus) == [corpus] and list_of("a") == ["a"] and list_of(["a", corpus]) == ["a", corpus]
