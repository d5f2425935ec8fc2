from __future__ import annotations

from pathlib import Path

import pytest

from rtmri2speech.errors import ConfigError
from rtmri2speech.simulation.speaker.anatomy import Anatomy, draw_speakers, read_speakers


def test_the_first_speaker_is_the_librarys_own_and_sexes_alternate() -> None:
    speakers = draw_speakers(5, seed=3)
    assert speakers[0].anatomy == Anatomy()
    assert [speaker.sex for speaker in speakers] == ["male", "female", "male", "female", "male"]
    assert len({speaker.name for speaker in speakers}) == 5
    assert len({speaker.anatomy.model_dump_json() for speaker in speakers}) == 5


def test_a_speaker_does_not_depend_on_how_many_there_are() -> None:
    assert draw_speakers(2, seed=1) == draw_speakers(6, seed=1)[:2]
    assert draw_speakers(3, seed=1)[1] != draw_speakers(3, seed=2)[1]


def test_women_have_shorter_throats_and_higher_voices() -> None:
    speakers = draw_speakers(40, seed=0)
    women, men = ([s for s in speakers if s.sex == sex] for sex in ("female", "male"))
    assert max(s.anatomy.pharynx_length for s in women) < min(s.anatomy.pharynx_length for s in men)
    assert min(s.f0 for s in women) > max(s.f0 for s in men)


def test_nobody_is_refused() -> None:
    with pytest.raises(ConfigError, match="`speakers=0`"):
        draw_speakers(0, seed=0)


def test_speakers_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_text("anna:\n  sex: female\n  anatomy: {pharynx_length: 5.0}\nben:\n  f0: 95\n", encoding="utf-8")
    anna, ben = read_speakers(path, seed=0)
    assert anna.name == "anna" and anna.anatomy.pharynx_length == 5.0 and 150 < anna.f0 < 250
    assert ben.f0 == 95.0 and ben.anatomy == Anatomy() and anna.seed != ben.seed


def test_a_woman_without_further_word_has_a_womans_tract(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_text("anna:\n  sex: female\neva:\n  sex: female\n  anatomy: {lip_width: 1.0}\n", encoding="utf-8")
    anna, eva = read_speakers(path, seed=0)
    drawn = [speaker.anatomy for speaker in draw_speakers(40, seed=0) if speaker.sex == "female"]
    for size in ("pharynx_length", "larynx_length", "hard_palate_length"):
        values = [getattr(anatomy, size) for anatomy in drawn]
        assert min(values) < getattr(anna.anatomy, size) < max(values)
    assert eva.anatomy == anna.anatomy.model_copy(update={"lip_width": 1.0})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("anna:\n  anatomy: {pharynx_length: 12}\n", "pharynx_length"),
        ("anna:\n  anatomy: {pharinx_length: 5}\n", "unknown key"),
        ("anna:\n  f0: 900\n", "f0"),
        ("anna: 5\n", "anna"),
        ("'../anna':\n  f0: 120\n", "name"),
        ("anna:\n  name: ben\n", "'anna' holds another name"),
        ("anna: {}\nben: {}\nanna: {}\n", "'anna' stands there twice"),
        ("anna: {}\nAnna: {}\n", "share the folder 'Anna'"),
        ("1: {}\n'1': {}\n", "'1' stands there twice"),
        ("0x1: {}\n'1': {}\n", "share the folder '1'"),
        ("{}\n", "names nobody"),
        ("NUL: {}\n", "'NUL' cannot be"),
        ("com1: {}\n", "'com1' cannot be"),
        ("speakers: {}\n", "'speakers' cannot be"),
    ],
)
def test_impossible_people_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "people.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=problem) as error:
        read_speakers(path, seed=0)
    assert "people.yaml" in error.value.problem and "\n" not in error.value.problem and error.value.remedy


def test_more_speakers_than_anybody_needs_are_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="`speakers=1000000000`"):
        draw_speakers(1_000_000_000, seed=0)
