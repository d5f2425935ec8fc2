"""``--corpus`` and ``--speakers``: what is printed of a published corpus, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from fake_corpora import usc75
from rtmri2speech.cli.recordings.options import CorpusOptions
from rtmri2speech.corpora.public.catalog import IMPORTERS, CorpusName

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return usc75(tmp_path_factory.mktemp("usc75"))


def test_every_corpus_has_its_name_on_the_command_line() -> None:
    stated = get_args(get_args(get_args(get_type_hints(CorpusOptions, include_extras=True)["corpus"])[0])[0])
    assert tuple(IMPORTERS) == get_args(CorpusName) == stated


def test_check_says_what_is_known_and_what_is_missing(run: Run, roots: list[Path]) -> None:
    done = run("check", *roots, "--corpus", "usc75", "--workers", 1)
    said = " ".join(done.out.split())
    assert done.code == 1  # a subject that is not in the table
    assert "license: CC BY 4.0" in said and "84 x 84 pixels of 2.4 mm" in said and "not verified: the license" in said
    assert "drawn by the seed" in said
    report = json.loads(run("check", *roots, "--corpus", "usc75", "--workers", 1, "--json").out)
    assert [one["name"] for one in report["corpora"]] == ["usc75"] and report["corpora"][0]["frame_rates"] == [
        "65040/781"
    ]
    assert any("sub009" in one["problem"] and one["severity"] == "warning" for one in report["findings"])
    assert "corpora" not in json.loads(run("check", roots[0], "--workers", 1, "--json").out)


def test_what_is_refused_is_two_lines_in_flags(run: Run, roots: list[Path], tmp_path: Path) -> None:
    out = ("--out", tmp_path / "set")
    done = run("prepare", roots[0], "--corpus", "usctimit", *out)
    assert "no recording of USC-TIMIT there; looked for usctimit_mri" in done.problem
    assert done.remedy == "Its names are those of another corpus: --corpus usc75"
    done = run("prepare", roots[0], "--corpus", "usc75", "--audio-dir", tmp_path, *out)
    assert done.problem.startswith("--audio-dir: of no use with --corpus usc75")
    table = tmp_path / "split.csv"
    table.write_text("speaker,split\nsub001,train\nsub044,test\n", encoding="utf-8")
    done = run("prepare", roots[0], "--corpus", "usc75", "--speakers", table, *out)
    assert done.problem == f"{table}: names sub044, and the recordings are of sub001, sub002, sub009."
    assert not (tmp_path / "set").exists()
