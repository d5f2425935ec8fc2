"""A video file at its own rate, and a camera."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from rtmri2speech.data.media.scan import VideoScan, scan_video
from rtmri2speech.data.media.video import read_camera
from rtmri2speech.errors import MediaError
from rtmri2speech.live.frames import SourceFrame
from rtmri2speech.live.sources.base import Pace
from rtmri2speech.signal.frame_rate import FrameRate

# Share of a frame by which those of a constant rate may be early or late.
_REGULAR = 0.1


class VideoSource:
    """A video, played at its own rate; frames that its time stamps leave out are lost ones.

    Args:
        path: the file.
        fps: true frame rate, where the file's is known to be wrong.
    """

    def __init__(self, path: Path, fps: FrameRate | None = None) -> None:
        self.name = str(path)
        self.notes: list[str] = []
        self._path, self._fps = path, fps
        self._stop = threading.Event()
        self._scan: VideoScan | None = None

    def open(self) -> Fraction | None:
        """Decode it once; its frame rate.

        Raises:
            MediaError: when it cannot be read, is damaged, or never changes.
        """
        self._scan = scan_video(self._path, self._fps)
        self._scan.require_whole()
        if self._scan.frozen:
            raise MediaError(f"{self._path}: all frames are the same.", "Export the recording again.")
        return self._scan.rate

    def frames(self, rate: Fraction) -> Iterator[SourceFrame]:
        """The frames, each at its time."""
        assert self._scan is not None
        pace = Pace(rate, 0.0, self._stop)
        for pixels, number in zip(self._scan.read(), _places(self._scan, rate), strict=False):
            if self._stop.is_set():
                return
            yield pace.frame(pixels, number, number)

    def close(self) -> None:
        """Play no more."""
        self._stop.set()


def _places(scan: VideoScan, rate: Fraction) -> list[int]:
    """Places of a video's frames on a clock of its rate."""
    times = (scan.starts - scan.starts[0]) * float(rate)
    if np.abs(times - np.arange(len(times))).max() < _REGULAR:
        return list(range(len(times)))
    places = np.rint(times).astype(int)
    return [int(place) for place in places]


class CameraSource:
    """A camera, at the rate at which its frames come.

    Args:
        device: FFmpeg's name of it; by default the system's first one.
        kind: FFmpeg's name of the camera input; by default the system's.
    """

    def __init__(self, device: str | None = None, kind: str | None = None) -> None:
        usual = {"darwin": ("avfoundation", "0"), "win32": ("dshow", "")}.get(sys.platform, ("v4l2", "/dev/video0"))
        self.notes: list[str] = []
        self._kind, self._device = kind or usual[0], device or usual[1]
        self.name = f"camera {self._device}".rstrip()
        self._stop = threading.Event()

    def open(self) -> Fraction | None:
        """Cameras name rates that they do not keep: theirs has to be given.

        Raises:
            MediaError: on Windows, where a camera has no number, when none is named.
        """
        if not self._device:
            raise MediaError("camera: on Windows it needs a name.", "Write camera:video=NAME, as the system lists it.")
        return None

    def frames(self, rate: Fraction) -> Iterator[SourceFrame]:
        """The frames as they come.

        Raises:
            MediaError: when there is no such camera.
        """
        for pixels in read_camera(self._device, self._kind):
            if self._stop.is_set():
                return
            yield SourceFrame(pixels, None, time.monotonic())

    def close(self) -> None:
        """Look no more."""
        self._stop.set()
