"""The vocoder on mels of other folders than the dataset's own: what it hears, and that a run keeps to them."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.dataset.mel_folders import MelSource, mel_path
from rtmri2speech.errors import DatasetError, UserError
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.training.engine.distributed import ALONE
from rtmri2speech.training.engine.run_folder import RunFolder, load_checkpoint
from rtmri2speech.training.mels.export import export_ground_truth
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.tasks import vocoder_task
from rtmri2speech.training.train import train_vocoder

pytestmark = pytest.mark.train

MakeRecipe = Callable[..., Recipe]
LEVELS = {"predicted": -20.0, "extra": -60.0}
"""Levels of the folders' mels, dB."""


@pytest.fixture
def folders(dataset: Dataset) -> dict[str, Path]:
    found = {name: dataset.root / name for name in LEVELS}
    for name, folder in found.items():
        folder.mkdir()
        for row in dataset.utterances:
            np.save(mel_path(folder, row), np.full((16, row.n_frames), LEVELS[name] * np.log(10) / 10, np.float32))
    return found


def test_training_hears_both_folders_and_validation_the_first(
    dataset: Dataset, folders: dict[str, Path], make_recipe: MakeRecipe
) -> None:
    source = MelSource(folders["predicted"], folders["extra"], 0.8)
    settings = make_recipe().vocoder
    task = vocoder_task(dataset, settings, None, False, ALONE, source)
    pickle.loads(pickle.dumps(task.train.dataset))
    heard = []
    for epoch in range(100):
        task.sampler.set_epoch(epoch)
        heard += [round(float(mel.mean())) for mels, _ in task.train for mel in mels]
    assert set(heard) == {-20, -60} and len(heard) == 300
    assert heard.count(-60) / len(heard) == pytest.approx(0.8, abs=0.07)
    assert {round(float(mel.mean())) for mel, _ in task.validation} == {-20}
    alone = vocoder_task(dataset, settings, None, False, ALONE, MelSource(folders["predicted"]))
    assert {round(float(mels.mean())) for mels, _ in alone.train} == {-20}


def test_a_recipe_that_changes_the_sound_can_be_fine_tuned_with(
    dataset: Dataset, folders: dict[str, Path], make_recipe: MakeRecipe
) -> None:
    settings = make_recipe(vocoder={"data": {"augment": {"any_start": True, "rate": 0.1}}}).vocoder
    assert vocoder_task(dataset, settings, None, False, ALONE).settings.data.augment.active
    task = vocoder_task(dataset, settings, None, False, ALONE, MelSource(folders["predicted"]))
    assert not task.settings.data.augment.active and "left out: vocoder.data.augment" in task.notes[0]
    assert {round(float(mels.mean())) for mels, _ in task.train} == {-20}


def test_the_datasets_own_mels_from_a_folder_train_the_same_vocoder(
    dataset: Dataset, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    folder = export_ground_truth(dataset).folder
    recipe = make_recipe(vocoder={"max_steps": 2})
    one = train_vocoder(dataset.root, recipe, tmp_path / "a", tmp_path / "r1", device="cpu")
    other = train_vocoder(
        dataset.root, recipe, tmp_path / "b", tmp_path / "r2", device="cpu", fine_tune=MelSource(folder, folder, 0.5)
    )
    assert other.best_loss == pytest.approx(one.best_loss, rel=1e-4)
    assert any("Mel error of copy synthesis" in line for line in one.lines())
    assert any(f"Mel error of the sound made from {folder} on the validation" in line for line in other.lines())


def test_the_model_remembers_the_mels_and_the_start(
    dataset: Dataset, folders: dict[str, Path], make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    recipe = make_recipe(vocoder={"max_steps": 1})
    base, out, run_dir = tmp_path / "base", tmp_path / "tuned", tmp_path / "run"
    train_vocoder(dataset.root, recipe, base, tmp_path / "r0", device="cpu")
    source = MelSource(folders["predicted"], folders["extra"], 0.8)
    train_vocoder(dataset.root, recipe, out, run_dir, device="cpu", init=base, fine_tune=source)
    assert "mels" not in load_bundle(base).provenance
    provenance = load_bundle(out).provenance
    assert provenance["mels"] == source.identity(dataset) and provenance["init"] == "base"
    stored = json.loads((run_dir / "run.json").read_text(encoding="utf-8"))
    assert stored["mels"] == provenance["mels"] and stored["mels"]["input"].startswith("predicted (")
    assert stored["features"] == dataset.meta.features.model_dump(mode="json")


def test_a_run_goes_on_with_its_own_mels_only(
    dataset: Dataset, folders: dict[str, Path], make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    recipe = make_recipe(vocoder={"max_steps": 1})
    predicted, extra = folders["predicted"], folders["extra"]
    source, run_dir = MelSource(predicted, extra, 0.8), tmp_path / "run"

    def again(mels: MelSource | None, longer: Recipe = recipe) -> float:
        return train_vocoder(
            dataset.root, longer, tmp_path / "a", run_dir, device="cpu", resume=True, fine_tune=mels
        ).final_loss

    train_vocoder(dataset.root, recipe, tmp_path / "a", run_dir, device="cpu", fine_tune=source)
    others = {
        r"mels\.extra_weight: 0\.8 then, 0\.5 now": MelSource(predicted, extra, 0.5),
        r"mels\.extra: extra .* then, None now; mels\.extra_weight: 0\.8 then, None": MelSource(predicted),
        r"mels\.input: predicted \(\w+\) then, extra \(\w+\) now": MelSource(extra, extra, 0.8),
        r"mels\.input: predicted \(\w+\) then, None now": None,
    }
    for message, mels in others.items():
        with pytest.raises(UserError, match=message) as error:
            again(mels)
        assert "mels as then" in error.value.remedy
    assert again(source) == again(MelSource(predicted, extra, 0.8))
    np.save(mel_path(predicted, dataset.utterances[0]), np.zeros((16, 40), np.float32))
    with pytest.raises(UserError, match=r"mels\.input: predicted \((\w+)\) then, predicted \((?!\1)\w+\) now"):
        again(source)


def test_a_resumed_run_hears_what_an_uninterrupted_one_hears(
    dataset: Dataset, folders: dict[str, Path], make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    source = MelSource(folders["predicted"], folders["extra"], 0.5)
    short, whole = make_recipe(vocoder={"max_steps": 3}), make_recipe(vocoder={"max_steps": 6})
    for recipe, name, resume in ((short, "cut", False), (whole, "cut", True), (whole, "straight", False)):
        train_vocoder(
            dataset.root, recipe, tmp_path / "a", tmp_path / name, device="cpu", resume=resume, fine_tune=source
        )
    one, other = (load_checkpoint(RunFolder(tmp_path / name).last)["state_dict"] for name in ("cut", "straight"))
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_runs_from_before_there_were_mels_go_on(dataset: Dataset, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    recipe, run_dir = make_recipe(vocoder={"max_steps": 1}), tmp_path / "run"
    train_vocoder(dataset.root, recipe, tmp_path / "a", run_dir, device="cpu")
    stored = json.loads((run_dir / "run.json").read_text(encoding="utf-8"))
    assert stored.pop("mels") is None
    (run_dir / "run.json").write_text(json.dumps(stored), encoding="utf-8")
    assert train_vocoder(dataset.root, recipe, tmp_path / "a", run_dir, device="cpu", resume=True).steps == 1


def test_mels_that_do_not_fit_are_refused_before_training(
    dataset: Dataset, folders: dict[str, Path], make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    np.save(mel_path(folders["extra"], dataset.utterances[1]), np.zeros((16, 32), np.float32))
    source = MelSource(folders["predicted"], folders["extra"], 0.8)
    with pytest.raises(DatasetError, match=r"extra.u1\.npy: has shape \(16, 32\), .* utterance u1 33 frames"):
        train_vocoder(dataset.root, make_recipe(), tmp_path / "a", tmp_path / "run", device="cpu", fine_tune=source)
    assert not (tmp_path / "run").exists() and not (tmp_path / "a").exists()
