"""Predictions by models that did not see the utterance: who made what, going on after a stop, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rtmri2speech.data.dataset.layout import Dataset, write_utterances
from rtmri2speech.errors import ConfigError, DatasetError, UserError
from rtmri2speech.inference.mel_predictor import MelPredictor
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.signal.mel_statistics import MelStatistics
from rtmri2speech.training.acoustic.module import AcousticTraining
from rtmri2speech.training.engine.checkpoints import Checkpoints
from rtmri2speech.training.mels import cross_fitting
from rtmri2speech.training.mels.cross_fitting import PLAN, CrossFitting
from rtmri2speech.training.mels.export import RECORD
from rtmri2speech.training.recipes import Recipe

pytestmark = pytest.mark.train

MakeDataset = Callable[..., Path]
MakeRecipe = Callable[..., Recipe]
SPLITS = ("train", "train", "train", "train", "train", "validation", "validation", "test")
LENGTHS = (40, 33, 25, 24, 30, 24, 20, 20)


def with_sources(root: Path, sources: str) -> Dataset:
    """The dataset with other recordings: a letter an utterance."""
    dataset = Dataset(root)
    rows = zip(dataset.utterances, sources, strict=True)
    write_utterances(root, [replace(row, source_video=f"/videos/{source}.avi") for row, source in rows])
    return Dataset(root)


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Dataset:
    return with_sources(make_dataset(lengths=LENGTHS, splits=SPLITS), "aabccvwt")


@pytest.fixture
def recipe(make_recipe: MakeRecipe) -> Recipe:
    return make_recipe(acoustic={"max_steps": 2})


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Folds that were given to the training, and whether it went on."""
    calls: list[tuple[str, bool]] = []
    plain = cross_fitting.train_acoustic

    def train(part: Dataset, *rest: Any, resume: bool, **options: Any) -> Any:
        calls.append((part.root.name, resume))
        return plain(part, *rest, resume=resume, **options)

    monkeypatch.setattr(cross_fitting, "train_acoustic", train)
    return calls


def test_no_utterance_is_predicted_by_a_model_that_saw_it(dataset: Dataset, recipe: Recipe, tmp_path: Path) -> None:
    said: list[str] = []
    fitting = CrossFitting(dataset, 3, recipe, tmp_path / "run", device="cpu")
    result = fitting.export(fitting.train(said.append))
    assert result.folder == dataset.root / "mels_ft_log_normalized" and (result.made, result.failures) == (8, [])
    record = json.loads((result.folder / RECORD).read_text(encoding="utf-8"))
    made_by, models = record["made_by"], record["models"]
    assert made_by.keys() == {row.id for row in dataset.utterances} and set(made_by.values()) == models.keys()
    source = {row.id: row.source_video for row in dataset.utterances}
    for row in dataset.utterances:
        seen = models[made_by[row.id]]["trained_on"]
        assert row.id not in seen and row.source_video not in {source[name] for name in seen}
    # What the record says is what happened: the runs' own papers, and the models' statistics and predictions.
    for name, model in models.items():
        run = json.loads((tmp_path / "run" / name / "run" / "run.json").read_text(encoding="utf-8"))
        splits = {row: entry.split()[0] for row, entry in run["utterances"].items()}
        assert [row for row, split in splits.items() if split == "train"] == model["trained_on"]
        assert {row for row, split in splits.items() if split == "validation"} == {"u5", "u6"}
        bundle = load_bundle(tmp_path / "run" / name / "acoustic.safetensors")
        known = [row for row in dataset.utterances if row.id in model["trained_on"]]
        fitted = MelStatistics.fit(np.array(dataset.mel_db(row)) for row in known)
        assert np.allclose(bundle.tensors["acoustic.scaler.mean"].numpy(), fitted.mean)
    for row in dataset.utterances:
        predictor = MelPredictor(dataset, tmp_path / "run" / made_by[row.id] / "acoustic.safetensors")
        mel = np.load(result.folder / f"{row.id}.npy")
        assert mel.dtype == np.float32 and np.allclose(mel.T * 10 / np.log(10), predictor.predict(row), atol=1e-3)
    assert [line.partition(":")[0] for line in said] == ["fold-1 of 3", "fold-2 of 3", "fold-3 of 3"]
    assert sum(int(line.split("holds out ")[1].split()[0]) for line in said) == 5


def test_a_second_run_trains_nothing_and_one_that_was_stopped_goes_on(
    dataset: Dataset, recipe: Recipe, tmp_path: Path, trained: list[tuple[str, bool]]
) -> None:
    run = tmp_path / "run"

    def fit(settings: Recipe = recipe) -> CrossFitting:
        return CrossFitting(dataset, 2, settings, run, device="cpu")

    first = fit()
    straight = first.train()
    assert first.export(straight).made == 8
    assert trained == [("fold-1", False), ("fold-2", False)]
    # An early version wrote neither kind nor schema, which is no reason to train again.
    for path in (run / PLAN, run / "fold-1" / "trained.json"):
        values = json.loads(path.read_text(encoding="utf-8"))
        assert values.pop("kind") and values.pop("schema") == 1
        path.write_text(json.dumps(values), encoding="utf-8")
    said: list[str] = []
    again = fit()
    assert again.train(said.append) == straight and again.export(straight).kept == 8
    assert len(trained) == 2 and said == ["fold-1 of 2: trained already", "fold-2 of 2: trained already"]
    # Killed after a checkpoint of the second, before it had ended.
    (run / "fold-2" / "trained.json").unlink()
    (run / "fold-2" / "acoustic.safetensors").unlink()
    found = fit().train()
    assert trained[2:] == [("fold-2", True)] and found == straight
    # Killed before its first checkpoint.
    (run / "fold-2" / "trained.json").unlink()
    for path in (run / "fold-2" / "run" / "checkpoints").iterdir():
        path.unlink()
    found = fit().train()
    assert trained[3:] == [("fold-2", False)] and found == straight
    # A larger limit lets ended trainings go on, as in a single training.
    fit(recipe.model_copy(update={"acoustic": recipe.acoustic.model_copy(update={"max_steps": 3})})).train()
    assert trained[4:] == [("fold-1", True), ("fold-2", True)]
    assert load_bundle(run / "fold-1" / "acoustic.safetensors").provenance["recipe"]["max_steps"] == 3


def test_a_fold_that_was_killed_goes_on_to_the_same_model(
    dataset: Dataset,
    make_recipe: MakeRecipe,
    tmp_path: Path,
    trained: list[tuple[str, bool]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = make_recipe(acoustic={"max_steps": 6})
    straight = CrossFitting(dataset, 2, recipe, tmp_path / "straight", device="cpu").train()
    plain, steps = AcousticTraining.training_step, [0]

    def step(module: AcousticTraining, *batch: Any) -> None:
        steps[0] += 1
        if steps[0] == 11:
            raise SystemError("killed")  # which nothing is ready for
        plain(module, *batch)

    monkeypatch.setattr(Checkpoints, "_is_time", staticmethod(lambda since: True))
    monkeypatch.setattr(AcousticTraining, "training_step", step)
    run = tmp_path / "cut"
    with pytest.raises(SystemError, match="killed"):
        CrossFitting(dataset, 2, recipe, run, device="cpu").train()
    assert (run / "fold-1" / "trained.json").is_file() and not (run / "fold-2" / "trained.json").exists()
    trained.clear()
    found = CrossFitting(dataset, 2, recipe, run, device="cpu").train()
    assert trained == [("fold-2", True)] and steps[0] == 13, "steps 5 and 6 are left"
    for one, other in zip(found, straight, strict=True):
        tensors = load_bundle(one.model).tensors
        assert all(torch.equal(tensors[name], value) for name, value in load_bundle(other.model).tensors.items())


def test_a_run_of_something_else_is_refused(
    dataset: Dataset, recipe: Recipe, make_recipe: MakeRecipe, tmp_path: Path, trained: list[tuple[str, bool]]
) -> None:
    run = tmp_path / "run"
    CrossFitting(dataset, 2, recipe, run, device="cpu").train()
    assert len(trained) == 2
    with pytest.raises(UserError, match=r"folds\.json: the folds were made differently: folds: 2 then, 3 now") as error:
        CrossFitting(dataset, 3, recipe, run)
    assert "`run_dir`" in error.value.remedy
    with pytest.raises(UserError, match="seed: 42 then, 7 now"):
        CrossFitting(dataset, 2, make_recipe(acoustic={"max_steps": 2, "seed": 7}), run)
    with pytest.raises(
        UserError, match=r"fold-1.run: was started with other settings: optimizer\.lr: 0\.003 then, 0\.1"
    ):
        other = make_recipe(acoustic={"max_steps": 2, "optimizer": {"lr": 0.1}})
        CrossFitting(dataset, 2, other, run, device="cpu").train()
    rows = [replace(row, sha256="f" * 64) if row.id == "u1" else row for row in dataset.utterances]
    write_utterances(dataset.root, rows[:-1])
    with pytest.raises(UserError, match=r"2 utterance\(s\) of the dataset are new, gone or changed \(u1, u7\)"):
        CrossFitting(Dataset(dataset.root), 2, recipe, run)
    write_utterances(dataset.root, dataset.utterances)
    with_sources(dataset.root, "abbccvwt")
    with pytest.raises(UserError, match="utterances would be in other folds"):
        CrossFitting(Dataset(dataset.root), 2, recipe, run)
    assert len(trained) == 2


def test_folders_and_datasets_that_cannot_be_used(dataset: Dataset, recipe: Recipe, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(ConfigError, match="`folds=1`: at least 2"):
        CrossFitting(dataset, 1, recipe, run)
    with pytest.raises(DatasetError, match=r"3 recording\(s\), too few for `folds=4`"):
        CrossFitting(dataset, 4, recipe, run)
    run.mkdir()
    (run / "mine.txt").write_text("kept", encoding="utf-8")
    with pytest.raises(UserError, match=r"run: already exists, and is no folder of `folds`"):
        CrossFitting(dataset, 2, recipe, run)
    for content in ("{", "[]", '{"folds": 2}'):
        (run / PLAN).write_text(content, encoding="utf-8")
        with pytest.raises(UserError, match=r"folds\.json: damaged"):
            CrossFitting(dataset, 2, recipe, run)
    meta = json.loads((dataset.root / "meta.json").read_text(encoding="utf-8"))
    (dataset.root / "meta.json").write_text(json.dumps({**meta, "frames": None}), encoding="utf-8")
    with pytest.raises(DatasetError, match="holds sound alone"):
        CrossFitting(Dataset(dataset.root), 2, recipe, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_several_processes_are_refused(
    dataset: Dataset, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "RANK": "0"}
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match="in one process") as error:
        CrossFitting(dataset, 2, recipe, tmp_path / "run")
    assert "without torchrun" in error.value.remedy
