"""Files of labels: there and back, and damaged ones."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from drawn_head import head
from rtmri2speech.data.labels import Label, label_names
from rtmri2speech.errors import DatasetError
from rtmri2speech.vocal_tract.contour_table import read_contours
from rtmri2speech.vocal_tract.contours import trace_labels
from rtmri2speech.vocal_tract.segmentation import Segmentation, is_label_file, read_labels

LABELS = np.stack([head(), head(2.0), np.zeros_like(head())])
RATE = Fraction(65040, 781)


@pytest.fixture
def found() -> Segmentation:
    contours = trace_labels(LABELS, frame_rate=RATE, pixel_mm=2.9)
    return Segmentation("s <1>", LABELS, np.array([0.9, 0.8, 0.0], np.float32), contours, "given", ("look & see",))


def test_files_round_trip(found: Segmentation, tmp_path: Path) -> None:
    labels, contours = found.save(tmp_path / "new")
    assert (labels.name, contours.name) == ("s <1>_regions.npz", "s <1>_contours.csv") and is_label_file(labels)
    back = read_labels(labels)
    np.testing.assert_array_equal(back.labels, LABELS)
    np.testing.assert_array_equal(back.confidence, found.confidence)
    assert back.frame_rate == RATE and back.pixel_mm == 2.9
    np.testing.assert_allclose(read_contours(contours, 3).points, found.contours.points, atol=1e-3)


def test_names_count_not_numbers(found: Segmentation, tmp_path: Path) -> None:
    path, _ = found.save(tmp_path)
    with np.load(path) as arrays:
        content = dict(arrays)
    content["names"] = content["names"][::-1]
    content["labels"] = (len(Label) - 1 - content["labels"]).astype(np.uint8)
    content["pixel_mm"] = np.array(np.nan)
    np.savez(path, **content)
    back = read_labels(path)
    np.testing.assert_array_equal(back.labels, LABELS)
    assert back.pixel_mm is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("labels", np.zeros((2, 3), np.uint8)),
        ("labels", np.full((3, 4, 4), 77, np.uint8)),
        ("labels", np.zeros((3, 4, 4))),
        ("confidence", np.zeros(2)),
        ("frame_rate", np.array([0, 1])),
        ("frame_rate", np.array([1, 0])),
        ("pixel_mm", None),
    ],
)
def test_damaged_files_are_refused_by_name(found: Segmentation, tmp_path: Path, name: str, value: object) -> None:
    path, _ = found.save(tmp_path)
    with np.load(path) as arrays:
        content = dict(arrays)
    content.pop(name)
    np.savez(path, **content, **({} if value is None else {name: value}))
    with pytest.raises(DatasetError, match=r"s <1>_regions\.npz: no labels of segment"):
        read_labels(path)


def test_what_is_no_such_file(found: Segmentation, tmp_path: Path) -> None:
    path, _ = found.save(tmp_path)
    path.write_bytes(path.read_bytes()[:200])
    assert not is_label_file(path) and not is_label_file(tmp_path / "none.npz")
    for one in (path, tmp_path / "none.npz"):
        with pytest.raises(DatasetError):
            read_labels(one)


def test_rows_count_pixels(found: Segmentation) -> None:
    rows = found.rows()
    assert rows[1]["time_s"] == pytest.approx(1.5 / float(RATE)) and rows[1]["confidence"] == pytest.approx(0.8)
    for name, label in zip(label_names(), Label, strict=True):
        assert rows[0][name] == (LABELS[0] == label).sum()


def test_a_notebook_shows_the_best_frame_and_the_notes(found: Segmentation) -> None:
    assert repr(found) == "Segmentation of s <1>: 3 frames of 68 x 68, confidence 0.80, 1 frames below 0.5"
    shown = found._repr_html_()
    assert "<img" in shown and "s &lt;1&gt;" in shown and "look &amp; see" in shown
    legend = [text.get_text() for text in found.show(0).legends[0].get_texts()]
    assert legend[0] == "airway" and "jaw" in legend and "tongue tip" not in legend
    with pytest.raises(IndexError):
        found.show(3)
