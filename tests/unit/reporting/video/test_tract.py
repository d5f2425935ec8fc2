"""The video of a tract: what is where in its frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from made_tracts import RATE, SIZE, made_tract, voice_of
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.video import write_video
from rtmri2speech.reporting.video.tract import write_tract_video
from rtmri2speech.reporting.video.tract_panel import TractPanel
from rtmri2speech.vocal_tract.measurement.tract import Tract


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve gray frames."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    gray = np.full((SIZE, SIZE), 60, np.uint8)
    gray[: SIZE // 4] = 120
    write_video(path, [gray + number for number in range(12)], RATE)
    return path


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]


def red(part: np.ndarray) -> int:
    """Pixels that are clearly red."""
    return int(((part[..., 0] > 170) & (part[..., 1] < 110) & (part[..., 2] < 110)).sum())


def test_frames_lines_and_panel_lie_next_to_each_other(video: Path, tmp_path: Path) -> None:
    tract = made_tract(12, closed=(5,))
    path = write_tract_video(tract, scan_video(video), tmp_path, voice_of(made_tract(12)))
    assert path.name == "clip_tract.mp4"
    frames = frames_of(path)
    assert len(frames) == 12 and frames[0].shape[1] == 912 and frames[0].shape[0] % 2 == 0
    with av.open(str(path)) as container:
        assert container.streams.video[0].average_rate == RATE and len(container.streams.audio) == 1
    seen = [frame[:512, :512] for frame in frames]
    assert np.ptp(seen[0][300, 20]) < 12, "gray where nothing is drawn"
    assert (np.ptp(seen[0], axis=2) > 60).sum() > 200, "contours have colors"
    assert red(seen[5]) > 30 > red(seen[4]), "a closed section is marked"
    panels = [frame[:512, 512:] for frame in frames]
    assert np.abs(panels[2] - panels[9]).mean() > 1.0, "the curve moves"


def test_frames_that_are_not_to_be_trusted_have_a_red_border(video: Path, tmp_path: Path) -> None:
    tract = made_tract(12)
    confidence = tract.confidence.copy()
    confidence[3] = 0.1
    frames = frames_of(write_tract_video(replace(tract, confidence=confidence), video, tmp_path))
    assert red(frames[3][:4, :512]) > 1000 and red(frames[2][:4, :512]) == 0


def test_without_a_tract_the_frame_is_shown_alone(video: Path, tmp_path: Path) -> None:
    """No midline, no areas, no formants, no size of a pixel."""
    frames = frames_of(write_tract_video(unknown(made_tract(12)), video, tmp_path))
    assert len(frames) == 12 and np.ptp(frames[0][300, 20]) < 12


def unknown(tract: Tract) -> Tract:
    names = ("midline", "distance", "area", "area_range", "length", "formants", "formant_range")
    contours = replace(tract.contours, points=np.full_like(tract.contours.points, np.nan), pixel_mm=None)
    nothing = {name: np.full_like(getattr(tract, name), np.nan) for name in names}
    return replace(tract, **nothing, contours=contours, pixel_mm=float("nan"))


def test_the_curve_is_as_high_as_the_area() -> None:
    """A tube of 2 cm2 next to one of 4: the curve stands half as high."""
    tract = made_tract(2)
    area = np.stack([np.full(40, 2.0), np.full(40, 4.0)])
    bounds = np.stack([area, np.full_like(area, 6.0)], axis=2)
    panel = TractPanel(replace(tract, area=area, area_range=bounds), 400, 512)
    left, top, right, bottom = (side // 2 for side in panel._area.box)
    heights = []
    for number in (0, 1):
        image = panel.draw(number).astype(int)
        column = image[top + 2 : bottom - 2, (left + right) // 2]
        bright = np.flatnonzero(column[:, 2] > 200)
        heights.append(bottom - (top + 2 + bright.mean()))
    assert heights[1] == pytest.approx(2.0 * heights[0], rel=0.05)


def test_axes_stand_still() -> None:
    panel = TractPanel(made_tract(10), 400, 512)
    first, later = (panel.draw(number).astype(int) for number in (1, 8))
    left, top, right, bottom = (side // 2 for side in panel._area.box)
    changed = np.abs(first - later).max(axis=2) > 0
    plane = tuple(side // 2 for side in panel._plane.box)
    changed[top - 1 : bottom + 1, left - 1 : right + 1] = False
    changed[plane[1] - 1 : plane[3] + 1, plane[0] - 1 : plane[2] + 1] = False
    assert not changed.any()
