"""``train_acoustic`` and ``train_vocoder`` as they are called from a notebook."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.training.mels.export import export_ground_truth
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.train import train_acoustic, train_vocoder

MakeRecipe = Callable[..., Recipe]


def test_paths_may_be_text_and_settings_a_mapping(dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    out = tmp_path / "first.safetensors"
    summary = train_acoustic(
        str(dataset_dir), make_recipe(), str(out), overrides={"acoustic": {"max_steps": 2}}, device="cpu"
    )
    assert (summary.steps, summary.out, summary.run_dir) == (2, out, tmp_path / "first_run")
    assert load_bundle(out).provenance["recipe"]["max_steps"] == 2
    assert re.fullmatch(
        rf"TrainingSummary\(acoustic, '{re.escape(str(out))}', 2 steps, best validation loss \d+\.\d{{4}} at step 2, "
        r"\d+ s\)",
        repr(summary),
    )
    assert summary.seconds == pytest.approx(2 / summary.steps_per_second)


def test_a_recipe_comes_by_name_and_a_dataset_may_be_open(dataset: Dataset, tmp_path: Path) -> None:
    small = [
        "acoustic.model.backbone=test_efficientnet",
        "acoustic.model.hidden=8",
        "acoustic.max_steps=1",
        "acoustic.data.num_workers=0",
    ]
    summary = train_acoustic(dataset, "smoke", tmp_path / "a", tmp_path / "run", overrides=small, device="cpu")
    assert summary.steps == 1 and load_bundle(tmp_path / "a").provenance["dataset"] == dataset.fingerprint()


def test_fine_tuning_takes_a_folder_or_where_predictions_are(
    dataset: Dataset, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    recipe = make_recipe(vocoder={"max_steps": 1})
    with pytest.raises(DatasetError, match=r"mels_ft_log_normalized: no such folder of mels"):
        train_vocoder(dataset, recipe, tmp_path / "a", fine_tune=True, device="cpu")
    folder = export_ground_truth(dataset).folder
    for name, given in (("path", folder), ("text", str(folder))):
        summary = train_vocoder(dataset, recipe, tmp_path / name, fine_tune=given, device="cpu")
        assert summary.mels == folder
    own = train_vocoder(dataset, recipe, tmp_path / "own", fine_tune=False, device="cpu")
    assert own.mels is None


def test_what_cannot_be_is_refused_before_anything_is_written(dataset_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Unknown recipe 'smok'"):
        train_acoustic(dataset_dir, "smok", tmp_path / "a")
    with pytest.raises(ConfigError, match=r"recipe smoke with `overrides`: unknown key 'acoustic\.max_stps'"):
        train_acoustic(dataset_dir, "smoke", tmp_path / "a", overrides={"acoustic.max_stps": 1})
    assert not (tmp_path / "a_run").exists()
