"""What is said along with results: here, of frames that a network does not know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import rtmri2speech as r2s
from drawn_walls import tract_of, walls
from rtmri2speech.inference import model as model_module
from rtmri2speech.inference import remarks
from rtmri2speech.inference.familiarity import LIMIT
from rtmri2speech.inference.model import Model, load_model
from rtmri2speech.inference.remarks import notes_on_analysis, prepare_to_speak
from rtmri2speech.models.exported.backends import Wanted

ANALYSES: dict[str, Callable[[Model, Path], Sequence[str]]] = {
    "gradcam": lambda model, video: r2s.gradcam(model, video, methods="gradcam").notes,
    "occlude": lambda model, video: r2s.occlude(model, video, region="tongue", controls=1).notes,
    "widening": lambda model, video: r2s.widening(model, video, regions=tract_about(model, video)).notes,
    "move": lambda model, video: (
        r2s.move(model, video, "tongue_body", "2mm", "close", regions=tract_about(model, video)).notes
    ),
    "faithfulness": lambda model, video: r2s.faithfulness(model, video, target="energy", stride=8, frames=1).notes,
}


def tract_about(model: Model, video: Path) -> r2s.Tract:
    return tract_of([walls(9.0 + 0.02 * number) for number in range(model.open(video).scan.n_frames)])


@pytest.fixture
def model(model_files: dict[str, Path]) -> Model:
    return load_model(model_files["synthesizer"], "cpu")


def far(monkeypatch: pytest.MonkeyPatch, value: float | None) -> None:
    monkeypatch.setattr(model_module, "unfamiliarity", lambda *_: value)


def test_nothing_is_said_of_frames_that_are_known_or_that_nothing_is_known_of(
    model: Model, talker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in (None, 0.0, LIMIT):
        far(monkeypatch, value)
        assert notes_on_analysis(model, model.open(talker)) == []


@pytest.mark.parametrize("name", ANALYSES)
def test_every_analysis_says_that_frames_are_strange(
    name: str, model: Model, talker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far(monkeypatch, 1.44)
    (note,) = [one for one in ANALYSES[name](model, talker) if "unlike" in one]
    assert "distance 1.4" in note and "a guess" in note


@pytest.mark.parametrize(
    ("way", "leaves", "expected"),
    [
        ("auto", False, ["own"]),
        ("auto", True, ["own", "strangers"]),
        ("image", True, ["own"]),
        ("tract", False, ["strangers"]),
    ],
)
def test_what_may_speak_is_prepared(
    model: Model, monkeypatch: pytest.MonkeyPatch, way: str, leaves: bool, expected: list[str]
) -> None:
    done: list[str] = []
    monkeypatch.setattr(Model, "for_strangers", "strangers")
    monkeypatch.setattr(remarks, "leaves_strangers", lambda bundle: leaves)
    monkeypatch.setattr(remarks, "prepared", lambda one: done.append("own" if one is model else one))
    model.wanted = Wanted("torch")
    prepare_to_speak(model, way)
    assert done == []
    model.wanted = Wanted("openvino")
    prepare_to_speak(model, way)
    assert done == expected
