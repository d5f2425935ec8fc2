"""Figures of a measured tract for publication: a recording over time, chosen frames, formants against the sound's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from rtmri2speech.data.media.gray import GrayFrame
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.drawing.style import Columns, figure_files, publication, set_heading
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.against_sound.comparison import SUFFIX, SoundComparison
from rtmri2speech.vocal_tract.against_sound.figures import plot_comparison
from rtmri2speech.vocal_tract.measurement.figures import plot_recording, plot_tract
from rtmri2speech.vocal_tract.measurement.tract import Tract

_RECORDING_MM, _COMPARISON_MM = 135.0, 105.0
_FRAME_MM: dict[Columns, float] = {1: 130.0, 2: 85.0}


def draw_tract(
    folder: Path,
    tract: Tract,
    scan: VideoScan,
    comparison: SoundComparison | None = None,
    *,
    frames: Collection[int] = (),
    columns: Columns = 2,
) -> list[Path]:
    """Write figures of a recording as PDF, SVG and PNG.

    ``<name>_tract`` shows it over time, ``<name>_tract_frame<N>`` a frame, ``<name>_tract_formants`` the formants of
    tube and sound.

    Args:
        folder: where to write.
        tract: what was measured.
        scan: the video that it was measured in.
        comparison: with the sound.
        frames: numbers of the frames that are drawn.
        columns: width.

    Raises:
        ConfigError: when the recording does not have a frame.
        UserError: when a file cannot be written.
    """
    require_frames(scan, frames)
    files = _draw_recording(folder, tract, comparison, columns)
    if comparison is not None:
        stem = folder / f"{tract.name}{SUFFIX}"
        with publication(stem, columns, _COMPARISON_MM) as figure:
            plot_comparison(figure, comparison)
            set_heading(figure, tract.name)
        files += figure_files(stem)
    for number, gray in _chosen(scan.read(), frames) if frames else ():
        stem = folder / f"{tract.name}_tract_frame{number}"
        with publication(stem, columns, _FRAME_MM[columns]) as figure:
            plot_tract(figure, tract, number, gray, across=columns == 2)
        files += figure_files(stem)
    return files


def require_frames(scan: VideoScan, frames: Collection[int]) -> None:
    """Refuse frames that a recording does not have.

    Raises:
        ConfigError: then.
    """
    count = scan.n_frames
    wrong = [number for number in frames if not 0 <= number < count]
    if wrong:
        raise ConfigError(
            f"`frames={wrong[0]}`: {scan.path.stem} has frames 0 to {count - 1}.", "Give numbers of frames it has."
        )


def _draw_recording(folder: Path, tract: Tract, comparison: SoundComparison | None, columns: Columns) -> list[Path]:
    stem = folder / f"{tract.name}_tract"
    with publication(stem, columns, _RECORDING_MM) as figure:
        plot_recording(figure, tract, comparison)
        set_heading(figure, tract.name)
    return figure_files(stem)


def _chosen(frames: Iterable[GrayFrame], wanted: Collection[int]) -> Iterator[tuple[int, GrayFrame]]:
    last = max(wanted)
    for number, frame in enumerate(frames):
        if number in wanted:
            yield number, frame
        if number >= last:
            return
