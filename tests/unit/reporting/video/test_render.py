"""Videos from files, as a notebook asks for them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.errors import ConfigError
from rtmri2speech.reporting.video.render import render_heatmap, render_masked, render_overlay
from rtmri2speech.signal.features import FeatureConfig
from talker import speak, write_recording


class Counted:
    """Progress that is kept."""

    def __init__(self) -> None:
        self.expected = self.done = 0

    def expect(self, count: int) -> None:
        self.expected += count

    def advance(self, count: int = 1) -> None:
        self.done += count

    def describe(self, title: str) -> None:
        pass


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(speak(0.5, 1, size=64), tmp_path_factory.mktemp("videos"), "clip")


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("maps") / "gradcam_F1_sequence.npy"
    np.save(path, np.random.default_rng(0).random((14, 8, 8), np.float32))
    return path


def test_slow_motion_is_as_long_as_asked_for(maps: Path, tmp_path: Path) -> None:
    counted = Counted()
    made = render_heatmap(maps, tmp_path / "slow.mp4", start_frame=3, end_frame=6, repeat=2, progress=counted)
    assert (made.frames, made.rate, made.seconds, made.sound) == (8, 5, 1.6, False)
    assert counted.expected == counted.done == 4
    scan = scan_video(made.path)
    assert (scan.n_frames, scan.rate, scan.width) == (8, 5, 512)
    assert made._repr_html_().startswith('<video controls loop src="data:video/mp4;base64,AAAA')


def test_sound_is_the_videos_own_unless_silent(video: Path, maps: Path, tmp_path: Path) -> None:
    made = render_overlay(video, [maps], tmp_path / "o.mp4", resize=(64, 64))
    assert (made.frames, made.sound) == (14, True)
    hidden = render_masked(video, "lips", tmp_path / "m.mp4", silent=True, resize=(64, 64), fps=25.0)
    assert not hidden.sound and hidden.frames > 0


def test_a_masked_video_has_the_clock_of_a_dataset_of_the_same_rate(tmp_path: Path) -> None:
    usc75 = Fraction(65040, 781)
    video = write_recording(speak(0.5, 1, frame_rate=usc75, size=64), tmp_path, "clip")
    made = {}
    for wanted in (None, "native", 83.278, "27.17"):
        out = tmp_path / f"{wanted}.mp4"
        made[wanted] = render_masked(video, "lips", out, silent=True, resize=(64, 64), frame_rate=wanted)
    reference = FeatureConfig().frame_rate
    assert made[None].rate == made["27.17"].rate == reference and made[None].frames == 13
    assert made["native"].rate == made[83.278].rate == Fraction(11992, 144)
    assert made["native"].frames == scan_video(made["native"].path).n_frames == round(0.5 * usc75)
    with pytest.raises(ConfigError, match="`frame_rate=1`: not from 2 to 400"):
        render_masked(video, "lips", tmp_path / "x.mp4", frame_rate=1)


@pytest.mark.parametrize("fps", [0, "none", "1/0", float("nan"), 1e6])
def test_frame_rates_that_are_none_are_refused_by_name(maps: Path, tmp_path: Path, fps: float | str) -> None:
    with pytest.raises(ConfigError, match=f"`fps={fps}`: not a frame rate"):
        render_heatmap(maps, tmp_path / "x.mp4", fps=fps)
    with pytest.raises(ConfigError, match=f"`video_fps={fps}`"):
        render_heatmap(maps, tmp_path / "x.mp4", fps=Fraction(625, 23), video_fps=fps)


def test_more_maps_than_colors_are_refused(video: Path, maps: Path, tmp_path: Path) -> None:
    for heatmaps in ([], [maps] * 3):
        with pytest.raises(ConfigError, match="colors for one or two"):
            render_overlay(video, heatmaps, tmp_path / "x.mp4")


def test_a_part_cut_by_hand_is_laid_over_its_own_frames(video: Path, maps: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.npy"
    np.save(cut, np.load(maps)[4:9])
    shown = {"video": video, "repeat": 1, "resize": (64, 64), "legend": False}
    part = render_heatmap(cut, tmp_path / "part.mp4", start_frame=4, **shown)
    whole = render_heatmap(maps, tmp_path / "whole.mp4", start_frame=4, end_frame=8, **shown)
    frames = [np.stack(list(scan_video(made.path).read())).astype(int) for made in (part, whole)]
    assert part.frames == whole.frames == 5 and np.abs(frames[0] - frames[1]).mean() < 3.0
    with pytest.raises(ConfigError, match="maps of a clip of 5 frames") as caught:
        render_heatmap(cut, tmp_path / "x.mp4", video=video)
    assert "`start_frame`" in caught.value.remedy
