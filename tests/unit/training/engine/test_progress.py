"""How a training comes along, on a terminal and in a log."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from rtmri2speech.training.engine import progress
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.train import train_acoustic, train_vocoder

pytestmark = pytest.mark.train

MakeRecipe = Callable[..., Recipe]


@pytest.mark.parametrize("kind", ["acoustic", "vocoder"])
def test_the_bar_says_where_it_stands(
    kind: str, dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = io.StringIO()

    def console(**_: object) -> Console:
        return Console(file=screen, force_terminal=True, width=160, color_system=None)

    monkeypatch.setattr(progress, "Console", console)
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LOOKS", -1.0)
    train = train_acoustic if kind == "acoustic" else train_vocoder
    recipe = make_recipe(**{kind: {**getattr(make_recipe(), kind).model_dump(), "max_epochs": 3}})
    train(dataset_dir, recipe, tmp_path / "a", tmp_path / "run", device="cpu", progress=True)
    text = screen.getvalue()
    assert re.search(r"epoch [123]/3", text) and "of at most" in text
    assert re.search(r"step \d+/\d+", text)
    assert re.search(r"loss \d+\.\d+  lr \d\.\de-\d\d  [1-9]\d* frames/s", text)
    assert text.count("val/loss") >= 3


def test_a_log_has_a_line_a_validation_with_the_speed(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_acoustic(dataset_dir, make_recipe(acoustic={"max_epochs": 2}), tmp_path / "a", tmp_path / "run", device="cpu")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert re.fullmatch(r"epoch \d, step \d+: val/loss \d+\.\d{4}, mel error \d+\.\d\d dB, [1-9]\d* frames/s", line)
