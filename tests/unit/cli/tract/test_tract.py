"""``rtmri2speech tract``: what it writes, prints and refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rtmri2speech as r2s
from drawn_recording import tube_labels, write_recording
from rtmri2speech.vocal_tract.measurement.tract import COLUMNS
from tables import rows_of

Run = Callable[..., Any]


def test_a_video_becomes_arrays_and_a_table(run: Run, tmp_path: Path) -> None:
    video = write_recording(tmp_path, [tube_labels(12.0)] * 2)
    out = tmp_path / "out"
    done = run("tract", video, "--regions", tmp_path / "clip_regions.npz", "--out", out)
    assert done.code == 0 and "clip_tract.npz: Tract of clip: 2 frames" in done.out, done.err
    assert "note: clip.mkv: a pixel is 0.90 mm, as the file of labels says." in done.err
    assert tuple(rows_of(out / "clip_tract.csv")[0]) == COLUMNS
    assert r2s.read_tract(out / "clip_tract.npz").length.shape == (2,)


def test_a_batch_finishes_the_rest_and_lists_what_failed(run: Run, tmp_path: Path) -> None:
    videos = [write_recording(tmp_path, [tube_labels(12.0)], name=name) for name in ("a", "b", "c")]
    (tmp_path / "b_regions.npz").unlink()
    videos[0].write_bytes(b"no video")
    done = run("tract", *videos, "--regions", tmp_path, "--out", tmp_path / "out", "--pixel-mm", 0.9)
    assert done.code == 1 and "c_tract.npz" in done.out
    assert str(videos[0]) in done.err and "no b_regions.npz there" in done.err and "--regions" in done.err
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["c_tract.csv", "c_tract.npz"]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--pixel-mm", 99], "--pixel-mm 99"),
        (["--smoothing", 7], "--smoothing 7"),
        (["--area-model", "no.json"], "no.json"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(run: Run, tmp_path: Path, words: list[Any], named: str) -> None:
    video = write_recording(tmp_path, [tube_labels(12.0)])
    done = run("tract", video, *words, "--regions", tmp_path / "clip_regions.npz", "--out", tmp_path / "out")
    assert named in done.problem and done.remedy
    assert not (tmp_path / "out").exists()


def test_videos_of_one_name_are_refused(run: Run, tmp_path: Path) -> None:
    done = run("tract", tmp_path / "a.mp4", tmp_path / "b" / "a.avi", "--out", tmp_path)
    assert "2 videos are called 'a'" in done.problem and "--out" in done.remedy
