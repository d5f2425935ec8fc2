"""Decoded frames to gray values, turned as they are to be shown."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from numpy.typing import NDArray

from rtmri2speech.arrays import UInt8
from rtmri2speech.data.media.streams import Note

GrayFrame = UInt8 | NDArray[np.uint16]

_UNSPECIFIED = 0
# Video range is 16 to 235 of 256 (ITU-R BT.601); a codec's ripple goes a little beyond it, gray of full range far.
_BELOW, _ABOVE = 6, 249
_OUTSIDE = 0.02
_NO_COLOR = 128


# Entries of a display matrix: 16.16 fixed point, row-major, the third column 2.30 (ISO/IEC 14496-12, 6.2.2).
_ONE = 1 << 16


@dataclass(frozen=True)
class Orientation:
    """Quarter turns and mirror images.

    Attributes:
        transpose: whether rows become columns, before anything is mirrored.
        mirror_x, mirror_y: whether left and right, upper and lower are exchanged.
        ignored: degrees of a turn that is no quarter turn, and is not applied.
    """

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False
    ignored: float = 0.0

    @property
    def upright(self) -> bool:
        """Whether the frame is shown as it is stored."""
        return not (self.transpose or self.mirror_x or self.mirror_y)

    def apply(self, frame: GrayFrame) -> GrayFrame:
        """A stored frame (h, w) as it is to be shown, contiguous."""
        if self.upright:
            return frame
        turned = frame.T if self.transpose else frame
        turned = turned[:: -1 if self.mirror_y else 1, :: -1 if self.mirror_x else 1]
        upright: GrayFrame = np.ascontiguousarray(turned)  # type: ignore[assignment]
        return upright

    def notes(self) -> list[Note]:
        """What to say of it."""
        if self.ignored:
            return [
                (
                    f"the file asks to be turned by {self.ignored:.1f} degrees, which is not applied",
                    "Turn the video in an editor if the head is tilted.",
                )
            ]
        if self.upright:
            return []
        turned = self.mirror_x == self.mirror_y if not self.transpose else self.mirror_x != self.mirror_y
        how = "turned" if turned else "mirrored"
        return [
            (
                f"the frames are {how}, as a flag in the file says and players show them",
                "If the head is not upright now, export the video without the flag.",
            )
        ]


def orientation_of(frame: VideoFrame) -> Orientation:
    """The orientation that a decoded frame's display matrix asks for.

    The matrix takes a stored pixel (x, y) to (a x + c y, b x + d y), y down.
    """
    side_data: Any = frame.side_data.get(Type.DISPLAYMATRIX)  # type: ignore[call-overload]
    if side_data is None:
        return Orientation()
    matrix = np.frombuffer(bytes(side_data), "<i4" if sys.byteorder == "little" else ">i4")[:9].reshape(3, 3)
    (a, b), (c, d) = (matrix[:2, :2] / _ONE).tolist()
    across, along = max(abs(b), abs(c)), max(abs(a), abs(d))
    if min(across, along) > 1e-3 * max(across, along):
        return Orientation(ignored=math.degrees(math.atan2(b, a)))
    if across > along:
        return Orientation(True, mirror_x=c < 0, mirror_y=b < 0)
    return Orientation(False, mirror_x=a < 0, mirror_y=d < 0)


class GrayConverter:
    """Decoded frames to gray values (h, w), 16 bits where the format has more than 8.

    One for each video: it keeps its conversion set up, where a frame's own ``to_ndarray`` sets it up anew
    (five times slower).

    Attributes:
        notes: what was decided at the first frame.
    """

    def __init__(self, stream: Any) -> None:
        self.notes: list[Note] = []
        self._reformatter = VideoReformatter()
        self._monochrome = _is_monochrome(stream.codec_context)
        self._stored_aspect = Fraction(stream.sample_aspect_ratio or 1) or Fraction(1)
        self._orientation: Orientation | None = None
        self._range: int | None = None

    @property
    def pixel_aspect(self) -> Fraction:
        """Width of a pixel by its height, as it is shown."""
        turned = self._orientation is not None and self._orientation.transpose
        return 1 / self._stored_aspect if turned else self._stored_aspect

    def __call__(self, frame: VideoFrame) -> GrayFrame:
        """Convert one frame."""
        if self._orientation is None:
            self._orientation = orientation_of(frame)
            self.notes += self._orientation.notes()
            self._range = self._luma_range(frame)
        deep = max(component.bits for component in frame.format.components) > 8 and frame.format.name != "pal8"
        # One thread: the cores belong to files side by side, and a frame is done before others have woken up.
        converted = self._reformatter.reformat(
            frame,
            format="gray16le" if deep else "gray",
            src_color_range=self._range,
            dst_color_range=self._range,
            threads=1,
        )
        gray: GrayFrame = converted.to_ndarray()  # type: ignore[assignment]
        return self._orientation.apply(gray)

    def _luma_range(self, frame: VideoFrame) -> int | None:
        """Full range where a file has it without saying so, and luma is to be taken as it is; else None, as tagged.

        x264 writes gray as luma from 0 to 255 and no tag; x265 tags what it was not told as video range.
        """
        if frame.color_range not in (_UNSPECIFIED, ColorRange.MPEG) or not frame.format.name.startswith("yuv4"):
            return None
        if self._monochrome and frame.color_range == _UNSPECIFIED:
            return int(ColorRange.JPEG)
        if not _is_gray(frame) or _share_outside(frame) < _OUTSIDE:
            return None
        self.notes.append(
            (
                "gray values from 0 to 255 in a video that does not say so: they are taken as they are",
                "If black and white look wrong, export the video with its range tagged.",
            )
        )
        return int(ColorRange.JPEG)


def _is_gray(frame: VideoFrame) -> bool:
    """Whether an 8-bit frame with color planes has no color."""
    if max(component.bits for component in frame.format.components) > 8:
        return False
    return all(bool((_plane(frame, number) == _NO_COLOR).all()) for number in (1, 2))


def _share_outside(frame: VideoFrame) -> float:
    luma = _plane(frame, 0)
    return float(np.mean((luma < _BELOW) | (luma > _ABOVE)))


def _plane(frame: VideoFrame, number: int) -> UInt8:
    plane = frame.planes[number]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
    return np.asarray(rows[: plane.height, : plane.width])


def _is_monochrome(context: Any) -> bool:
    """Whether an H.264 stream says that it has no color planes (``chroma_format_idc`` 0; ITU-T H.264, 7.3.2.1.1)."""
    if context.name != "h264":
        return False
    data = bytes(context.extradata or b"")
    start = 8 if data[:1] == b"\1" else data.find(b"\0\0\1") + 3 if b"\0\0\1" in data else len(data)
    # Emulation prevention: a 3 after two zeros is no content.
    unit = data[start : start + 64].replace(b"\0\0\3", b"\0\0")
    if len(unit) < 6 or unit[0] & 31 != 7 or unit[1] not in (100, 110, 122, 244):
        return False
    bits = "".join(f"{byte:08b}" for byte in unit[4:])
    _, bits = _exp_golomb(bits)
    return _exp_golomb(bits)[0] == 0


def _exp_golomb(bits: str) -> tuple[int, str]:
    """First number of a string of bits, and the rest (ITU-T H.264, 9.1)."""
    zeros = len(bits) - len(bits.lstrip("0"))
    return int(bits[zeros : 2 * zeros + 1] or "1", 2) - 1, bits[2 * zeros + 1 :]
