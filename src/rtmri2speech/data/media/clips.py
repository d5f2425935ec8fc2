"""A video on the feature clock: from file to model frames, as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

from rtmri2speech.arrays import UInt8
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.errors import MediaError
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frame_rate import FrameRate
from rtmri2speech.signal.frames import FrameConfig, GrayLimits, normalize_frames
from rtmri2speech.signal.retiming import Retiming, plan_retiming

# Frames are kept after the first pass up to this size: five minutes of 256 x 256 pixels.
_KEEP_BYTES = 512 << 20


@dataclass(frozen=True)
class Clip:
    """A video as the models see it.

    Attributes:
        scan: the source.
        frames: size and normalization.
        retiming: source frames to feature frames.
        limits: the clip's gray limits in robust mode.
        skipped: leading source frames left out.
        keep: keep the frames after the first pass over them, where they fit in memory.
    """

    scan: VideoScan
    frames: FrameConfig
    retiming: Retiming
    limits: GrayLimits | None
    skipped: int
    keep: bool = False
    _kept: list[UInt8] = field(default_factory=list, repr=False, compare=False)

    @property
    def n_frames(self) -> int:
        """Frames on the feature clock."""
        return len(self.retiming)

    @property
    def start(self) -> float:
        """Time at which the first frame starts on the container's clock, seconds."""
        return float(self.scan.starts[self.skipped])

    def blocks(self) -> Iterator[UInt8]:
        """Normalized frames in order, blocks (n, size, size) of at most 64 frames, uint8."""
        if self._kept:
            yield from self._kept
            return
        keep = self.keep and self.n_frames * self.frames.size**2 <= _KEEP_BYTES
        kept: list[UInt8] = []
        for block in self.retiming.apply(islice(self.scan.read(), self.skipped, None)):
            frames = normalize_frames(block, self.frames, self.limits)
            if keep:
                kept.append(frames)
            yield frames
        # Only a pass that came to its end is a whole clip.
        self._kept.extend(kept)

    def frame(self, number: int) -> UInt8:
        """One frame, (size, size).

        Raises:
            IndexError: when the clip does not have it.
        """
        first = 0
        for block in self.blocks():
            if 0 <= number - first < len(block):
                found: UInt8 = block[number - first]
                return found
            first += len(block)
        raise IndexError(f"frame {number} of a clip of {self.n_frames} frames")


def open_video(
    path: Path, features: FeatureConfig, frames: FrameConfig, fps: FrameRate | None = None, *, keep: bool = False
) -> Clip:
    """A video on the feature clock, refused where it cannot be trusted.

    Args:
        path: the file.
        features: the clock.
        frames: size and normalization.
        fps: true frame rate, where the container's is known to be wrong.
        keep: as in :class:`Clip`.

    Raises:
        ConfigError: when ``fps`` is not a frame rate.
        MediaError: when it cannot be read, is damaged, never changes, or is shorter than a feature frame.
    """
    scan = scan_video(path, fps)
    scan.require_whole()
    if scan.frozen:
        raise MediaError(f"{path}: all frames are the same.", "Export the recording again.")
    return replace(open_clip(scan, features, frames), keep=keep)


def open_clip(scan: VideoScan, features: FeatureConfig, frames: FrameConfig, trim_over_bright: bool = False) -> Clip:
    """Lay a scanned video on the feature clock.

    Args:
        scan: from :func:`rtmri2speech.data.media.scan.scan_video`.
        features: the clock.
        frames: size and normalization.
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


def open_gray_clip(scan: VideoScan, rate: Fraction, size: int) -> Clip:
    """A video's frames on a clock, all on one gray scale, for measuring brightness and for looking at.

    Normalization frame by frame, which stretches every frame to its own extremes, would flicker.

    Args:
        scan: the video.
        rate: frames per second.
        size: pixels of a side.

    Raises:
        MediaError: when the file is damaged or shorter than one frame.
    """
    scan.require_whole()
    frames = FrameConfig(size=size, mode="robust")
    clip = Clip(scan, frames, plan_retiming(scan.starts, scan.end, rate), frames.limits(scan.histogram), 0)
    if clip.n_frames == 0:
        raise MediaError(f"{scan.path}: shorter than one frame of {float(1 / rate):.4f} s.", "Give a longer video.")
    return clip
