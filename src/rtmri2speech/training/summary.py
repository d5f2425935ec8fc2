"""Human-readable outcome of a training run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, repr=False)
class TrainingSummary:
    """The outcome of a training run.

    Attributes:
        kind: ``acoustic``, ``vocoder`` or ``segmenter``.
        device: name of the CPU or GPU.
        precision: Lightning's name of it.
        epochs: epochs done, those before a resume included.
        steps: optimizer steps done, those before a resume included.
        seconds: of this session, validation included.
        steps_per_second: of this session, validation included.
        train_loss: loss of the last batch.
        final_loss: last validation loss.
        best_loss: least validation loss, that of the model written.
        best_step: the step it was measured after.
        metrics: all validation metrics of the best model.
        stopped: what ended the run.
        out: the bundle.
        run_dir: the run folder.
        mels: folder of the mels that were turned into sound on the validation split; None for the dataset's own.
    """

    kind: str
    device: str
    precision: str
    epochs: int
    steps: int
    seconds: float
    steps_per_second: float
    train_loss: float
    final_loss: float
    best_loss: float
    best_step: int
    metrics: dict[str, float]
    stopped: str
    out: Path
    run_dir: Path
    mels: Path | None = None

    @property
    def mae_db(self) -> float:
        """Mean absolute error of the best model's mel on the validation split, dB."""
        return self.metrics.get("val/mae_db", float("nan"))

    @property
    def mean_mel_mae_db(self) -> float | None:
        """The same error for always predicting the training split's mean mel, dB; None for a vocoder."""
        return self.metrics.get("val/mean_mel_mae_db")

    def lines(self) -> list[str]:
        """The summary in a few lines."""
        lines = [
            f"Trained on {self.device} ({self.precision}): {self.steps} steps in {self.epochs} epochs, "
            f"{self.steps_per_second:.2f} steps/s; ended by {self.stopped}.",
            f"Validation loss {self.best_loss:.4f} at best (step {self.best_step}), {self.final_loss:.4f} at the end.",
        ]
        baseline = self.mean_mel_mae_db
        if self.kind == "segmenter":
            lines += self._labels()
        elif baseline is None:
            what = "copy synthesis" if self.mels is None else f"the sound made from {self.mels}"
            lines.append(f"Mel error of {what} on the validation split: {self.mae_db:.2f} dB.")
        else:
            verdict = "better than" if self.mae_db < baseline else "NOT better than"
            lines.append(
                f"Mel error on the validation split: {self.mae_db:.2f} dB, {verdict} "
                f"the training mean's {baseline:.2f} dB."
            )
        modes = {name.rpartition("_")[2]: value for name, value in self.metrics.items() if "mae_db_" in name}
        if modes:
            lines.append("By inference: " + ", ".join(f"{mode} {value:.2f} dB" for mode, value in modes.items()) + ".")
        return [*lines, f"Model: {self.out}", f"Logs:  {self.run_dir / 'logs'}"]

    def _labels(self) -> list[str]:
        shown = ("dice", *(f"dice_{name}" for name in ("airway", "tongue", "velum")))
        told = [f"{name.removeprefix('dice_')} {self.metrics.get(f'val/{name}', float('nan')):.3f}" for name in shown]
        distance = self.metrics.get("val/tongue_px")
        far = "" if distance is None else f"; tongue surface {distance:.2f} pixels off"
        lines = [f"On held-out frames: mean {', '.join(told)}{far}."]
        start = self.metrics.get("start/val_dice")
        if start is None:
            return lines
        people = self.metrics.get("people/val_dice", self.metrics.get("val/dice", float("nan")))
        lines.append(f"On the frames of people kept aside: mean dice {people:.3f}, {start:.3f} before.")
        if self.best_step == 0:
            lines.append("No step was better on them than the start: the model written is the one that was given.")
        return lines

    def __repr__(self) -> str:
        return (
            f"TrainingSummary({self.kind}, {str(self.out)!r}, {self.steps} steps, best validation loss "
            f"{self.best_loss:.4f} at step {self.best_step}, {self.seconds:.0f} s)"
        )
