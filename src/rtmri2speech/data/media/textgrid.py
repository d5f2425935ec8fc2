"""Annotations as files: TextGrids and tables of intervals read, cut, moved and written."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rtmri2speech.data.annotation.encoding import decode
from rtmri2speech.data.annotation.fit import fit_to_sound
from rtmri2speech.data.annotation.grid import (
    GridError,
    Interval,
    IntervalTier,
    Point,
    TextGrid,
    interval_tier,
    moved,
)
from rtmri2speech.data.annotation.interval_table import TABLE_SUFFIXES, read_table, separator_of
from rtmri2speech.data.annotation.praat_binary import SIGNATURE, read_binary
from rtmri2speech.data.annotation.praat_text import read_text
from rtmri2speech.data.annotation.praatio_json import read_json
from rtmri2speech.data.annotation.usc_trans import TRANS_SUFFIX, read_trans
from rtmri2speech.data.endings import no_such_file
from rtmri2speech.errors import MediaError

# Seconds; gaps that rounding leaves between intervals are closed when they are written.
_SHORTEST_GAP = 1e-8
# Seconds; Praat loses the interval after one of no length, because both start at the same time.
_SHORTEST_LABEL = 1e-6


def read_textgrid(path: Path) -> TextGrid:
    """Read a TextGrid in any of Praat's formats, a CSV table of intervals (``label``, ``start``, ``end``), or a
    transcript of USC-TIMIT (``.trans``).

    Labels are kept as they are; intervals without one are left out. Of a table with another header, the only column of
    words and the only two of times are taken; :func:`annotation_notes` says which.

    Raises:
        MediaError: when it cannot be understood.
    """
    table = path.suffix.lower() in TABLE_SUFFIXES
    try:
        content = path.read_bytes()
        if content.startswith(SIGNATURE):
            return read_binary(content)
        text, encoding = decode(content)
        grid = _reader(path, text)(text)
    except FileNotFoundError:
        if path.is_symlink():
            raise no_such_file(path) from None
        raise MediaError(f"{path}: no such TextGrid.", "Check the spelling of the path.") from None
    except OSError as error:
        raise MediaError(f"{path}: the TextGrid cannot be read ({error.strerror}).", "Check the path.") from None
    except (GridError, UnicodeDecodeError) as error:
        problem = str(error) if isinstance(error, GridError) else "its characters are damaged"
        if table:
            raise MediaError(
                f"{path}: not a table of intervals that can be read ({problem}).",
                "Needed: a header 'label,start,end' (also allowed: tier), then a line per interval, in seconds.",
            ) from None
        if path.suffix.lower() == TRANS_SUFFIX:
            raise MediaError(
                f"{path}: not a transcript that can be read ({problem}).",
                "Correct that; needed is a line 'start,end,phone,word,sentence,number' per phone, in seconds.",
            ) from None
        raise MediaError(
            f"{path}: not a TextGrid that can be read ({problem}).", "Correct that, or save it again in Praat."
        ) from None
    return replace(grid, encoding=encoding)


def _reader(path: Path, text: str) -> Callable[[str], TextGrid]:
    suffix = path.suffix.lower()
    if suffix == TRANS_SUFFIX:
        return read_trans
    if suffix in TABLE_SUFFIXES:
        return read_table
    return read_json if text.lstrip().startswith("{") else read_text


def annotation_notes(path: Path, seconds: float) -> list[str]:
    """What there is to say of the annotation of a sound of some length: where its times start, what it leaves out.

    Raises:
        MediaError: when it cannot be read, or is another sound's.
    """
    _, notes = fit_to_sound(read_textgrid(path), path, seconds)
    return [f"{path}: {problem} {remedy}" for problem, remedy in notes]


def holds_intervals(path: Path) -> bool:
    """Whether a table's header names what an annotation has; other tables lie next to recordings too."""
    try:
        with path.open("rb") as file:
            return separator_of(decode(file.read(4096) + b"\n" * 2)[0]) is not None
    except (OSError, UnicodeDecodeError, csv.Error):
        return False


@dataclass(frozen=True)
class Label:
    """An interval or a point of a TextGrid.

    Attributes:
        tier: name of the tier it is on.
        start, end: seconds; equal for a point.
        text: the label itself.
    """

    tier: str
    start: float
    end: float
    text: str


def labels_of(grid: TextGrid) -> list[Label]:
    """Every labeled interval and point, tier by tier, in order of time."""
    found = []
    for tier in grid.tiers:
        for entry in tier.entries:
            start, end = (entry.start, entry.end) if isinstance(entry, Interval) else (entry.time, entry.time)
            if entry.label.strip():
                found.append(Label(tier.name, start, end, entry.label.strip()))
    return found


def label_lead(clip_start: float, sound_start: float | None) -> float:
    """Seconds from an annotation's time 0 to the first frame: labels are on the clock of the sound.

    Negative where the sound starts after the video.

    Args:
        clip_start: time at which the first frame starts on the container's clock, seconds.
        sound_start: time of the sound's first sample on that clock; None where there is no sound, or where it is a file
            of its own: time 0 is then the start of the first frame.
    """
    return 0.0 if sound_start is None else clip_start - sound_start


def shift_textgrid(grid: TextGrid, start: float, duration: float) -> TextGrid:
    """The part of an annotation from ``start`` on, ``duration`` seconds long, moved to time 0."""
    return moved(grid, start, duration)


def write_textgrid(grid: TextGrid, path: Path) -> None:
    """Write a TextGrid in Praat's long format, UTF-8; intervals without a label fill the gaps of interval tiers."""
    span = grid.span or (grid.start, grid.end)
    low, high = min(grid.start, span[0]), max(grid.end, span[1])
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    lines += [f"xmin = {_number(low)} ", f"xmax = {_number(high)} ", "tiers? <exists> "]
    lines += [f"size = {len(grid.tiers)} ", "item []: "]
    for number, tier in enumerate(grid.tiers, start=1):
        intervals = isinstance(tier, IntervalTier)
        lines += [f"    item [{number}]:", f'        class = "{"IntervalTier" if intervals else "TextTier"}" ']
        lines += [f"        name = {_quoted(tier.name)} "]
        lines += [f"        xmin = {_number(low)} ", f"        xmax = {_number(high)} "]
        entries: Sequence[Interval | Point] = (
            _filled(tier, low, high) if isinstance(tier, IntervalTier) else tier.entries
        )
        kind = "intervals" if intervals else "points"
        lines.append(f"        {kind}: size = {len(entries)} ")
        for index, one in enumerate(entries, start=1):
            lines.append(f"        {kind} [{index}]:")
            if isinstance(one, Interval):
                lines += [f"            xmin = {_number(one.start)} ", f"            xmax = {_number(one.end)} "]
                lines.append(f"            text = {_quoted(one.label)} ")
            else:
                lines += [f"            number = {_number(one.time)} ", f"            mark = {_quoted(one.label)} "]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


def interval_grid(tiers: Mapping[str, Sequence[tuple[float, float, str]]], duration: float) -> TextGrid:
    """A TextGrid of interval tiers: (start, end, label) in seconds by tier name."""
    return TextGrid(0.0, duration, tuple(interval_tier(name, entries) for name, entries in tiers.items()))


def _filled(tier: IntervalTier, low: float, high: float) -> list[Interval]:
    """The intervals with empty ones between them, as Praat needs them."""
    filled: list[Interval] = []
    at = low
    for one in _with_length(tier.entries, high):
        start = one.start
        if start - at >= _SHORTEST_GAP:
            filled.append(Interval(at, start, ""))
        elif start != at and not filled:
            start = at
        elif start != at:
            filled[-1] = Interval(filled[-1].start, start, filled[-1].label)
        filled.append(Interval(start, max(one.end, start), one.label))
        at = filled[-1].end
    if high - at >= _SHORTEST_GAP or not filled:
        filled.append(Interval(at, high, ""))
    elif high != at:
        filled[-1] = Interval(filled[-1].start, high, filled[-1].label)
    return filled


def _with_length(entries: Sequence[Interval], high: float) -> list[Interval]:
    """Intervals of which each has a length; neighbors make room."""
    if all(one.start < one.end for one in entries):
        return list(entries)
    found: list[Interval] = []
    at = -math.inf
    for one in entries:
        start = max(one.start, at)
        at = max(one.end, start + _SHORTEST_LABEL)
        found.append(Interval(start, at, one.label))
    for index in range(len(found) - 1, -1, -1):
        one = found[index]
        if one.end <= high:
            break
        found[index] = Interval(min(one.start, high - _SHORTEST_LABEL), high, one.label)
        high = found[index].start
    return found


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
