"""``evaluate-segmentation``: what it writes, and what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from drawn_head import head, lines, write_lines
from rtmri2speech.data.labels import label_names
from tables import rows_of

Run = Callable[..., Any]


def test_the_command_writes_tables_json_and_figures(tmp_path: Path, run: Run) -> None:
    found = tmp_path / "a_regions.npz"
    names, rate = np.array(label_names()), np.array([25, 1])
    np.savez_compressed(found, labels=np.stack([head(), head(1.0)]), names=names, frame_rate=rate)
    truth = write_lines(tmp_path / "truth" / "a.mat", [lines()] * 2)
    done = run("evaluate-segmentation", found, truth, "--out", tmp_path / "out")
    assert done.code == 0 and "palate and velum" in done.out, done.err
    about = json.loads((tmp_path / "out" / "segmentation.json").read_text(encoding="utf-8"))
    assert about["kind"] == "segmentation_evaluation" and about["schema"] == 1
    assert about["recordings"][0]["pixel_mm"] == 2.9
    assert len(rows_of(tmp_path / "out" / "frames.csv")) == 12
    assert {row["contour"] for row in rows_of(tmp_path / "out" / "contours.csv")} >= {"tongue", "pharyngeal_wall"}
    with Image.open(tmp_path / "out" / "a_contours.png") as image:
        assert image.width > 800
    assert not (tmp_path / "out" / "dice.csv").exists()


def test_a_recording_that_fails_is_named_at_the_end(tmp_path: Path, run: Run) -> None:
    for name in ("a", "b"):
        (tmp_path / "found").mkdir(exist_ok=True)
        np.savez_compressed(tmp_path / "found" / f"{name}_regions.npz", labels=head()[None])
        write_lines(tmp_path / "truth" / f"{name}.mat", [lines()])
    (tmp_path / "found" / "a_regions.npz").write_bytes(b"")
    done = run("evaluate-segmentation", tmp_path / "found", tmp_path / "truth", "--out", tmp_path / "out")
    assert done.code == 1 and "a_regions.npz: not labels" in done.problem
    about = json.loads((tmp_path / "out" / "segmentation.json").read_text(encoding="utf-8"))
    assert [one["file"] for one in about["failures"]] == ["a_regions.npz"]
    assert [one["name"] for one in about["recordings"]] == ["b"] and str(tmp_path / "out" / "frames.csv") in done.out


def test_what_is_missing_is_said_in_flags(tmp_path: Path, run: Run) -> None:
    found = tmp_path / "a_regions.npz"
    np.savez_compressed(found, labels=np.stack([head(), np.zeros_like(head())]))
    np.savez_compressed(tmp_path / "a_labels.npz", labels=np.stack([head(), head()]))
    words = ("evaluate-segmentation", found, tmp_path / "a_labels.npz", "--out", tmp_path / "out")
    done = run(*words)
    assert "does not say how large a pixel is" in done.problem and done.remedy == "Give --pixel-mm."
    done = run(*words, "--pixel-mm", 1)
    assert done.code == 0 and "note: a: tongue not found in 1 of 2 frames" in done.err
    assert len(rows_of(tmp_path / "out" / "dice.csv")) > 10
