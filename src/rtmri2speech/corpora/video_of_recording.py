"""The video of a recording, at the frame rate that its corpus is known to have."""

from __future__ import annotations

from fractions import Fraction

from rtmri2speech.corpora.base import Recording, Remark
from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.data.media.video import stated_rate
from rtmri2speech.signal.frame_rate import FrameRate

# A rate within this share of the corpus's own is that rate, rounded; 27 for 625/23 is off by 0.6 %.
_ROUNDED = 0.01
# Closer than this, it is left: over a minute, times differ by 6 ms, less than a frame.
_SAME = 1e-4


def scan_recording(recording: Recording, fps: FrameRate | None = None, number: int | None = None) -> VideoScan:
    """Decode the video of a recording; a rate that a copy has rounded is the corpus's own again.

    Args:
        recording: with what its corpus says of the frames.
        fps: true frame rate as the user says.
        number: of the video in the file, counted from 1; None for the flagged one.

    Raises:
        ConfigError, MediaError: as :func:`~rtmri2speech.data.media.scan.scan_video`.
    """
    scan = scan_video(recording.video, fps, number)
    own = scan.rate if fps is not None else _own(recording, scan.rate)
    return scan if own == scan.rate else scan_video(recording.video, own, number)


def rate_of_recording(recording: Recording, number: int | None = None) -> Fraction:
    """Its frame rate, from what the file states where it does, as :func:`scan_recording` takes it.

    Raises:
        MediaError: when the file cannot be read.
    """
    stated = stated_rate(recording.video, number) or scan_video(recording.video, number=number).rate
    return _own(recording, stated)


def remarks_on_video(recording: Recording, scan: VideoScan, fps: FrameRate | None = None) -> list[Remark]:
    """What is to be said of a video whose rate or size is not that of its corpus."""
    scanner = recording.scanner
    if scanner is None:
        return []
    remarks = []
    own = None if fps is not None else _nearest(recording, scan.rate)
    if own is not None and _apart(scan.rate, own) > _ROUNDED:
        problem = f"{float(scan.rate):.5g} frames per second, and the corpus has {float(own):.5g}"
        remedy = f"The file's rate is kept. If only its time stamps are wrong: `fps={own}`"
        remarks.append(Remark(recording.video, problem, remedy, decision=True))
    if scanner.pixel_mm is not None and scanner.pixel_of(scan.width) is None:
        problem = f"{scan.width} pixels wide, and the corpus has {scanner.size}: the size of its pixels is not known"
        remedy = "Nothing, unless millimeters matter: then give `pixel_mm` to the commands that take it."
        remarks.append(Remark(recording.video, problem, remedy))
    return remarks


def _own(recording: Recording, rate: Fraction) -> Fraction:
    """The corpus's rate where the file's is that, rounded; else the file's."""
    own = _nearest(recording, rate)
    return own if own is not None and _SAME < _apart(rate, own) <= _ROUNDED else rate


def _nearest(recording: Recording, rate: Fraction) -> Fraction | None:
    """The rate of the corpus that is nearest to another."""
    rates = () if recording.scanner is None else recording.scanner.rates
    return min(rates, key=lambda one: _apart(rate, one), default=None)


def _apart(one: Fraction, other: Fraction) -> float:
    return abs(float(one / other) - 1.0)
