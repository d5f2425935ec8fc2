"""Videos that a dataset was made from, as they are and as other scanners would have seen them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rtmri2speech.appearance.config import LookConfig
from rtmri2speech.appearance.film import film
from rtmri2speech.appearance.geometry import warp_points
from rtmri2speech.appearance.look import Looks, draw_looks
from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.corpora.phantom import TRUTH
from rtmri2speech.data.dataset.layout import Utterance
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import DatasetError
from rtmri2speech.signal.features import FeatureConfig

# Share of a frame within which an utterance starts on the clock of its video.
_ON_CLOCK = 0.02


@dataclass(frozen=True)
class Source:
    """A video that utterances of a dataset come from.

    Attributes:
        scan: of the video.
        truth: of the simulated speaker; None where a person speaks.
        pixel_mm: size of a pixel as the user says; None where nobody says, or the truth does.
    """

    scan: VideoScan
    truth: Truth | None
    pixel_mm: float | None = None

    @classmethod
    def open(cls, video: Path, pixel_mm: float | None) -> Source:
        """Open a video, with the truth next to it if it is a phantom's.

        Raises:
            DatasetError: when it is no longer where it was.
            MediaError: when it cannot be read.
        """
        if not video.is_file():
            raise DatasetError(
                f"{video}: no such file; the dataset was made from it, and tracts are measured in it.",
                "Put it back, work in the folder that prepare ran in, or prepare it again from where it is now.",
            )
        scan = scan_video(video)
        scan.require_whole()
        return cls(scan, _truth_of(video, scan.n_frames), pixel_mm)

    def first_frame(self, utterances: Sequence[Utterance], features: FeatureConfig) -> int:
        """Frame of the video that the clock of its utterances starts at: 0, or the first after over-bright ones.

        Raises:
            DatasetError: when the utterances are on no clock of this video.
        """
        for first in (0, self.scan.over_bright):
            if all(self._place(row, first, features) is not None for row in utterances):
                return first
        raise DatasetError(
            f"{self.scan.path}: {utterances[0].id} does not start at a frame of it; the video was changed since.",
            "Prepare the dataset again.",
        )

    def place(self, utterance: Utterance, first: int, features: FeatureConfig) -> int:
        """Frame of the clock that an utterance starts at, the clock starting at the video's frame ``first``."""
        found = self._place(utterance, first, features)
        assert found is not None
        return found

    def _place(self, utterance: Utterance, first: int, features: FeatureConfig) -> int | None:
        place = (utterance.source_start - float(self.scan.starts[first])) * float(features.frame_rate)
        return round(place) if abs(place - round(place)) < _ON_CLOCK and place > -_ON_CLOCK else None

    def times(self, utterance: Utterance, features: FeatureConfig) -> Float64:
        """Centers of an utterance's frames, seconds from the start of the video, (T,)."""
        start = utterance.source_start - float(self.scan.starts[0])
        return np.asarray(start + (np.arange(utterance.n_frames) + 0.5) / float(features.frame_rate))

    def plain(self) -> tuple[VideoScan, float | None]:
        """The video as it is, and the size of its pixels, mm; None where that is not known."""
        pixel = self.pixel_mm
        if self.truth is not None:
            pixel = _pixel_mm(self.truth, self.truth.positions.astype(np.float64))
        return self.scan, pixel

    def looked_at(
        self, config: LookConfig, seed: int, size: int, device: torch.device
    ) -> tuple[VideoScan, float | None]:
        """The video with a random look, and the size of its pixels.

        Args:
            config: what the look is drawn from.
            seed: of the look; the same on every device.
            size: side of the frames, pixels.
            device: where it is made.
        """
        look = draw_looks(1, torch.Generator().manual_seed(seed), config)
        frames = _gray(self.scan)
        labels = None if self.truth is None else self.truth.regions
        video = film(frames, labels, look.to(device), size)
        scan = replace(self.scan, width=size, height=size, kept=list(video), shown=None)
        return scan, self._pixel_of(look, size)

    def _pixel_of(self, look: Looks, size: int) -> float | None:
        if self.truth is None:
            if self.pixel_mm is None:
                return None
            larger = max(self.scan.width, self.scan.height) / size
            return float(self.pixel_mm * larger * torch.linalg.det(look.geometry.linear[0]).abs().sqrt())
        points = torch.from_numpy(self.truth.positions.reshape(1, -1, 2))
        shape = self.truth.regions.shape[1:]
        moved = warp_points(points, look.geometry, (shape[0], shape[1]), size).numpy()
        return _pixel_mm(self.truth, moved.reshape(self.truth.positions.shape).astype(np.float64))


def seed_of_look(seed: int, name: str, number: int) -> int:
    """Seed of a look that depends on nothing but the seed, the recording's name and the look's number."""
    return int(np.random.SeedSequence((seed, zlib.crc32(name.encode()), number)).generate_state(1)[0])


def _pixel_mm(truth: Truth, positions: Float64) -> float | None:
    """Size of a pixel, mm, in which the tract's center line (T, 40, 2) is as long as the truth says."""
    pixels = np.hypot(*np.moveaxis(np.diff(positions, axis=1), -1, 0)).sum(axis=1)
    lengths = truth.lengths.sum(axis=1) - 0.5 * (truth.lengths[:, 0] + truth.lengths[:, -1])
    ratio = 10.0 * lengths / np.maximum(pixels, 1e-6)
    ratio = ratio[np.isfinite(ratio)]
    return float(np.median(ratio)) if len(ratio) else None


def _truth_of(video: Path, frames: int) -> Truth | None:
    path = video.with_suffix(TRUTH)
    if not path.is_file():
        return None
    try:
        truth = Truth.load(path)
    except DatasetError:
        return None  # some other program's .npz
    return truth if len(truth.f0) == frames else None


def _gray(scan: VideoScan) -> UInt8:
    frames: Any = np.stack(list(scan.read()))
    if frames.dtype == np.uint8:
        return np.asarray(frames, np.uint8)
    most = max(float(frames.max()), 1.0)
    return np.asarray(np.rint(frames.astype(np.float32) * (255.0 / most)), np.uint8)
