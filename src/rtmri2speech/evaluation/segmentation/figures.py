"""Found and traced contours over frames, to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rtmri2speech.arrays import UInt8
from rtmri2speech.drawing.style import PALETTE, Drawing, new_drawing, set_title
from rtmri2speech.evaluation.segmentation.results import ComparedRecording
from rtmri2speech.vocal_tract.contours import CONTOURS

_COLUMNS, _FRAMES = 4, 8
_INCHES = 3.0


def shown_frames(recording: ComparedRecording, count: int = _FRAMES) -> list[int]:
    """The frames to draw: half of them at equal distances, the others those whose tongue is worst."""
    total = len(recording.truth.contours)
    even = np.linspace(0, total - 1, min(total, (count + 1) // 2)).round().astype(int).tolist()
    means = {row.frame: row.distance.mean for row in recording.of("tongue") if row.distance}
    worst = [frame for frame in sorted(means, key=lambda frame: -means[frame]) if frame not in even]
    return list(dict.fromkeys([*even, *worst[: count - len(even)]]))


def draw_contours(recording: ComparedRecording, frames: Mapping[int, UInt8], shown: Sequence[int]) -> Drawing:
    """Contours found (solid) and traced (dashed white) over frames.

    Args:
        recording: what was compared.
        frames: gray values (H, W) by number; where one is missing, the background is empty.
        shown: numbers of the frames to draw.
    """
    rows = -(-len(shown) // _COLUMNS)
    figure = new_drawing(_INCHES * _COLUMNS, _INCHES * rows * 0.8 + 0.4)
    grid = figure.subplots(rows, _COLUMNS, squeeze=False)
    for axes in grid.ravel():
        axes.set_axis_off()
    for axes, number in zip(grid.ravel(), shown, strict=False):
        ours, theirs = recording.found.contours[number], recording.truth.contours[number]
        image = frames.get(number)
        if image is not None:
            height, width = image.shape
            axes.imshow(image, cmap="gray", extent=(0, width, height, 0), interpolation="nearest")
        axes.set_facecolor("0.15")
        for name, color in zip(CONTOURS, PALETTE[:6], strict=True):
            if name in ours:
                axes.plot(*ours[name].T, color=color, linewidth=1.4)
            if name in theirs:
                axes.plot(*theirs[name].T, color="white", linewidth=0.9, linestyle=(0, (3, 2)))
        lines = [*ours.values(), *theirs.values()]
        if lines:
            low, high = np.concatenate(lines).min(axis=0), np.concatenate(lines).max(axis=0)
            margin = 0.08 * float((high - low).max())
            axes.set_xlim(low[0] - margin, high[0] + margin)
            axes.set_ylim(high[1] + margin, low[1] - margin)
        axes.set_aspect("equal")
        tongue = next((r.distance for r in recording.of("tongue") if r.frame == number and r.distance), None)
        set_title(axes, f"frame {number}" + (f": tongue {tongue.mean:.1f} mm" if tongue else ""))
    for name, color in zip(CONTOURS, PALETTE[:6], strict=True):
        grid[0, 0].plot([], [], color=color, label=name.replace("_", " "))
    grid[0, 0].plot([], [], color="0.5", linestyle=(0, (3, 2)), label="traced")
    figure.legend(loc="outside lower center", ncols=7, frameon=False, fontsize="small")
    return figure
