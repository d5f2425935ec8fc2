"""Published corpora, as small fakes of their layout, go from their folder to a finished evaluation in two commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fake_corpora import FAKES
from rtmri2speech.cli.main import main
from rtmri2speech.corpora.public.catalog import IMPORTERS
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.models.bundle.model_file import Bundle, save_bundle
from rtmri2speech.reporting.figures import evaluation as figures
from rtmri2speech.signal.frames import FrameConfig

pytest.importorskip("parselmouth", reason="praat-parselmouth is not installed (extra phonetics)")

# What a corpus gives that nobody has typed: speakers, how it is split, texts, and pixels in mm.
KNOWN = {
    "usc75": ({"sub001", "sub002", "sub009"}, "speaker", {"", "apa upu"}, {2.4}),
    "usctimit": ({"F1", "M1"}, "blocks", None, {2.9}),
    "usclss": ({"usc_s1"}, "corpus", {f"Sentence number {index}." for index in range(4)}, {None}),
    "uscemo": ({"F1", "M2"}, "recording", {""}, {None}),
    "atr503": ({"spk1"}, "recording", None, {None}),
    "rtmridb": ({"f01", "m02"}, "recording", {""}, {None}),
    "bids": ({"01", "02", "03"}, "recording", None, {1.6}),
}


@pytest.fixture(scope="module")
def model(make_bundle: Callable[..., Bundle], tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    save_bundle(make_bundle("synthesizer", FrameConfig()), path)
    return path


def test_every_importer_has_a_fake() -> None:
    assert set(FAKES) == set(IMPORTERS) == set(KNOWN)


@pytest.mark.parametrize("name", FAKES)
def test_a_corpus_becomes_an_evaluation(
    name: str, tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(figures, "draw_sheet", lambda *_: [])  # figures have tests of their own, and take long
    roots, out = FAKES[name](tmp_path / "corpus"), tmp_path / "dataset"
    assert main(["prepare", *map(str, roots), "--corpus", name, "--out", str(out), "--workers", "1"]) == 0
    assert main(["evaluate", str(out), str(model), "--out", str(tmp_path / "results"), "--workers", "1"]) == 0
    assert json.loads((tmp_path / "results" / "metrics.json").read_text(encoding="utf-8"))["kind"]

    dataset, (speakers, split, texts, pixels) = Dataset(out), KNOWN[name]
    facts = IMPORTERS[name].facts
    assert {row.speaker for row in dataset.utterances} == speakers
    assert dataset.meta.split["mode"] == split
    assert texts is None or {row.text for row in dataset.utterances} == texts
    assert {row.pixel_mm for row in dataset.utterances} == pixels
    stated = ("lab-x", "CC0", "Cite us.") if name == "bids" else (name, facts.licence, facts.citation)
    assert (dataset.meta.corpus, dataset.meta.licence, dataset.meta.citation) == stated
    capsys.readouterr()
