"""Praat's TextGrid files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from praatio import textgrid as praat
from praatio.data_classes.interval_tier import IntervalTier
from praatio.data_classes.textgrid import Textgrid
from praatio.utilities.errors import PraatioException

from rtmri2speech.errors import MediaError


def read_textgrid(path: Path) -> Textgrid:
    """Read a TextGrid.

    Raises:
        MediaError: when it cannot be understood.
    """
    try:
        return praat.openTextgrid(str(path), includeEmptyIntervals=False)
    except (PraatioException, OSError, ValueError, IndexError, AttributeError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise MediaError(f"{path}: not a TextGrid that can be read ({first}).", "Save it again in Praat.") from None


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


def labels_of(grid: Textgrid) -> list[Label]:
    """Every labeled interval and point, tier by tier, in order of time."""
    found = []
    for tier in grid.tiers:
        for entry in tier.entries:
            start, end = (entry.start, entry.end) if isinstance(tier, IntervalTier) else (entry.time, entry.time)
            found.append(Label(tier.name, float(start), float(end), entry.label))
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


def shift_textgrid(grid: Textgrid, start: float, duration: float) -> Textgrid:
    """The part of an annotation from ``start`` on, ``duration`` seconds long, moved to time 0."""
    part = Textgrid(0.0, duration)
    for tier in grid.tiers:
        entries: list[tuple[float, float, str] | tuple[float, str]] = []
        for entry in tier.entries:
            if isinstance(tier, IntervalTier):
                low, high = max(entry.start - start, 0.0), min(entry.end - start, duration)
                if low < high:
                    entries.append((low, high, entry.label))
            elif 0 <= entry.time - start <= duration:
                entries.append((entry.time - start, entry.label))
        part.addTier(type(tier)(tier.name, entries, 0.0, duration), reportingMode="silence")
    return part


def write_textgrid(grid: Textgrid, path: Path) -> None:
    """Write a TextGrid in Praat's long format."""
    grid.save(str(path), format="long_textgrid", includeBlankSpaces=True, reportingMode="silence")


def interval_grid(tiers: Mapping[str, Sequence[tuple[float, float, str]]], duration: float) -> Textgrid:
    """A TextGrid of interval tiers: (start, end, label) in seconds by tier name."""
    grid = Textgrid(0.0, duration)
    for name, entries in tiers.items():
        grid.addTier(IntervalTier(name, list(entries), 0.0, duration))
    return grid
