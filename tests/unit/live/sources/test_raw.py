from __future__ import annotations

import io
import json
import threading
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from rtmri2speech.errors import MediaError
from rtmri2speech.live.frames import SourceFrame
from rtmri2speech.live.sources.base import Pace
from rtmri2speech.live.sources.raw import RawReader

FAST = Pace(Fraction(100_000), 10_000, threading.Event())
HEADER = {"width": 4, "height": 3, "dtype": "uint8", "fps": "625/23"}


class Dripping(io.BytesIO):
    """Gives a few bytes at a time, as sockets do."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 5))


def sent(header: Any, data: bytes = b"") -> RawReader:
    line = header if isinstance(header, bytes) else json.dumps(header).encode() + b"\n"
    return RawReader("x", Dripping(line + data))


def read(reader: RawReader) -> tuple[list[SourceFrame], list[str]]:
    notes: list[str] = []
    return list(reader.frames(FAST, notes)), notes


def test_frames_behind_a_header() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    reader = sent(HEADER, pixels.tobytes())
    assert reader.start() == Fraction(625, 23)
    found, notes = read(reader)
    assert [frame.number for frame in found] == [None, None] and not notes
    np.testing.assert_array_equal([frame.pixels for frame in found], pixels)


def test_numbers_and_16_bits() -> None:
    pixels = (np.arange(24, dtype=np.uint16) * 300).reshape(2, 3, 4)
    data = b"".join(
        n.to_bytes(8, "little") + one.astype("<u2").tobytes() for n, one in zip((5, 9), pixels, strict=True)
    )
    reader = sent({**HEADER, "dtype": "uint16", "numbers": True}, data)
    reader.start()
    found, _ = read(reader)
    assert [frame.number for frame in found] == [5, 9]
    np.testing.assert_array_equal([frame.pixels for frame in found], pixels)


def test_a_last_frame_that_is_cut_short_is_left_out_with_a_word() -> None:
    reader = sent(HEADER, bytes(12 + 7))
    reader.start()
    found, notes = read(reader)
    assert len(found) == 1
    assert notes == ["x: the last 7 bytes are less than a frame (12): left out"]


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (b"", "ended before anything came"),
        (b"GET / HTTP/1.1\r\n", "does not start with a line of JSON, but with 'GET"),
        (b"\xff\xd8" * 4000, "does not start with a line of JSON"),
        ([1], "expected names with values"),
        ({**HEADER, "color": 1}, "color"),
        ({**HEADER, "width": 0}, "width"),
        ({**HEADER, "height": 100000}, "height"),
        ({**HEADER, "dtype": "float32"}, "dtype"),
        ({**HEADER, "fps": -1}, "fps"),
        ({**HEADER, "fps": "soon"}, "fps"),
        ({"width": 4, "height": 3}, "fps"),
    ],
)
def test_another_start_is_refused_in_one_line(header: Any, problem: str) -> None:
    with pytest.raises(MediaError) as caught:
        sent(header).start()
    assert problem in caught.value.problem and "\n" not in caught.value.problem
    assert "width" in caught.value.remedy
