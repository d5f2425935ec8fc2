"""Find the clips, maps, sounds and evaluations in a folder, recognized by what their files say they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rtmri2speech.analysis.map_folder.names import regions_origin
from rtmri2speech.analysis.regions.masks import AUTO, TEMPLATE
from rtmri2speech.analysis.widening.files import SUFFIX as WIDENING_SUFFIX
from rtmri2speech.analysis.widening.files import video_of
from rtmri2speech.corpora.names import next_to
from rtmri2speech.data.endings import VIDEO_SUFFIXES
from rtmri2speech.data.files import hash_files, read_object
from rtmri2speech.errors import ConfigError, DatasetError
from rtmri2speech.vocal_tract.measurement.file import FILE_SUFFIX as TRACT_SUFFIX
from rtmri2speech.vocal_tract.segmentation import LABELS_SUFFIX, labels_fit

_GENERATED, _ORIGINAL = "_generated", "_original"
_TRUTH, _GRID = ".npz", ".TextGrid"
_FINER = "hirescam"
_WIDENING = f"{WIDENING_SUFFIX}.npz"


@dataclass
class ClipFiles:
    """The files of one clip.

    Attributes:
        name: of the video, without its suffix.
        video: the file.
        maps: metadata of ``analyze gradcam``: file and content; the finer maps, on which a page opens, come first.
        masking: descriptions of ``analyze masking``: file and content.
        generated: synthesized sounds, one per folder: of several models, or of several settings.
        original: the recorded sound, where a copy is in the folder.
        textgrid: annotation on the clock of the original sound.
        regions: what :func:`rtmri2speech.analysis.regions.masks.read_regions` takes, or None.
        only: names of those that are outlined; all if empty.
        tract: what ``tract`` measured, or None.
        widening: what ``analyze widening`` wrote, or None.
    """

    name: str
    video: Path
    maps: list[tuple[Path, dict[str, Any]]] = field(default_factory=list)
    masking: list[tuple[Path, dict[str, Any]]] = field(default_factory=list)
    generated: list[Path] = field(default_factory=list)
    original: Path | None = None
    textgrid: Path | None = None
    regions: str | None = None
    only: tuple[str, ...] = ()
    tract: Path | None = None
    widening: Path | None = None


@dataclass(frozen=True)
class Findings:
    """What was found.

    Attributes:
        clips: in the order of their names.
        evaluations: ``metrics.json`` files: file and content.
        notes: for the user: what was left out, and why.
    """

    clips: list[ClipFiles]
    evaluations: list[tuple[Path, dict[str, Any]]]
    notes: list[str]


@dataclass(frozen=True)
class Named:
    """What the user names because it cannot be found; each file goes to the clip of its name.

    Attributes:
        videos: video files.
        textgrids: annotations.
        regions: ``auto``, ``template``, or files.
    """

    videos: Sequence[Path] = ()
    textgrids: Sequence[Path] = ()
    regions: Sequence[str] = ()


def collect(folder: Path, named: Named | None = None) -> Findings:
    """Look through a folder and its subfolders.

    Maps, masked sounds and evaluations are found by the ``kind`` of their JSON files, synthesized sound, measured
    tracts and widenings by their names;
    videos through the JSON files, by name in the folder, or as the user names them. Hidden files are ignored.

    Raises:
        DatasetError: when the folder is missing, holds nothing to show, or a description in it is damaged.
        ConfigError: when two videos have one name, or a file was named that belongs to no clip.
    """
    named = named or Named()
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder.", "Name the folder that the other commands wrote to.")
    files = [path for path in sorted(folder.rglob("*")) if not _hidden(path, folder) and path.is_file()]
    described = [(path, about) for path in files if path.suffix == ".json" and (about := read_object(path)) is not None]
    evaluations = [(path, about) for path, about in described if kind_of(about, path) == "evaluation"]
    sounds = [path for path in files if path.suffix == ".wav"]
    clips, notes = _clips(described, sounds, files, named.videos)
    for clip in clips.values():
        clip.maps.sort(key=lambda found: found[1]["method"] != _FINER)
        clip.generated = [path for path in sounds if path.stem == clip.name + _GENERATED]
        clip.original = next((path for path in sounds if path.stem == clip.name + _ORIGINAL), None)
        clip.textgrid = _grid_of(clip, files)
        clip.tract = next((path for path in files if path.name == clip.name + TRACT_SUFFIX), None)
        clip.widening = next((path for path in files if path.name == clip.name + _WIDENING), None)
        _find_regions(clip, files, notes)
    for name, grid in _by_clip(named.textgrids, clips, "textgrid").items():
        clips[name].textgrid = grid
    for name, regions in _by_clip(_spread(named.regions, clips), clips, "regions").items():
        clips[name].regions, clips[name].only = str(regions), ()
    if not clips:
        raise DatasetError(
            f"{folder}: holds nothing of a video that could be found."
            if notes
            else f"{folder}: holds neither synthesized sound nor maps nor a measured tract.",
            "Name the video: `video=FILE`"
            if notes
            else "Make them first: rtmri2speech synthesize, analyze gradcam, tract.",
        )
    return Findings([clips[name] for name in sorted(clips)], evaluations, notes)


def places_of(paths: Sequence[Path]) -> list[str]:
    """Folders of files of one kind, named from where their paths part; for a single folder, its own name."""
    parents = [path.absolute().parent.parts for path in paths]
    common = 0
    while parents and all(len(one) > common and one[common] == parents[0][common] for one in parents):
        common += 1
    return ["/".join(parts[common:]) or parts[-1] for parts in parents]


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


# What a page reads of each kind of description.
_ENTRIES = {
    "maps": {"video", "method", "bands", "n_frames", "frame_rate"},
    "masking": {"video", "fills", "alphas", "regions"},
    "evaluation": {"model", "dataset", "definitions"},
    "regions": {"regions_of", "regions_sha256", "regions"},
}


def kind_of(about: Mapping[str, Any], path: Path) -> str | None:
    """What a JSON file describes: ``maps``, ``masking``, ``evaluation``, ``regions``, or None for anything else.

    Files of early versions do not say their kind; they are known by their entries.

    Raises:
        DatasetError: when a file lacks what its kind must have.
    """
    if "kind" not in about:
        return next((kind for kind, entries in _ENTRIES.items() if entries <= about.keys()), None)
    kind = str(about["kind"])
    missing = sorted(_ENTRIES.get(kind, set()) - about.keys())
    if missing:
        raise DatasetError(f"{path}: damaged, without '{missing[0]}'.", "Make it again with the command that wrote it.")
    return kind if kind in _ENTRIES else None


def _clips(
    described: Sequence[tuple[Path, dict[str, Any]]],
    sounds: Sequence[Path],
    files: Sequence[Path],
    given: Sequence[Path],
) -> tuple[dict[str, ClipFiles], list[str]]:
    """Clips whose video is there, and a note about each whose video is not."""
    named = {path.stem: path for path in given}
    inside = {path.stem: path for path in files if path.suffix.lower() in VIDEO_SUFFIXES}
    clips: dict[str, ClipFiles] = {}
    missing: dict[str, str] = {}

    def clip_of(name: str, recorded: Path | None) -> ClipFiles | None:
        candidates = (named.get(name), recorded, inside.get(name))
        video = next((path for path in candidates if path is not None and path.is_file()), None)
        if video is None:
            missing[name] = f"the video {name} was not found, so it is left out; name it: `video=FILE`"
            return None
        clip = clips.setdefault(name, ClipFiles(name, video))
        if recorded is not None and recorded.is_file() and name not in named and not clip.video.samefile(recorded):
            raise ConfigError(
                f"Two videos are called '{name}': {clip.video} and {recorded}.", "Make a page of each folder."
            )
        return clip

    for path, about in described:
        kind = kind_of(about, path)
        if kind not in ("maps", "masking"):
            continue
        recorded = Path(str(about["video"]))
        clip = clip_of(recorded.stem, recorded)
        if clip is not None:
            (clip.maps if kind == "maps" else clip.masking).append((path, about))
    for path in sounds:
        if path.stem.endswith(_GENERATED):
            clip_of(path.stem.removesuffix(_GENERATED), None)
    for path in files:
        for suffix in (TRACT_SUFFIX, _WIDENING):
            if path.name.endswith(suffix):
                clip_of(path.name.removesuffix(suffix), video_of(path) if suffix == _WIDENING else None)
    for path in given:
        clip_of(path.stem, path)
    return clips, [missing[name] for name in sorted(missing.keys() - clips.keys())]


def _grid_of(clip: ClipFiles, files: Sequence[Path]) -> Path | None:
    return next_to(clip.video.with_suffix(""), (_GRID,)) or next(
        (path for path in files if path.name == clip.name + _GRID), None
    )


def _find_regions(clip: ClipFiles, files: Sequence[Path], notes: list[str]) -> None:
    """Regions of the courses; or else the phantom's truth, labels of the segmenter, or regions of masking."""
    truth = clip.video.with_suffix(_TRUTH)
    # What segment wrote, or a command with regions="auto", next to maps or sounds.
    named = (path for path in files if path.name == clip.name + LABELS_SUFFIX)
    labels = next((path for path in named if labels_fit(path, clip.video)), None)
    paths = [regions_origin(path, about) for path, about in clip.maps]
    tables = [about for path in paths if (about := read_object(path)) and kind_of(about, path) == "regions"]
    if tables:
        used = tables[0]
        clip.regions, clip.only = _unchanged(used, truth, labels), tuple(str(one["name"]) for one in used["regions"])
        if clip.regions is None:
            given = used["regions_of"] or "a file of the regions"
            notes.append(f"{clip.name}: {given}, which analyze regions was given, is gone or has changed")
        elif any(other[name] != used[name] for other in tables for name in ("regions_sha256", "regions")):
            notes.append(f"{clip.name}: maps are summed over different regions; outlined are {used['regions_of']}")
        return
    masked = (str(about.get("regions_of", "")) for _, about in clip.masking)
    known = [str(path) for path in (truth, labels) if path is not None and path.is_file()]
    known += [name for name in masked if name in (AUTO, TEMPLATE) or Path(name).is_file()]
    clip.regions = known[0] if known else None


def _unchanged(used: Mapping[str, Any], *moved: Path | None) -> str | None:
    """What ``analyze regions`` was given, if it is still what it was; it may have moved with its video or maps."""
    name = str(used["regions_of"])
    if name in (AUTO, TEMPLATE):
        return name
    files = (path for path in (Path(name), *moved) if path is not None and path.is_file())
    return next((str(path) for path in files if hash_files([path]) == used["regions_sha256"]), None)


def _spread(regions: Sequence[str], clips: Mapping[str, ClipFiles]) -> Iterator[Path]:
    """``auto`` and ``template`` are for every clip, a file for one."""
    for name in regions:
        yield from (Path(clip) / name for clip in clips) if name in (AUTO, TEMPLATE) else (Path(name),)


def _by_clip(paths: Any, clips: Mapping[str, ClipFiles], parameter: str) -> dict[str, Path]:
    """Files by the clip they belong to: the one of their name, or the only one."""
    found: dict[str, Path] = {}
    for path in paths:
        stem = path.name.removesuffix(LABELS_SUFFIX) if path.name.endswith(LABELS_SUFFIX) else path.stem
        if path.name in (AUTO, TEMPLATE):
            found[path.parent.name] = Path(path.name)
        elif stem in clips or len(clips) == 1:
            found[stem if stem in clips else next(iter(clips))] = path
        else:
            raise ConfigError(
                f"`{parameter}={path}`: of none of the clips {', '.join(sorted(clips)[:10])}.",
                "Give the file the name of its video.",
            )
    return found
