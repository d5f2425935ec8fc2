"""Labels and contours against traced ones, from files to tables."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from drawn_head import head, lines, write_lines
from rtmri2speech.data.labels import label_names
from rtmri2speech.errors import ConfigError
from rtmri2speech.evaluation.segmentation.evaluate import evaluate_segmentation
from rtmri2speech.vocal_tract.contour_table import write_contours
from rtmri2speech.vocal_tract.contours import trace_labels

PIXEL_MM = 2.9


def write_labels(path: Path, frames: list[np.ndarray], **more: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {"names": np.array(label_names()), "frame_rate": np.array([2, 1]), "pixel_mm": PIXEL_MM} | more
    np.savez_compressed(path, labels=np.stack(frames), **about)
    return path


def values(result: Any, scope: str = "all") -> dict[str, Any]:
    return {row["contour"]: row for row in result.contour_rows if row["scope"] == scope}


def test_the_drawn_head_lies_within_half_a_pixel_of_its_traced_lines(tmp_path: Path) -> None:
    found = write_labels(tmp_path / "a_regions.npz", [head()] * 3)
    result = evaluate_segmentation(found, write_lines(tmp_path / "b.mat", [lines()] * 3))
    rows = values(result)
    for name in ("tongue", "palate_and_velum", "pharyngeal_wall"):
        assert rows[name]["mean_mm"] < 0.5 * PIXEL_MM and rows[name]["frames"] == 3, name
    assert rows["tongue"]["mean_mm"] < 0.2 * PIXEL_MM
    assert rows["pharyngeal_wall"]["mean_mm"] < 0.2 * PIXEL_MM


def test_a_shift_by_a_pixel_is_measured_as_one(tmp_path: Path) -> None:
    found = write_labels(tmp_path / "a_regions.npz", [head(1.0)])
    rows = values(evaluate_segmentation(found, write_lines(tmp_path / "a.mat", [lines()])))
    wall = rows["pharyngeal_wall"]
    assert wall["mean_mm"] == pytest.approx(PIXEL_MM, rel=0.05) and wall["offset_x_mm"] == pytest.approx(2.9, rel=0.05)
    # An arc from straight back to 45 degrees up in front: the shift counts by |cos| of the direction.
    assert 0.5 * PIXEL_MM < rows["tongue"]["mean_mm"] < 0.8 * PIXEL_MM


def test_per_speaker_with_intervals_and_frames_without_a_contour_counted(tmp_path: Path) -> None:
    for name, shift in (("f1_a", 0.0), ("f1_b", 0.0), ("m1_a", 1.0)):
        frames = [head(shift), np.zeros_like(head()), head(shift), head(shift)]
        write_labels(tmp_path / "found" / f"{name}_regions.npz", frames)
        missing = lines()
        missing["contour3"] = np.zeros((0, 2))
        write_lines(tmp_path / "truth" / f"{name}.mat", [lines(), lines(), missing, lines()])
    write_labels(tmp_path / "found" / "x_regions.npz", [head()])
    result = evaluate_segmentation(tmp_path / "found", tmp_path / "truth")
    wall = values(result)["pharyngeal_wall"]
    assert (wall["frames"], wall["not_found"], wall["not_traced"]) == (6, 3, 3)
    speakers = {
        row["name"]: row for row in result.contour_rows if row["scope"] == "speaker" and row["contour"] == "tongue"
    }
    assert set(speakers) == {"f1", "m1"} and speakers["f1"]["frames"] == 6
    tongue = values(result)["tongue"]
    assert tongue["mean_mm"] == pytest.approx((speakers["f1"]["mean_mm"] + speakers["m1"]["mean_mm"]) / 2)
    assert tongue["mean_mm_low"] == pytest.approx(speakers["f1"]["mean_mm"]) and tongue["mean_mm_high"] > 1.0
    assert "x: found, but nothing is traced in it; left out" in result.notes
    assert "f1_a: tongue not found in 1 of 4 frames" in result.notes
    assert "f1_a: pharyngeal_wall not traced in 1 of 4 frames" in result.notes


def test_labels_against_labels_have_dice(tmp_path: Path) -> None:
    truth, moved = head(), head(1.0)
    write_labels(tmp_path / "found" / "a_regions.npz", [moved, truth])
    folder = tmp_path / "truth" / "a"
    folder.mkdir(parents=True)
    for number in range(2):
        Image.fromarray(truth).save(folder / f"{number:03d}.png")
    result = evaluate_segmentation(tmp_path / "found", tmp_path / "truth")
    dice = {row["class"]: row["dice"] for row in result.dice_rows if row["scope"] == "all"}
    tongue, shifted = (np.isin(labels, (4, 5, 6)) for labels in (truth, moved))
    expected = 2 * (tongue.sum() + (tongue & shifted).sum()) / (3 * tongue.sum() + shifted.sum())
    assert dice["tongue"] == pytest.approx(expected)
    assert dice["lips"] < 1.0 and "tongue_tip" not in dice
    assert values(result, "recording")["tongue"]["frames"] == 2


def test_tables_of_contours_come_before_labels(tmp_path: Path) -> None:
    contours = trace_labels([head(2.0)], frame_rate=Fraction(25), pixel_mm=1.0)
    write_contours(tmp_path / "found" / "a_contours.csv", contours)
    write_labels(tmp_path / "found" / "a_regions.npz", [head()], pixel_mm=np.nan)
    result = evaluate_segmentation(tmp_path / "found", write_labels(tmp_path / "a_labels.npz", [head()]))
    assert values(result)["pharyngeal_wall"]["mean_mm"] == pytest.approx(2.0, rel=0.02), "pixels of 1 mm"
    assert {row["dice"] for row in result.dice_rows} == {1.0}


def test_other_names_of_labels(tmp_path: Path) -> None:
    names = np.array(["background", "tongue", "airway"])
    labels = np.zeros((1, 68, 68), np.int64)
    labels[head()[None] == 5], labels[head()[None] == 1] = 1, 2
    found = write_labels(tmp_path / "a.npz", list(labels), names=names)
    rows = values(evaluate_segmentation(found, write_lines(tmp_path / "a.mat", [lines()])))
    assert rows["tongue"]["frames"] == 1 and rows["pharyngeal_wall"]["not_found"] == 1


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (lambda p: write_labels(p / "a.npz", [head()] * 2), "labels of 2 frames where 1 are traced"),
        (lambda p: write_labels(p / "a.npz", [head()], names=np.array(["sky"])), "a label 'sky'"),
        (lambda p: write_labels(p / "a.npz", [head()], names=np.array(["airway"])), "which has no name"),
        (lambda p: write_labels(p / "a.npz", [head().astype(float)]), "whole numbers"),
        (lambda p: p / "gone.npz", "no such file or folder"),
        (lambda p: p, "none of its recordings|holds no labels"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, found: Callable[[Path], Path], message: str) -> None:
    (tmp_path / "found").mkdir()
    truth = write_lines(tmp_path / "truth" / "a.mat", [lines()])
    with pytest.raises(ConfigError, match=message):
        evaluate_segmentation(found(tmp_path / "found"), truth)


@pytest.mark.parametrize("side", ["found", "truth"])
def test_a_recording_that_fails_does_not_keep_the_others(tmp_path: Path, side: str) -> None:
    for name in ("a", "b", "c"):
        write_labels(tmp_path / "found" / f"{name}_regions.npz", [head()])
        write_lines(tmp_path / "truth" / f"{name}.mat", [lines()])
    broken = next((tmp_path / side).glob("b*"))
    broken.write_bytes(b"no such thing")
    result = evaluate_segmentation(tmp_path / "found", tmp_path / "truth")
    assert [one.name for one in result.recordings] == ["a", "c"]
    ((path, error),) = result.failures
    assert path == tmp_path / "found" / "b_regions.npz" and str(broken) in error.problem


def test_label_images_need_their_recordings_name_and_one_per_frame(tmp_path: Path) -> None:
    found = write_labels(tmp_path / "found" / "a_regions.npz", [head()] * 2)
    write_labels(tmp_path / "found" / "b_regions.npz", [head()])
    images = tmp_path / "traced"
    images.mkdir()
    Image.fromarray(head()).save(images / "a_0.png")
    with pytest.raises(ConfigError, match="none of its recordings") as caught:
        evaluate_segmentation(found.parent, images)
    assert "for a folder NAME of label images" in caught.value.remedy
    with pytest.raises(ConfigError, match="labels of 2 frames where 1 are traced") as caught:
        evaluate_segmentation(found, images)
    assert "needs one of every frame" in caught.value.remedy


def test_pixels_without_a_size(tmp_path: Path) -> None:
    found = write_labels(tmp_path / "a_regions.npz", [head()], pixel_mm=np.nan)
    truth = write_labels(tmp_path / "a_labels.npz", [head()], pixel_mm=np.nan)
    with pytest.raises(ConfigError, match="how large a pixel"):
        evaluate_segmentation(found, truth)
    assert values(evaluate_segmentation(found, truth, pixel_mm=2.0))["tongue"]["mean_mm"] == 0.0
    with pytest.raises(ConfigError, match="pixel_mm=0"):
        evaluate_segmentation(found, truth, pixel_mm=0)
