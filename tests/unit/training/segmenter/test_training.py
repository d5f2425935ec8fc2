"""Training the segmenter from a recipe to a bundle: learning, resuming, limits, adaptation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rtmri2speech.errors import BundleError, ConfigError, UserError
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle
from rtmri2speech.training.engine.distributed import Processes
from rtmri2speech.training.engine.metrics_log import read_metrics
from rtmri2speech.training.recipes import Recipe, load_recipe
from rtmri2speech.training.segmenter import module
from rtmri2speech.training.segmenter.recipe import SegmenterRecipe
from rtmri2speech.training.segmenter.sources import open_sources
from rtmri2speech.training.segmenter.task import segmenter_task
from rtmri2speech.training.train import train_segmenter

Tiny = Callable[..., Recipe]

pytestmark = pytest.mark.train


def interrupt_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next training stop after a step, once."""
    plain = module.SegmenterTraining.stop_in_time

    def stop(self: module.SegmenterTraining) -> None:
        plain(self)
        if self.optimizer_steps == step and not stopped:
            stopped.append(True)
            raise UserError("Stopped.", "Go on.")

    stopped: list[bool] = []
    monkeypatch.setattr(module.SegmenterTraining, "stop_in_time", stop)


def test_it_learns_and_writes_a_bundle(make_heads: Callable[..., Path], tiny: Tiny, tmp_path: Path) -> None:
    out = tmp_path / "model.safetensors"
    recipe = tiny(max_steps=16, epoch_steps=8, data={"batch_size": 4}, optimizer={"lr": 2e-2})
    summary = train_segmenter(make_heads(), recipe, out, device="cpu")
    assert summary.kind == "segmenter" and summary.steps == 16 and summary.stopped == "16 steps"
    bundle = load_bundle(out)
    assert bundle.kind == "segmenter" and bundle.tensors["segmenter.head.weight"].dtype == torch.float16
    assert bundle.provenance["frames"] == {"poses train": 4, "poses validation": 4}
    assert bundle.provenance["utterances"] == {"train": 1, "validation": 1}
    rows = read_metrics(tmp_path / "model_run")
    losses = [row["val/loss"] for row in rows if "val/loss" in row]
    assert len(losses) == 2 and losses[-1] < losses[0]
    assert "On held-out frames: mean dice" in "\n".join(summary.lines())
    assert 0 <= summary.metrics["val/tongue_px"] <= 20
    assert next((tmp_path / "model_run" / "logs").iterdir())


def test_a_resumed_run_is_the_same(
    make_heads: Callable[..., Path], tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, whole, parts = make_heads(), tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    recipe = tiny()
    train_segmenter(root, recipe, whole, device="cpu")
    interrupt_at(4, monkeypatch)
    with pytest.raises(UserError, match="Stopped"):
        train_segmenter(root, recipe, parts, device="cpu")
    summary = train_segmenter(root, recipe, parts, device="cpu", resume=True)
    assert summary.steps == 6
    first, second = load_bundle(whole).tensors, load_bundle(parts).tensors
    assert all(torch.equal(first[name], second[name]) for name in first)
    with pytest.raises(UserError, match="was started with other settings: max_steps: 6 then, 8 now"):
        train_segmenter(root, tiny(max_steps=8), parts, device="cpu", resume=True)


def test_minutes_end_a_run(make_heads: Callable[..., Path], tiny: Tiny, tmp_path: Path) -> None:
    recipe = tiny(max_steps=10**6, max_minutes=0.01)
    summary = train_segmenter(make_heads(), recipe, tmp_path / "model.safetensors", device="cpu")
    assert summary.stopped == "0.01 minutes" and 1 <= summary.steps < 1000


def test_rate_falls_by_steps_or_minutes() -> None:
    recipe = SegmenterRecipe(max_steps=100, max_minutes=10, warmup_steps=10)
    assert recipe.rate(0) == pytest.approx(2e-4)
    assert recipe.rate(50) == pytest.approx(1e-3)
    assert recipe.rate(50, 450.0) == pytest.approx(2e-3 * 0.14645, rel=1e-3)
    assert recipe.rate(100) == pytest.approx(0.0)


def test_adaptation_keeps_statistics_and_mixes(
    make_heads: Callable[..., Path], person: Path, tiny: Tiny, tmp_path: Path
) -> None:
    root, base, out = make_heads(), tmp_path / "base.safetensors", tmp_path / "adapted.safetensors"
    train_segmenter(root, tiny(), base, device="cpu")
    recipe = tiny(freeze_norm=True, ema=0.5)
    summary = train_segmenter([root, person], recipe, out, device="cpu", init=base)
    start, end = load_bundle(base), load_bundle(out)
    assert end.provenance["init"] == "base.safetensors" and "people train" in end.provenance["frames"]
    moved = [name for name in start.tensors if not torch.equal(start.tensors[name], end.tensors[name])]
    assert moved and not any("running" in name for name in moved)
    assert "people/val_dice" in summary.metrics


def test_what_cannot_be_trained_is_refused(
    make_heads: Callable[..., Path], person: Path, tiny: Tiny, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, base = make_heads(), tmp_path / "base.safetensors"
    train_segmenter(person, tiny(max_steps=1, data={"people_share": 1}), base, device="cpu")
    assert "no simulated heads to mix in" in capsys.readouterr().out
    with pytest.raises(BundleError, match=r"has another segmenter than the recipe: widths"):
        train_segmenter(
            root, tiny(model={"size": 32, "widths": [8, 16]}), tmp_path / "o.safetensors", init=base, device="cpu"
        )
    recipe = tiny().segmenter
    frames = open_sources([root], recipe.data)
    with pytest.raises(UserError, match="trains in one process"):
        segmenter_task(frames, recipe, None, False, Processes(world=2))
    with pytest.raises(ConfigError, match="size 30 is no multiple of 4"):
        load_recipe("default", ["segmenter.model={size: 30, widths: [8, 12]}"])
    assert isinstance(load_bundle(base), Bundle)


def test_adaptation_that_does_not_help_returns_the_start(
    make_heads: Callable[..., Path], person: Path, tiny: Tiny, tmp_path: Path
) -> None:
    root, base, out = make_heads(), tmp_path / "base.safetensors", tmp_path / "adapted.safetensors"
    learned = tiny(max_steps=24, epoch_steps=24, data={"batch_size": 4}, optimizer={"lr": 2e-2}, ema=0.5)
    train_segmenter(root, learned, base, device="cpu")
    # Steps so large that nothing is left.
    harmful = tiny(freeze_norm=True, ema=0.0, optimizer={"lr": 100.0})
    summary = train_segmenter([root, person], harmful, out, device="cpu", init=base)
    assert summary.best_step == 0
    assert "the model written is the one that was given" in "\n".join(summary.lines())
    start, end = load_bundle(base).tensors, load_bundle(out).tensors
    assert all(torch.equal(start[name], end[name]) for name in start)
    rows = [row for row in read_metrics(tmp_path / "adapted_run") if "val/loss" in row]
    assert [row["step"] for row in rows] == [0, 3, 6]
    # Loss of people's frames, and what simulated ones have lost since the start.
    assert rows[0]["val/loss"] == pytest.approx(1.0 - rows[0]["people/val_dice"])
    assert rows[0]["start/val_dice"] == rows[-1]["start/val_dice"] == pytest.approx(rows[0]["people/val_dice"])
    lost = [row["val/loss"] - (1.0 - row["people/val_dice"]) for row in rows]
    assert min(lost) >= -1e-6


def test_adaptation_is_resumed_against_the_same_start(
    make_heads: Callable[..., Path], person: Path, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, base = make_heads(), tmp_path / "base.safetensors"
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    train_segmenter(root, tiny(), base, device="cpu")
    recipe = tiny(freeze_norm=True, ema=0.5)
    expected = train_segmenter([root, person], recipe, whole, device="cpu", init=base)
    interrupt_at(4, monkeypatch)
    with pytest.raises(UserError, match="Stopped"):
        train_segmenter([root, person], recipe, parts, device="cpu", init=base)
    summary = train_segmenter([root, person], recipe, parts, device="cpu", init=base, resume=True)
    assert (summary.best_step, summary.best_loss) == (expected.best_step, expected.best_loss)
    assert summary.metrics == expected.metrics
