"""The table of contours."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from drawn_head import head
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.contour_table import COLUMNS, read_contours, write_contours
from rtmri2speech.vocal_tract.contours import CONTOURS, Contours, trace_labels
from tables import rows_of


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    frames = [head(), np.zeros_like(head()), head(2.0)]
    contours = trace_labels(frames, frame_rate=Fraction(1159, 50), pixel_mm=2.9)
    path = write_contours(tmp_path / "a_contours.csv", contours)
    rows = rows_of(path)
    assert tuple(rows[0]) == COLUMNS and len(rows) == 2 * len(CONTOURS) * 64
    assert float(rows[0]["x_mm"]) == pytest.approx(2.9 * float(rows[0]["x_px"]), rel=1e-4)
    assert float(rows[0]["time_s"]) == pytest.approx(0.5 * 50 / 1159, rel=1e-4)
    again = read_contours(path)
    np.testing.assert_allclose(again.points, contours.points, atol=1e-3)
    assert float(again.frame_rate) == pytest.approx(1159 / 50, rel=1e-4)
    assert again.pixel_mm == pytest.approx(2.9, rel=1e-4)
    assert read_contours(path, 5).points.shape[0] == 5


def test_millimeters_are_empty_where_pixels_have_no_size(tmp_path: Path) -> None:
    path = write_contours(tmp_path / "a_contours.csv", trace_labels([head()], frame_rate=Fraction(25)))
    assert {row["x_mm"] for row in rows_of(path)} == {""}
    assert read_contours(path).pixel_mm is None


def test_tables_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such table"):
        read_contours(tmp_path / "gone.csv")
    path = tmp_path / "a_contours.csv"
    head_line = ",".join(COLUMNS)
    for text, message in (
        ("frame,x\n1,2\n", "no column 'contour'"),
        (f"{head_line}\n0,0.1,nose,0,1,1,,\n", "not a table of contours"),
        (f"{head_line}\n0,0.1,tongue,0,nan,1,,\n", "line 2"),
        (f"{head_line}\n0,0.1,tongue,0,1,1,,\n0,0.1,tongue,1,1,1,,\n1,0.2,tongue,0,1,1,,\n", "numbers of points"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=message):
            read_contours(path)
    write_contours(path, trace_labels([head()] * 3, frame_rate=Fraction(25)))
    with pytest.raises(ConfigError, match="frame 2, of 2 frames"):
        read_contours(path, 2)


def test_rows_in_another_order_have_the_same_rate(tmp_path: Path) -> None:
    points = np.random.default_rng(0).uniform(1.0, 50.0, (10, len(CONTOURS), 4, 2))
    points[5:, -1] = np.nan
    path = write_contours(tmp_path / "a.csv", Contours(points, Fraction(25), 2.0))
    first, *rows = path.read_text(encoding="utf-8").splitlines()
    rows.sort(key=lambda row: (CONTOURS.index(row.split(",")[2]), int(row.split(",")[0])))
    (tmp_path / "b.csv").write_text("\n".join([first, *rows, ""]), encoding="utf-8")
    assert read_contours(tmp_path / "b.csv").frame_rate == 25
