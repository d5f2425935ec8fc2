from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from rtmri2speech.data.annotation.annot16 import ARTICULATORS, compared_parts, is_track, read_track
from rtmri2speech.errors import ConfigError
from rtmri2speech.evaluation.segmentation.inputs import read_truth, recording_name


def entry(number: int, shift: float = 0.0) -> dict[str, Any]:
    """A frame in which every articulator is a line of three points."""
    segments = []
    for line in range(3):
        rows = [(one, identity) for one, (at, identity) in enumerate(ARTICULATORS.values()) if at == line]
        points = [(10.0 * one + step + shift, 2.0 * step) for one, _ in rows for step in range(3)]
        segments.append({"v": np.array(points), "i": np.repeat([[identity] for _, identity in rows], 3)[:, None]})
    return {"frameNo": number, "template": 1, "contours": {"segment": segments}}


@pytest.fixture
def track(tmp_path: Path) -> Path:
    path = tmp_path / "sub061_2drt_17_topic1_track.mat"
    savemat(path, {"trackdata": np.array([entry(1), entry(3, 1.0)], dtype=object)})
    return path


def test_lines_are_in_pixels_from_the_corner(track: Path) -> None:
    frames = read_track(track)
    assert is_track(track) and len(frames) == 3 and frames[1] == {} and set(frames[0]) == set(ARTICULATORS)
    # The tongue is the second articulator; the middle of the frame is 42 of 84, and y goes down.
    assert frames[0]["tongue"].tolist() == [[52.5, 42.5], [53.5, 40.5], [54.5, 38.5]]
    assert frames[2]["tongue"][0].tolist() == [53.5, 42.5]


def test_palate_and_velum_are_one_line_when_they_are_compared(track: Path) -> None:
    frame = read_track(track)[0]
    parts = compared_parts(frame)
    assert set(parts) == {"tongue", "pharyngeal_wall", "upper_lip", "lower_lip", "epiglottis", "palate_and_velum"}
    joined = parts["palate_and_velum"]
    # The velum lies to the right of the palate; its left end meets the palate's right one.
    assert len(joined) == 6 and joined[2].tolist() == frame["velum"][0].tolist()
    assert joined[3].tolist() == frame["hard_palate"][2].tolist()
    assert compared_parts({}) == {}


def test_a_track_is_the_truth_of_its_video(track: Path) -> None:
    assert (
        recording_name(track)
        == "sub061_2drt_17_topic1"
        == recording_name(Path("sub061_2drt_17_topic1_video_regions.npz"))
    )
    assert recording_name(Path("my_video_regions.npz")) == "my_video"
    side = read_truth("sub061_2drt_17_topic1", [track])
    assert side.pixel_mm == 2.4 and len(side.contours) == 3 and side.contours[1] == {}


def test_what_is_no_track(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file of contours"):
        read_track(tmp_path / "gone.mat")
    (tmp_path / "text.mat").write_text("no matrix", encoding="utf-8")
    savemat(tmp_path / "other.mat", {"annotation": np.zeros(3)})
    savemat(tmp_path / "twice.mat", {"trackdata": np.array([entry(1), entry(1)], dtype=object)})
    for name in ("text", "other", "twice"):
        with pytest.raises(ConfigError, match="not contours of Annot-16"):
            read_track(tmp_path / f"{name}.mat")
        assert is_track(tmp_path / f"{name}.mat") == (name == "twice")
