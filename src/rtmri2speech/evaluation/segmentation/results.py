"""What a comparison of contours and labels with traced ones gives: per frame, per recording, per speaker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.data.tables import Row
from rtmri2speech.errors import UserError
from rtmri2speech.evaluation.segmentation.distances import Distance
from rtmri2speech.evaluation.segmentation.inputs import Side
from rtmri2speech.metrics.bootstrap import Bootstrap, Interval
from rtmri2speech.vocal_tract.contours import CONTOURS

MEASURES = ("mean_mm", "from_truth_mm", "to_truth_mm", "hd95_mm", "offset_x_mm", "offset_y_mm")
"""Of :class:`~rtmri2speech.evaluation.segmentation.distances.Distance`, in millimeters."""

STRETCH = 1.0
"""Seconds of neighboring frames that the bootstrap within a speaker draws together, because they are alike."""


@dataclass(frozen=True)
class ComparedFrame:
    """One contour in one frame.

    Attributes:
        frame: counted from 0.
        contour: its name.
        traced, found: whether either side has it.
        distance: in millimeters, where both have it.
    """

    frame: int
    contour: str
    traced: bool
    found: bool
    distance: Distance | None = None

    def values(self) -> tuple[float, ...]:
        """Values of :data:`MEASURES`, NaN where there is no distance."""
        d = self.distance
        return (np.nan,) * len(MEASURES) if d is None else (d.mean, d.from_truth, d.to_truth, d.hd95, *d.offset)


@dataclass(frozen=True)
class ComparedRecording:
    """One recording.

    Attributes:
        name, speaker: of the recording.
        pixel_mm: size of a pixel that distances were scaled with.
        frame_rate: frames per second; None where it is unknown.
        frames: a row per frame and contour.
        overlap: (T, 2) by class, pixels of both sides twice over and pixels of either side added up; empty where a
            side has no labels.
        found, truth: what was compared, for figures.
    """

    name: str
    speaker: str
    pixel_mm: float
    frame_rate: float | None
    frames: Sequence[ComparedFrame]
    overlap: dict[str, Float64]
    found: Side = field(repr=False)
    truth: Side = field(repr=False)

    def of(self, contour: str) -> list[ComparedFrame]:
        """Rows of one contour."""
        return [row for row in self.frames if row.contour == contour]

    def stretch(self) -> int:
        """Frames that the bootstrap draws together."""
        return max(1, round(STRETCH * (self.frame_rate or 1.0 / STRETCH)))


@dataclass(frozen=True)
class SegmentationEvaluation:
    """Recordings compared with what was traced in them.

    Attributes:
        recordings: in the order of their names.
        bootstrap: how intervals are made.
        notes: what was left out or assumed, a line each.
        failures: files found in recordings that could not be compared, and why.
    """

    recordings: Sequence[ComparedRecording]
    bootstrap: Bootstrap
    notes: Sequence[str] = ()
    failures: Sequence[tuple[Path, UserError]] = ()

    @cached_property
    def contour_rows(self) -> list[Row]:
        """Distances of each contour for each recording, each speaker, and all: ``pandas.DataFrame`` of them.

        Values of a recording and of a speaker are means over their frames, those of all are means over speakers.
        Intervals of 95 % are a bootstrap over stretches of a second within a recording or speaker, and over speakers
        for all. Frames in which a contour is traced and not found, or not traced, are counted and in no mean.
        """
        rows: list[Row] = []
        for scope, name, members in self._scopes():
            for contour in CONTOURS:
                taken = [(one, one.of(contour)) for one in members]
                if any(row.traced for _, frames in taken for row in frames):
                    rows.append({"scope": scope, "name": name, "contour": contour, **self._distances(scope, taken)})
        return rows

    @cached_property
    def dice_rows(self) -> list[Row]:
        """Dice of each class, 2 |A and B| / (|A| + |B|) with pixels of all frames added up; intervals as above."""
        rows: list[Row] = []
        for scope, name, members in self._scopes():
            for label in dict.fromkeys(label for one in members for label in one.overlap):
                taken = [one for one in members if label in one.overlap]
                value, (low, high) = self._dice(scope, taken, label)
                if not np.isnan(value):
                    row: Row = {"scope": scope, "name": name, "class": label, "dice": value}
                    rows.append({**row, "dice_low": low, "dice_high": high})
        return rows

    def frame_rows(self) -> Iterable[Row]:
        """A row per recording, frame and contour that is traced or found."""
        for one in self.recordings:
            for row in one.frames:
                if row.traced or row.found:
                    state = "compared" if row.distance else "not found" if row.traced else "not traced"
                    about: Row = {"recording": one.name, "speaker": one.speaker, "frame": row.frame}
                    values = zip(MEASURES, row.values(), strict=True)
                    yield {**about, "contour": row.contour, "state": state, **dict(values)}

    def _scopes(self) -> Iterable[tuple[str, str, list[ComparedRecording]]]:
        for one in self.recordings:
            yield "recording", one.name, [one]
        for speaker in sorted({one.speaker for one in self.recordings}):
            yield "speaker", speaker, [one for one in self.recordings if one.speaker == speaker]
        yield "all", "all", list(self.recordings)

    def _distances(self, scope: str, taken: Sequence[tuple[ComparedRecording, list[ComparedFrame]]]) -> Row:
        frames = [row for _, rows in taken for row in rows]
        counts = {
            "frames": sum(row.distance is not None for row in frames),
            "not_found": sum(row.traced and not row.found for row in frames),
            "not_traced": sum(not row.traced for row in frames),
        }
        values: dict[str, float] = {}
        for index, measure in enumerate(MEASURES):

            def of_frames(rows: Sequence[ComparedFrame], index: int = index) -> Float64:
                return np.array([row.values()[index] for row in rows], np.float64)

            value, (low, high) = self._mean(scope, [(one, of_frames(rows)) for one, rows in taken])
            values |= {measure: value, f"{measure}_low": low, f"{measure}_high": high}
        return {**counts, **values}

    def _mean(self, scope: str, taken: Sequence[tuple[ComparedRecording, Float64]]) -> tuple[float, Interval]:
        """Mean and interval of values (T,) per recording, NaN where a frame has none."""
        if scope == "all":
            means = np.array(_by_speaker(taken, lambda parts: _mean_of(np.concatenate(parts))))
            return _mean_of(means), self.bootstrap.mean(means)
        pieces = [piece for one, values in taken for piece in _pieces(values, one.stretch())]
        pieces = [piece[np.isfinite(piece)] for piece in pieces]
        sums, counts = (np.array([f(piece) for piece in pieces], np.float64) for f in (np.sum, len))
        value = float(sums.sum() / counts.sum()) if counts.sum() else float("nan")
        return value, self.bootstrap.ratio(sums, counts)

    def _dice(self, scope: str, taken: Sequence[ComparedRecording], label: str) -> tuple[float, Interval]:
        if scope == "all":
            means = np.array(_by_speaker([(one, one.overlap[label]) for one in taken], _share))
            return _mean_of(means), self.bootstrap.mean(means)
        pieces = [piece for one in taken for piece in _pieces(one.overlap[label], one.stretch())]
        both, either = np.array([piece.sum(axis=0) for piece in pieces]).T
        return _share(pieces), self.bootstrap.ratio(both, either)


def _by_speaker(
    taken: Sequence[tuple[ComparedRecording, Float64]], value: Callable[[list[Float64]], float]
) -> list[float]:
    speakers: dict[str, list[Float64]] = {}
    for one, values in taken:
        speakers.setdefault(one.speaker, []).append(values)
    return [value(parts) for parts in speakers.values()]


def _pieces(values: Float64, length: int) -> list[Float64]:
    return [values[start : start + length] for start in range(0, len(values), length)]


def _share(parts: Sequence[Float64]) -> float:
    both, either = np.concatenate(parts).sum(axis=0)
    return float(both / either) if either else float("nan")


def _mean_of(values: Float64) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
