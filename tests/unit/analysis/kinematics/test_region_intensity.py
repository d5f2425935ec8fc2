"""Brightness of regions and its velocity."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.analysis.kinematics.region_intensity import measure_intensity, region_intensity
from rtmri2speech.analysis.regions.masks import Regions
from rtmri2speech.data.media.clips import Clip, open_gray_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.video import write_video
from rtmri2speech.errors import ConfigError
from tables import rows_of

RATE, N, SIZE = Fraction(50), 100, 32


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """The left half swings between 50 and 150 twice a second, the right half has the whole range and stands still."""
    wave = 100 + 50 * np.sin(2 * np.pi * 2 * (np.arange(N) + 0.5) / 50)
    frames = np.zeros((N, SIZE, SIZE))
    frames[:, :, :16] = wave[:, None, None]
    frames[:, :16, 16:] = 255
    path = tmp_path_factory.mktemp("swing") / "swing.mkv"
    write_video(path, np.rint(frames).astype(np.uint8), RATE, lossless=True)
    return open_gray_clip(scan_video(path), RATE, SIZE)


def halves(missing: tuple[int, ...] = ()) -> Regions:
    masks = np.zeros((2, SIZE, SIZE), bool)
    masks[0, :, :14], masks[1, :, 18:] = True, True

    def at(frame: int) -> np.ndarray:
        return masks & (np.array([frame not in missing, True])[:, None, None])

    return Regions(("left", "right"), at)


def test_value_and_velocity_of_a_swing(clip: Clip) -> None:
    made = measure_intensity(clip, RATE, halves(), 0.1)
    angle = 2 * np.pi * 2 * made.times
    np.testing.assert_allclose(made.values[:, 0], (100 + 50 * np.sin(angle)) / 255, atol=0.004)
    np.testing.assert_allclose(made.values[:, 1], 0.5, atol=0.01)
    inner = slice(5, -5)
    assert np.abs(made.smooth[inner, 0] - made.values[inner, 0]).max() < 0.01
    wanted = 50 / 255 * 4 * np.pi * np.cos(angle)
    # A parabola over five frames of a swing of 25 frames flattens its slope by a twentieth.
    assert np.abs(made.velocity[inner, 0] - wanted[inner]).max() < 0.12 * np.abs(wanted).max()
    assert np.abs(made.velocity[:, 1]).max() < 0.01
    assert "Savitzky-Golay, order 2, 5 frames (0.100 s)" in made.smoothing


@pytest.mark.parametrize(("seconds", "frames"), [(0.0, 5), (0.1, 5), (0.15, 7), (0.5, 25)])
def test_the_window_is_odd_and_said(clip: Clip, seconds: float, frames: int) -> None:
    assert f" {frames} frames" in measure_intensity(clip, RATE, halves(), seconds).smoothing


def test_longer_windows_smooth_more(clip: Clip) -> None:
    swings = [np.ptp(measure_intensity(clip, RATE, halves(), seconds).smooth[30:70, 0]) for seconds in (0.1, 0.4)]
    assert swings[1] < 0.9 * swings[0]


def test_a_frame_without_the_region_is_bridged(clip: Clip, tmp_path: Path) -> None:
    whole, gap = (measure_intensity(clip, RATE, halves(missing), 0.1) for missing in ((), (40,)))
    assert np.isnan(gap.values[40, 0]) and np.isfinite(gap.smooth).all()
    assert np.abs(gap.smooth - whole.smooth).max() < 0.02
    (path,) = gap.save(tmp_path / "swing")
    rows = rows_of(path)
    assert len(rows) == 2 * N and [row["time_s"] for row in rows if not row["intensity"]] == ["0.81000"]
    assert {row["smoothing"] for row in rows} == {gap.smoothing}


def test_what_cannot_be_measured(clip: Clip) -> None:
    with pytest.raises(ConfigError, match="`smooth=5`"):
        measure_intensity(clip, RATE, halves(), 5.0)
    with pytest.raises(ConfigError, match="'left' covers no pixel"):
        measure_intensity(clip, RATE, halves(tuple(range(N))), 0.1)


def test_a_notebook_measures_a_file(clip: Clip) -> None:
    made = region_intensity(clip.scan.path, region=["lips", "tongue"])
    assert made.names == ("lips", "tongue") and len(made.rows()) == 2 * N
    assert made.rows()[1]["region"] == "tongue" and made.rows()[1]["intensity"] == made.values[0, 1]
    assert repr(made).startswith("Intensity(100 frames, lips, tongue; Savitzky-Golay")
    assert made.show()._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("smooth", [float("nan"), float("inf"), -0.1])
def test_a_window_that_is_no_time_is_refused(clip: Clip, smooth: float) -> None:
    with pytest.raises(ConfigError, match=f"`smooth={smooth:g}`: not a length of time"):
        measure_intensity(clip, RATE, halves(), smooth)
