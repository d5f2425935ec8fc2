"""Numbers on a page: maps by region over time, measures with floor and ceiling, where all of it came from."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rtmri2speech.data.provenance import MODEL_HASH
from rtmri2speech.errors import DatasetError
from rtmri2speech.metrics.direction import best_of
from rtmri2speech.reporting.page.collect import ClipFiles, places_of
from rtmri2speech.reporting.page.data import CourseData, EvaluationSource, MeasureRow, MeasureTable, Origin

_GROUPS = ("all", "seen", "unseen")
# Entries of a map's description that are results, or are shown elsewhere.
_NOT_ORIGIN = frozenset(
    {"kind", "schema", "bands", "source", "regions", "n_frames", "pixels", "frame_rate", "map", "cells", "provenance"}
)
# Parts of a model: how the provenance of a file with both of them is divided.
_PARTS = frozenset({"acoustic", "vocoder"})


def region_courses(path: Path, frames: int) -> dict[str, CourseData]:
    """Time courses of regions by band, from the table of ``analyze regions``.

    Args:
        path: the table.
        frames: how many each course must have.

    Raises:
        DatasetError: when the table is damaged, or of a clip of another length.
    """
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            signed = next(name for name in reader.fieldnames or () if name.startswith("signed_sum"))
            for row in reader:
                one = found.setdefault(row["band"], {}).setdefault(row["region"], {"share": [], "signed": []})
                one["share"].append(float(row["share"]))
                one["signed"].append(float(row[signed]))
        if any(len(one["share"]) != frames for regions in found.values() for one in regions.values()):
            raise ValueError(f"not of {frames} frames")
    except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
        raise DatasetError(f"{path}: does not fit its maps ({error}).", "Run analyze regions again.") from None
    return {
        band: {
            "regions": list(regions),
            "share": [one["share"] for one in regions.values()],
            "signed": [one["signed"] for one in regions.values()],
        }
        for band, regions in found.items()
    }


def measures_of(about: Mapping[str, Any], place: str = "") -> list[MeasureTable]:
    """Tables of an evaluation: for each group of speakers the measures of model, ceiling and floor.

    Args:
        about: content of a ``metrics.json``.
        place: its folder: with the model's name it tells one evaluation from another.
    """
    tables: list[MeasureTable] = []
    model = about["model"]
    of: EvaluationSource = {"file": str(model.get("file", "")), "sha256": str(model.get("sha256", "")), "place": place}
    intervals = about.get("confidence_95", {})
    for group in _GROUPS:
        values = about.get(group)
        if not isinstance(values, dict) or (group == "all" and _same_as_part(about)):
            continue
        rows: list[MeasureRow] = []
        for name, value in values.items():
            ceiling, floor = (values.get(other, {}).get(name) for other in ("ceiling", "floor"))
            if not _is_number(value) or not (_is_number(ceiling) or _is_number(floor)) or name.startswith("n_"):
                continue
            if name == "mel_mae_floor_db":
                continue
            interval = (intervals.get(group) or {}).get(name) or [None, None]
            rows.append(
                {
                    "name": name,
                    "better": best_of(name),
                    "model": value,
                    "low": interval[0],
                    "high": interval[1],
                    "ceiling": ceiling,
                    "floor": floor,
                    "meaning": _meaning(name, about.get("definitions", {})),
                }
            )
        if rows:
            speakers = [str(name) for name in values.get("speakers", [])]
            tables.append(
                {"group": group, "n": values.get("n_utterances"), "speakers": speakers, "rows": rows, "of": of}
            )
    return tables


def _same_as_part(about: Mapping[str, Any]) -> bool:
    """Whether all speakers are the seen ones, or the unseen ones: a table is shown once."""
    whole = about["all"].get("n_utterances")
    return any(isinstance(about.get(part), dict) and about[part].get("n_utterances") == whole for part in _GROUPS[1:])


def _meaning(name: str, definitions: Mapping[str, str]) -> str:
    """The definition of a measure, or of the one it is a part of."""
    plain = name.replace("f2", "f1")
    plain = plain if plain in definitions or not plain.startswith("mel_mae") else "mel_mae_db"
    return str(definitions.get(name) or definitions.get(plain) or "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def origins_of(clips: Sequence[ClipFiles], evaluations: Sequence[tuple[Path, Mapping[str, Any]]]) -> list[Origin]:
    """Where everything came from.

    A model's training is described by its evaluation, or, for models that were not evaluated, by the maps made with it.
    """
    sections: list[Origin] = []
    known = set()
    places = places_of([path for path, _ in evaluations])
    for (_, about), place in zip(evaluations, places, strict=True):
        of = place if len(evaluations) > 1 else ""
        model, dataset = dict(about["model"]), dict(about["dataset"])
        parts = model.pop("provenance", None) or {}
        known.add(model.get("sha256"))
        sections.append(_section("model", of, model))
        sections += _training(parts, of)
        sections.append(_section("dataset", of, dataset))
        rest = {name: about.get(name) for name in ("versions", "bootstrap", "formant_ceilings_hz", "device")}
        sections.append(_section("evaluation", of, {**rest, "command": about.get("reproduce")}))
    for clip in clips:
        for kind, entries in (("maps", clip.maps), ("masking", clip.masking)):
            for (_, about), place in zip(entries, places_of([path for path, _ in entries]), strict=True):
                rows = {name: value for name, value in about.items() if name not in _NOT_ORIGIN}
                bands = [_band(one) for one in about.get("bands", [])]
                of = f"{clip.name}, {about['method']}" if kind == "maps" else clip.name
                sections.append(_section(kind, f"{of} ({place})", {**rows, "bands": bands}))
                digest, parts = about.get(MODEL_HASH) or about.get("model"), about.get("provenance") or {}
                if parts and digest not in known:
                    known.add(digest)
                    sections += _training(parts, Path(str(about.get("model", ""))).name)
    return [one for one in sections if one["rows"]]


def _training(parts: Mapping[str, Any], of: str) -> list[Origin]:
    """How the parts of a model were trained; a file of one part alone holds that part's facts themselves."""
    if not _PARTS & parts.keys():
        parts = {"acoustic": parts}
    return [_section(part, of, values) for part, values in parts.items()]


def _band(band: Mapping[str, Any]) -> str:
    """A band as maps and masking write it, whose names for the limits differ."""
    low, high = (band.get(f"{end}_hz", band.get(end)) for end in ("low", "high"))
    return f"{band.get('name')} {low}-{high} Hz"


def _section(title: str, of: str, values: Any) -> Origin:
    return {"title": title, "of": of, "rows": list(_flat(values, ""))}


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Nested values as dotted names and texts, without those that are empty."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        if value:
            yield name, ", ".join(str(one) for one in value)
    elif value not in (None, ""):
        yield name, f"{value:g}" if isinstance(value, float) else str(value)
