from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.drawn_tubes import SIZE, bent_tube

from rtmri2speech.arrays import UInt8
from rtmri2speech.data.media.video import write_video
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.segmenter import Segmenter, SegmenterConfig
from rtmri2speech.vocal_tract.geometry.video import geometry_of_video
from rtmri2speech.vocal_tract.segmenter import FrameSegmenter

WIDTHS = (10.0, 10.0, 14.0, 10.0)
STEP = 10


class Drawn(FrameSegmenter):
    """Sees a tube as wide as the frame's gray value tells."""

    def __init__(self) -> None:
        self.size, self.device = SIZE, torch.device("cpu")
        self.bundle = Bundle.from_segmenter(Segmenter(SegmenterConfig(size=16, widths=(4, 4))))

    def probabilities(self, frames: Iterable[UInt8]) -> Iterator[torch.Tensor]:
        for frame in frames:
            yield torch.from_numpy(bent_tube(round(float(frame.mean()) / STEP)))


def test_a_video_is_measured_frame_by_frame_in_its_own_pixels(tmp_path: Path) -> None:
    video = tmp_path / "tube.mkv"
    frames = [np.full((SIZE // 2, SIZE // 2), STEP * width, np.uint8) for width in WIDTHS]
    write_video(video, frames, Fraction(25), lossless=True)
    steps: list[int] = []
    found = geometry_of_video(video, 2.0, Drawn(), area_model="phantom", progress=Steps(steps))
    # Two pixels of the square are one of the source, of 2 mm.
    assert np.median(found.distance[:, 8:32], axis=1) == pytest.approx(WIDTHS, abs=0.4)
    assert found.midline[np.isfinite(found.midline)].max() < SIZE / 2
    assert found.frame_rate == 25
    assert sum(steps) == len(WIDTHS)


class Steps:
    """Counts the frames that are done."""

    def __init__(self, done: list[int]) -> None:
        self.done = done

    def expect(self, count: int) -> None:
        pass

    def advance(self, count: int = 1) -> None:
        self.done.append(count)

    def describe(self, title: str) -> None:
        pass
