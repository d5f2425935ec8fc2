"""The metrics of a run: ``metrics.jsonl``, one line per record, and TensorBoard logs.

Not Lightning's CSVLogger and TensorBoardLogger: a resumed run has to drop what was written after its checkpoint.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from rtmri2speech.arrays import Float32, UInt8
from rtmri2speech.data.files import cannot_write, write_text

METRICS = "metrics.jsonl"


class RunLog:
    """The log of one run, continued where a resumed run continues.

    Written by the module itself and not through Lightning's loggers, whose line of a step comes after the
    checkpoint of that step: a run killed in between would miss it.

    Args:
        folder: of the run.
        step: the step that the run continues from; what was written of later ones is dropped. -1 starts a new log.
    """

    def __init__(self, folder: Path, step: int = -1) -> None:
        self.path = folder / METRICS
        kept = [line for line in _lines(self.path) if json.loads(line)["step"] <= step]
        write_text(self.path, "".join(f"{line}\n" for line in kept))
        self._board = SummaryWriter(str(folder / "logs"), purge_step=step + 1)

    def scalars(self, step: int, epoch: int, values: dict[str, float]) -> None:
        """Write a record: numbers by name, in full precision; null for what is not a finite number.

        Raises:
            UserError: when it cannot be written.
        """
        record = {name: value if math.isfinite(value) else None for name, value in values.items()}
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, "epoch": epoch, **record}, allow_nan=False) + "\n")
        except OSError as error:
            raise cannot_write(self.path, error) from error
        for name, value in values.items():
            self._board.add_scalar(name, value, step)

    def image(self, name: str, image: UInt8, step: int) -> None:
        """Write an image, (H, W, 3), to TensorBoard."""
        self._board.add_image(name, image, step, dataformats="HWC")

    def sound(self, name: str, samples: Float32, rate: int, step: int) -> None:
        """Write a sound, (N,), amplitude within -1 to 1, to TensorBoard."""
        self._board.add_audio(name, samples[None], step, sample_rate=rate)

    def flush(self) -> None:
        """Make sure that what was written so far is on the disk.

        Raises:
            UserError: when it cannot be written.
        """
        try:
            with self.path.open("a", encoding="utf-8") as file:
                os.fsync(file.fileno())
            self._board.flush()
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def close(self) -> None:
        """Write what is still in memory, and close the files."""
        self._board.close()


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """Records of a run's ``metrics.jsonl``, in the order they were written; ``pandas.DataFrame`` takes them.

    A last line that was cut short is left out. Null is read as NaN.

    Args:
        folder: of the run.
    """
    rows = [json.loads(line) for line in _lines(folder / METRICS)]
    return [{name: math.nan if value is None else value for name, value in row.items()} for row in rows]


def validation_loss(folder: Path, step: int) -> float | None:
    """The validation loss that a run logged for a step; None when it did not."""
    losses = [float(row["val/loss"]) for row in read_metrics(folder) if row["step"] == step and "val/loss" in row]
    return losses[-1] if losses else None


def _lines(path: Path) -> list[str]:
    """Complete lines of the file; none where there is no file."""
    if not path.is_file():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            json.loads(line)
        except ValueError:
            break
        found.append(line)
    return found
