"""Files of two folders that belong together, by their names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rtmri2speech.corpora.search import search, some
from rtmri2speech.data.endings import LIBSNDFILE_SUFFIXES, SOUND_SUFFIXES, VIDEO_SUFFIXES, name_key
from rtmri2speech.data.media.audio import read_sound, sound_size
from rtmri2speech.errors import ConfigError, MediaError

_SUFFIXES = (*SOUND_SUFFIXES, *VIDEO_SUFFIXES)


@dataclass(frozen=True)
class Pair:
    """A recording and what was made from it.

    Attributes:
        name: path below its folder, without the ending.
        reference: the recording.
        made: the sound to compare with it.
    """

    name: str
    reference: Path
    made: Path


@dataclass(frozen=True)
class Pairs:
    """What two folders have in common, and what they do not.

    Attributes:
        pairs: in the order of their names.
        only_reference: recordings without a counterpart.
        only_made: made sounds without a recording.
    """

    pairs: list[Pair]
    only_reference: list[Path]
    only_made: list[Path]

    @property
    def notes(self) -> list[str]:
        """What is missing on either side, by name."""
        notes = []
        if self.only_reference:
            names = some(self.only_reference)
            notes.append(f"{len(self.only_reference)} recording(s) without a made sound, not compared: {names}")
        if self.only_made:
            notes.append(
                f"{len(self.only_made)} made sound(s) without a recording, not compared: {some(self.only_made)}"
            )
        return notes


def pair_sounds(reference: Path, made: Path) -> Pairs:
    """Pair the sounds of two folders (with their subfolders) by path and name, or by name alone where no path agrees.

    Endings, letter case and Unicode form do not matter; videos count for their sound, behind sound files of their name.

    Args:
        reference: folder of recordings.
        made: folder of the sounds to compare with them.

    Raises:
        MediaError: when a folder is missing or has no sound, or no name is on both sides.
        ConfigError: when both are the same folder.
    """
    if reference.resolve() == made.resolve():
        raise ConfigError(f"{made}: given as both folders.", "Give the folder of recordings, then that of made sounds.")
    files = [_files_of(folder) for folder in (reference, made)]
    for key in (_path_key, _name_key):
        one, other = (_by_key(root, found, key) for root, found in zip((reference, made), files, strict=True))
        common = sorted(one.keys() & other.keys())
        if common:
            pairs = [
                Pair(one[name].relative_to(reference).with_suffix("").as_posix(), one[name], other[name])
                for name in common
            ]
            missing = ([own[name] for name in sorted(own.keys() - set(common))] for own in (one, other))
            return Pairs(pairs, *missing)
    raise MediaError(
        f"{reference} and {made}: no name is in both ({some(files[0])}; {some(files[1])}).",
        "Give made sounds the names of their recordings.",
    )


def common_rate(pairs: Sequence[Pair]) -> tuple[int, list[str]]:
    """The lowest sampling rate of all files that can be read, Hz, and a note for each side that mixes rates.

    Raises:
        MediaError: when none can be read: of the first one.
    """
    sides: tuple[dict[Path, int], dict[Path, int]] = {}, {}
    failures = []
    for pair in pairs:
        for path, rates in zip((pair.reference, pair.made), sides, strict=True):
            try:
                rates[path] = _rate_of(path)
            except MediaError as error:  # said again where the pair is measured, which leaves the others
                failures.append(error)
    if not any(sides):
        raise failures[0]
    notes = []
    for name, rates in zip(("recordings", "made sounds"), sides, strict=True):
        different = sorted(set(rates.values()))
        if len(different) > 1:
            lowest = some(path for path, rate in rates.items() if rate == different[0])
            notes.append(f"the {name} have several sampling rates, {' and '.join(map(str, different))} Hz ({lowest})")
    return min(rate for rates in sides for rate in rates.values()), notes


def _rate_of(path: Path) -> int:
    return sound_size(path)[1] if path.suffix.lower() in LIBSNDFILE_SUFFIXES else read_sound(path).rate


def _files_of(folder: Path) -> list[Path]:
    if folder.is_file():
        raise MediaError(f"{folder}: is a file.", "Give two folders.")
    found = search(folder, _SUFFIXES).files
    if not found:
        raise MediaError(
            f"{folder}: holds no sound.", f"Give a folder of files such as {' '.join(SOUND_SUFFIXES[:3])}."
        )
    return found


def _by_key(root: Path, files: Sequence[Path], key: Callable[[Path, Path], str]) -> dict[str, Path]:
    """Files by name, sound files before videos; a name that is there in several folders is left out."""
    found: dict[str, list[Path]] = {}
    for path in sorted(files, key=lambda path: _SUFFIXES.index(path.suffix.lower())):
        found.setdefault(key(root, path), []).append(path)
    return {name: paths[0] for name, paths in found.items() if len({path.parent for path in paths}) == 1}


def _path_key(root: Path, path: Path) -> str:
    return name_key(path.relative_to(root).with_suffix("").as_posix())


def _name_key(_: Path, path: Path) -> str:
    return name_key(path.stem)
