"""What every importer does: tests over all of them, on small fakes of their layout."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from fake_corpora import FAKES, film, silent, talk, usc75, usctimit, wav
from rtmri2speech.corpora.base import SoundRecording
from rtmri2speech.corpora.inputs import open_corpus
from rtmri2speech.corpora.public.catalog import IMPORTERS, facts_of, import_corpus
from rtmri2speech.corpora.public.importer import Importer
from rtmri2speech.corpora.sounds import SoundOf
from rtmri2speech.errors import ConfigError, MediaError, UserError
from rtmri2speech.preparation.check import CheckOptions, check_recordings

RATE = Fraction(50)


@pytest.fixture(scope="module", params=FAKES)
def fake(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Path]]:
    """A corpus by name, and its folders. Not to be changed."""
    return request.param, FAKES[request.param](tmp_path_factory.mktemp(request.param))


def test_recordings_are_complete_and_ordered(fake: tuple[str, list[Path]]) -> None:
    name, roots = fake
    corpus = open_corpus(roots, corpus=name)
    assert isinstance(corpus, Importer)
    recordings = corpus.recordings()
    assert [one.id for one in recordings] == sorted({one.id for one in recordings})
    assert recordings == corpus.recordings()
    for one in recordings:
        assert all(path.is_file() for path in one.sources) and one.scanner is not None and one.speaker
        assert (one.audio is not None) == (one.sound == "file")


def test_a_fake_has_nothing_wrong(fake: tuple[str, list[Path]]) -> None:
    name, roots = fake
    found = check_recordings(open_corpus(roots, corpus=name).recordings(), CheckOptions(), 1)
    assert not [one for one in found if one.severity != "note"]


def test_facts_are_stated(fake: tuple[str, list[Path]]) -> None:
    name, roots = fake
    corpus = open_corpus(roots, corpus=name, sound_only=True)
    facts = IMPORTERS[name].facts
    assert isinstance(corpus, SoundOf) and facts_of(corpus) is facts
    assert all(isinstance(one, SoundRecording) and one.audio.is_file() for one in corpus.recordings())
    assert facts.key == name and facts.licence and facts.layout and facts.unverified
    assert set(facts.as_json()) >= {"licence", "citation", "pixel_mm", "frame_rates", "faults", "unverified"}
    assert "pixels" in facts.frames_in_words


@pytest.mark.parametrize("name", IMPORTERS)
def test_another_folder_is_refused_with_what_was_looked_for(name: str, tmp_path: Path) -> None:
    with pytest.raises(MediaError) as caught:
        import_corpus(name, [tmp_path]).recordings()
    assert str(tmp_path) in caught.value.problem and IMPORTERS[name].facts.layout[0] in caught.value.problem
    assert "`corpus`" in caught.value.remedy
    (tmp_path / "all.zip").touch()
    with pytest.raises(MediaError) as caught:
        import_corpus(name, [tmp_path]).recordings()
    assert caught.value.remedy == "Unpack all.zip first."


def test_names_of_another_corpus_are_recognized(tmp_path: Path) -> None:
    roots = usctimit(tmp_path)
    with pytest.raises(MediaError, match="no recording of USC 75-speaker") as caught:
        import_corpus("usc75", roots).recordings()
    assert caught.value.remedy == "Its names are those of another corpus: `corpus='usctimit'`"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "take1.mp4").touch()
    with pytest.raises(MediaError, match=r"found take1\.mp4"):
        import_corpus("usc75", [tmp_path / "mine"]).recordings()


def test_unknown_names_and_options_that_do_not_go_with_a_corpus(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`corpus='usc57'`: no such corpus") as caught:
        open_corpus(tmp_path, corpus="usc57")
    assert "usc75, usctimit" in caught.value.remedy
    with pytest.raises(ConfigError, match="No videos given"):
        open_corpus([], corpus="usc75")
    with pytest.raises(ConfigError, match="no folder given"):
        import_corpus("usc75", [])
    with pytest.raises(ConfigError, match=r"`audio_dir`, `speaker`: of no use with `corpus='usc75'`"):
        open_corpus(tmp_path, corpus="usc75", audio_dir=tmp_path, speaker="me")
    with pytest.raises(MediaError, match="no such file or folder"):
        open_corpus(tmp_path / "gone", corpus="usc75").recordings()  # type: ignore[attr-defined]


def test_a_missing_wav_is_named_where_it_should_be(tmp_path: Path) -> None:
    (root,) = usctimit(tmp_path)
    gone = root / "MRI" / "Data" / "F1" / "wav" / "usctimit_mri_f1_001_005.wav"
    gone.unlink()
    corpus = import_corpus("usctimit", [root])
    (error,) = [one for one in check_recordings(corpus.recordings(), CheckOptions(), 1) if one.severity == "error"]
    assert str(gone) in error.problem and "usctimit_mri_f1_001_005.avi, which has no sound track" in error.problem
    assert "Fetch it" in error.remedy
    first = import_corpus("usctimit", [root], "file").recordings()[0]
    assert first.audio == gone


def test_a_track_takes_the_place_of_a_missing_file_with_a_word(tmp_path: Path) -> None:
    film(tmp_path / "sub-01_task-x_video.mp4", talk(1, RATE, 64))
    (recording,) = import_corpus("bids", [tmp_path]).recordings()
    assert recording.audio is None and recording.sound == "auto"
    found = check_recordings([recording], CheckOptions(), 1)
    assert any("its own sound track is used: there is no sub-01_task-x_audio.wav" in one.problem for one in found)


def test_the_sound_can_be_chosen(tmp_path: Path) -> None:
    roots = usc75(tmp_path)
    track, file = (import_corpus("usc75", roots, sound).recordings()[0] for sound in ("auto", "file"))
    assert track.audio is None and track.sound == "track"
    assert file.audio is not None and file.audio.name == "sub001_2drt_01_vcv1_r1_audio.wav"
    assert all(one.sync_offset == 0.25 for one in import_corpus("usc75", roots, sync_offset=0.25).recordings())


def test_strange_videos_are_passed_over_with_a_word(tmp_path: Path) -> None:
    roots = usc75(tmp_path)
    shutil.copy(roots[0] / "sub001/2drt/video/sub001_2drt_01_vcv1_r1_video.mp4", roots[0] / "my take.mp4")
    listing = import_corpus("usc75", roots).listing()
    assert len(listing.recordings) == 3
    assert any("1 video(s) passed over" in one.problem and "my take.mp4" in one.problem for one in listing.remarks)


def test_two_files_of_one_id_are_refused(tmp_path: Path) -> None:
    clip = talk(1, RATE, 64)
    for folder in ("a", "b"):
        silent(tmp_path / folder / "sub001_2drt_01_x_video.avi", clip)
        wav(tmp_path / folder / "sub001_2drt_01_x_audio.wav", clip)
    with pytest.raises(UserError, match="would both be called"):
        import_corpus("usc75", [tmp_path]).recordings()
