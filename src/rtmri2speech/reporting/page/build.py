"""One HTML file to look, listen and compare: frames, maps, sound and measures of clips, without a network."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

from rtmri2speech import __version__
from rtmri2speech.analysis.map_folder import read_sequence
from rtmri2speech.analysis.regions.masks import read_regions, source_of
from rtmri2speech.corpora.sound_of_recording import lead_of_labels
from rtmri2speech.data.files import write_text
from rtmri2speech.data.media.audio import Sound, encode_flac, read_sound
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.errors import DatasetError, MediaError, UserError
from rtmri2speech.phonetics.vowels import Span
from rtmri2speech.reporting.page.collect import ClipFiles, Findings, places_of
from rtmri2speech.reporting.page.images import (
    COLUMNS,
    cells_of,
    colour_tables,
    frame_sheets,
    outlines_of,
)
from rtmri2speech.reporting.page.speech import (
    HIGHEST,
    Spoken,
    has_praat,
    spectrogram,
    tiers_of,
    tracks_of,
    vowel_spans,
    vowels_of,
    written_tracks,
)
from rtmri2speech.reporting.page.tables import measures_of, origins_of, region_courses
from rtmri2speech.reporting.video.sources import open_pictures, sound_for
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig

_TEMPLATES = "templates"
_SCRIPTS = ("data", "picture", "sound", "timeline", "charts", "export", "app")
# Hz: of the formant search, where the sound is too short to tell.
_CEILING = 5000.0


@dataclass
class Chunks:
    """Binary parts of a page, kept apart from its description so that each is decoded when it is needed."""

    parts: list[str] = field(default_factory=list)

    def add(self, data: bytes) -> int:
        """Keep some bytes; the number by which the page knows them."""
        self.parts.append(base64.b64encode(data).decode("ascii"))
        return len(self.parts) - 1


def write_page(
    findings: Findings, out: Path, title: str, notes: list[str], on_clip: Callable[[], None] = lambda: None
) -> int:
    """Write the page.

    Args:
        findings: what to show.
        out: an ``.html`` file.
        title: for people.
        notes: taken further: what is missing in the page, and why.
        on_clip: called after each clip.

    Returns:
        Size of the file in bytes.

    Raises:
        UserError: when a file cannot be read, does not fit, or cannot be written.
    """
    chunks = Chunks()
    if not has_praat():
        notes.append("formants, F0 and the vowel chart are missing: Praat is not installed (extra phonetics)")
    clips = []
    for clip in findings.clips:
        clips.append(_clip(clip, chunks, notes))
        on_clip()
    page = {
        "title": title,
        "program": f"rtmri2speech {__version__}",
        "colours": chunks.add(colour_tables()),
        "highest": HIGHEST,
        "clips": clips,
        "measures": _measures(findings),
        "origins": origins_of(findings.clips, findings.evaluations),
    }
    text = render(page, chunks.parts)
    write_text(out, text)
    return len(text.encode("utf-8"))


def _measures(findings: Findings) -> list[dict[str, Any]]:
    places = places_of([path for path, _ in findings.evaluations])
    found = zip(findings.evaluations, places, strict=True)
    return [table for (_, about), place in found for table in measures_of(about, place)]


def render(page: dict[str, Any], chunks: list[str]) -> str:
    """The page as HTML.

    Everything that comes from files is text to the template, which escapes it, and to the script, which never makes
    markup of it. Scripts and styles are allowed by their checksums, so that no others run, and nothing is loaded.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    folder = files("rtmri2speech.reporting.page") / _TEMPLATES
    scripts = "\n".join((folder / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)
    style = (folder / "page.css").read_text(encoding="utf-8")
    script = f'"use strict";\n(() => {{\n{scripts}\n}})();\n'
    environment = Environment(
        loader=PackageLoader("rtmri2speech.reporting.page", _TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("page.html").render(
        title=page["title"],
        page=_without_nan(page),
        strings=json.loads((folder / "strings.json").read_text(encoding="utf-8")),
        chunks=chunks,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _without_nan(value: Any) -> Any:
    """NaN and infinity as null: JSON, as browsers read it, has no other numbers."""
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _clip(clip: ClipFiles, chunks: Chunks, notes: list[str]) -> dict[str, Any]:
    rate = next((Fraction(str(about["frame_rate"])) for _, about in clip.maps), FeatureConfig().frame_rate)
    pictures = open_pictures(scan_video(clip.video), rate, FrameConfig().size)
    seconds = float(pictures.n_frames / rate)
    original = _original(clip, pictures, notes)
    spans: list[Span] = []
    tiers: list[dict[str, Any]] = []
    if clip.textgrid is not None:
        lead = _lead(pictures)
        tiers, spans = tiers_of(clip.textgrid, lead, seconds), vowel_spans(clip.textgrid, lead)
    outlines = None
    if clip.regions is not None:
        regions = read_regions(clip.regions, source_of(pictures))
        shown = [name for name in clip.only if name in regions.names]
        regions = regions.only(shown) if shown else regions
        data = chunks.add(outlines_of(regions, pictures.n_frames))
        outlines = {"names": regions.names, "moving": regions.moving, "data": data}
    elif clip.maps:
        notes.append(f"{clip.name}: no outlines of regions; name their file: --regions FILE, or --regions template")
    return {
        "name": clip.name,
        "video": clip.video.name,
        "frames": pictures.n_frames,
        "rate": float(rate),
        "seconds": seconds,
        "size": pictures.frames.size,
        "columns": COLUMNS,
        "sheets": [chunks.add(sheet) for sheet in frame_sheets(pictures)],
        "maps": [_maps(path, about, clip, pictures.n_frames, chunks) for path, about in clip.maps],
        "outlines": outlines,
        "tiers": tiers,
        "sounds": _sounds(clip, original, spans, chunks),
    }


def _original(clip: ClipFiles, pictures: Clip, notes: list[str]) -> Sound | None:
    """The recorded sound from the first frame on."""
    try:
        sound = sound_for(pictures, None)
    except UserError as error:
        notes.append(f"{clip.name}: without the recorded sound. {error.problem}")
        sound = None
    if sound is not None:
        return sound
    return None if clip.original is None else read_sound(clip.original)


def _lead(pictures: Clip) -> float:
    """Seconds from time 0 of the labels to the first frame; where the sound cannot be read, they begin together."""
    try:
        return lead_of_labels(pictures)
    except MediaError:
        return 0.0


def _maps(path: Path, about: dict[str, Any], clip: ClipFiles, frames: int, chunks: Chunks) -> dict[str, Any]:
    """The maps of one method, and how they spread over regions."""
    if about["n_frames"] != frames:
        raise DatasetError(
            f"{path}: maps of {about['n_frames']} frames, while {clip.video} has {frames}.",
            "Make the maps of this video again, or name the video they are of: --video FILE",
        )
    method = str(about["method"])
    table = path.with_name(f"{method}_regions_time.csv")
    courses = region_courses(table, frames) if table.is_file() else {}
    bands = []
    for band in about["bands"]:
        maps = read_sequence(path.with_name(band["sequence"]))
        cells = cells_of(maps, int(about.get("stride_pixels", 1)))
        name = str(band["name"])
        one = {"name": name, "low": band["low_hz"], "high": band["high_hz"], "scale": maps.scale, "unit": maps.unit}
        one |= {"cells": cells.count, "step": cells.step, "data": chunks.add(cells.data), "course": courses.get(name)}
        bands.append(one)
    twins = [other for other, its in clip.maps if its["method"] == method]
    place = dict(zip(twins, places_of(twins), strict=True))[path]
    name = f"{method} ({place})" if len(twins) > 1 else method
    return {"method": name, "kind": method, "target": str(about.get("target", "")), "bands": bands}


def _sounds(clip: ClipFiles, original: Sound | None, spans: list[Span], chunks: Chunks) -> list[dict[str, Any]]:
    spoken = [Spoken("original", "", original)] if original is not None else []
    for path, place in zip(clip.generated, places_of(clip.generated), strict=True):
        spoken.append(Spoken("generated", place if len(clip.generated) > 1 else "", read_sound(path)))
    folders = [path for path, _ in clip.masking]
    for (path, about), place in zip(clip.masking, places_of(folders), strict=True):
        spoken += _masked(path.parent, about, f" ({place})" if len(folders) > 1 else "")
    praat, ceiling = has_praat(), None
    found = []
    for one in spoken:
        tracks = tracks_of(one.sound) if praat else None
        # Vowels of one speaker are compared: one ceiling for all of them, that of the recorded voice.
        ceiling = ceiling or (tracks.ceiling if tracks else None)
        picture, begin, end = spectrogram(one.sound, HIGHEST)
        found.append(
            {
                "kind": one.kind,
                "label": one.label,
                "rate": one.sound.rate,
                "seconds": one.sound.duration,
                "data": chunks.add(encode_flac(one.sound)),
                "spectrogram": {"data": chunks.add(picture), "from": begin, "to": end},
                "tracks": written_tracks(tracks) if tracks else None,
                "vowels": vowels_of(one, spans, ceiling or _CEILING) if praat and spans else [],
            }
        )
    return found


def _masked(folder: Path, about: dict[str, Any], place: str) -> list[Spoken]:
    """Sounds with a region hidden, not those of the controls or with nothing hidden; their labels end with a place."""
    found = []
    for region in about["regions"]:
        for fill in about["fills"]:
            for alpha in about["alphas"]:
                path = folder / f"{region['name']}_{fill}_{alpha:g}.wav"
                if alpha < 1.0 and path.is_file():
                    label = f"{region['name']}, {fill}" + (f" {alpha:g}" if alpha else "") + place
                    found.append(Spoken("masked", label, read_sound(path)))
    return found
