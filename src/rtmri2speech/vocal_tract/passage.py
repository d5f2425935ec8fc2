"""One pass over a recording: of every frame the probabilities, classes, contours and confidence."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

import numpy as np
from torch import Tensor

from rtmri2speech.arrays import Float32, Float64, UInt8
from rtmri2speech.data.bars import inside_bars
from rtmri2speech.data.media.gray import GrayFrame
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.vocal_tract.contours import CONTOURS, POINTS, contour_points, frame_contours
from rtmri2speech.vocal_tract.refinement.cleaning import clean
from rtmri2speech.vocal_tract.refinement.confidence import CONFIDENT, confidence_of, core_confidence, promised_dice
from rtmri2speech.vocal_tract.refinement.steadiness import steadied
from rtmri2speech.vocal_tract.segmentation import large_array
from rtmri2speech.vocal_tract.segmenter import (
    SMALLEST,
    SMOOTHING_SECONDS,
    Box,
    FrameSegmenter,
    Placement,
    head_box,
    smoothed,
    smoothing_weights,
)

# Whether the head is upright is asked where the median confidence is below this (that of people's recordings is above),
# of some frames; another direction must give this much more confidence.
_SURE, _LOOKED_AT, _BETTER = 0.78, 5, 0.08
# Bars are looked for in some of the first frames, cover at least this share of a side, and must cost some confidence:
# what a scanner left black is part of its frame.
_FIRST, _BAR, _COST = 256, 0.04, 0.01


@dataclass(frozen=True)
class FoundFrame:
    """What was found in a frame of H x W pixels.

    Attributes:
        maps: (C, S, S), probabilities on the segmenter's square, smoothed in time.
        classes: (h, w), numbers of classes, cleaned, of a part of the frame; None where all of it is background.
        there: rows and columns of that part.
        points: (K, P, 2), contours in pixels of the frame; NaN where it has none.
        confidence: 0 to 1.
        core: 0 to 1, of tongue, palate, velum and pharyngeal wall alone, where confidence is low; else 1.
    """

    maps: Tensor
    classes: UInt8 | None
    there: Box
    points: Float32
    confidence: float
    core: float


class Passage:
    """A recording on its way through a segmenter; memory grows by contours and confidence, not by probabilities.

    Args:
        scan: of the video.
        segmenter: what finds the articulators.
        smoothing: standard deviation of the smoothing in time, seconds; 0 for none, not even of what hardly moves.
        progress: counts frames.

    Attributes:
        inside: rows and columns within bars around the frames, if there are any, in which articulators are looked for.
        placement: of these on the segmenter's square.
        points: (T, K, P, 2), contours in pixels of the video; filled by :meth:`frames`.
        confidence: (T,), filled likewise.
        core: (T,), filled likewise, as in :class:`FoundFrame`.

    Raises:
        MediaError: when the frames are too small to show anything.
    """

    def __init__(
        self,
        scan: VideoScan,
        segmenter: FrameSegmenter,
        smoothing: float = SMOOTHING_SECONDS,
        progress: Progress = SILENT,
    ) -> None:
        self.inside = _inside(segmenter, scan)
        self.placement = segmenter.placement(_shape(self.inside))
        self.points = large_array((scan.n_frames, len(CONTOURS), POINTS, 2), np.float32)
        self.confidence, self.core = (np.zeros(scan.n_frames, np.float32) for _ in range(2))
        self._scan, self._segmenter, self._progress = scan, segmenter, progress
        self._smoothing = smoothing
        self._some: list[GrayFrame] = []
        progress.expect(scan.n_frames)

    def frames(self) -> Iterator[FoundFrame]:
        """What is found in every frame, in order."""
        promised: deque[Float64] = deque()
        found = smoothed(
            self._segmenter.probabilities(self._kept(frame[self.inside] for frame in self._scan.read())),
            smoothing_weights(self._scan.rate, self._smoothing),
        )
        found = _noted(found, self.placement, promised)
        for number, maps in enumerate(steadied(found, self._scan.rate) if self._smoothing else found):
            one = self._on_source(_found(maps, self.placement, promised.popleft()))
            self.points[number], self.confidence[number], self.core[number] = one.points, one.confidence, one.core
            self._progress.advance(1)
            yield one

    def probabilities_of(self, numbers: Iterable[int]) -> Iterator[Tensor]:
        """Probabilities (C, S, S) of some frames, by number, as they are without smoothing."""
        wanted = set(numbers)
        return self._segmenter.probabilities(
            frame[self.inside] for number, frame in enumerate(self._scan.read()) if number in wanted
        )

    def to_source(self, points: Float64) -> Float64:
        """x and y (..., 2) on the probabilities as those on the video's frames."""
        rows, columns = self.inside
        return np.asarray(self.placement.points(points) + np.array([columns.start, rows.start]))

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say of bars around the frames; nothing where there are none that matter."""
        (height, width), (rows, columns) = _shape(self.inside), self.inside
        if (height, width) == (self._scan.height, self._scan.width):
            return ()
        return (
            f"bars around the frames: articulators were looked for in the {width} x {height} pixels within them, "
            f"from column {columns.start} and row {rows.start} on.",
        )

    @cached_property
    def turn(self) -> int:
        """Degrees by which the frames should be turned clockwise before anything is looked for in them, 0 to 270.

        To be asked after :meth:`frames`. Where it is not 0, there is no head where labels say there is one, and the
        confidence is halved.
        """
        turn = 0
        if np.median(self.confidence) < _SURE and (turn := _turn(self._segmenter, self._some)):
            self.confidence *= 0.5
        return turn

    def _on_source(self, found: FoundFrame) -> FoundFrame:
        """What was found within bars, at its place in the whole frame."""
        top, left = (part.start for part in self.inside)
        rows, columns = found.there
        there = slice(rows.start + top, rows.stop + top), slice(columns.start + left, columns.stop + left)
        return replace(found, there=there, points=found.points + np.array([left, top], np.float32))

    def _kept(self, frames: Iterable[GrayFrame]) -> Iterator[GrayFrame]:
        """The frames; a few of them, evenly spread, are kept while they pass."""
        wanted = set(np.linspace(0, self._scan.n_frames - 1, _LOOKED_AT).astype(int).tolist())
        self._some = []
        for number, frame in enumerate(frames):
            if number in wanted:
                self._some.append(frame)
            yield frame


def turn_note(turn: int, advice: str = "The labels are not to be used.") -> str:
    """What to say of a head that must be turned by some degrees, and of what was found."""
    return (
        f"the head is not upright: turned by {turn} degrees clockwise, the frames show a vocal tract. "
        f"{advice} Turn the video first."
    )


def _inside(segmenter: FrameSegmenter, scan: VideoScan) -> Box:
    """Rows and columns of the frames in which to look: all, or what lies within bars that make the network unsure."""
    whole = slice(0, scan.height), slice(0, scan.width)
    first = min(scan.n_frames, _FIRST)
    wanted = set(np.linspace(0, first - 1, _LOOKED_AT).astype(int).tolist())
    some = [frame for number, frame in enumerate(islice(scan.read(), first)) if number in wanted]
    inside = inside_bars(some)
    if all(part.stop - part.start > (1.0 - _BAR) * all_.stop for part, all_ in zip(inside, whole, strict=True)):
        return whole
    if min(_shape(inside)) < SMALLEST:
        return whole
    sure, surer = (_sureness(segmenter, [frame[box] for frame in some]) for box in (whole, inside))
    return inside if surer > sure + _COST else whole


def _shape(box: Box) -> tuple[int, int]:
    rows, columns = box
    return rows.stop - rows.start, columns.stop - columns.start


def _sureness(segmenter: FrameSegmenter, frames: Sequence[GrayFrame]) -> float:
    """Median confidence of some frames."""
    placement = segmenter.placement(frames[0].shape)
    return float(np.median([_found(maps, placement).confidence for maps in segmenter.probabilities(frames)]))


def _turn(segmenter: FrameSegmenter, frames: Sequence[GrayFrame]) -> int:
    found = [_sureness(segmenter, [np.rot90(frame, -quarters) for frame in frames]) for quarters in range(4)]
    best = int(np.argmax(found))
    return 90 * best if found[best] >= max(CONFIDENT, found[0] + _BETTER) else 0


def _noted(maps: Iterable[Tensor], placement: Placement, promised: deque[Float64]) -> Iterator[Tensor]:
    """Probabilities as they are; what they promise is noted, since means over frames are less sure than frames are."""
    for one in maps:
        box = head_box(one, placement.scale)
        promised.append(np.zeros(len(one) - 1) if box is None else promised_dice(one[:, *box].numpy()))
        yield one


def _found(maps: Tensor, placement: Placement, promised: Float64 | None = None) -> FoundFrame:
    """Of one frame's probabilities (C, S, S).

    Args:
        maps: the probabilities.
        placement: of the frame on their square.
        promised: (C - 1,), Dice's coefficients to expect, where they are not to be taken from these probabilities.
    """
    box = head_box(maps, placement.scale)
    if box is None:
        nothing = np.full((len(CONTOURS), POINTS, 2), np.nan, np.float32)
        return FoundFrame(maps, None, (slice(0, 0), slice(0, 0)), nothing, 0.0, 0.0)
    inside = maps[:, *box].contiguous()
    wanted, there = placement.to_source(inside, box)
    classes = clean(wanted.numpy())
    corner = np.array([box[1].start, box[0].start])
    square = inside.numpy()
    found = contour_points(frame_contours(square, area=maps[0].numel()))
    points = placement.points(found + corner).astype(np.float32)
    expected, pixels = promised_dice(square) if promised is None else promised, placement.width * placement.height
    sure = confidence_of(float(expected.mean()), classes, pixels)
    core = core_confidence(expected, classes, pixels) if sure < CONFIDENT else 1.0
    return FoundFrame(maps, classes, there, points, sure, core)
