"""DICOM files of several frames, as scanners export them: frames and times through pydicom, if it is installed."""

from __future__ import annotations

import importlib.util
import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame

from rtmri2speech.arrays import UInt8
from rtmri2speech.errors import MediaError

DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
"""Endings of DICOM files."""


def dicom_is_read() -> bool:
    """Whether pydicom is installed."""
    return importlib.util.find_spec("pydicom") is not None


def holds_video(path: Path) -> bool:
    """Whether a DICOM file holds more than one frame; False where it cannot be read."""
    try:
        return int(_read(path, header_only=True).get("NumberOfFrames", 1) or 1) > 1
    except MediaError:
        return False


def dicom_as_video(path: Path) -> io.BytesIO:
    """The frames of a DICOM file as an uncompressed video, for FFmpeg to read.

    Raises:
        MediaError: when pydicom is missing, or cannot read the file, or it does not say when its frames were taken.
    """
    data = _read(path)
    rate, frames = _rate(path, data), _frames(path, data)
    pixels = "gray" if frames.dtype == np.uint8 else "gray16le"
    video = io.BytesIO()
    with av.open(video, "w", format="nut") as container:
        stream: Any = container.add_stream("ffv1", rate=rate)
        stream.height, stream.width = frames.shape[1:]
        stream.pix_fmt, stream.codec_context.time_base = pixels, 1 / rate
        for number, values in enumerate(frames):
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(values), format=pixels)
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    video.seek(0)
    return video


def read_dicom_frame(path: Path) -> Any:
    """Gray values (h, w) of a DICOM file of one frame, uint8 or uint16; of several the first.

    Raises:
        MediaError: when pydicom is missing, or cannot read the file.
    """
    return _frames(path, _read(path))[0]


def _read(path: Path, header_only: bool = False) -> Any:
    if not dicom_is_read():
        raise MediaError(f"{path}: reading DICOM needs pydicom.", "Install it: pip install 'rtmri2speech[dicom]'")
    import pydicom

    try:
        return pydicom.dcmread(path, stop_before_pixels=header_only)
    except Exception as error:  # pydicom raises what its readers raise
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> MediaError:
    reason = str(error).split("\n")[0].strip().rstrip(".") or type(error).__name__
    return MediaError(
        f"{path}: cannot be read as DICOM ({reason}).", "Export it without compression, or as a video (AVI, MP4)."
    )


def _rate(path: Path, data: Any) -> Fraction:
    """Frames per second: from the time between frames in ms (0018,1063; 0018,1065), or the rates for playing."""
    try:
        step = data.get("FrameTime")
        steps = data.get("FrameTimeVector")
        if not step and steps is not None and len(steps) > 1:
            step = float(np.mean([float(value) for value in steps[1:]]))
        rate = data.get("CineRate") or data.get("RecommendedDisplayFrameRate")
        found = 1000 / Fraction(str(step)) if step else Fraction(str(rate or 0))
    except (ValueError, TypeError, ZeroDivisionError):
        found = Fraction(0)
    if not 0 < found < 10_000:
        raise MediaError(
            f"{path}: does not say when its frames were taken (neither FrameTime nor CineRate).",
            "Export it as a video (AVI, MP4) with the scan's frame rate.",
        )
    return found.limit_denominator(1 << 20)


def _frames(path: Path, data: Any) -> Any:
    """Gray values (n, h, w): uint8, or uint16 with the highest bit of the scanner's values in the highest place."""
    try:
        values = np.asarray(data.pixel_array)
    except Exception as error:  # as above
        raise _unreadable(path, error) from None
    if int(data.get("SamplesPerPixel", 1)) == 3:
        values = np.rint(values.mean(axis=-1)).astype(values.dtype)
    if values.ndim == 2:
        values = values[None]
    bits = min(max(int(data.get("BitsStored", 8)), 1), 16)
    shifted = values.astype(np.int64) + (1 << (bits - 1) if int(data.get("PixelRepresentation", 0)) else 0)
    shifted = np.clip(shifted, 0, (1 << bits) - 1)
    if str(data.get("PhotometricInterpretation", "")) == "MONOCHROME1":  # low values are bright
        shifted = (1 << bits) - 1 - shifted
    if bits <= 8:
        small: UInt8 = (shifted << (8 - bits)).astype(np.uint8)
        return small
    return (shifted << (16 - bits)).astype(np.uint16)
