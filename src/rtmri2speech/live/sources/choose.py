"""A source by the way it is written: ``video.mp4``, ``folder``, ``-``, ``tcp://127.0.0.1:5000``, ``camera``."""

from __future__ import annotations

from pathlib import Path

from rtmri2speech.data.endings import no_such_file
from rtmri2speech.live.sources.base import Source
from rtmri2speech.live.sources.folder import FolderSource
from rtmri2speech.live.sources.pipe import PipeSource
from rtmri2speech.live.sources.tcp import TcpSource, parse_address
from rtmri2speech.live.sources.video import CameraSource, VideoSource
from rtmri2speech.signal.frame_rate import FrameRate

_RAW = (".raw", ".pipe", ".fifo")


def choose_source(
    text: str, fps: FrameRate | None = None, existing: bool = False, listen_anywhere: bool = False
) -> Source:
    """The source that is meant.

    Args:
        text: a video; a folder that fills with images; ``-`` for standard input, a named pipe, or a file of raw frames
            (``.raw``); ``tcp://127.0.0.1:PORT`` to listen on; ``camera`` or ``camera:DEVICE``.
        fps: true frame rate of a video.
        existing: take a folder's images from before, too.
        listen_anywhere: whether other computers may connect.

    Raises:
        ConfigError: for an address that is none, or that others can reach.
        MediaError: when there is no such file, or the port is in use.
    """
    if text == "-":
        return PipeSource(None)
    if text.startswith("tcp:"):
        return TcpSource(*parse_address(text), anywhere=listen_anywhere)
    path = Path(text)
    if not path.exists() and (text == "camera" or text.startswith("camera:")):
        return CameraSource(text.partition(":")[2] or None)
    if path.is_dir():
        return FolderSource(path, existing)
    if path.is_fifo() or path.suffix.lower() in _RAW:
        return PipeSource(path)
    if not path.exists():
        raise no_such_file(path)
    return VideoSource(path, fps)
