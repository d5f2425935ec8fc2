"""Compare what was found in recordings with what people traced in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Float64, UInt8
from rtmri2speech.data.labels import GROUPS, Label
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.evaluation.segmentation.distances import STEP, contour_distance
from rtmri2speech.evaluation.segmentation.inputs import (
    Side,
    found_files,
    read_found,
    read_truth,
    truth_files,
)
from rtmri2speech.evaluation.segmentation.results import (
    ComparedFrame,
    ComparedRecording,
    SegmentationEvaluation,
)
from rtmri2speech.metrics.bootstrap import Bootstrap
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.vocal_tract.contours import CONTOURS


def evaluate_segmentation(
    found: str | Path,
    truth: str | Path,
    *,
    pixel_mm: float | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> SegmentationEvaluation:
    """Measure labels or contours against traced contours or labels.

    Which part of a traced line is compared with which contour is said in
    :mod:`~rtmri2speech.evaluation.segmentation.traced_parts`; how far apart two contours are, in
    :mod:`~rtmri2speech.evaluation.segmentation.distances`. Dice is measured where both sides have labels. A recording
    that fails does not keep the others from being measured.

    Args:
        found: what ``segment`` wrote: label files (``.npz``), tables of contours (``_contours.csv``), or their folder.
        truth: contours of USC-TIMIT (``.mat``), labels (``.npz``), a folder of label images (``.png``, one per frame),
            or a folder with several of these, whose names are those of the recordings.
        pixel_mm: size of a pixel, mm; by default as the files say, or 2.9 for contours of USC-TIMIT.
        seed: of the bootstrap.
        progress: counts recordings.

    Raises:
        ConfigError: when nothing of one name is on both sides, ``pixel_mm`` is impossible, or every recording fails: a
            file is of another form or length, or the size of a pixel is unknown.
    """
    if pixel_mm is not None and not 0 < pixel_mm < np.inf:
        raise ConfigError(f"`pixel_mm={pixel_mm}`: not above 0.", "Give the size of a pixel in millimeters.")
    bootstrap, (found, truth) = Bootstrap(seed=seed), (Path(found), Path(truth))
    ours, theirs = found_files(found), truth_files(truth)
    if len(ours) == len(theirs) == 1:  # whatever they are called
        ours = {next(iter(theirs)): next(iter(ours.values()))}
    names = sorted(set(ours) & set(theirs))
    if not names:
        raise ConfigError(
            f"{truth}: none of its recordings is in {found} ({sorted(theirs)[0]} ... against {sorted(ours)[0]} ...).",
            "Give files of the same names: NAME_regions.npz or NAME_contours.csv for NAME.mat, or for a folder NAME of "
            "label images.",
        )
    notes = [f"{name}: traced, but nothing was found in it; left out" for name in sorted(set(theirs) - set(ours))]
    notes += [f"{name}: found, but nothing is traced in it; left out" for name in sorted(set(ours) - set(theirs))]
    recordings: list[ComparedRecording] = []
    failures: list[tuple[Path, UserError]] = []
    progress.expect(len(names))
    for name in names:
        try:
            traced = read_truth(name, theirs[name])
            side = read_found(name, ours[name], len(traced.contours))
            recordings.append(compare(side, traced, speaker_of(theirs[name][0], truth), pixel_mm))
        except UserError as error:
            failures.append((ours[name][0], error))
        progress.advance()
    if not recordings:
        raise failures[0][1]
    notes += [note for one in recordings for note in _missing(one)]
    return SegmentationEvaluation(recordings, bootstrap, notes, failures)


def speaker_of(path: Path, root: Path) -> str:
    """The folder below ``root`` that holds a file, or else its name up to the first underscore: F1 for F1_001.mat."""
    parts = path.relative_to(root).parts if root.is_dir() and path != root else (path.name,)
    return parts[0] if len(parts) > 1 else Path(parts[0]).stem.split("_")[0]


def compare(found: Side, truth: Side, speaker: str, pixel_mm: float | None = None) -> ComparedRecording:
    """Compare the two sides of one recording.

    Raises:
        ConfigError: when the size of a pixel is unknown, or labels have different sizes.
    """
    size = pixel_mm or found.pixel_mm or truth.pixel_mm
    if size is None:
        raise ConfigError(f"{found.source}: does not say how large a pixel is.", "Give `pixel_mm`.")
    overlap: dict[str, Float64] = {}
    if found.labels is not None and truth.labels is not None:
        if found.labels.shape != truth.labels.shape:
            raise ConfigError(
                f"{found.source}: labels of {found.labels.shape[2]} x {found.labels.shape[1]} pixels, where "
                f"{truth.source.name} has {truth.labels.shape[2]} x {truth.labels.shape[1]}.",
                "Give labels on the grid of the same frames.",
            )
        overlap = _overlap(found.labels, truth.labels)
    frames = []
    for number, (ours, theirs) in enumerate(zip(found.contours, truth.contours, strict=True)):
        for contour in CONTOURS:
            a, b = ours.get(contour), theirs.get(contour)
            distance = None if a is None or b is None else contour_distance(a * size, b * size, STEP * size)
            frames.append(ComparedFrame(number, contour, b is not None, a is not None, distance))
    rate = found.frame_rate or truth.frame_rate
    return ComparedRecording(truth.name, speaker, size, rate, frames, overlap, found, truth)


def _overlap(found: UInt8, truth: UInt8) -> dict[str, Float64]:
    """Pixels of both sides twice over and of either added up, (T, 2), by label and group of labels."""
    labels = {label.name.lower(): (label,) for label in Label if label is not Label.BACKGROUND}
    result = {}
    for name, members in {**labels, **GROUPS}.items():
        ours, theirs = np.isin(found, members), np.isin(truth, members)
        if theirs.any():
            counts = [2 * (ours & theirs).sum(axis=(1, 2)), ours.sum(axis=(1, 2)) + theirs.sum(axis=(1, 2))]
            result[name] = np.stack(counts, axis=1).astype(np.float64)
    return result


def _missing(one: ComparedRecording) -> list[str]:
    notes = []
    for contour in CONTOURS:
        rows = one.of(contour)
        lost = sum(row.traced and not row.found for row in rows)
        if lost:
            notes.append(f"{one.name}: {contour} not found in {lost} of {sum(row.traced for row in rows)} frames")
        untraced = sum(row.found and not row.traced for row in rows)
        if untraced:
            notes.append(f"{one.name}: {contour} not traced in {untraced} of {len(rows)} frames")
    return notes
