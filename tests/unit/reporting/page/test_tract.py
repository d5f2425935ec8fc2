"""A tract packed for the page."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from made_tracts import SIZE, made_tract
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.media.clips import open_gray_clip
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.data.media.video import write_video
from rtmri2speech.errors import DatasetError
from rtmri2speech.reporting.page.tract import UNKNOWN, tract_data
from rtmri2speech.signal.features import FeatureConfig


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> VideoScan:
    """A second of frames, twice as many as the page's."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    frames = [np.full((SIZE, SIZE), 60 + number % 7, np.uint8) for number in range(54)]
    write_video(path, frames, 2 * FeatureConfig().frame_rate)
    return scan_video(path)


def test_numbers_are_those_of_the_nearest_frame(scan: VideoScan, tmp_path: Path) -> None:
    opened = open_gray_clip(scan, FeatureConfig().frame_rate, 2 * SIZE)
    tract = made_tract(54, rate=scan.rate, closed=(20, 21))
    tract.formants[30:34] = np.nan
    confidence = tract.confidence.copy()
    confidence[10:12] = 0.1
    tract = replace(tract, confidence=confidence)
    chunks: list[bytes] = []
    found, notes = tract_data(tract.save(tmp_path)[0], opened, lambda data: chunks.append(data) or 7)
    assert found is not None and not notes and found["data"] == 7
    numbers = np.frombuffer(zlib.decompress(chunks[0]), "<u2").reshape(opened.n_frames, -1)
    assert numbers.shape[1] == 1 + 3 * 40 + 3 * 4 + 2 * 41 + 6 * found["points"] * 2
    shown = 8
    assert numbers[shown, 0] == 1600
    near = [
        number for number in (2 * shown, 2 * shown + 1) if abs(100 * tract.area[number, 5] - numbers[shown, 16]) <= 1
    ]
    assert near, "areas are of one of the two frames that lie in this one"
    number = near[0]
    assert numbers[shown, 121:124] == pytest.approx(
        [tract.formants[number, 0], *tract.formant_range[number, 0]], abs=1.0
    )
    assert numbers[shown, 133:135] / found["per_pixel"] == pytest.approx(2.0 * tract.midline[number, 0], abs=0.1)
    assert numbers[10, 1 + 3 * 39] == 0 < numbers[9, 1 + 3 * 39], "closed lips"
    assert numbers[16, 121] == UNKNOWN and found["doubtful"] == [5]


def test_a_tract_of_another_video_is_left_out(scan: VideoScan, tmp_path: Path) -> None:
    opened = open_gray_clip(scan, FeatureConfig().frame_rate, SIZE)
    for made in (made_tract(20), replace(made_tract(54), video_sha256="0" * 64)):
        found, (note,) = tract_data(made.save(tmp_path)[0], opened, lambda data: 0)
        assert found is None and "clip_tract.npz is of another video than clip.mp4" in note
    right = replace(made_tract(54), video_sha256=hash_files([scan.path]))
    assert tract_data(right.save(tmp_path)[0], opened, lambda data: 0)[0] is not None


def test_a_damaged_file_is_refused(scan: VideoScan, tmp_path: Path) -> None:
    (tmp_path / "clip_tract.npz").write_bytes(b"no")
    with pytest.raises(DatasetError, match="no file of tract"):
        tract_data(tmp_path / "clip_tract.npz", open_gray_clip(scan, FeatureConfig().frame_rate, SIZE), lambda data: 0)
