"""Whether an annotation belongs to a sound, and where on its clock it lies."""

from __future__ import annotations

from pathlib import Path

from rtmri2speech.data.annotation.grid import Interval, TextGrid, moved
from rtmri2speech.errors import MediaError

# Seconds: codecs pad their last packet, and annotations are made from a copy of the sound in another format.
_TOLERANCE = 0.25


def fit_to_sound(grid: TextGrid, path: Path, seconds: float) -> tuple[TextGrid, list[tuple[str, str]]]:
    """An annotation on the clock of its sound, whose first sample is time 0.

    A file whose times start elsewhere is moved only where its length, and not its end, is the sound's: Praat's
    "Extract part" with "preserve times" writes such files. A file that starts before 0 and ends with the sound stays.

    Args:
        grid: as it was read.
        path: of its file, for messages.
        seconds: length of the sound.

    Returns:
        The annotation, and notes: what was noticed and what to do.

    Raises:
        MediaError: when it goes on after the sound has ended: it is another recording's.
    """
    notes = remarks_on(grid)
    if grid.bounded and abs(grid.end - grid.start - seconds) < abs(grid.end - seconds) - 1e-3:
        length = grid.end - grid.start
        if abs(length - seconds) <= _TOLERANCE:
            notes.append(
                (
                    f"its times start at {grid.start:g} s; it is as long as the sound, so that is taken for time 0.",
                    "Nothing, if sound and TextGrid were cut together; in Praat, Modify, Shift to zero writes it so.",
                )
            )
            grid = moved(grid, grid.start)
    last = grid.span[1] if grid.span else 0.0
    end = max(grid.end, last) if grid.bounded else last
    if end - seconds > _TOLERANCE:
        what = f"it ends at {end:.2f} s" if end == grid.end and grid.bounded else f"its last label ends at {end:.2f} s"
        start = f" and starts at {grid.start:.2f} s" if grid.start else ""
        raise MediaError(
            f"{path}: not an annotation of this sound: {what}{start}, and the sound is {seconds:.2f} s long.",
            "Put the recording's own annotation there, or cut this one to the sound in Praat (Extract part), "
            "or take it away.",
        )
    if grid.bounded and seconds - end > _TOLERANCE:
        notes.append(
            (
                f"it ends at {end:.2f} s, {seconds - end:.2f} s before the sound.",
                "Check that it is this recording's; its times are taken as they are.",
            )
        )
    return grid, notes


def remarks_on(grid: TextGrid) -> list[tuple[str, str]]:
    """What there is to say of an annotation by itself, and what to do."""
    notes = []
    if grid.columns:
        label, start, end = (f"'{name}'" for name in grid.columns)
        notes.append(
            (
                f"its header names no label, start and end; {label}, {start} and {end} were taken for them.",
                "Name its columns label, start and end if that is not right.",
            )
        )
    if grid.encoding is not None:
        notes.append((f"neither UTF-8 nor UTF-16; read as {grid.encoding}.", "If labels look wrong, save it as UTF-8."))
    for tier in grid.tiers:
        empty = [one for one in tier.entries if isinstance(one, Interval) and one.start == one.end]
        if empty:
            notes.append(
                (
                    f"tier '{tier.name}': {len(empty)} interval(s) of no length, the first '{empty[0].label}' at "
                    f"{empty[0].start:g} s.",
                    "Give it a length in Praat if it should count; it holds no frame.",
                )
            )
    return notes
