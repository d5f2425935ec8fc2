"""The page as a file: complete, closed, and with nothing in it that a file could have smuggled in."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from fractions import Fraction
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from page_folder import HARMLESS, HOSTILE, Made, make_folder
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.errors import ConfigError, DatasetError, UserError
from rtmri2speech.reporting.page.build import WrittenPage, report, write_page
from rtmri2speech.reporting.page.collect import ClipFiles, Findings, Named, collect
from rtmri2speech.reporting.page.template import render
from talker import speak

EVIL = HOSTILE + "</script><script>alert(2)</script>"


class Read(HTMLParser):
    """Tags with their attributes, and the texts of scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str, str]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if self.inside:
            tag, attributes = self.tags[-1]
            self.texts.append((tag, attributes.get("id") or "", data))

    def handle_endtag(self, tag: str) -> None:
        self.inside = False


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_folder(tmp_path_factory.mktemp("page"), "cl&ip", EVIL, seconds=0.6)


@pytest.fixture(scope="module")
def text(made: Made) -> str:
    out = made.folder.parent / "page.html"
    written = write_page(collect(made.folder, Named(regions=[str(made.video.with_suffix(".json"))])), out, EVIL)
    assert written == WrittenPage(out, out.stat().st_size, 1, [])
    return out.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def read(text: str) -> Read:
    found = Read()
    found.feed(text)
    return found


def described(read: Read) -> dict[str, Any]:
    (page,) = (data for tag, name, data in read.texts if name == "page")
    return dict(json.loads(page))


def test_hostile_names_make_no_tag(read: Read) -> None:
    assert not [tag for tag, _ in read.tags if tag in ("img", "iframe", "object", "embed", "link", "base", "form")]
    scripts = [attributes for tag, attributes in read.tags if tag == "script"]
    assert sum(not attributes for attributes in scripts) == 1, "one script that runs"
    page = described(read)
    assert page["title"] == EVIL and page["clips"][0]["tiers"][1]["name"] == "words" + EVIL, "and stay what they are"


def test_nothing_refers_outside(read: Read, text: str) -> None:
    for _, attributes in read.tags:
        assert not {"src", "onclick", "onload", "style", "srcset"} & attributes.keys()
        assert (attributes.get("href") or "#").startswith("#")
    own = [data for tag, name, data in read.texts if not name]
    assert not [
        url for data in own for url in re.findall(r"(?:https?:|url\(|@import)\S*", data) if "w3.org/2000/svg" not in url
    ]


def test_the_policy_allows_this_script_and_style_only(read: Read) -> None:
    (policy,) = (a["content"] or "" for tag, a in read.tags if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'" and "unsafe" not in policy and "*" not in policy and "http" not in policy
    for tag in ("script", "style"):
        (data,) = (data for one, name, data in read.texts if one == tag and not name)
        digest = base64.b64encode(hashlib.sha256(data.encode("utf-8")).digest()).decode("ascii")
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"


def test_the_page_holds_all_there_is(read: Read, made: Made) -> None:
    page = described(read)
    (clip,) = page["clips"]
    assert clip["frames"] == made.frames and len(clip["sheets"]) == -(-made.frames // 16)
    assert [(one["kind"], one["label"]) for one in clip["sounds"]] == [
        ("original", ""),
        ("generated", ""),
        ("masked", "lips, darken"),
    ]
    assert [band["name"] for band in clip["maps"][0]["bands"]] == ["F1", "F2"]
    assert clip["maps"][0]["bands"][0]["course"]["regions"] == ["lips", "tongue" + EVIL, "elsewhere"]
    assert clip["outlines"]["names"] == ["lips", "tongue" + HARMLESS] and not clip["outlines"]["moving"]
    chunks = [name for tag, name, _ in read.texts if name.startswith("chunk")]
    assert len(chunks) == len(set(chunks)) > 10
    assert {one["title"] for one in page["origins"]} == {
        "model",
        "acoustic",
        "dataset",
        "evaluation",
        "maps",
        "masking",
    }


def test_numbers_that_are_none_are_null() -> None:
    page = {"title": "x", "program": "y", "colors": 0, "values": [1.0, float("nan"), {"a": float("inf")}]}
    text = render(page, [])
    assert "NaN" not in text.split('id="page">')[1].split("<")[0] and '[1.0, null, {"a": null}]' in text


def test_maps_of_another_clip_are_refused(made: Made, tmp_path: Path) -> None:
    folder = shutil.copytree(made.folder, tmp_path / "out")
    about = folder / "maps" / "gradcam_metadata.json"
    values = json.loads(about.read_text(encoding="utf-8"))
    about.write_text(json.dumps(values | {"n_frames": 7}), encoding="utf-8")
    with pytest.raises(DatasetError, match="maps of 7 frames"):
        write_page(collect(folder), tmp_path / "page.html", "x")
    assert not (tmp_path / "page.html").exists()


def test_without_praat_the_rest_is_shown(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtmri2speech.phonetics.praat.available", lambda: False)
    written = write_page(collect(made.folder), tmp_path / "page.html", "x")
    assert "Praat" in written.notes[0]
    found = Read()
    found.feed((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert [(one["tracks"], one["vowels"]) for one in described(found)["clips"][0]["sounds"]] == [(None, [])] * 3


def test_outlines_are_of_the_regions_that_were_used(made: Made, tmp_path: Path) -> None:
    polygons = made.video.with_suffix(".json")
    clip = ClipFiles("x", made.video, regions=str(polygons), only=("lips", "of another version"))
    write_page(Findings([clip], [], []), tmp_path / "page.html", "x")
    found = Read()
    found.feed((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert described(found)["clips"][0]["outlines"]["names"] == ["lips"]


def test_labels_are_laid_on_the_picture_by_the_sound_they_are_of(mux: Callable[..., Path], tmp_path: Path) -> None:
    talk = speak(1.0, 3, size=64)
    write_textgrid(interval_grid({"phones": [(0.4, 0.6, "a")]}, 1.0), tmp_path / "x.TextGrid")

    def start(video: Path) -> float:
        clip = ClipFiles("x", video, textgrid=tmp_path / "x.TextGrid")
        write_page(Findings([clip], [], []), tmp_path / "page.html", "x")
        found = Read()
        found.feed((tmp_path / "page.html").read_text(encoding="utf-8"))
        ((begin, _, _),) = described(found)["clips"][0]["tiers"][0]["entries"]
        return float(begin)

    for name, begin, seen in (("early", Fraction(-1, 5), 0.2), ("late", Fraction(1, 5), 0.6)):
        video = tmp_path / f"{name}.mkv"
        mux(video, talk.frames, talk.frame_rate, talk.audio, talk.sample_rate, "pcm_s16le", begin)
        assert start(video) == pytest.approx(seen, abs=2e-3), name
        # A file of its own begins with the picture, whatever time the container gives that.
        write_wav(video.with_suffix(".wav"), talk.audio, talk.sample_rate)
        assert start(video) == 0.4, name


def test_a_page_that_cannot_be_written_is_said(made: Made, tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        write_page(collect(made.folder), tmp_path / "page.html", "x")


def test_what_is_missing_is_returned_as_notes(made: Made, tmp_path: Path) -> None:
    folder = shutil.copytree(made.folder, tmp_path / "out")
    shutil.rmtree(folder / "masking")
    written = report(folder, tmp_path / "page.html", textgrid=made.video.with_suffix(".TextGrid"))
    assert written.clips == 1 and written.notes == [
        "cl&ip: no outlines of regions; have them found: `regions='auto'`, or name their file"
    ]
    assert report(folder, tmp_path / "page.html", video=made.video, regions="template").notes == []
    with pytest.raises(ConfigError, match=r"`out=.*page.pdf`: pages are HTML files"):
        report(folder, tmp_path / "page.pdf")


def test_both_languages_say_the_same_things() -> None:
    folder = files("rtmri2speech.reporting.page") / "templates"
    strings = json.loads((folder / "strings.json").read_text(encoding="utf-8"))
    english, japanese = strings["en"], strings["ja"]
    assert english.keys() == japanese.keys() and english["names"].keys() <= japanese["names"].keys()
    used = set(re.findall(r"\bt\(\"(\w+)\"\)", "".join(one.read_text(encoding="utf-8") for one in folder.iterdir())))
    assert used <= english.keys() and len(used) > 20
