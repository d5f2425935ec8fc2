"""Grey values along a line."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.analysis.kinematics.kymograph import Line, kymograph
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.data.media.video import write_video
from rtmri2speech.errors import ConfigError, MediaError

HEIGHT, WIDTH, N = 40, 60, 30


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> VideoScan:
    """A bright floor that rises by half a pixel a frame from row 35 on."""
    y = np.arange(HEIGHT)[None, :, None] + 0.5
    top = 35.0 - 0.5 * np.arange(N)[:, None, None]
    frames = 20 + 200 * np.clip(y - top + 0.5, 0, 1) * np.ones((1, 1, WIDTH))
    path = tmp_path_factory.mktemp("rise") / "rise.mkv"
    write_video(path, np.rint(frames).astype(np.uint8), Fraction(50), lossless=True)
    return scan_video(path)


def test_an_edge_is_where_it_was(scan: VideoScan) -> None:
    made = kymograph(scan, Line(30, 2, 30, 38))
    assert made.values.shape == (N, 37) and made.positions[-1] == 36
    np.testing.assert_allclose(made.times, (np.arange(N) + 0.5) / 50)
    assert made.values.min() == 0 and made.values.max() == 1
    edges = [2 + np.interp(0.5, row, made.positions) for row in made.values]
    np.testing.assert_allclose(edges, 35.0 - 0.5 * np.arange(N), atol=0.15)


def test_direction_and_slope_of_the_line(scan: VideoScan) -> None:
    down, up = kymograph(scan, Line(30, 2, 30, 38)), kymograph(scan, Line(30, 38, 30, 2))
    np.testing.assert_allclose(down.values, up.values[:, ::-1], atol=1e-6)
    slanted = kymograph(scan, Line(5, 2, 53, 38))
    edge = np.interp(0.5, slanted.values[0], slanted.positions)
    assert 2 + edge * 36 / slanted.line.length == pytest.approx(35.0, abs=0.2)
    along = kymograph(scan, Line(0, 10, 60, 10))
    assert np.ptp(along.values, axis=1).max() < 1e-6


def test_width_averages_across_the_line(scan: VideoScan) -> None:
    one, wide = kymograph(scan, Line(30, 2, 30, 38)), kymograph(scan, Line(30, 2, 30, 38), width=9)
    np.testing.assert_allclose(one.values, wide.values, atol=1e-6)
    # Across the edge, a mean over nine rows is in between.
    flat = kymograph(scan, Line(10, 35, 50, 35), width=9).values[0]
    assert np.allclose(flat, flat[0]) and 0.3 < flat[0] < 0.7


BAD = [
    ((0, 0, 61, 10), 1, "(61, 10)"),
    ((-1, 0, 5, 5), 1, "(-1, 0)"),
    ((5, 5, 5, 5.5), 1, "shorter"),
    ((0, 0, 9, 9), 0, "`width=0`"),
]


@pytest.mark.parametrize(("line", "width", "named"), BAD)
def test_what_cannot_be_done(scan: VideoScan, line: tuple[float, ...], width: int, named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        kymograph(scan, Line(*line), width)
    assert named in caught.value.problem


def test_files_hold_the_same_numbers(scan: VideoScan, tmp_path: Path) -> None:
    made = kymograph(scan, Line(30, 2, 30, 38))
    table, array = made.save(tmp_path / "rise")
    np.testing.assert_array_equal(np.load(array), made.values)
    read = np.loadtxt(table, delimiter=",", skiprows=1)
    np.testing.assert_allclose(read[:, 1:], made.values, atol=1e-4)
    assert table.read_text(encoding="utf-8").startswith("time_s,0.00_px,1.00_px,")


def test_a_notebook_reads_rows_and_sees_a_figure(scan: VideoScan) -> None:
    made = kymograph(scan.path, (30, 2, 30, 38))
    assert len(made.rows()) == N and made.rows()[0]["3.00_px"] == pytest.approx(made.values[0, 3])
    assert repr(made) == "Kymograph(30 frames x 37 positions, Line(x0=30, y0=2, x1=30, y1=38))"
    assert made.show()._repr_png_().startswith(b"\x89PNG")


def test_values_between_pixels_are_bilinear(scan: VideoScan) -> None:
    """Against the formula, written out; outside the centers of the outermost pixels their values go on."""
    frames = np.stack([frame.astype(float) for frame in scan.read()])
    gray = np.clip((frames - frames.min()) / np.ptp(frames), 0, 1)
    line = Line(0.2, 39.9, 47.3, 1.1)
    for place, value in zip(line.points(), kymograph(scan, line).values[7], strict=True):
        x, y = np.clip(place[0] - 0.5, 0, WIDTH - 1), np.clip(place[1] - 0.5, 0, HEIGHT - 1)
        left, upper = int(x), int(y)
        right, lower = min(left + 1, WIDTH - 1), min(upper + 1, HEIGHT - 1)
        (a, b), (c, d) = gray[7][np.ix_([upper, lower], [left, right])]
        u, v = x - left, y - upper
        assert value == pytest.approx((1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * c + u * d), abs=1e-6)


def test_a_damaged_video_is_refused(scan: VideoScan) -> None:
    with pytest.raises(MediaError, match=r"rise\.mkv: cut short: 40 frames announced, 30 decoded") as caught:
        kymograph(replace(scan, announced=40), Line(30, 2, 30, 38))
    assert caught.value.remedy
