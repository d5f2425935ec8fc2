"""``widening``: from a model and a video to Hz per millimeter; the arithmetic is in ``shape_derivative``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias, get_args

import numpy as np

from rtmri2speech.analysis.arguments import Video, open_clip, require_known
from rtmri2speech.analysis.attribution.targets import Band, Bands, read_bands
from rtmri2speech.analysis.regions.masks import AUTO, source_of
from rtmri2speech.analysis.widening.by_distance.answer import tract_answer, tract_model_for, tract_notes
from rtmri2speech.analysis.widening.cotangents import cotangents
from rtmri2speech.analysis.widening.fields import WIDTH_MM, FrameFields, PixelGrid, frame_fields
from rtmri2speech.analysis.widening.formant_targets import (
    NAMES,
    WIDTH_HZ,
    FormantTarget,
    FormantTargets,
    formant_targets,
    require_width,
)
from rtmri2speech.analysis.widening.physics import TubeWidening, tube_widening
from rtmri2speech.analysis.widening.result import Widening, wall_weights
from rtmri2speech.analysis.widening.shape_derivative import TOLERANCE, ShapeDerivatives, shape_derivatives
from rtmri2speech.arrays import Float64, Int64
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError
from rtmri2speech.inference.encoder import encode
from rtmri2speech.inference.model import Model
from rtmri2speech.inference.remarks import notes_on_analysis
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frame_rate import FrameRate
from rtmri2speech.vocal_tract.contours import CONTOURS
from rtmri2speech.vocal_tract.geometry.area_function import AreaModel
from rtmri2speech.vocal_tract.geometry.bounding import Bounding, bounding
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS
from rtmri2speech.vocal_tract.measurement.file import FILE_SUFFIX, read_tract
from rtmri2speech.vocal_tract.measurement.measure import tract as measure_tract
from rtmri2speech.vocal_tract.measurement.tract import Tract
from rtmri2speech.vocal_tract.segmentation import frame_list

WhichTract: TypeAlias = str | Path | Tract
"""Where the walls are: ``"auto"``, found in the video; labels of it (.npz); what ``tract`` wrote; or a tract."""

_THIS_VIDEO = "Give the tract of this video: run tract on it."


def widening(
    model: Model,
    video: Video,
    *,
    regions: WhichTract = AUTO,
    bands: Bands = None,
    width: float = WIDTH_HZ,
    target: FormantTarget = "center",
    field_mm: float = WIDTH_MM,
    held: bool = False,
    tolerance: float = TOLERANCE,
    pixel_mm: float | None = None,
    area_model: AreaModel | str | Path | None = None,
    tract_model: Model | str | Path | None = None,
    fps: FrameRate | None = None,
    progress: Progress = SILENT,
) -> Widening:
    """What the predicted formants do when the tract is widened, in Hz per mm, and what physics says of it.

    Of a model of frames, these are shape derivatives of the frames; of one that reads a measured tract, derivatives by
    the distances that it reads. Memory grows by some 50 kB per frame, 80 MB per minute.

    Args:
        model: with an acoustic model; from :func:`rtmri2speech.inference.model.load_model`.
        video: any video that can be decoded, or a clip from :meth:`Model.open`.
        regions: where the walls are, as :data:`WhichTract`.
        bands: where formants are looked for, ``["F2:900-2500"]``; F1 to F4 in ascending order if None. One that is
            called F1 to F4 is compared with that formant of the tube.
        width: of the window about a formant that its center of gravity is taken in, standard deviation, Hz.
        target: ``center``, that center of gravity, or ``formant``, the formant itself, as linear prediction finds it.
        field_mm: how far tissue goes along with a wall, standard deviation, mm; of a model of frames.
        held: also what moving a wall in all frames around a frame does to its formants, and in its own alone: some
            three times as long.
        tolerance: share of the gradients that may be left out of these two for speed; 0 for none.
        pixel_mm: size of a pixel of the video, mm, for a tract that is measured here; one that is given has its own.
        area_model: that areas follow from distances by: a model, the name of one that comes with the program, or a
            file; by default ``people``, or the one that the tract was measured with.
        tract_model: one that reads a measured tract, its file or its name, to answer next to a model of frames.
        fps: true frame rate, where the file's is known to be wrong.
        progress: counts frames.

    Raises:
        BundleError: when there is no acoustic model.
        ConfigError: for a value that cannot be, a band that holds no formant, a tract of another video, of other
            millimeters, or without any.
        DatasetError: when ``regions`` cannot be read.
        MediaError: when the video cannot be used.
    """
    by_frames = model.bundle.tract is None
    _ = model.acoustic_float32 if by_frames else model.tract_way.model
    read = read_bands(bands, model.features) if bands else []
    require_width(width)
    require_known("target", [target], get_args(FormantTarget))
    if not 0.5 <= field_mm <= 20.0:
        raise ConfigError(f"`field_mm={field_mm:g}`: not within 0.5 to 20 mm.", f"Give mm, such as {WIDTH_MM:g}.")
    other = None if tract_model is None else tract_model_for(tract_model, model)
    clip = open_clip(model, video, fps)
    measured = tract_for(regions, clip, pixel_mm, area_model, fps, progress)
    found = widening_of_clip(
        model,
        clip,
        measured,
        bands=read,
        width=width,
        target=target,
        field_mm=field_mm,
        held=held,
        tolerance=tolerance,
        area_model=area_model,
        other=other,
        progress=progress,
    )
    return replace(found, notes=(*notes_on_analysis(model, clip), *found.notes))


def widening_of_clip(
    model: Model,
    clip: Clip,
    measured: Tract,
    *,
    bands: Sequence[Band] = (),
    width: float = WIDTH_HZ,
    target: FormantTarget = "center",
    field_mm: float = WIDTH_MM,
    held: bool = False,
    tolerance: float = TOLERANCE,
    area_model: AreaModel | str | Path | None = None,
    other: Model | None = None,
    progress: Progress = SILENT,
) -> Widening:
    """The same of a clip whose tract is known, for analyses that ask several times and say of the clip what there is.

    Args:
        model: as of :func:`widening`, and so are arguments that are not named here.
        clip: from :meth:`Model.open`.
        measured: its tract.
        bands: read already; none for F1 to F4.
        other: a tract model that answers, too.
    """
    by_frames = model.bundle.tract is None
    source = np.asarray(source_of(clip).frames)
    asked: dict[str, Any] = {"bands": bands, "width": width, "target": target}
    both: dict[str, Any] = {"held": held, "tolerance": tolerance, "progress": progress}
    if by_frames:
        targets, found = _of_frames(model, clip, Lines(measured, clip), field_mm, asked, both)
    else:
        progress.expect(clip.n_frames)
        targets, found = tract_answer(model, clip, measured, area_model=area_model, **asked, **both)
    bounds, tube = _tube_of(measured, area_model, source)
    total, own, around = (_where_found(targets, one) for one in (found.total, found.own, found.held))
    assert total is not None
    sections = total[..., :SECTIONS]
    points = (
        total[..., SECTIONS:].reshape(*total.shape[:2], len(CONTOURS), -1) if by_frames else _spread(sections, bounds)
    )
    by_distance = None if other is None else _of_tract_model(other, clip, measured, area_model, asked)
    of_distances = by_distance if by_frames else sections
    chosen = [NAMES.index(name) if name in NAMES else -1 for name in targets.names]
    physics, ranges = (_of_formants(one, chosen) for one in (tube.values, tube.ranges))
    walls, wall_ranges = (None if one is None else _of_formants(one, chosen) for one in (tube.walls, tube.wall_ranges))
    return Widening(
        name=clip.scan.path.stem,
        video=str(clip.scan.path),
        frame_rate=model.features.frame_rate,
        names=targets.names,
        formants=targets.found.T,
        targets=targets.values.T,
        gain=targets.gain.T,
        model=sections,
        own=None if own is None else own[..., :SECTIONS],
        held=None if around is None else around[..., :SECTIONS],
        tube=physics,
        tube_range=ranges,
        bounding=bounds,
        tube_walls=walls,
        tube_walls_range=wall_ranges,
        tract_model=by_distance,
        points=points,
        contours=np.asarray(measured.contours.points[source], np.float64),
        midline=measured.midline[source],
        source_frames=source,
        pixel_mm=measured.pixel_mm,
        width_hz=width,
        notes=(
            *measured.notes,
            *_notes(targets, sections),
            *(() if of_distances is None else tract_notes(measured, of_distances)),
        ),
        clip=clip,
    )


def _of_frames(
    model: Model, clip: Clip, lines: Lines, field_mm: float, asked: dict[str, Any], both: dict[str, Any]
) -> tuple[FormantTargets, ShapeDerivatives]:
    """Targets of a model of frames, and shape derivatives: of 40 sections, then of all points of the contours."""
    acoustic, source, progress = model.acoustic_float32, np.asarray(source_of(clip).frames), both["progress"]
    progress.expect(2 * clip.n_frames)
    features = encode(acoustic, clip.blocks(), model.pixel_mask, progress).clone()
    targets = formant_targets(acoustic.predict(features).detach(), model.features, **asked)

    def fields_of(frame: int) -> FrameFields:
        return lines.fields(int(source[frame]), field_mm)

    by_features = cotangents(acoustic, features, targets.by_mel)
    found = shape_derivatives(acoustic, clip.blocks(), by_features, fields_of, model.pixel_mask, **both)
    return targets, found


def _of_tract_model(
    model: Model, clip: Clip, tract: Tract, area_model: AreaModel | str | Path | None, asked: dict[str, Any]
) -> Float64:
    """Hz per mm (T, N, 40) of another model, which reads the tract, by its own formants."""
    targets, found = tract_answer(model, clip, tract, area_model=area_model, **asked)
    total = _where_found(targets, found.total)
    assert total is not None
    return total


def _spread(sections: Float64, bounds: Bounding) -> Float64:
    """Of points, (T, N, 6, P), what they widen of sections (T, N, 40); NaN throughout where these are."""
    nothing = np.asarray(np.isnan(sections).all(axis=2))[..., None, None]
    return np.where(nothing, np.nan, bounds.spread(sections))


def _where_found(targets: FormantTargets, values: Float64 | None) -> Float64 | None:
    """Values (T, N, K) where there is a formant, NaN elsewhere."""
    return None if values is None else np.where(np.isnan(targets.values).T[..., None], np.nan, values)


def _tube_of(tract: Tract, area_model: AreaModel | str | Path | None, frames: Int64) -> tuple[Bounding, TubeWidening]:
    """What bounds the tube in some frames of a tract, and its Hz per mm."""
    mm, contours = tract.pixel_mm, np.asarray(tract.contours.points[frames], np.float64)
    bounds = bounding(tract.midline[frames] * mm, tract.distance[frames], contours * mm)
    walls = np.stack([bounds.sections(one) for one in wall_weights(contours)], axis=1)
    return bounds, tube_widening(tract, area_model, walls, frames)


def tract_for(
    regions: WhichTract,
    clip: Clip,
    pixel_mm: float | None,
    area_model: AreaModel | str | Path | None,
    fps: FrameRate | None,
    progress: Progress = SILENT,
) -> Tract:
    """The tract of a clip, measured or read, in millimeters.

    Raises:
        ConfigError: when it is another video's, or has other millimeters or none.
    """
    if isinstance(regions, Tract):
        found = regions
    elif str(regions).endswith(FILE_SUFFIX):
        found = read_tract(regions)
    else:
        labels = None if str(regions) == AUTO else regions
        found = measure_tract(
            clip.scan, regions=labels, pixel_mm=pixel_mm, area_model=area_model, fps=fps, progress=progress
        )
    if len(found.length) != clip.scan.n_frames:
        raise ConfigError(
            f"`regions`: a tract of {len(found.length)} frames for a video of {clip.scan.n_frames}.",
            _THIS_VIDEO,
        )
    if found.video_sha256 not in ("", hash_files([clip.scan.path])):
        raise ConfigError(
            f"`regions`: a tract of another video than {clip.scan.path.name}, or of an earlier version of it.",
            _THIS_VIDEO,
        )
    if pixel_mm is not None and not np.isclose(found.pixel_mm, pixel_mm, rtol=1e-4):
        raise ConfigError(
            f"`pixel_mm={pixel_mm:g}`: the tract was measured with pixels of {found.pixel_mm:.4g} mm.",
            "Run tract on the video with this size, or leave it out.",
        )
    if not np.isfinite(found.pixel_mm):
        raise ConfigError(
            f"{clip.scan.path}: the size of a pixel is not known, so that there are no millimeters.",
            "Give it: `pixel_mm=2.4`",
        )
    if not np.isfinite(found.length).any():
        raise ConfigError(
            f"{clip.scan.path}: no tract from larynx to lips was found in any frame.",
            "Give labels of it that show one: `regions=FILE`",
        )
    return found


class Lines:
    """The walls of a recording in millimeters, by its frames."""

    def __init__(self, tract: Tract, clip: Clip) -> None:
        self._tract, mm = tract, tract.pixel_mm
        self._grid = PixelGrid(clip.frames.size, clip.scan.width * mm, clip.scan.height * mm)

    def fields(self, frame: int, width: float) -> FrameFields:
        """Fields of a frame of the recording."""
        tract, mm = self._tract, self._tract.pixel_mm
        contours = np.asarray(tract.contours.points[frame], np.float64) * mm
        return frame_fields(tract.midline[frame] * mm, tract.distance[frame], contours, self._grid, width)


def _of_formants(values: Float64, chosen: list[int]) -> Float64:
    """Rows of some formants, from (T, 4, ...); NaN for -1."""
    padded = np.concatenate([values, np.full_like(values[:, :1], np.nan)], axis=1)
    return np.asarray(padded[:, chosen])


def _notes(targets: FormantTargets, sections: Float64) -> Iterator[str]:
    count = targets.found.shape[1]
    for name, row in zip(targets.names, targets.found, strict=True):
        missing = np.flatnonzero(~np.isfinite(row))
        if len(missing):
            yield f"{name} was not found in {len(missing)} of {count} frames, which are empty: {frame_list(missing)}"
    walls = np.flatnonzero(np.isnan(sections).all(axis=(1, 2)) & np.isfinite(targets.found).any(axis=0))
    if len(walls):
        yield f"no tract was found around {len(walls)} of {count} frames, which are empty: {frame_list(walls)}"
