"""How a run is doing, for a progress bar and in a log."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from rtmri2speech.training.engine import progress
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.train import train_acoustic, train_vocoder

pytestmark = pytest.mark.train

MakeRecipe = Callable[..., Recipe]

LINE = r"epoch \d, step \d+: val/loss \d+\.\d{4}, mel error \d+\.\d\d dB, [1-9]\d* frames/s"


class Watched:
    """Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.total = self.done = 0
        self.titles: list[str] = []

    def expect(self, count: int) -> None:
        self.total += count

    def advance(self, count: int = 1) -> None:
        self.done += count

    def describe(self, title: str) -> None:
        self.titles.append(title)


@pytest.mark.parametrize("kind", ["acoustic", "vocoder"])
def test_the_bar_says_where_it_stands(
    kind: str,
    dataset_dir: Path,
    make_recipe: MakeRecipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LOOKS", -1.0)
    train = train_acoustic if kind == "acoustic" else train_vocoder
    recipe = make_recipe(**{kind: {**getattr(make_recipe(), kind).model_dump(), "max_epochs": 3}})
    bar = Watched()
    first = train(dataset_dir, recipe, tmp_path / "a", tmp_path / "run", device="cpu", progress=bar)
    assert bar.total == bar.done == first.steps
    titles = "\n".join(bar.titles)
    assert re.search(r"^epoch [123]/3$", titles, re.MULTILINE) and "epoch 3/3, validating" in titles
    assert re.search(r"^epoch [123]/3  loss \d+\.\d+  lr \d\.\de-\d\d  [1-9]\d* frames/s$", titles, re.MULTILINE)
    assert len(re.findall(LINE, capsys.readouterr().out)) == 3

    resumed = Watched()
    part = getattr(recipe, kind).model_copy(update={"max_epochs": 4})
    longer = recipe.model_copy(update={kind: part})
    more = train(dataset_dir, longer, tmp_path / "a", tmp_path / "run", device="cpu", resume=True, progress=resumed)
    assert resumed.total == resumed.done == more.steps > first.steps, "steps before the resume count too"


def test_a_log_has_a_line_a_validation_with_the_speed(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_acoustic(dataset_dir, make_recipe(acoustic={"max_epochs": 2}), tmp_path / "a", tmp_path / "run", device="cpu")
    note, *lines = capsys.readouterr().out.splitlines()
    assert "vocoders that come with the program" in note, "this dataset has a clock of its own"
    assert len(lines) == 2
    for line in lines:
        assert re.fullmatch(LINE, line)
