"""Both trainings end to end on a tiny dataset."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.plugins.precision import MixedPrecision

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.dataset.training_items import FrameSegments, collate_pad
from rtmri2speech.errors import BundleError, ConfigError, DatasetError, UserError
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.signal.frames import model_input
from rtmri2speech.training.acoustic.module import AcousticTraining
from rtmri2speech.training.engine.distributed import ALONE
from rtmri2speech.training.engine.metrics_log import read_metrics
from rtmri2speech.training.engine.nan_guard import NanGuard
from rtmri2speech.training.engine.run_folder import load_checkpoint
from rtmri2speech.training.engine.trainer import choose_execution
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.tasks import acoustic_task
from rtmri2speech.training.train import train_acoustic, train_vocoder
from rtmri2speech.training.vocoder.module import VocoderTraining

pytestmark = pytest.mark.train

MakeDataset = Callable[..., Path]
MakeRecipe = Callable[..., Recipe]


def weights(path: Path) -> dict[str, torch.Tensor]:
    return load_bundle(path).tensors


def longer(recipe: Recipe, part: str, **values: Any) -> Recipe:
    return recipe.model_copy(update={part: getattr(recipe, part).model_copy(update=values)})


def test_acoustic_learns_and_the_best_model_is_written(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    recipe = make_recipe(acoustic={"max_epochs": 12})
    out, run_dir = tmp_path / "a.safetensors", tmp_path / "run"
    summary = train_acoustic(dataset_dir, recipe, out, run_dir, device="cpu")
    assert summary.epochs == 12 and 0 < summary.best_step <= summary.steps == 36
    assert summary.mean_mel_mae_db is not None and summary.mae_db < 0.9 * summary.mean_mel_mae_db
    assert summary.best_loss == summary.metrics["val/loss"] <= summary.final_loss
    assert any("better than" in line for line in summary.lines())
    assert {"band/val_f0", "band/val_f1", "band/val_f2", "band/val_f3", "band/val_high"} <= summary.metrics.keys()

    bundle = load_bundle(out)
    dataset = Dataset(dataset_dir)
    assert (bundle.kind, bundle.features, bundle.frames) == ("acoustic", dataset.meta.features, dataset.meta.frames)
    assert bundle.provenance["dataset"] == dataset.fingerprint()
    assert bundle.provenance["utterances"] == {"train": 3, "validation": 1}
    assert Recipe.parse({"acoustic": bundle.provenance["recipe"]}, "provenance").acoustic == recipe.acoustic
    model = bundle.build_acoustic()
    scaler = json.loads((dataset_dir / "scaler.json").read_text(encoding="utf-8"))
    assert model.scaler.mean.tolist() == pytest.approx(scaler["mean"])
    # What was written is what was measured: the model, used as in synthesis, errs as little.
    utterance = dataset.of_split("validation")[0]
    frames = torch.from_numpy(np.array(dataset.frames(utterance))).float() / 255
    with torch.inference_mode():
        mel = model.predict(model.encode(frames))
    assert float((mel - torch.from_numpy(np.array(dataset.mel_db(utterance)))).abs().mean()) < summary.mean_mel_mae_db
    assert list((run_dir / "logs").glob("events*"))


def test_vocoder_learns_and_all_networks_move(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before: dict[str, torch.Tensor] = {}
    after: dict[str, torch.Tensor] = {}
    plain = VocoderTraining.training_step

    def watched(self: VocoderTraining, batch: Any, batch_idx: int) -> None:
        if not before:
            before.update({name: value.detach().clone() for name, value in self.named_parameters()})
        plain(self, batch, batch_idx)
        assert all(value.grad is None for value in self.parameters())
        after.update({name: value.detach().clone() for name, value in self.named_parameters()})

    monkeypatch.setattr(VocoderTraining, "training_step", watched)
    out = tmp_path / "v.safetensors"
    summary = train_vocoder(dataset_dir, make_recipe(vocoder={"max_steps": 5}), out, tmp_path / "run", device="cpu")
    assert summary.steps == 5 and summary.stopped == "5 steps"
    assert summary.best_loss < 15
    assert before.keys() == after.keys()
    still = [name for name in before if torch.equal(before[name], after[name])]
    # Bias of a layer whose every output is rectified away may stay; no network may.
    assert len(still) < 0.1 * len(before), still
    bundle = load_bundle(out)
    assert bundle.kind == "vocoder" and not [name for name in bundle.tensors if "parametrizations" in name]
    wave = bundle.build_vocoder()(torch.zeros(1, bundle.features.n_mels, 7))
    assert wave.shape == (1, 7 * bundle.features.hop_length)


def test_micro_batches_give_the_gradient_of_the_whole_batch(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[dict[str, torch.Tensor]] = []

    def keep(self: AcousticTraining, optimizer: Any) -> None:
        found.append({name: p.grad.clone() for name, p in self.model.named_parameters() if p.grad is not None})

    monkeypatch.setattr(AcousticTraining, "on_before_optimizer_step", keep)
    for micro in (1, 3, 7):
        # LayerNorm, because BatchNorm's statistics are those of the pass. Segments differ in length.
        recipe = make_recipe(
            acoustic={
                "model": {"backbone": "test_efficientnet_ln", "hidden": 16, "dropout": 0.0},
                "data": {"segment_frames": 14, "batch_size": 7, "micro_batch_size": micro, "num_workers": 0},
                "max_steps": 1,
            }
        )
        train_acoustic(dataset_dir, recipe, tmp_path / f"{micro}.st", tmp_path / f"{micro}", device="cpu")
    assert len(found) == 3
    for grads in found[:-1]:
        for name, gradient in found[-1].items():
            torch.testing.assert_close(grads[name], gradient, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", ["acoustic", "vocoder"])
def test_trains_in_bfloat16(kind: str, dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    recipe = make_recipe(**{kind: {"precision": "bf16", "max_steps": 2}})
    train = train_acoustic if kind == "acoustic" else train_vocoder
    summary = train(dataset_dir, recipe, tmp_path / "a", tmp_path / "run", device="cpu")
    assert summary.precision == "bf16-mixed" and summary.best_loss < float("inf")
    assert all(tensor.dtype != torch.bfloat16 for tensor in weights(tmp_path / "a").values())


@pytest.mark.filterwarnings("ignore:You defined a `validation_step`")
def test_half_precision_clips_the_gradient_without_its_scale(dataset: Dataset, make_recipe: MakeRecipe) -> None:
    norms = {}
    for precision in ("32-true", "16-mixed"):
        settings = make_recipe(acoustic={"clip_norm": 1e-3}).acoustic
        task = acoustic_task(dataset, settings, None, False, ALONE)
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
        plugins = [MixedPrecision("16-mixed", "cpu", scaler)] if precision == "16-mixed" else []
        names = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
        options = dict.fromkeys(names, False)
        trainer = Trainer(accelerator="cpu", plugins=plugins, max_steps=1, **options)  # type: ignore[arg-type]
        trainer.fit(task.module, task.train)
        assert isinstance(task.module, AcousticTraining) and trainer.precision == precision
        clipped = [value.grad.norm() for value in task.module.parameters() if value.grad is not None]
        assert float(torch.stack(clipped).norm()) == pytest.approx(1e-3, rel=1e-2)
        norms[precision] = float(task.module._norm)
    assert norms["16-mixed"] == pytest.approx(norms["32-true"], rel=0.1)


def test_padding_changes_nothing(make_dataset: MakeDataset, make_recipe: MakeRecipe) -> None:
    dataset = Dataset(make_dataset(lengths=(40, 9, 25, 24)))
    recipe = make_recipe().acoustic
    torch.manual_seed(0)
    module = AcousticTraining(recipe, AcousticModel(recipe.model, dataset.meta.features.n_mels)).train()
    items = FrameSegments(dataset, "train", 12, 4)
    lengths = [len(items[i][0]) for i in range(len(items))]
    short = lengths.index(min(lengths))
    assert lengths[short] < max(lengths)
    alone, padded = collate_pad([items[short]]), collate_pad([items[short], items[0]])
    windows = lengths[short] - 3
    assert module.window_mask(padded)[0].sum() == 4 * windows
    assert module.window_mask(alone)[0].sum() == 4 * windows
    module.eval()
    one = module.windows(model_input(alone["frames"]), alone["length"], full=True)
    both = module.windows(model_input(padded["frames"]), padded["length"])
    torch.testing.assert_close(both[0, :windows], one[0], rtol=1e-4, atol=1e-5)
    targets = module.window_targets(padded["mel"])
    torch.testing.assert_close(targets[1, 1, 2], padded["mel"][1, 3])  # window 1, place 2 is frame 3


def test_a_segment_is_told_who_speaks_by_views_of_its_utterance(
    make_dataset: MakeDataset, make_recipe: MakeRecipe
) -> None:
    dataset = Dataset(make_dataset(lengths=(40, 9, 25, 24)))
    recipe = make_recipe(acoustic={"model": {"backbone": "test_efficientnet", "hidden": 8, "speaker_code": 2}}).acoustic
    torch.manual_seed(0)
    model = AcousticModel(recipe.model, dataset.meta.features.n_mels)
    module = AcousticTraining(recipe, model).eval()
    items = FrameSegments(dataset, "train", 12, 4, model.config.views)
    batch = collate_pad([items[0], items[len(items) - 1]])
    made = module.windows(model_input(batch["frames"]), batch["length"])
    for row, (frames, mel, _, _), length in zip(made, (items[0], items[len(items) - 1]), batch["length"], strict=True):
        features = model.encode(model_input(frames))
        held = model.for_speaker(features[: model.config.views])
        wanted = held.decode(held.windows(features[None, model.config.views :])[0])
        assert len(mel) == length
        torch.testing.assert_close(row[: len(wanted)], wanted, rtol=1e-4, atol=1e-5)


def test_a_code_of_the_speaker_is_learned_and_kept(
    make_dataset: MakeDataset, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    model = {"backbone": "test_efficientnet", "hidden": 8, "speaker_code": 2}
    recipe = make_recipe(acoustic={"model": model, "max_steps": 2, "data": {"segment_frames": 12, "batch_size": 4}})
    root, out = make_dataset(), tmp_path / "a"
    train_acoustic(root, recipe, out, tmp_path / "run", device="cpu")
    bundle = load_bundle(out)
    assert bundle.acoustic is not None and bundle.acoustic.speaker_code == 2
    torch.manual_seed(recipe.acoustic.seed)
    start = AcousticModel(recipe.acoustic.model, bundle.features.n_mels)
    assert start.speaker is not None
    assert not torch.equal(bundle.tensors["acoustic.speaker.weight"], start.speaker.weight), "its gradient is not 0"
    with pytest.raises(BundleError, match="speaker_code"):
        train_acoustic(root, make_recipe(), tmp_path / "b", tmp_path / "run2", device="cpu", init=out)


def test_the_mask_is_used_and_remembered(make_dataset: MakeDataset, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    mask = np.zeros((32, 32), np.uint8)
    mask[8:24] = 1
    root = make_dataset(mask=mask)
    out = tmp_path / "a"
    train_acoustic(root, make_recipe(acoustic={"max_steps": 1}), out, tmp_path / "run", device="cpu")
    stored = load_bundle(out).mask
    assert stored is not None and torch.equal(stored, torch.from_numpy(mask))


def test_init_starts_from_the_bundle_and_keeps_the_datasets_scaler(
    make_dataset: MakeDataset, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    one, other = make_dataset(), make_dataset("other", seed=50)
    recipe = make_recipe(acoustic={"max_steps": 1, "optimizer": {"lr": 1e-12, "weight_decay": 0.0}})
    first, second = tmp_path / "1", tmp_path / "2"
    train_acoustic(one, recipe, first, tmp_path / "r1", device="cpu")
    reseeded = longer(recipe, "acoustic", seed=7)
    train_acoustic(other, reseeded, second, tmp_path / "r2", device="cpu", init=first)
    name = "acoustic.head.weight"
    torch.testing.assert_close(weights(first)[name], weights(second)[name])
    assert not torch.equal(weights(first)["acoustic.scaler.mean"], weights(second)["acoustic.scaler.mean"])
    assert load_bundle(second).provenance["init"] == "1"

    wider = make_recipe(acoustic={"model": {"backbone": "test_efficientnet", "hidden": 8}})
    with pytest.raises(BundleError, match="hidden: 16 against 8"):
        train_acoustic(one, wider, tmp_path / "3", tmp_path / "r3", device="cpu", init=first)
    assert not (tmp_path / "r3").exists(), "a refused run leaves no folder behind"
    with pytest.raises(BundleError, match="no vocoder"):
        train_vocoder(one, recipe, tmp_path / "3", tmp_path / "r3", device="cpu", init=first)


def test_a_loss_that_is_no_number_stops_the_training(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    recipe = make_recipe(acoustic={"optimizer": {"lr": 1e30}})
    with pytest.raises(UserError, match=r"no longer a number at step \d") as error:
        train_acoustic(dataset_dir, recipe, tmp_path / "a", tmp_path / "run", device="cpu")
    assert "acoustic.optimizer.lr" in error.value.remedy
    assert re.search(r"recordings in it: u\d", error.value.problem), "the batch's recordings are named"
    guard = NanGuard("vocoder")
    for step, loss in enumerate([1.0, float("nan"), 2.0, float("inf")]):
        guard.update(torch.tensor(loss), step + 1)  # counted from 0
    with pytest.raises(UserError, match="at step 3"):
        guard.check()


def test_too_little_memory_says_what_to_lower(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(AcousticTraining, "windows", fail)
    with pytest.raises(UserError, match="too little memory") as error:
        train_acoustic(dataset_dir, make_recipe(), tmp_path / "a", tmp_path / "run", device="cpu")
    assert "acoustic.data.micro_batch_size" in error.value.remedy and "checkpoint_segments" in error.value.remedy


def test_the_recordings_named_are_those_of_the_step(dataset: Dataset, make_recipe: MakeRecipe) -> None:
    settings = make_recipe().acoustic
    task = acoustic_task(dataset, settings, None, False, ALONE)
    names: list[list[str]] = []
    frames = {item.id: np.array(dataset.frames(item)) for item in dataset.utterances}
    for epoch in range(2):
        task.sampler.set_epoch(epoch)
        for batch in task.train:
            names.append([])
            for segment in batch["frames"].numpy():
                names[-1] += [name for name, whole in frames.items() if (whole == segment[0]).all((1, 2)).any()]
    assert len(names) == 6
    assert [task.module.guard.items_of(step) for step in range(6)] == names


@pytest.mark.parametrize("segments", [1, 2])
def test_gradient_checkpointing_learns_the_same(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, segments: int
) -> None:
    recipe = make_recipe(acoustic={"max_steps": 3, "checkpoint_segments": segments})
    train_acoustic(dataset_dir, recipe, tmp_path / "a", tmp_path / "run", device="cpu")
    plain = make_recipe(acoustic={"max_steps": 3})
    train_acoustic(dataset_dir, plain, tmp_path / "b", tmp_path / "plain", device="cpu")
    one, other = weights(tmp_path / "a"), weights(tmp_path / "b")
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_the_rate_warms_up(dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    settings = {"scheduler": {"warmup_steps": 40, "patience": 0}, "max_epochs": 7, "early_stop_patience": 50}
    train_acoustic(dataset_dir, make_recipe(acoustic=settings), tmp_path / "a", tmp_path / "run", device="cpu")
    rates = {row["step"]: row["train/lr"] for row in read_metrics(tmp_path / "run") if "train/lr" in row}
    assert rates == pytest.approx({10: 3e-3 * 10 / 40, 20: 3e-3 * 20 / 40})


def test_the_rate_falls_over_the_steps(dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    """Whatever the validation loss does."""
    settings = {"scheduler": {"kind": "cosine", "patience": 0, "min_lr": 0.0}, "max_steps": 21, "max_epochs": 50}
    train_acoustic(dataset_dir, make_recipe(acoustic=settings), tmp_path / "a", tmp_path / "run", device="cpu")
    rates = {row["step"]: row["train/lr"] for row in read_metrics(tmp_path / "run") if "train/lr" in row}
    fall = {step: 3e-3 * (1 + math.cos(math.pi * (step - 1) / 21)) / 2 for step in (10, 20)}
    assert rates == pytest.approx(fall)


def test_data_errors_reach_the_user(dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path) -> None:
    mel = np.load(dataset_dir / "samples" / "u1" / "mel_db.npy")
    mel[3, 3] = np.nan
    np.save(dataset_dir / "samples" / "u1" / "mel_db.npy", mel)
    with pytest.raises(DatasetError, match=r"u1.*not numbers"):
        train_acoustic(dataset_dir, make_recipe(), tmp_path / "a", tmp_path / "r1", device="cpu")
    with pytest.raises(ConfigError, match="hop_length"):
        model = {"upsample_rates": [5, 4], "upsample_kernels": [9, 8], "initial_channels": 16}
        train_vocoder(dataset_dir, make_recipe(vocoder={"model": model}), tmp_path / "b", tmp_path / "r2")
    with pytest.raises(UserError, match="device"):
        choose_execution("gpu", "auto")
    assert choose_execution("cpu", "auto").precision == "32-true"


def test_weights_of_some_validations_are_kept_for_hearing(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    recipe = make_recipe(vocoder={"max_epochs": 5, "keep_every": 2})
    train_vocoder(dataset_dir, recipe, tmp_path / "v.safetensors", tmp_path / "run", device="cpu")
    validated = [row["step"] for row in read_metrics(tmp_path / "run") if "val/loss" in row]
    kept = sorted((tmp_path / "run" / "checkpoints").glob("step_*.ckpt"))
    assert [path.stem for path in kept] == [f"step_{step:08d}" for step in validated[1::2]]
    stored = [load_checkpoint(path) for path in kept]
    assert [state["step"] for state in stored] == validated[1::2]
    assert all(name.startswith("generator.") for state in stored for name in state["state_dict"])
    first, second = (state["state_dict"] for state in stored)
    assert first.keys() == second.keys() and any(not torch.equal(first[name], second[name]) for name in first)
