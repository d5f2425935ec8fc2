"""The walls of a recording, moved in every frame that allows it: fields, distances, lengths and contours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtmri2speech.analysis.movement.tube import moved_section, wall_points
from rtmri2speech.analysis.movement.walls import Movement, moved_wall
from rtmri2speech.analysis.movement.warps import WarpedPart, backward, moved_points, movement_field
from rtmri2speech.analysis.widening.fields import PixelGrid
from rtmri2speech.arrays import Bool, Float64, Int64
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.measurement.tract import Tract
from rtmri2speech.vocal_tract.segmentation import frame_list


@dataclass(frozen=True)
class MovedWalls:
    """A movement in the T frames of a recording.

    Attributes:
        movement: which.
        shown: (T,), frames that show the articulator and a whole tract.
        moved: (T,), those of them whose passage allows the movement.
        narrowest: (T,), the least room of what moves, mm; NaN where it is not shown.
        distance: (T, 40), mm, of the walls after the movement.
        longer: (T,), length of the tract after the movement over that before.
        contours: (T, 6, P, 2), after the movement, x and y in pixels of the recording.
        fields: of the frames that are moved, by their number: where each of the model's pixels comes from.
    """

    movement: Movement
    shown: Bool
    moved: Bool
    narrowest: Float64
    distance: Float64
    longer: Float64
    contours: Float64
    fields: dict[int, WarpedPart]

    def refusal(self, video: Path) -> ConfigError:
        """Why nothing can be moved."""
        name = self.movement.articulator
        if not self.shown.any():
            return ConfigError(
                f"`articulator={name}`: not found in any frame of {video}, or no tract around it.",
                "Choose another one, or give labels that show it: `regions=FILE`",
            )
        room = float(np.nanmax(self.narrowest))
        return ConfigError(
            f"`by={self.movement.mm:g}`: larger than the passage of {video} in every frame ({room:.1f} mm at most).",
            "Give less, or another `direction`.",
        )

    def notes(self, source: Int64) -> Iterator[str]:
        """What stays as it is, on the model's clock.

        Args:
            source: (n,), number of the recording's frame that belongs to each of the model's.
        """
        count = len(source)
        absent = np.flatnonzero(~self.shown[source])
        if len(absent):
            yield f"{self.movement.articulator} is not found in {len(absent)} of {count} frames: {frame_list(absent)}"
        narrow = np.flatnonzero(self.shown[source] & ~self.moved[source])
        if len(narrow):
            yield (
                f"the passage is closed, or narrower than the movement, in {len(narrow)} of {count} frames, "
                f"which stay as they are: {frame_list(narrow)}"
            )


def moved_walls(movement: Movement, tract: Tract, clip: Clip) -> MovedWalls:
    """Move a wall in every frame of a recording.

    Args:
        movement: which.
        tract: of the recording, in millimeters.
        clip: for the model's pixels.
    """
    mm, count = tract.pixel_mm, len(tract.length)
    grid = PixelGrid(clip.frames.size, clip.scan.width * mm, clip.scan.height * mm)
    shown, moved, narrowest = np.zeros(count, np.bool_), np.zeros(count, np.bool_), np.full(count, np.nan)
    distance, longer = tract.distance.copy(), np.ones(count)
    contours = np.asarray(tract.contours.points, np.float64).copy()
    fields: dict[int, WarpedPart] = {}
    for frame in range(count):
        midline, lines = tract.midline[frame] * mm, contours[frame] * mm
        wall = moved_wall(movement, midline, tract.distance[frame], lines)
        if wall is None:
            continue
        shown[frame], narrowest[frame] = True, wall.narrowest()
        if not wall.is_possible():
            continue
        moved[frame] = True
        field = movement_field(wall, grid)
        contours[frame] += moved_points(field, lines, grid) / mm
        moves = moved_points(field, wall_points(midline, tract.distance[frame]), grid)
        distance[frame], longer[frame] = moved_section(midline, tract.distance[frame], moves)
        fields[frame] = backward(field)
    return MovedWalls(movement, shown, moved, narrowest, distance, longer, contours, fields)
