"""What a folder holds that a page can show, found by what files say rather than by where they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rtmri2speech.analysis.regions.masks import TEMPLATE
from rtmri2speech.corpora.names import next_to
from rtmri2speech.data.files import hash_files, read_object
from rtmri2speech.data.media.video import VIDEO_SUFFIXES
from rtmri2speech.errors import ConfigError, DatasetError

_GENERATED, _ORIGINAL = "_generated", "_original"
_TRUTH, _GRID = ".npz", ".TextGrid"
_FINER = "hirescam"


@dataclass
class ClipFiles:
    """The files of one clip.

    Attributes:
        name: of the video, without its ending.
        video: the file.
        maps: metadata of ``analyze gradcam``: file and content; the finer maps, on which a page opens, come first.
        masking: descriptions of ``analyze masking``: file and content.
        generated: synthesized sounds, one a folder: of several models, or of several settings.
        original: the recorded sound, where a copy lies in the folder.
        textgrid: annotation on the clock of the original sound.
        regions: what ``--regions`` takes, or None.
        only: names of those that are outlined; all if empty.
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


@dataclass(frozen=True)
class Findings:
    """What was found.

    Attributes:
        clips: in the order of their names.
        evaluations: ``metrics.json`` files: file and content.
        notes: for the user, what was passed over and why.
    """

    clips: list[ClipFiles]
    evaluations: list[tuple[Path, dict[str, Any]]]
    notes: list[str]


@dataclass(frozen=True)
class Named:
    """What the user names because it cannot be found; files go to the clip of their own name.

    Attributes:
        videos: video files.
        textgrids: annotations.
        regions: ``template``, or files.
    """

    videos: Sequence[Path] = ()
    textgrids: Sequence[Path] = ()
    regions: Sequence[str] = ()


def collect(folder: Path, named: Named | None = None) -> Findings:
    """Look through a folder and its subfolders.

    Maps, masked sounds and evaluations are known by their JSON files, synthesized sound by its name; videos by the
    JSON files, by name in the folder, or as the user names them. Hidden files are passed over.

    Raises:
        DatasetError: when the folder is missing, or holds nothing to show.
        ConfigError: when two videos have one name, or a file was named that belongs to no clip.
    """
    named = named or Named()
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder.", "Name the folder that the other commands wrote to.")
    files = [path for path in sorted(folder.rglob("*")) if not _hidden(path, folder) and path.is_file()]
    described = [(path, about) for path in files if path.suffix == ".json" and (about := read_object(path)) is not None]
    evaluations = [(path, about) for path, about in described if {"model", "dataset", "definitions"} <= about.keys()]
    sounds = [path for path in files if path.suffix == ".wav"]
    clips, notes = _clips(described, sounds, files, named.videos)
    for clip in clips.values():
        clip.maps.sort(key=lambda found: found[1]["method"] != _FINER)
        clip.generated = [path for path in sounds if path.stem == clip.name + _GENERATED]
        clip.original = next((path for path in sounds if path.stem == clip.name + _ORIGINAL), None)
        clip.textgrid = _grid_of(clip, files)
        _find_regions(clip, notes)
    for name, grid in _by_clip(named.textgrids, clips, "--textgrid").items():
        clips[name].textgrid = grid
    for name, regions in _by_clip(_spread(named.regions, clips), clips, "--regions").items():
        clips[name].regions, clips[name].only = str(regions), ()
    if not clips:
        raise DatasetError(
            f"{folder}: holds nothing of a video that could be found."
            if notes
            else f"{folder}: holds neither synthesized sound nor maps.",
            "Name the video: --video FILE" if notes else "Make them first: rtmri2speech synthesize, analyze gradcam.",
        )
    return Findings([clips[name] for name in sorted(clips)], evaluations, notes)


def places_of(paths: Sequence[Path]) -> list[str]:
    """Names of the folders that files of one kind lie in, from where they part; of one folder, its own name."""
    parents = [path.absolute().parent.parts for path in paths]
    common = 0
    while parents and all(len(one) > common and one[common] == parents[0][common] for one in parents):
        common += 1
    return ["/".join(parts[common:]) or parts[-1] for parts in parents]


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _is_maps(about: Mapping[str, Any]) -> bool:
    return {"video", "method", "bands", "n_frames", "frame_rate"} <= about.keys()


def _is_masking(about: Mapping[str, Any]) -> bool:
    return {"video", "fills", "alphas", "regions"} <= about.keys()


def _clips(
    described: Sequence[tuple[Path, dict[str, Any]]],
    sounds: Sequence[Path],
    files: Sequence[Path],
    given: Sequence[Path],
) -> tuple[dict[str, ClipFiles], list[str]]:
    """Clips whose video is there, and a note about each whose video is not."""
    told = {path.stem: path for path in given}
    inside = {path.stem: path for path in files if path.suffix.lower() in VIDEO_SUFFIXES}
    clips: dict[str, ClipFiles] = {}
    missing: dict[str, str] = {}

    def clip_of(name: str, recorded: Path | None) -> ClipFiles | None:
        candidates = (told.get(name), recorded, inside.get(name))
        video = next((path for path in candidates if path is not None and path.is_file()), None)
        if video is None:
            missing[name] = f"the video {name} was not found, so it is left out; name it: --video FILE"
            return None
        clip = clips.setdefault(name, ClipFiles(name, video))
        if recorded is not None and recorded.is_file() and name not in told and not clip.video.samefile(recorded):
            raise ConfigError(
                f"Two videos are called '{name}': {clip.video} and {recorded}.", "Make a page of each folder."
            )
        return clip

    for path, about in described:
        if not (_is_maps(about) or _is_masking(about)):
            continue
        recorded = Path(str(about["video"]))
        clip = clip_of(recorded.stem, recorded)
        if clip is not None:
            (clip.maps if _is_maps(about) else clip.masking).append((path, about))
    for path in sounds:
        if path.stem.endswith(_GENERATED):
            clip_of(path.stem.removesuffix(_GENERATED), None)
    for path in given:
        clip_of(path.stem, path)
    return clips, [missing[name] for name in sorted(missing.keys() - clips.keys())]


def _grid_of(clip: ClipFiles, files: Sequence[Path]) -> Path | None:
    return next_to(clip.video.with_suffix(""), (_GRID,)) or next(
        (path for path in files if path.name == clip.name + _GRID), None
    )


def _find_regions(clip: ClipFiles, notes: list[str]) -> None:
    """Regions of the courses; where none were made, the phantom's truth beside the video, or those of masking."""
    truth = clip.video.with_suffix(_TRUTH)
    tables = (read_object(path.with_name(f"{about['method']}_regions.json")) for path, about in clip.maps)
    told = [about for about in tables if about is not None and about.keys() >= _NAMED]
    if told:
        used = told[0]
        clip.regions, clip.only = _unchanged(used, truth), tuple(str(one["name"]) for one in used["regions"])
        if clip.regions is None:
            notes.append(f"{clip.name}: {used['regions_of']}, which analyze regions was given, is gone or has changed")
        elif any(other[name] != used[name] for other in told for name in ("regions_sha256", "regions")):
            notes.append(f"{clip.name}: maps are summed over different regions; outlined are {used['regions_of']}")
        return
    masked = (str(about.get("regions_of", "")) for _, about in clip.masking)
    known = [str(truth)] if truth.is_file() else [name for name in masked if name == TEMPLATE or Path(name).is_file()]
    clip.regions = known[0] if known else None


_NAMED = frozenset({"regions_of", "regions_sha256", "regions"})


def _unchanged(used: Mapping[str, Any], truth: Path) -> str | None:
    """What ``analyze regions`` was given, if it is still what it was; the truth may have moved with its video."""
    name = str(used["regions_of"])
    if name == TEMPLATE:
        return name
    files = (path for path in (Path(name), truth) if path.is_file())
    return next((str(path) for path in files if hash_files([path]) == used["regions_sha256"]), None)


def _spread(regions: Sequence[str], clips: Mapping[str, ClipFiles]) -> Iterator[Path]:
    """``template`` is for every clip, a file for one."""
    for name in regions:
        yield from (Path(clip) / TEMPLATE for clip in clips) if name == TEMPLATE else (Path(name),)


def _by_clip(paths: Any, clips: Mapping[str, ClipFiles], option: str) -> dict[str, Path]:
    """Files by the clip they belong to: the one of their name, or the only one."""
    found: dict[str, Path] = {}
    for path in paths:
        if path.name == TEMPLATE:
            found[path.parent.name] = Path(TEMPLATE)
        elif path.stem in clips or len(clips) == 1:
            found[path.stem if path.stem in clips else next(iter(clips))] = path
        else:
            raise ConfigError(
                f"{option} {path}: of none of the clips {', '.join(sorted(clips)[:10])}.",
                "Give the file the name of its video.",
            )
    return found
