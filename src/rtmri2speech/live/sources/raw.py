"""Raw frames behind a line of JSON, as pipes and sockets carry them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Literal, Protocol

import numpy as np
from pydantic import Field

from rtmri2speech.config import Config
from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.live.frames import SourceFrame
from rtmri2speech.live.sources.base import Pace
from rtmri2speech.signal.frame_rate import exact_rate

# Bytes of the header.
_LONGEST_LINE = 4096
# Bytes asked for at once.
_PIECE = 1 << 20
_REMEDY = (
    'Send a line such as {"width": 256, "height": 256, "dtype": "uint8", "fps": "625/23"}, then the frames, row by row.'
)


class StreamHeader(Config):
    """The line of JSON before raw frames."""

    width: int = Field(ge=2, le=8192, description="pixels of a row")
    height: int = Field(ge=2, le=8192, description="rows")
    dtype: Literal["uint8", "uint16"] = Field("uint8", description="gray values; uint16 with its lower byte first")
    fps: float | str = Field(description="frames per second: 27.17 or 625/23")
    numbers: bool = Field(False, description="whether 8 bytes before each frame hold its number, lowest byte first")

    @property
    def pixel_bytes(self) -> int:
        """Bytes of a frame without its number."""
        return self.width * self.height * (2 if self.dtype == "uint16" else 1)


class Readable(Protocol):
    """Bytes as they come."""

    def read(self, size: int, /) -> bytes | None:
        """Up to ``size`` bytes, at least one; none at the end."""
        ...


class RawReader:
    """Frames from bytes.

    Args:
        name: of the source, for messages.
        stream: the bytes.
    """

    def __init__(self, name: str, stream: Readable) -> None:
        self._name, self._stream = name, stream
        self._rest = b""
        self.header = StreamHeader(width=2, height=2, fps=1)

    def start(self) -> Fraction:
        """Read the header; the frame rate that it states.

        Raises:
            MediaError: when the first line is no header.
        """
        while b"\n" not in self._rest and len(self._rest) <= _LONGEST_LINE:
            piece = self._stream.read(_LONGEST_LINE)
            if not piece:
                break
            self._rest += piece
        if not self._rest:
            raise MediaError(f"{self._name}: ended before anything came.", _REMEDY)
        line, _, self._rest = self._rest.partition(b"\n")
        try:
            self.header = StreamHeader.parse(json.loads(line[:_LONGEST_LINE]), f"{self._name}: header")
        except ConfigError as error:
            raise MediaError(error.problem.splitlines()[0], _REMEDY) from None
        except ValueError:
            shown = line[:40].decode("ascii", "replace")
            raise MediaError(
                f"{self._name}: does not start with a line of JSON, but with {shown!r}.", _REMEDY
            ) from None
        rate = exact_rate(self.header.fps)
        if rate is None:
            raise MediaError(f"{self._name}: header: fps {self.header.fps!r} is no frame rate.", _REMEDY)
        return rate

    def frames(self, pace: Pace, notes: list[str]) -> Iterator[SourceFrame]:
        """The frames, until the stream ends.

        Args:
            pace: holds back what comes too fast.
            notes: gets a remark where the last frame is cut short.
        """
        header, ahead = self.header, 8 if self.header.numbers else 0
        size = header.pixel_bytes + ahead
        while True:
            data = self._exactly(size)
            if len(data) < size:
                if data:
                    notes.append(f"{self._name}: the last {len(data)} bytes are less than a frame ({size}): left out")
                return
            number = int.from_bytes(data[:8], "little") if ahead else None
            pixels = np.frombuffer(data, "<u2" if header.dtype == "uint16" else "u1", offset=ahead)
            yield pace.frame(pixels.reshape(header.height, header.width).astype(header.dtype, copy=False), number)

    def _exactly(self, size: int) -> bytes:
        """So many bytes, or fewer at the end."""
        parts, count = [self._rest], len(self._rest)
        while count < size:
            piece = self._stream.read(min(size - count, _PIECE))
            if not piece:
                break
            parts.append(piece)
            count += len(piece)
        data = b"".join(parts)
        self._rest = data[size:]
        return data[:size]
