"""A vocoder with a harmonic source from the recipe to the file: a start without one, a resumed run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.training.engine.run_folder import RunFolder, load_checkpoint
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.train import train_vocoder

pytestmark = pytest.mark.train

MakeRecipe = Callable[..., Recipe]
SOURCE = {"source": "harmonic", "pitch_channels": 8}


def with_source(make_recipe: MakeRecipe, steps: int) -> Recipe:
    recipe = make_recipe(vocoder={"max_steps": steps})
    settings = recipe.vocoder
    model = settings.model.model_copy(update=SOURCE)
    return recipe.model_copy(update={"vocoder": settings.model_copy(update={"model": model})})


def test_a_resumed_run_is_an_uninterrupted_one(dataset: Dataset, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    short, whole = with_source(make_recipe, 3), with_source(make_recipe, 6)
    for recipe, name, resume in ((short, "cut", False), (whole, "cut", True), (whole, "straight", False)):
        train_vocoder(
            dataset.root, recipe, tmp_path / f"{name}.safetensors", tmp_path / name, device="cpu", resume=resume
        )
    one, other = (load_checkpoint(RunFolder(tmp_path / name).last)["state_dict"] for name in ("cut", "straight"))
    assert one.keys() == other.keys() and any(name.startswith("generator.source.") for name in one)
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    assert any(bool(value.any()) for name, value in one.items() if "entries" in name)


def test_it_starts_from_one_without(dataset: Dataset, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    plain = tmp_path / "plain.safetensors"
    train_vocoder(dataset.root, make_recipe(vocoder={"max_steps": 1}), plain, tmp_path / "plain", device="cpu")
    made = tmp_path / "made.safetensors"
    result = train_vocoder(dataset.root, with_source(make_recipe, 2), made, tmp_path / "run", device="cpu", init=plain)
    bundle = load_bundle(made)
    assert bundle.vocoder is not None and bundle.vocoder.source == "harmonic"
    assert result.steps == 2 and bundle.build_vocoder().source is not None
