"""An annotation in memory: tiers of intervals and of points."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

# Seconds. Programs that round times let neighbors overlap by their last digit; no frame is shorter than ten of these.
_ROUNDING = 1e-4


class GridError(ValueError):
    """What keeps an annotation from being understood, with the place: a line, or a tier and a time."""


@dataclass(frozen=True, order=True)
class Interval:
    """A stretch of time with a label.

    Attributes:
        start, end: seconds; equal where a program wrote an interval of no length.
        label: as it was written.
    """

    start: float
    end: float
    label: str


@dataclass(frozen=True, order=True)
class Point:
    """A moment with a label.

    Attributes:
        time: seconds.
        label: as it was written.
    """

    time: float
    label: str


@dataclass(frozen=True)
class IntervalTier:
    """Intervals in order, without those that have no label; none overlaps the next.

    Attributes:
        name: not unique in a file.
        entries: the intervals.
    """

    name: str
    entries: tuple[Interval, ...]


@dataclass(frozen=True)
class PointTier:
    """Points in order.

    Attributes:
        name: not unique in a file.
        entries: the points.
    """

    name: str
    entries: tuple[Point, ...]


Tier = IntervalTier | PointTier


@dataclass(frozen=True)
class TextGrid:
    """An annotation.

    Attributes:
        start, end: of the annotated sound as the file states them, seconds.
        tiers: as in the file.
        bounded: whether the file states them; a table of intervals does not.
        encoding: the text's, where it had to be guessed.
        columns: of a table without the usual header, those taken for label, start and end.
    """

    start: float
    end: float
    tiers: tuple[Tier, ...]
    bounded: bool = True
    encoding: str | None = None
    columns: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tiers."""
        return tuple(tier.name for tier in self.tiers)

    @property
    def interval_tiers(self) -> tuple[IntervalTier, ...]:
        """The tiers of intervals."""
        return tuple(tier for tier in self.tiers if isinstance(tier, IntervalTier))

    @property
    def span(self) -> tuple[float, float] | None:
        """Start of the first label and end of the last one, seconds; None where there is no label."""
        times = [
            time
            for tier in self.tiers
            for one in tier.entries
            for time in ((one.start, one.end) if isinstance(one, Interval) else (one.time,))
        ]
        return (min(times), max(times)) if times else None

    def tier(self, name: str) -> Tier:
        """The tier of a name.

        Raises:
            KeyError: when there is none.
        """
        for tier in self.tiers:
            if tier.name == name:
                return tier
        raise KeyError(name)


def interval_tier(name: str, entries: Iterable[tuple[float, float, str]]) -> IntervalTier:
    """A tier of (start, end, label), seconds, in any order; unlabeled intervals are left out.

    Raises:
        GridError: when one ends before it starts, or two overlap by more than rounding explains.
    """
    found: list[Interval] = []
    for start, end, label in sorted((float(start), float(end), label) for start, end, label in entries):
        if end < start:
            raise GridError(f"tier '{name}': '{label}' ends at {end:g} s, before it starts at {start:g} s")
        if not label.strip():
            continue
        if found and found[-1].end > start:
            last = found[-1]
            if last.end - start > _ROUNDING:
                raise GridError(
                    f"tier '{name}': '{last.label}' ({last.start:g} to {last.end:g} s) and '{label}' "
                    f"({start:g} to {end:g} s) overlap"
                )
            found[-1] = Interval(last.start, start, last.label)
        found.append(Interval(start, end, label))
    return IntervalTier(name, tuple(found))


def point_tier(name: str, entries: Iterable[tuple[float, str]]) -> PointTier:
    """A tier of (time, label), seconds, in any order."""
    return PointTier(name, tuple(sorted(Point(float(time), label) for time, label in entries)))


def moved(grid: TextGrid, start: float, duration: float | None = None) -> TextGrid:
    """The part of an annotation from ``start`` on, ``duration`` seconds long, moved to time 0.

    Args:
        grid: the annotation.
        start: seconds on its clock.
        duration: seconds; None moves all of it and cuts nothing off.
    """
    if duration is None:
        low, high = -math.inf, math.inf
    else:
        low, high = 0.0, duration
    tiers: list[Tier] = []
    for tier in grid.tiers:
        if isinstance(tier, IntervalTier):
            kept = [_within(one.start - start, one.end - start, one.label, low, high) for one in tier.entries]
            tiers.append(IntervalTier(tier.name, tuple(one for one in kept if one is not None)))
        else:
            points = [Point(one.time - start, one.label) for one in tier.entries if low <= one.time - start <= high]
            tiers.append(PointTier(tier.name, tuple(points)))
    if duration is None:
        return replace(grid, start=grid.start - start, end=grid.end - start, tiers=tuple(tiers))
    return TextGrid(0.0, duration, tuple(tiers))


def _within(start: float, end: float, label: str, low: float, high: float) -> Interval | None:
    """The part of an interval between two times; one of no length is there or is not."""
    there = low <= start <= high if start == end else end > low and start < high
    return Interval(max(start, low), min(end, high), label) if there else None


def choose_tier(grid: TextGrid, name: str) -> IntervalTier | str:
    """The interval tier of a name or, where names repeat, of a number: ``#2`` is the file's second tier.

    Returns:
        The tier, or in words what is wrong with the choice.
    """
    for number, tier in enumerate(grid.tiers, start=1):
        if name == f"#{number}" and name not in grid.names and isinstance(tier, IntervalTier):
            return tier
    same = [tier for tier in grid.interval_tiers if tier.name == name]
    if len(same) > 1:
        return f"has {len(same)} interval tiers '{name}'"
    return same[0] if same else f"has no interval tier '{name}'"


def tier_choices(grid: TextGrid) -> list[str]:
    """What :func:`choose_tier` takes: names, and numbers where names repeat."""
    counts = [tier.name for tier in grid.interval_tiers]
    return [
        f"#{number}" if counts.count(tier.name) > 1 else tier.name
        for number, tier in enumerate(grid.tiers, start=1)
        if isinstance(tier, IntervalTier)
    ]
