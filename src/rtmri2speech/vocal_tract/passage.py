"""One pass over a recording: of every frame the probabilities, classes, contours and confidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import Tensor

from rtmri2speech.arrays import Float32, UInt8
from rtmri2speech.data.media.gray import GrayFrame
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.vocal_tract.cleaning import clean
from rtmri2speech.vocal_tract.confidence import CONFIDENT
from rtmri2speech.vocal_tract.confidence import confidence as frame_confidence
from rtmri2speech.vocal_tract.contours import CONTOURS, POINTS, contour_points, frame_contours
from rtmri2speech.vocal_tract.segmentation import large_array
from rtmri2speech.vocal_tract.segmenter import (
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


@dataclass(frozen=True)
class FoundFrame:
    """What was found in a frame of H x W pixels.

    Attributes:
        maps: (C, S, S), probabilities on the segmenter's square, smoothed in time.
        classes: (h, w), numbers of classes, cleaned, of a part of the frame; None where all of it is background.
        there: rows and columns of that part.
        points: (K, P, 2), contours in pixels of the frame; NaN where it has none.
        confidence: 0 to 1.
    """

    maps: Tensor
    classes: UInt8 | None
    there: Box
    points: Float32
    confidence: float


class Passage:
    """A recording on its way through a segmenter; memory grows by contours and confidence, not by probabilities.

    Args:
        scan: of the video.
        segmenter: what finds the articulators.
        smoothing: standard deviation of the smoothing in time, seconds; 0 for none.
        progress: counts frames.

    Attributes:
        placement: of the frames on the segmenter's square.
        points: (T, K, P, 2), contours in pixels of the video; filled by :meth:`frames`.
        confidence: (T,), filled likewise.

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
        self.placement = segmenter.placement((scan.height, scan.width))
        self.points = large_array((scan.n_frames, len(CONTOURS), POINTS, 2), np.float32)
        self.confidence: Float32 = np.zeros(scan.n_frames, np.float32)
        self._scan, self._segmenter, self._progress = scan, segmenter, progress
        self._weights = smoothing_weights(scan.rate, smoothing)
        self._some: list[GrayFrame] = []
        progress.expect(scan.n_frames)

    def frames(self) -> Iterator[FoundFrame]:
        """What is found in every frame, in order."""
        maps = smoothed(self._segmenter.probabilities(self._kept(self._scan.read())), self._weights)
        for number, one in enumerate(maps):
            found = _found(one, self.placement)
            self.points[number], self.confidence[number] = found.points, found.confidence
            self._progress.advance(1)
            yield found

    def probabilities_of(self, numbers: Iterable[int]) -> Iterator[Tensor]:
        """Probabilities (C, S, S) of some frames, by number, as they are without smoothing."""
        wanted = set(numbers)
        return self._segmenter.probabilities(
            frame for number, frame in enumerate(self._scan.read()) if number in wanted
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


def _turn(segmenter: FrameSegmenter, frames: Sequence[GrayFrame]) -> int:
    found = []
    for quarters in range(4):
        turned = [np.rot90(frame, -quarters) for frame in frames]
        placement = segmenter.placement(turned[0].shape)
        found.append(np.median([_found(maps, placement).confidence for maps in segmenter.probabilities(turned)]))
    best = int(np.argmax(found))
    return 90 * best if found[best] >= max(CONFIDENT, found[0] + _BETTER) else 0


def _found(maps: Tensor, placement: Placement) -> FoundFrame:
    """Of one frame's probabilities (C, S, S)."""
    box = head_box(maps, placement.scale)
    if box is None:
        nothing = np.full((len(CONTOURS), POINTS, 2), np.nan, np.float32)
        return FoundFrame(maps, None, (slice(0, 0), slice(0, 0)), nothing, 0.0)
    inside = maps[:, *box].contiguous()
    wanted, there = placement.to_source(inside, box)
    classes = clean(wanted.numpy())
    corner = np.array([box[1].start, box[0].start])
    square = inside.numpy()
    found = contour_points(frame_contours(square, area=maps[0].numel()))
    points = placement.points(found + corner).astype(np.float32)
    sure = frame_confidence(square, classes, placement.width * placement.height)
    return FoundFrame(maps, classes, there, points, sure)
