"""Praat's PitchTiers: points of F0, between which Praat draws straight lines; read and written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.data.annotation.encoding import decode
from rtmri2speech.data.annotation.grid import GridError
from rtmri2speech.data.annotation.praat_binary import SIGNATURE, BinaryReader
from rtmri2speech.data.annotation.praat_text import TextReader
from rtmri2speech.data.endings import no_such_file
from rtmri2speech.data.files import write_text
from rtmri2speech.errors import MediaError

_CLASS = "PitchTier"
# Start and end where the file says them, and its points.
_Read: TypeAlias = tuple[float | None, float | None, Iterator[tuple[float, float]]]


@dataclass(frozen=True)
class PitchTier:
    """F0 at points in time; it does not say where there is voice.

    Attributes:
        start, end: seconds, of the sound.
        times: (K,), seconds, ascending.
        f0_hz: (K,), Hz.
    """

    start: float
    end: float
    times: Float64
    f0_hz: Float64

    def at(self, times: Float64) -> Float64:
        """F0 at any times, Hz: straight lines between points, and the outer points' values outside them.

        Source: Praat's manual, page "PitchTier".
        """
        return np.asarray(np.interp(times, self.times, self.f0_hz), np.float64)


def read_pitch_tier(path: Path) -> PitchTier:
    """Read a PitchTier in any of the ways Praat saves one: text, short text, spreadsheet, headerless, binary.

    Raises:
        MediaError: when it is none, damaged or without points.
    """
    try:
        content = path.read_bytes()
        binary = content.startswith(SIGNATURE)
        return _checked(*_read_binary(BinaryReader(content)) if binary else _read_text(TextReader(decode(content)[0])))
    except FileNotFoundError:
        raise no_such_file(path) from None
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror}).", "Check the path.") from None
    except (GridError, UnicodeDecodeError) as error:
        problem = str(error) if isinstance(error, GridError) else "its characters are damaged"
        raise MediaError(
            f"{path}: not a PitchTier that can be read ({problem}).",
            "Save it in Praat: from a Pitch, Down to PitchTier, then Save as text file.",
        ) from None


def write_pitch_tier(path: Path, tier: PitchTier) -> None:
    """Write a PitchTier as Praat's text file.

    Raises:
        UserError: when it cannot be written.
    """
    lines = ['File type = "ooTextFile"', f'Object class = "{_CLASS}"', ""]
    lines += [f"xmin = {tier.start:.17g} ", f"xmax = {tier.end:.17g} ", f"points: size = {len(tier.times)} "]
    for number, (time, hertz) in enumerate(zip(tier.times, tier.f0_hz, strict=True), start=1):
        lines += [f"points [{number}]:", f"    number = {time:.17g} ", f"    value = {hertz:.17g} "]
    write_text(path, "\n".join([*lines, ""]))


def _read_text(reader: TextReader) -> _Read:
    if reader.next_kind == "number":  # a headerless spreadsheet
        return None, None, _pairs(reader, None)
    reader.text("the file type")
    _refuse_other(reader.text("the object class"))
    start, end = reader.number("the start"), reader.number("the end")
    return start, end, _pairs(reader, reader.count("the number of points"))


def _pairs(reader: TextReader, count: int | None) -> Iterator[tuple[float, float]]:
    number = 0
    while not reader.ended if count is None else number < count:
        number += 1
        yield reader.number(f"the time of point {number}"), reader.number(f"the pitch of point {number}")


def _read_binary(reader: BinaryReader) -> _Read:
    _refuse_other(reader.name())
    start, end = reader.number(), reader.number()
    count = reader.whole(4, signed=True)
    return start, end, ((reader.number(), reader.number()) for _ in range(count))


def _refuse_other(name: str) -> None:
    # Praat writes the version of the class after its name.
    if name.split(" ")[0] != _CLASS:
        raise GridError(f"Praat's {name[:40]}, not a {_CLASS}")


def _checked(start: float | None, end: float | None, pairs: Iterator[tuple[float, float]]) -> PitchTier:
    points = np.array(list(pairs), np.float64).reshape(-1, 2)
    if len(points) == 0:
        raise GridError("without points")
    times, hertz = points.T
    if not (np.diff(times) > 0).all():
        raise GridError(f"point {int(np.argmin(np.diff(times) > 0)) + 2} is not later than the one before it")
    if not (hertz > 0).all():
        raise GridError(f"point {int(np.argmin(hertz > 0)) + 1} has a pitch of {hertz.min():g} Hz")
    return PitchTier(
        float(times[0]) if start is None else start, float(times[-1]) if end is None else end, times, hertz
    )
