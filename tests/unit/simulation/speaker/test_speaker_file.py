"""Speaker files: those of older releases become what the library reads, damaged ones are refused by field."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rtmri2speech.errors import ConfigError
from rtmri2speech.simulation.speaker.speaker_file import read_speaker_file, speakers_of

vtl = pytest.importorskip("vocaltractlab_cython")

Change = Callable[[str], str]


@pytest.fixture(scope="module")
def own() -> str:
    return Path(vtl.VocalTractLabApi.DEFAULT_SPEAKER_PATH).read_text(encoding="latin-1")


def as_version_2(text: str) -> str:
    """The library's own speaker as VocalTractLab 2.x wrote it."""
    text = re.sub(r' max_nasal_port_area="[^"]*"', "", text)
    text = re.sub(r'(<param index[^>]*?)\s+description="[^"]*"\s+unit="[^"]*"', r"\1", text)
    factors = 'positive_velocity_factor="1" negative_velocity_factor="1"'
    more = f'<param index="19" name="AES" min="-1" max="1" neutral="0" {factors}/>'
    text = text.replace("</anatomy>", more + "</anatomy>")
    text = text.replace("</shape>", '<param name="AES" value="0.0"/></shape>', 1)
    text = text.replace("</velum>", '</velum><vocal_folds default_f0="223.0"/>')
    text = text.replace("</tongue>", '<tonsil length="2.2" height="0.5"/></tongue>')
    return re.sub(r"<glottis_models>.*</glottis_models>", "<glottis_models/>", text, flags=re.DOTALL)


def flat(text: str) -> list[tuple[str, dict[str, str]]]:
    return [(element.tag, dict(element.attrib)) for element in ElementTree.fromstring(text).iter()]


def test_a_file_of_an_older_release_becomes_what_the_library_reads(own: str, tmp_path: Path) -> None:
    path = tmp_path / "Frau 2.speaker"
    path.write_bytes(as_version_2(own).replace("\n", "\r\n").encode("latin-1"))
    file = read_speaker_file(path)
    assert flat(file.text) == flat(own)
    assert file.f0 == 223.0
    (speaker,) = speakers_of([file], seed=3)
    assert (speaker.name, speaker.sex, speaker.f0, speaker.source) == ("Frau_2", "female", 223.0, file.digest)


def test_the_librarys_own_file_is_read_as_it_is(own: str, tmp_path: Path) -> None:
    path = tmp_path / "JD3.speaker"
    path.write_text(own, encoding="latin-1")
    file = read_speaker_file(path)
    assert flat(file.text) == flat(own) and file.f0 is None
    (speaker,) = speakers_of([file], seed=0)
    assert speaker.sex == "male" and speaker.f0 == 130.0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda text: text[:4000], "damaged"),
        (lambda text: "", "damaged"),
        (lambda text: "<a/>", "no <anatomy>"),
        (lambda text: '<!DOCTYPE a [<!ENTITY b "c">]>' + text, "not a speaker file"),
        (lambda text: text.replace('upper_depth="3.8000"', 'upper_depth="nan"'), "<anatomy/pharynx> upper_depth"),
        (lambda text: text.replace('<lips width="1.3000"/>', '<lips width="9e9"/>'), "<anatomy/lips> width"),
        (lambda text: text.replace("<narrow points=", "<narrow dots="), "<anatomy/larynx/narrow> has no points"),
        (lambda text: text.replace('<wide points="3.3 ', '<wide points="'), "<anatomy/larynx/wide> points: not 16"),
        (lambda text: text.replace("<piriform_fossa", "<fossa"), "<anatomy> holds 0 <piriform_fossa>"),
        (lambda text: text.replace('index="3"  name="JA"', 'index="3"  name="JB"'), "<anatomy/param JA> name: JB"),
        (lambda text: re.sub(r'(name="JA"[^>]*?max=")[^"]*', r"\g<1>-8", text, count=1), "<anatomy/param JA>: min"),
        (lambda text: text.replace('<shape name="o">', '<shape name="ø">'), "no shape 'o'"),
        (lambda text: text.replace('name="TCX" value="0.1524"', 'name="TCX" value="wide"'), "shape 'a' has no number"),
    ],
)
def test_what_is_wrong_is_named(own: str, tmp_path: Path, change: Change, named: str) -> None:
    changed = change(own)
    assert changed != own
    path = tmp_path / "a.speaker"
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(named)) as raised:
        read_speaker_file(path)
    assert str(path) in raised.value.problem


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.speaker: cannot be read"):
        read_speaker_file(tmp_path / "none.speaker")


@pytest.mark.process
def test_a_tract_that_is_none_is_refused(own: str, tmp_path: Path) -> None:
    path = tmp_path / "a.speaker"
    path.write_text(re.sub(r'(<pharynx fulcrum_x="-2.3720" fulcrum_y=")[^"]*', r"\g<1>300.0", own), encoding="utf-8")
    with pytest.raises(ConfigError, match="<anatomy>: "):
        read_speaker_file(path)
