"""``analyze widening``: from a video and its tract to files, and what it cannot work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawn_walls import tract_of, walls
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.models.bundle.model_file import Bundle, save_bundle
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.signal.retiming import plan_retiming
from rtmri2speech.vocal_tract.geometry.area_function import load_area_model
from tables import rows_of
from tract_models import moving_tract, tract_bundle

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory, make_bundle: Callable[..., Bundle]) -> Path:
    path = tmp_path_factory.mktemp("eyes") / "eyes.safetensors"
    save_bundle(make_bundle("acoustic", frames=FrameConfig(size=32)), path)
    return path


@pytest.fixture(scope="module")
def tract(talker: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What tract might have written of the talker."""
    count = scan_video(talker).n_frames
    drawn = tract_of([walls(9.0 + 0.02 * number) for number in range(count)], name="talker")
    return drawn.save(tmp_path_factory.mktemp("tract"))[0]


def test_files_are_written(run: Run, talker: Path, eyes: Path, tract: Path, tmp_path: Path) -> None:
    words = ["--formant-band", "F1:200-1200", "--segment", "a:0.5-0.9", "--target-frames", 20, "--movie"]
    result = run("analyze", "widening", talker, "--model", eyes, "--out", tmp_path, "--regions", tract, *words)
    assert result.code == 0, result.err
    wanted = {
        *("talker_widening.npz", "talker_widening.csv", "talker_widening_walls.csv", "talker_widening_segments.csv"),
        *("talker_widening.pdf", "talker_widening.svg", "talker_widening.png"),
        *("talker_widening_F1_frame020.png", "talker_widening.mp4"),
    }
    assert {path.name for path in tmp_path.iterdir()} == wanted
    assert {path.rsplit("/", 1)[-1].rsplit("\\", 1)[-1] for path in result.out.split()} == wanted
    assert len(rows_of(tmp_path / "talker_widening_segments.csv")) == 40


def test_a_model_that_reads_a_measured_tract_answers_alone_and_next_to_one_of_frames(
    run: Run, talker: Path, eyes: Path, tmp_path: Path
) -> None:
    made = moving_tract(scan_video(talker).n_frames)
    tract = replace(made, name="talker").save(tmp_path)[0]
    reader = tmp_path / "reader.safetensors"
    save_bundle(tract_bundle(made, plan_retiming(np.arange(20) * 0.04, 0.8, 25.0)), reader)
    on = ("analyze", "widening", talker, "--regions", tract)
    alone = run(*on, "--model", reader, "--out", tmp_path / "alone", "--movie")
    assert alone.code == 0 and "walls touch in 1 of" in alone.err, alone.err
    assert (tmp_path / "alone" / "talker_widening.mp4").is_file()
    both = run(*on, "--model", eyes, "--tract-model", reader, "--out", tmp_path / "both")
    assert both.code == 0, both.err
    columns = [
        [row[name] for row in rows_of(tmp_path / folder / "talker_widening.csv")]
        for folder, name in (("alone", "model"), ("both", "tract_model"))
    ]
    assert columns[0] == columns[1] and any(columns[0])
    twice = run(*on, "--model", reader, "--tract-model", reader, "--out", tmp_path / "twice")
    assert "--tract-model: the model reads a measured tract itself" in twice.problem and twice.remedy
    moved = run("analyze", "move", talker, "--model", reader, "--articulator", "tongue", "--direction", "up",
                "--out", tmp_path / "moved")  # fmt: skip
    assert "holds no acoustic model of frames" in moved.problem and "phantom" in moved.remedy


def test_what_cannot_be_used_is_said_in_a_line(run: Run, talker: Path, eyes: Path, tract: Path, tmp_path: Path) -> None:
    on = ("analyze", "widening", talker, "--model", eyes, "--out", tmp_path, "--regions", tract)
    empty = run(*on, "--formant-band", "F9:40-140")
    assert empty.code == 1 and "holds no formant" in empty.err and "--formant-band" in empty.err
    narrow = run(*on, "--width", 1)
    assert narrow.code == 1 and "--width 1: not within" in narrow.err
    labels = run(*on, "--label", "a")
    assert labels.code == 1 and "--label needs a TextGrid" in labels.err
    assert not list(tmp_path.glob("*.npz"))


def test_a_tract_of_another_area_model_takes_that_model(run: Run, talker: Path, eyes: Path, tmp_path: Path) -> None:
    count = scan_video(talker).n_frames
    drawn = replace(tract_of([walls(9.0)] * count, name="talker"), area_model="ours")
    on = (
        "analyze",
        "widening",
        talker,
        "--model",
        eyes,
        "--out",
        tmp_path / "out",
        "--regions",
        drawn.save(tmp_path)[0],
    )
    refused = run(*on)
    assert refused.code == 1 and "area model 'ours'" in refused.err and "--area-model FILE" in refused.err
    ours = tmp_path / "ours.json"
    ours.write_text(load_area_model().model_copy(update={"name": "ours"}).model_dump_json(by_alias=True), "utf-8")
    result = run(*on, "--area-model", ours)
    assert result.code == 0, result.err
