"""Files of recordings by their names: which endings are read, how names are compared, what is said of missing files."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from rtmri2speech.errors import MediaError

USUAL_VIDEO_SUFFIXES = (".mp4", ".avi", ".mkv", ".mov")
"""Endings that recordings mostly have: of two videos of one name, such a file is the recording."""

VIDEO_SUFFIXES = (
    *USUAL_VIDEO_SUFFIXES,
    *(".m4v", ".mpg", ".mpeg", ".mpe", ".m2v", ".ts", ".mts", ".m2ts", ".webm", ".wmv", ".asf", ".3gp", ".3g2"),
    *(".flv", ".f4v", ".mxf", ".ogv", ".ogm", ".qt", ".vob", ".divx", ".dv", ".nut", ".y4m", ".gif"),
)
"""Endings of videos."""

LIBSNDFILE_SUFFIXES = (
    *(".wav", ".flac", ".wave", ".w64", ".rf64", ".bwf", ".aif", ".aiff", ".aifc", ".caf", ".au", ".snd"),
    *(".sph", ".nist", ".voc"),
)
"""Endings of sound files that libsndfile reads; FFmpeg reads the others."""

SOUND_SUFFIXES = (
    *LIBSNDFILE_SUFFIXES,
    *(".m4a", ".m4b", ".aac", ".mp3", ".mp2", ".ogg", ".oga", ".opus", ".spx", ".wma", ".mka", ".ac3", ".amr"),
    *(".wv", ".ape", ".tta"),
)
"""Endings of sound files, in the order in which they are taken where there are several of one name."""


def name_key(name: str) -> str:
    """A name as it is compared: letter case and the two Unicode forms of accents and kana do not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def is_there(path: Path) -> bool:
    """Whether there is a file, or a link to one that is missing: that is said when it is read, not passed over."""
    return path.is_file() or (path.is_symlink() and not path.exists())


def no_such_file(path: Path) -> MediaError:
    """The error for a file that is not there."""
    if path.is_symlink():
        return MediaError(
            f"{path}: is a link to a file that is not there ({os.readlink(path)}).",
            "Fetch the file (git-annex, DataLad: `git annex get`, `datalad get`), or mend or remove the link.",
        )
    return MediaError(f"{path}: no such file.", "Check its name and folder, and the disk or share that it is on.")


def ffmpeg_name(path: Path) -> str:
    """The path as FFmpeg takes it: what stands before a colon would be a protocol."""
    return f"file:{path}" if ":" in str(path) and not path.is_absolute() else str(path)


def libsndfile_name(path: Path) -> str | bytes:
    """The path as libsndfile takes it: names that are not Unicode as their bytes."""
    return os.fsencode(path) if _undecodable(str(path)) else str(path)


def printable(path: Path | str) -> str:
    """A path that can be written as UTF-8: bytes of a name that are none, as of old archives, become escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace") if _undecodable(str(path)) else str(path)


def _undecodable(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)
