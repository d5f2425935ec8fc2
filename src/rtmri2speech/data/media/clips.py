"""A video on the feature clock: from file to model frames, as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.errors import MediaError
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig, GreyLimits, normalise_frames
from rtmri2speech.signal.retiming import Retiming, plan_retiming


@dataclass(frozen=True)
class Clip:
    """A video as the models see it.

    Attributes:
        scan: the source.
        frames: size and normalisation.
        retiming: source frames to feature frames.
        limits: the clip's grey limits in robust mode.
        skipped: leading source frames left out.
    """

    scan: VideoScan
    frames: FrameConfig
    retiming: Retiming
    limits: GreyLimits | None
    skipped: int

    @property
    def n_frames(self) -> int:
        """Frames on the feature clock."""
        return len(self.retiming)

    @property
    def start(self) -> float:
        """Time of the first frame's begin on the container's clock, seconds."""
        return float(self.scan.starts[self.skipped])

    def blocks(self) -> Iterator[NDArray[np.uint8]]:
        """Normalised frames in order, blocks (n, size, size) of at most 64 frames, uint8."""
        source = islice(self.scan.read(), self.skipped, None)
        for block in self.retiming.apply(source):
            yield normalise_frames(block, self.frames, self.limits)


def open_clip(scan: VideoScan, features: FeatureConfig, frames: FrameConfig, trim_over_bright: bool = False) -> Clip:
    """Lay a scanned video on the feature clock.

    Args:
        scan: from :func:`rtmri2speech.data.media.scan.scan_video`.
        features: the clock.
        frames: size and normalisation.
        trim_over_bright: leave out the leading frames flagged as over-bright.

    Raises:
        MediaError: when less than one feature frame remains.
    """
    skipped = scan.over_bright if trim_over_bright else 0
    retiming = plan_retiming(scan.starts[skipped:], scan.end, features.frame_rate)
    if len(retiming) == 0:
        raise MediaError(
            f"{scan.path}: {scan.n_frames - skipped} frame(s), shorter than one frame of the feature clock "
            f"({float(1 / features.frame_rate):.4f} s).",
            "Give a longer video.",
        )
    return Clip(scan, frames, retiming, frames.limits(scan.histogram), skipped)
