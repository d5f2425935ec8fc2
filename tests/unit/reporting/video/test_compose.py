"""Frames of videos: in their place, in one scale, as often as asked for."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from rtmri2speech.analysis.map_folder.sequence import MapSequence
from rtmri2speech.analysis.occlusion.fills import Fill
from rtmri2speech.analysis.regions.masks import Regions
from rtmri2speech.data.media.clips import open_gray_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.video import write_video
from rtmri2speech.drawing.overlay import MapStyle
from rtmri2speech.errors import ConfigError
from rtmri2speech.reporting.video.compose import VideoLayout, write_heatmap, write_masked, write_overlay
from rtmri2speech.reporting.video.map_layers import TINTS, ColorOverlay
from rtmri2speech.reporting.video.sources import video_size
from rtmri2speech.signal.features import FeatureConfig

RATE = FeatureConfig().frame_rate
N = 24


def sequence(values: np.ndarray) -> MapSequence:
    count = len(values)
    return MapSequence(Path("maps.npy"), values, np.arange(count), count, RATE, "F1", "gradcam", 1.0, "power")


def layer(values: np.ndarray, tint: str | None = None, opaque: float = 0.7) -> ColorOverlay:
    return ColorOverlay(sequence(values), MapStyle("classical", 1.0, "power", "", opaque), tint)


def decoded(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]).astype(int)


@pytest.fixture
def still(tmp_path: Path) -> Path:
    """A video in which one pixel flashes in one frame and nothing else happens."""
    picture = np.random.default_rng(0).integers(20, 120, (64, 48)).astype(np.uint8)
    picture[:12, :12] = 30
    frames = np.stack([picture] * N)
    frames[10, 5, 5] = 255
    write_video(tmp_path / "still.mkv", frames, RATE, lossless=True)
    return tmp_path / "still.mkv"


def test_what_does_not_move_does_not_flicker(still: Path, tmp_path: Path) -> None:
    maps = np.broadcast_to(np.random.default_rng(1).random((8, 8), np.float32), (N, 8, 8)).copy()
    # One frame is much stronger: the scale must be that of the clip all the same.
    maps[15:] *= 0.5
    clip = open_gray_clip(scan_video(still), RATE, 96)
    layout = VideoLayout(160, 96, legend=True)
    assert write_overlay(tmp_path / "o.mp4", clip, [layer(maps, TINTS[0])], layout, None) == N
    picture = decoded(tmp_path / "o.mp4")[:, :96]
    # The corner with the flash apart: a normalisation by frame would darken frame 10.
    level = picture[:, 32:, 32:].mean(axis=(1, 2, 3))
    assert np.ptp(level[:15]) < 0.5 and np.ptp(level[15:]) < 0.5
    assert np.abs(np.diff(picture[:15, 32:, 32:], axis=0)).mean() < 1.0


def test_the_map_lies_where_its_values_are(still: Path, tmp_path: Path) -> None:
    maps = np.zeros((N, 8, 8), np.float32)
    maps[:, 1, 6] = 1.0
    clip = open_gray_clip(scan_video(still), RATE, 128)
    write_overlay(tmp_path / "o.mp4", clip, [layer(maps, TINTS[0])], VideoLayout(96, 128), None)
    picture = decoded(tmp_path / "o.mp4")[5]
    redness = picture[..., 0] - picture[..., 1]
    rows, columns = np.nonzero(redness > 0.6 * redness.max())
    assert rows.mean() == pytest.approx(1.5 / 8 * 128, abs=4) and columns.mean() == pytest.approx(6.5 / 8 * 96, abs=4)


def test_slow_motion_repeats_every_map(still: Path, tmp_path: Path) -> None:
    maps = np.zeros((N, 8, 8), np.float32)
    maps[:] = np.linspace(0, 1, N)[:, None, None]
    one, rows = layer(maps, opaque=1.0), np.arange(10, 16)
    assert write_heatmap(tmp_path / "h.mp4", one, rows, None, VideoLayout(64, 64), Fraction(5), 3) == 18
    with av.open(str(tmp_path / "h.mp4")) as container:
        assert container.streams.video[0].average_rate == 5
    level = decoded(tmp_path / "h.mp4").mean(axis=(1, 2, 3)).reshape(6, 3)
    assert np.ptp(level, axis=1).max() < 0.6 and (np.diff(level[:, 0]) > 1).all()
    # Over the video, the frame shown is that of the map: the one with the flash.
    clip = open_gray_clip(scan_video(still), RATE, 64)
    flash = layer(np.zeros((N, 8, 8), np.float32))
    write_heatmap(tmp_path / "v.mp4", flash, np.arange(9, 12), clip, VideoLayout(64, 64), Fraction(5), 1)
    corner = decoded(tmp_path / "v.mp4")[:, 3:8, 3:9, 0].max(axis=(1, 2))
    assert corner[1] > corner[0] + 50 and corner[1] > corner[2] + 50


@pytest.mark.parametrize(
    ("fill", "alpha", "seen"), [("freeze", 0.0, False), ("freeze", 1.0, True), ("blur", 0.0, False)]
)
def test_a_hidden_region_does_not_move(still: Path, tmp_path: Path, fill: Fill, alpha: float, seen: bool) -> None:
    clip = open_gray_clip(scan_video(still), RATE, 64)
    mask = np.zeros((1, 64, 64), bool)
    mask[0, :12, :12] = True
    regions = Regions(("corner",), lambda frame: mask)
    made = write_masked(tmp_path / "m.mp4", clip, RATE, regions, fill, alpha, VideoLayout(64, 64), None)
    level = decoded(tmp_path / "m.mp4")[:, 3:8, 3:9, 0].max(axis=(1, 2))
    assert made == N == len(level) and (level[10] > level[9] + 50) == seen


def test_lengths_that_differ_are_refused(still: Path, tmp_path: Path) -> None:
    clip = open_gray_clip(scan_video(still), RATE, 64)
    with pytest.raises(ConfigError, match=f"maps of a clip of 5 frames, but .* has {N}"):
        write_overlay(tmp_path / "o.mp4", clip, [layer(np.zeros((5, 8, 8)))], VideoLayout(64, 64), None)
    with pytest.raises(ConfigError, match="`legend`"):
        write_overlay(tmp_path / "o.mp4", clip, [layer(np.zeros((N, 8, 8)))], VideoLayout(64, 64, legend=True), None)
    with pytest.raises(ConfigError, match="`repeat=0`"):
        write_heatmap(tmp_path / "h.mp4", layer(np.zeros((5, 8, 8))), np.arange(5), None, VideoLayout(64, 64), RATE, 0)
    assert not list(tmp_path.glob("*.mp4"))


def test_small_pictures_are_enlarged_and_sides_are_even() -> None:
    assert video_size(84, 84, None) == (512, 512) and video_size(68, 136, None) == (512, 1024)
    assert video_size(641, 721, None) == (640, 720) and video_size(100, 100, (256, 250)) == (256, 250)
    with pytest.raises(ConfigError, match=r"`resize=\(8, 256\)`"):
        video_size(100, 100, (8, 256))
