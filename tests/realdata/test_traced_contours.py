"""Contours traced in USC-TIMIT: what is compared, and that the comparison itself adds next to nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recordings import data
from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.data.contours import ALL, PIXEL_MM, read_contours, to_corner
from rtmri2speech.data.labels import Label, label_names
from rtmri2speech.data.polygons import fill_polygon
from rtmri2speech.evaluation.segmentation.evaluate import evaluate_segmentation
from rtmri2speech.evaluation.segmentation.traced_parts import traced_parts

pytestmark = pytest.mark.realdata

SIZE = 68


@pytest.fixture
def clips() -> Path:
    return data("usctimit_atb")


def drawn(parts: dict[str, Float64]) -> UInt8:
    """Labels whose borders are the traced lines."""
    tongue, palate, wall = parts["tongue"], parts["palate_and_velum"], parts["pharyngeal_wall"]
    jaw = np.array([tongue[-1] + (3, 12), tongue[0] + (-3, 8)])
    labels = np.zeros((SIZE, SIZE), np.uint8)
    airway = np.concatenate([palate, parts["upper_lip"], parts["lower_lip"][::-1], tongue[::-1], wall])
    for label, outline in (
        (Label.AIRWAY, airway),
        (Label.PHARYNGEAL_WALL, np.concatenate([wall, wall[::-1] + np.array([4, 0])])),
        (Label.HARD_PALATE, np.concatenate([palate, palate[::-1] - np.array([0, 5])])),
        (Label.TONGUE_BODY, np.concatenate([tongue, jaw])),
    ):
        labels[fill_polygon(outline, SIZE)] = label
    return labels


def test_traced_lines_drawn_as_labels_lie_within_half_a_pixel_of_themselves(clips: Path, tmp_path: Path) -> None:
    for name in ("F3_003", "M2_033"):
        parts = traced_parts([to_corner(frame) for frame in read_contours(clips / f"{name}.mat", ALL)])
        lengths = [np.hypot(*np.diff(one["tongue"], axis=0).T).sum() * PIXEL_MM for one in parts]
        assert min(lengths) > 60 and max(lengths) < 140, "a tongue's surface, in every frame"
        labels = np.stack([drawn(one) for one in parts])
        np.savez_compressed(tmp_path / f"{name}_regions.npz", labels=labels, names=np.array(label_names()))
    result = evaluate_segmentation(tmp_path, clips)
    rows = {row["contour"]: row for row in result.contour_rows if row["scope"] == "all"}
    for name, most in (("tongue", 0.25), ("palate_and_velum", 0.4), ("pharyngeal_wall", 0.4)):
        assert rows[name]["not_found"] == 0
        assert rows[name]["mean_mm"] < most * PIXEL_MM, name
        assert abs(rows[name]["offset_x_mm"]) + abs(rows[name]["offset_y_mm"]) < 0.2 * PIXEL_MM, name
    assert any("traced, but nothing was found" in note for note in result.notes)
