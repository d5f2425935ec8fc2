"""One HTML file with frames, maps, sound and measures of clips, to be viewed without a network."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from rtmri2speech.analysis.arguments import several
from rtmri2speech.analysis.map_folder.metadata import rate_of
from rtmri2speech.analysis.map_folder.names import courses_table
from rtmri2speech.analysis.map_folder.read import read_method
from rtmri2speech.analysis.occlusion.conditions import Condition
from rtmri2speech.analysis.regions.masks import AUTO, read_regions, source_of
from rtmri2speech.analysis.widening.files import read_widening
from rtmri2speech.corpora.sound_of_recording import clock_of_labels
from rtmri2speech.data.files import check_writable, write_text
from rtmri2speech.data.media.audio import Sound, encode_flac, read_sound
from rtmri2speech.data.media.clips import Clip, open_gray_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.errors import ConfigError, DatasetError, MediaError, UserError
from rtmri2speech.phonetics import praat
from rtmri2speech.phonetics.vowels.spans import Span
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.reporting.page.collect import ClipFiles, Findings, Named, collect, places_of
from rtmri2speech.reporting.page.data import (
    BandData,
    ClipData,
    MapsData,
    MeasureTable,
    OutlinesData,
    PageData,
    SoundData,
    TierData,
)
from rtmri2speech.reporting.page.images import (
    COLUMNS,
    cells_of,
    color_tables,
    frame_sheets,
    outlines_of,
)
from rtmri2speech.reporting.page.speech import (
    HIGHEST,
    Spoken,
    spectrogram,
    tiers_of,
    tracks_data,
    tracks_of,
    vowel_spans,
    vowels_of,
)
from rtmri2speech.reporting.page.tables import measures_of, origins_of, region_courses
from rtmri2speech.reporting.page.template import render
from rtmri2speech.reporting.page.tract import tract_data
from rtmri2speech.reporting.page.widening import widening_data
from rtmri2speech.reporting.video.sources import sound_for
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.version import __version__

# Hz: ceiling of the formant search, where the sound is too short to choose one.
_CEILING = 5000.0


@dataclass
class Chunks:
    """Binary parts of a page, kept apart from its description so that each is decoded when it is needed."""

    parts: list[str] = field(default_factory=list)

    def add(self, data: bytes) -> int:
        """Keep some bytes; the number by which the page knows them."""
        self.parts.append(base64.b64encode(data).decode("ascii"))
        return len(self.parts) - 1


@dataclass(frozen=True)
class WrittenPage:
    """A page that was written.

    Attributes:
        path: the ``.html`` file.
        size: bytes.
        clips: how many it shows.
        notes: what is missing in it, and why.
    """

    path: Path
    size: int
    clips: int
    notes: list[str]


def report(
    folder: str | Path,
    out: str | Path = "page.html",
    *,
    title: str = "",
    video: str | Path | Sequence[str | Path] = (),
    textgrid: str | Path | Sequence[str | Path] = (),
    regions: str | Path | Sequence[str | Path] = (),
    progress: Progress = SILENT,
) -> WrittenPage:
    """Make one HTML file from what is in a folder.

    Args:
        folder: where synthesized speech, maps and evaluations were written; subfolders count.
        out: the ``.html`` file to write.
        title: heading; the folder's name if it is empty.
        video: one or several videos that are neither in the folder nor where they were when the maps were made.
        textgrid: TextGrids that have another name than the video, or are not next to it.
        regions: regions to outline: ``auto``, found in each video and kept next to its maps; ``template``; or files
            of the videos' names.
        progress: counts clips.

    Returns:
        What was written, with notes on what is missing in it.

    Raises:
        UserError: when there is nothing to show, or a file cannot be read, does not fit, or cannot be written.
    """
    folder, out = Path(folder), Path(out)
    if out.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"`out={out}`: pages are HTML files.", f"Name it {out.stem or 'page'}.html.")
    check_writable(out)
    videos, grids = ([Path(one) for one in several(paths)] for paths in (video, textgrid))
    named = Named(videos, grids, [str(one) for one in several(regions)])
    return write_page(collect(folder, named), out, title or folder.resolve().name, progress=progress)


def write_page(findings: Findings, out: Path, title: str, *, progress: Progress = SILENT) -> WrittenPage:
    """Write the page of what was found.

    Args:
        findings: what to show.
        out: an ``.html`` file.
        title: its heading.
        progress: counts clips.

    Raises:
        UserError: when a file cannot be read, does not fit, or cannot be written.
    """
    chunks, notes = Chunks(), list(findings.notes)
    if not praat.available():
        notes.append("formants, F0 and the vowel chart are missing: Praat is not installed (extra phonetics)")
    clips: list[ClipData] = []
    progress.expect(len(findings.clips))
    for clip in findings.clips:
        shown, missing = _clip(clip, chunks)
        clips.append(shown)
        notes += missing
        progress.advance()
    page: PageData = {
        "title": title,
        "program": f"rtmri2speech {__version__}",
        "colors": chunks.add(color_tables()),
        "highest": HIGHEST,
        "clips": clips,
        "measures": _measures(findings),
        "origins": origins_of(findings.clips, findings.evaluations),
    }
    text = render(page, chunks.parts)
    write_text(out, text)
    return WrittenPage(out, len(text.encode("utf-8")), len(clips), notes)


def _measures(findings: Findings) -> list[MeasureTable]:
    places = places_of([path for path, _ in findings.evaluations])
    found = zip(findings.evaluations, places, strict=True)
    return [table for (_, about), place in found for table in measures_of(about, place)]


def rate_shown(clip: ClipFiles) -> Fraction:
    """Frames per second of the model whose maps, or Hz per mm, are shown; without these, the reference's.

    Args:
        clip: the files of a clip.

    Raises:
        DatasetError: when its maps do not say, or its Hz per mm are damaged.
    """
    if clip.maps:
        return rate_of(*clip.maps[0])
    return FeatureConfig().frame_rate if clip.widening is None else read_widening(clip.widening).frame_rate


def _clip(clip: ClipFiles, chunks: Chunks) -> tuple[ClipData, list[str]]:
    """The page's data of a clip, and notes on what is missing."""
    rate = rate_shown(clip)
    opened = open_gray_clip(scan_video(clip.video), rate, FrameConfig().size)
    seconds = float(opened.n_frames / rate)
    original, notes = _original(clip, opened)
    tiers, vowels, labels_missing = _labels(clip, opened, seconds)
    notes += labels_missing
    outlines, remarks = _outlines(clip, opened, chunks)
    tract, missing = (None, []) if clip.tract is None else tract_data(clip.tract, opened, chunks.add)
    notes += remarks + missing
    widening, missing = (None, []) if clip.widening is None else widening_data(clip.widening, opened, chunks.add)
    notes += missing
    shown: ClipData = {
        "name": clip.name,
        "video": clip.video.name,
        "frames": opened.n_frames,
        "rate": float(rate),
        "seconds": seconds,
        "size": opened.frames.size,
        "columns": COLUMNS,
        "sheets": [chunks.add(sheet) for sheet in frame_sheets(opened)],
        "maps": [_maps(path, about, clip, opened.n_frames, chunks) for path, about in clip.maps],
        "outlines": outlines,
        "tract": tract,
        "widening": widening,
        "tiers": tiers,
        "sounds": _sounds(clip, original, vowels, chunks),
    }
    return shown, notes


def _outlines(clip: ClipFiles, opened: Clip, chunks: Chunks) -> tuple[OutlinesData | None, list[str]]:
    """Outlines of a clip's regions, and notes on those that are missing or not to be trusted."""
    if clip.regions is None:
        missing = f"{clip.name}: no outlines of regions; have them found: `regions='auto'`, or name their file"
        return None, [missing] if clip.maps else []
    where, notes = clip.regions, []
    if where == AUTO:
        from rtmri2speech.analysis.regions.automatic import keep_labels  # PyTorch, for this alone

        results = [path for path, _ in (*clip.maps, *clip.masking)] + clip.generated
        kept = keep_labels(clip.video, results[0].parent if results else clip.video.parent)
        where, notes = str(kept.path), [f"{clip.name}: {note}" for note in kept.notes]
    regions = read_regions(where, source_of(opened))
    notes += [f"{clip.name}: {note}" for note in regions.notes]
    shown = [name for name in clip.only if name in regions.names]
    regions = regions.only(shown) if shown else regions
    data = chunks.add(outlines_of(regions, opened.n_frames))
    outlines: OutlinesData = {
        "names": list(regions.names),
        "moving": regions.moving,
        "data": data,
        "doubtful": list(regions.doubtful),
    }
    return outlines, notes


def _original(clip: ClipFiles, opened: Clip) -> tuple[Sound | None, list[str]]:
    """The recorded sound from the first frame on, and a note where it cannot be used."""
    sound, notes = None, []
    try:
        sound = sound_for(opened, None)
    except UserError as error:
        notes.append(f"{clip.name}: without the recorded sound. {error.problem}")
    if sound is None and clip.original is not None:
        sound = read_sound(clip.original)
    return sound, notes


def _labels(clip: ClipFiles, opened: Clip, seconds: float) -> tuple[list[TierData], list[Span], list[str]]:
    """Tiers and vowels on the clip's clock, and a note where they are of another recording."""
    if clip.textgrid is None:
        return [], [], []
    read_textgrid(clip.textgrid)  # a damaged one is refused
    lead, annotated = 0.0, None
    with suppress(MediaError):  # where the sound cannot be read, labels and frames start together
        lead, annotated = clock_of_labels(opened)
    try:
        return tiers_of(clip.textgrid, lead, seconds, annotated), vowel_spans(clip.textgrid, lead, annotated), []
    except MediaError as error:
        return [], [], [f"{clip.name}: without labels. {error.problem}"]


def _maps(path: Path, about: dict[str, Any], clip: ClipFiles, frames: int, chunks: Chunks) -> MapsData:
    """The maps of one method, and how they are distributed over regions."""
    if about["n_frames"] != frames:
        raise DatasetError(
            f"{path}: maps of {about['n_frames']} frames, while {clip.video} has {frames}.",
            "Make the maps of this video again, or name the video they are of: `video=FILE`",
        )
    method = str(about["method"])
    table = courses_table(path, about)
    courses = region_courses(table, frames) if table.is_file() else {}
    bands: list[BandData] = []
    for maps in read_method(path):
        cells, band = cells_of(maps), maps.band
        bands.append(
            {
                "name": band.name,
                "low": band.low,
                "high": band.high,
                "scale": maps.scale,
                "unit": maps.unit,
                "cells": cells.count,
                "step": cells.step,
                "data": chunks.add(cells.data),
                "course": courses.get(band.name),
            }
        )
    twins = [other for other, its in clip.maps if its["method"] == method]
    place = dict(zip(twins, places_of(twins), strict=True))[path]
    name = f"{method} ({place})" if len(twins) > 1 else method
    return {"method": name, "kind": method, "target": str(about.get("target", "")), "bands": bands}


def _sounds(clip: ClipFiles, original: Sound | None, spans: list[Span], chunks: Chunks) -> list[SoundData]:
    spoken = [Spoken("original", "", original)] if original is not None else []
    for path, place in zip(clip.generated, places_of(clip.generated), strict=True):
        spoken.append(Spoken("generated", place if len(clip.generated) > 1 else "", read_sound(path)))
    folders = [path for path, _ in clip.masking]
    for (path, about), place in zip(clip.masking, places_of(folders), strict=True):
        spoken += _masked(path.parent, about, f" ({place})" if len(folders) > 1 else "")
    measured, ceiling = praat.available(), None
    found: list[SoundData] = []
    for one in spoken:
        tracks = tracks_of(one.sound) if measured else None
        # Vowels of one speaker are compared: one ceiling for all of them, that of the recorded voice.
        ceiling = ceiling or (tracks.ceiling if tracks else None)
        image, start, end = spectrogram(one.sound, HIGHEST)
        found.append(
            {
                "kind": one.kind,
                "label": one.label,
                "rate": one.sound.rate,
                "seconds": one.sound.duration,
                "data": chunks.add(encode_flac(one.sound)),
                "spectrogram": {"data": chunks.add(image), "start": start, "end": end},
                "tracks": tracks_data(tracks) if tracks else None,
                "vowels": vowels_of(one, spans, ceiling or _CEILING) if measured and spans else [],
            }
        )
    return found


def _masked(folder: Path, about: dict[str, Any], place: str) -> list[Spoken]:
    """Sounds with a region hidden, without controls and those with nothing hidden; their labels end with a place."""
    found = []
    for region in about["regions"]:
        for fill in about["fills"]:
            for alpha in about["alphas"]:
                path = folder / f"{Condition(region['name'], fill, alpha).file_name}.wav"
                if alpha < 1.0 and path.is_file():
                    label = f"{region['name']}, {fill}" + (f" {alpha:g}" if alpha else "") + place
                    found.append(Spoken("masked", label, read_sound(path)))
    return found
