"""Open what a segmenter can be trained on: heads in poses, phantoms, labeled frames of people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from rtmri2speech.appearance.paint import Palette
from rtmri2speech.assets import simulated_heads
from rtmri2speech.corpora.phantom import LICENCE, MANIFEST, PhantomCorpus, utterance_file
from rtmri2speech.corpora.poses import MANIFEST as POSES
from rtmri2speech.corpora.poses import head_file
from rtmri2speech.corpora.search import files_below
from rtmri2speech.data.endings import VIDEO_SUFFIXES
from rtmri2speech.data.files import hash_files
from rtmri2speech.data.labels import Label
from rtmri2speech.data.media.video import read_video
from rtmri2speech.data.truth import Truth
from rtmri2speech.errors import DatasetError
from rtmri2speech.signal.frames import resize_frame
from rtmri2speech.training.segmenter.frame_sets import SIDE, FrameSet, FrameSets, Meta, evenly, split_heads
from rtmri2speech.training.segmenter.labeled_frames import LABEL_SUFFIXES, find_labeled, read_labeled
from rtmri2speech.training.segmenter.recipe import SegmenterDataConfig

# One of so many recordings or frames of people is kept for validation, where there are as many; whole recordings where
# these hold no more than this share of the frames.
_PEOPLE_KEPT, _MOST_KEPT = 5, 1 / 3
_MIXED = "all frames are of people: simulated heads that come with the program are mixed in"
_SIMULATED, _PEOPLE = "phantom", "labeled frames of people"


def open_sources(paths: Sequence[Path], config: SegmenterDataConfig) -> FrameSets:
    """Read all frames, and put them into splits.

    Heads of poses are split by head, phantoms as they say, and of people's frames a fifth is kept for validation: whole
    recordings where there are five, since frames of one recording tell little about another. Where
    all frames are of people, the simulated heads that come with the program are mixed in, unless ``people_share`` is 1.

    Args:
        paths: folders of ``simulate --poses``, of ``simulate``, or with labeled frames; or single files of these.
        config: how many are taken.

    Raises:
        UserError: when something cannot be read, or there is nothing to train on or to validate on.
    """
    poses: list[FrameSet] = []
    others: list[FrameSet] = []
    files: list[Path] = []
    for path in paths:
        if (path / POSES).is_file():
            poses += read_poses(path)
        elif (path / MANIFEST).is_file():
            others += read_phantom(path, config.clip_frames)
        else:
            files += _labeled(path)
    notes: tuple[str, ...] = ()
    if files and not poses and not others and config.people_share < 1.0 and (shipped := simulated_heads()):
        poses, notes = read_poses(shipped), (_MIXED,)
    sets = [*(split_heads(poses, config.held_out, config.held_out_heads) if poses else []), *others]
    people = _people(files, config.people_frames)
    every = _unique([*sets, *people])
    _require_splits(every, paths)
    return FrameSets(every, _meta(bool(sets), bool(people)), (*notes, *_notes(every)))


def read_poses(folder: Path) -> list[FrameSet]:
    """The heads of a corpus of poses.

    Raises:
        DatasetError: when it is damaged.
    """
    try:
        manifest = json.loads((folder / POSES).read_text(encoding="utf-8"))
        palette = Palette.from_table(manifest["codes"])
        names = [str(one["name"]) for one in manifest["speakers"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{folder / POSES}: damaged ({error}).", "Run simulate again; it mends it.") from None
    return [_head(head_file(folder, name), name, palette) for name in names]


def _head(path: Path, name: str, palette: Palette) -> FrameSet:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            codes, labels = arrays["codes"], arrays["labels"]
        if codes.shape != labels.shape or codes.shape[1:] != (SIDE, SIDE) or codes.dtype != np.uint8:
            raise ValueError(f"codes {codes.shape}, labels {labels.shape}")
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise DatasetError(f"{path}: not the poses of a head ({error}).", "Run simulate again; it mends it.") from None
    return FrameSet(name, "poses", codes, labels.astype(np.uint8), hash_files([path]), palette=palette)


def read_phantom(folder: Path, most: int) -> list[FrameSet]:
    """Frames of the utterances of a phantom, those for testing left out.

    Args:
        folder: with ``phantom.json``.
        most: frames per utterance.

    Raises:
        UserError: when it is damaged.
    """
    found = []
    for recording in PhantomCorpus(folder).recordings():
        if recording.split == "test":
            continue
        path = utterance_file(folder, recording.speaker, recording.id, ".npz")
        labels = Truth.load(path).regions
        if not (labels == Label.HARD_PALATE).any():
            raise DatasetError(
                f"{path}: of a version whose palate, pharyngeal wall and epiglottis are background.",
                "Simulate it again.",
            )
        chosen = evenly(len(labels), most)
        wanted = set(chosen.tolist())
        frames = [
            resize_frame(frame, SIDE) for place, frame in enumerate(read_video(recording.video)) if place in wanted
        ]
        if len(frames) != len(chosen):
            raise DatasetError(f"{recording.video}: fewer frames than its truth.", "Run simulate again; it mends it.")
        images = np.clip(np.rint(np.stack(frames)), 0, 255).astype(np.uint8)
        split: Any = recording.split
        digest = hash_files([recording.video, path])
        found.append(FrameSet(recording.id, "phantom", images, labels[chosen], digest, split))
    return found


def _labeled(path: Path) -> list[Path]:
    files = find_labeled(path)
    if not files and not files_below(path, VIDEO_SUFFIXES) and (alone := files_below(path, LABEL_SUFFIXES)):
        raise DatasetError(
            f"{path}: {len(alone)} images or files of labels ({alone[0].name} ...), but no video next to them that they"
            " could be of, and no image with labels.",
            "Put it there, named alike: NAME.mp4 for NAME_12.png, NAME.png for NAME_labels.png.",
        )
    if not files:
        raise DatasetError(
            f"{path}: neither poses ({POSES}), nor a phantom ({MANIFEST}), nor frames with labels next to them.",
            "Make heads with: rtmri2speech simulate --poses 400 --out heads. How frames are labeled is told by the "
            "manual, under train segmenter.",
        )
    return files


def _people(files: Sequence[Path], most: int | None) -> list[FrameSet]:
    """Frames of people, the same number of each file where only some are taken, in both splits."""
    shares = [None] * len(files) if most is None else [len(part) for part in np.array_split(range(most), len(files))]
    named: dict[str, Path] = {}
    for file in files:
        if (other := named.setdefault(file.stem, file)) != file:
            raise DatasetError(f"{other} and {file} have one name.", "Give every recording a name of its own.")
    found = []
    for file, share in zip(files, shares, strict=True):
        if share != 0:
            found.append(read_labeled(file, share))
    total = sum(len(one) for one in found)
    if total < _PEOPLE_KEPT:
        return found
    kept = _kept_recordings([len(one) for one in found])
    numbers = np.split(np.arange(total), np.cumsum([len(one) for one in found])[:-1])
    parts = []
    for number, (one, places) in enumerate(zip(found, numbers, strict=True)):
        chosen = np.full(len(one), number in kept) if kept else _kept(places)
        parts += [one.part(np.flatnonzero(~chosen), "train"), one.part(np.flatnonzero(chosen), "validation")]
    return [one for one in parts if len(one)]


def _kept(numbers: Any) -> Any:
    """Which of some numbers are kept for validation."""
    return numbers % _PEOPLE_KEPT == _PEOPLE_KEPT // 2


def _kept_recordings(sizes: Sequence[int]) -> frozenset[int]:
    """Which recordings are kept as a whole, by how many frames each has; none where these frames are too many."""
    if len(sizes) < _PEOPLE_KEPT:
        return frozenset()
    kept = frozenset(np.flatnonzero(_kept(np.arange(len(sizes)))).tolist())
    return kept if sum(sizes[number] for number in kept) <= _MOST_KEPT * sum(sizes) else frozenset()


def _unique(sets: Sequence[FrameSet]) -> list[FrameSet]:
    seen: set[str] = set()
    for one in sets:
        if one.id in seen:
            raise DatasetError(f"Two heads or recordings are named {one.id}.", "Give every one a name of its own.")
        seen.add(one.id)
    return list(sets)


def _require_splits(sets: Sequence[FrameSet], paths: Sequence[Path]) -> None:
    missing = next((split for split in ("train", "validation") if not any(one.split == split for one in sets)), None)
    if missing is not None:
        raise DatasetError(
            f"{', '.join(map(str, paths))}: no frame is in the {missing} split.",
            "Give poses of two heads, a phantom with both splits, or five labeled frames.",
        )


def _meta(simulated: bool, people: bool) -> Meta:
    names = [name for name, there in ((_SIMULATED, simulated), (_PEOPLE, people)) if there]
    citation = PhantomCorpus(Path()).citation if simulated else ""
    return Meta(" and ".join(names), "" if people else LICENCE, citation)


def _notes(sets: Sequence[FrameSet]) -> tuple[str, ...]:
    lines = []
    for origin in ("poses", "phantom", "people"):
        counts = {
            split: [len(one) for one in sets if one.origin == origin and one.split == split]
            for split in ("train", "validation")
        }
        if any(counts.values()):
            told = [f"{sum(found)} frames of {len(found)} {split}" for split, found in counts.items()]
            lines.append(f"{origin}: {' and '.join(told)}")
    return tuple(lines)
