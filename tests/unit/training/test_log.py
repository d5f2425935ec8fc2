from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rtmri2speech.errors import UserError
from rtmri2speech.training.log import METRICS, RunLog, read_metrics
from rtmri2speech.training.records import StepRecords


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
    log, records = RunLog(tmp_path), StepRecords("loss")
    for step in range(1, 21):
        loss = torch.tensor(9.0 if step == 4 else 1.0 / step)
        if step == 7:  # a checkpoint, and a run that goes on from it
            state = records.state()
            records = StepRecords("loss")
            records.load(state, torch.device("cpu"))
        records.see(log, step, 0, {"loss": loss, "other": torch.tensor(float(step))}, rate=0.1)
    records.see(None, 30, 0, {"loss": torch.tensor(0.0)}, rate=0.1)
    log.close()
    rows = read_metrics(tmp_path)
    assert [row["step"] for row in rows] == [10, 20]
    assert [row["loss_peak"] for row in rows] == pytest.approx([9.0, 1 / 11])
    assert [row["other"] for row in rows] == [10.0, 20.0] and rows[0]["train/lr"] == 0.1
