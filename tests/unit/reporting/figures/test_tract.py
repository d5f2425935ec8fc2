"""Figures of a tract as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_tracts import RATE, SIZE, made_tract
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.video import write_video
from rtmri2speech.errors import ConfigError
from rtmri2speech.reporting.figures.tract import draw_tract


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight frames."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    write_video(path, [np.full((SIZE, SIZE), 60 + number, np.uint8) for number in range(8)], RATE)
    return path


def test_a_recording_and_a_frame_are_drawn(video: Path, tmp_path: Path) -> None:
    files = draw_tract(tmp_path, made_tract(8), scan_video(video), frames=[3], columns=1)
    assert [path.name for path in files] == [
        f"clip_tract{what}.{kind}" for what in ("", "_frame3") for kind in ("pdf", "svg", "png")
    ]
    assert all(path.stat().st_size > 3000 for path in files)


def test_a_frame_that_is_not_there_is_refused_before_anything_is_written(video: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="clip has frames 0 to 7"):
        draw_tract(tmp_path, made_tract(8), scan_video(video), frames=[8])
    assert list(tmp_path.iterdir()) == []
