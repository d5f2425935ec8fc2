from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rtmri2speech.errors import UserError
from rtmri2speech.training.engine.metrics_log import METRICS, RunLog, read_metrics, validation_loss
from rtmri2speech.training.engine.step_metrics import StepMetrics


def test_a_resumed_run_drops_what_came_after_its_step(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    for step in (10, 20, 30):
        log.scalars(step, step // 20, {"train/loss": 1.0 / step})
    log.close()
    with (tmp_path / METRICS).open("a", encoding="utf-8") as file:
        file.write('{"step": 40, "tra')  # killed while writing
    again = RunLog(tmp_path, step=20)
    again.scalars(30, 1, {"train/loss": 0.5})
    again.close()
    rows = read_metrics(tmp_path)
    assert [(row["step"], row["epoch"]) for row in rows] == [(10, 0), (20, 1), (30, 1)]
    assert [row["train/loss"] for row in rows] == [0.1, 0.05, 0.5]
    RunLog(tmp_path).close()
    assert read_metrics(tmp_path) == []


def test_tensorboard_shows_numbers_pictures_and_sounds(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    log.scalars(7, 0, {"val/loss": 0.25})
    log.image("mel", np.zeros((8, 12, 3), np.uint8), 7)
    log.sound("voice", np.zeros(200, np.float32), 2000, 7)
    log.close()
    events = EventAccumulator(str(tmp_path / "logs"))
    events.Reload()
    tags = events.Tags()
    assert tags["scalars"] == ["val/loss"] and tags["images"] == ["mel"] and tags["audio"] == ["voice"]
    (point,) = events.Scalars("val/loss")
    assert (point.step, point.value) == (7, 0.25)


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    (tmp_path / METRICS).unlink()
    (tmp_path / METRICS).mkdir()
    with pytest.raises(UserError, match=METRICS):
        log.scalars(1, 0, {"a": 1.0})
    log.close()


def test_peaks_between_records_are_kept(tmp_path: Path) -> None:
    log, records = RunLog(tmp_path), StepMetrics("loss")
    for step in range(1, 21):
        loss = torch.tensor(9.0 if step == 4 else 1.0 / step)
        if step == 7:  # a checkpoint, and a run that goes on from it
            state = records.state()
            records = StepMetrics("loss")
            records.load(state, torch.device("cpu"))
        records.update(log, step, 0, {"loss": loss, "other": torch.tensor(float(step))}, rate=0.1)
    records.update(None, 30, 0, {"loss": torch.tensor(0.0)}, rate=0.1)
    log.close()
    rows = read_metrics(tmp_path)
    assert [row["step"] for row in rows] == [10, 20]
    assert [row["loss_peak"] for row in rows] == pytest.approx([9.0, 1 / 11])
    assert [row["other"] for row in rows] == [10.0, 20.0] and rows[0]["train/lr"] == 0.1


def test_what_is_no_finite_number_is_null_and_read_as_nan(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    log.scalars(10, 0, {"train/loss": 0.5, "train/grad_norm": math.inf, "train/grad_norm_peak": math.nan})
    log.close()

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    (line,) = (tmp_path / METRICS).read_text(encoding="utf-8").splitlines()
    assert json.loads(line, parse_constant=refuse)["train/grad_norm"] is None
    RunLog(tmp_path, step=10).close()
    (row,) = read_metrics(tmp_path)
    assert row["train/loss"] == 0.5 and math.isnan(row["train/grad_norm"]) and math.isnan(row["train/grad_norm_peak"])


def test_steps_that_half_precision_skips_are_counted_and_are_no_peaks(tmp_path: Path) -> None:
    log, records = RunLog(tmp_path), StepMetrics("loss", "norm")
    norms = {3: math.inf, 5: 7.0, 8: math.nan, 20: math.inf}
    for step in range(1, 31):
        if step == 6:  # a checkpoint, and a run that goes on from it
            state = records.state()
            records = StepMetrics("loss", "norm")
            records.load(state, torch.device("cpu"))
        values = {"loss": torch.tensor(1.0), "norm": torch.tensor(norms.get(step, 2.0))}
        records.update(log, step, 0, values, rate=0.1)
    log.close()
    first, second, third = read_metrics(tmp_path)
    assert (first["norm"], first["norm_peak"], first["train/skipped_steps"]) == (2.0, 7.0, 2)
    assert math.isnan(second["norm"]) and (second["norm_peak"], second["train/skipped_steps"]) == (2.0, 1)
    assert third["norm"] == 2.0 and "train/skipped_steps" not in third


def test_what_is_written_is_on_the_disk_after_a_flush(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    log.scalars(7, 0, {"val/loss": 0.25})
    log.flush()
    events = EventAccumulator(str(tmp_path / "logs"))
    events.Reload()
    assert [point.step for point in events.Scalars("val/loss")] == [7]
    assert (validation_loss(tmp_path, 7), validation_loss(tmp_path, 8)) == (0.25, None)
    log.close()
