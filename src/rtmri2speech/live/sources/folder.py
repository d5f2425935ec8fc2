"""A folder that fills with images, as scanners and their exports write them."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from rtmri2speech.data.gray_images import IMAGE_SUFFIXES, read_gray_image
from rtmri2speech.errors import MediaError
from rtmri2speech.live.frames import SourceFrame
from rtmri2speech.live.sources.base import Gray, Pace

# Seconds between two looks at the name that comes next, and at the whole folder.
_LOOK, _LIST = 0.004, 0.1
# Seconds that an image may take to be written.
_UNFINISHED = 0.5
_NUMBER = re.compile(r"(\d+)(?!.*\d)")
# Digits of a number that counts frames; longer ones are times or identifiers, as in the names of DICOM files.
_DIGITS = 7

_State = tuple[int, int]


class FolderSource:
    """Images that appear in a folder, in the order of the last number in their names.

    One from before that is written anew is a new one. One that was taken is not taken again, whatever becomes of it:
    programs that copy files set their times afterwards.

    Args:
        folder: with or without images from before.
        existing: take those from before, too, at the frame rate; else they are passed over.
    """

    def __init__(self, folder: Path, existing: bool = False) -> None:
        self.name = str(folder)
        self.notes: list[str] = []
        self._folder, self._existing = folder, existing
        self._stop = threading.Event()
        self._before: dict[str, _State] = {}
        self._taken: set[str] = set()

    def open(self) -> Fraction | None:
        """Look at what is there; images do not say how fast they were taken."""
        if not self._existing:
            self._before = {path.name: state for path in self._images() if (state := _state(path)) is not None}
            if count := len(self._before):
                self.notes.append(f"{self.name}: {count} image(s) from before are passed over (`existing` takes them)")
        return None

    def frames(self, rate: Fraction) -> Iterator[SourceFrame]:
        """The images as they appear.

        Raises:
            MediaError: when one cannot be read.
        """
        before = {path.name for path in self._images()} if self._existing else set()
        pace, lead = Pace(rate, 0.0, self._stop), None
        last: Path | None = None
        while not self._stop.is_set():
            for path in self._new(last):
                pixels = self._read(path)
                if pixels is None:
                    continue
                last, number = path, _number(path)
                if path.name in before:
                    lead = number if lead is None else lead
                    place = None if number is None or lead is None else number - lead
                    yield pace.frame(pixels, number, place)
                else:
                    yield SourceFrame(pixels, number, time.monotonic())

    def close(self) -> None:
        """Look no more."""
        self._stop.set()

    def _images(self) -> list[Path]:
        """Those that were not taken yet, in their order."""
        try:
            # What was taken is left out first: after an hour it is nearly all that is there.
            names = set(os.listdir(self._folder)) - self._taken
        except OSError as error:
            raise MediaError(f"{self.name}: cannot be read ({error.strerror}).", "Check its name and rights.") from None
        images = [name for name in names if name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")]
        return sorted((self._folder / name for name in images), key=_order)

    def _new(self, last: Path | None) -> list[Path]:
        """What has appeared; the folder is listed only where the name that is expected does not come."""
        expected, until = _following(last), time.monotonic() + _LIST
        while expected is not None and time.monotonic() < until:
            if self._is_new(expected):
                self._taken.add(expected.name)
                return [expected]
            if self._stop.wait(_LOOK):
                return []
        new = [path for path in self._images() if self._is_new(path)]
        self._taken.update(path.name for path in new)
        if not new and expected is None:
            self._stop.wait(_LOOK)
        return new

    def _is_new(self, path: Path) -> bool:
        return path.name not in self._taken and _state(path) not in (None, self._before.get(path.name))

    def _read(self, path: Path) -> Gray | None:
        """Its gray values, when it is written to its end; None where the folder is given up meanwhile."""
        until = time.monotonic() + _UNFINISHED
        while True:
            try:
                return read_gray_image(path)
            except MediaError:
                if time.monotonic() > until:
                    raise
            if self._stop.wait(_LOOK):
                return None


def _state(path: Path) -> _State | None:
    """What changes when an image is written; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _number(path: Path) -> int | None:
    found = _NUMBER.search(path.stem)
    return int(found[1]) if found and len(found[1]) <= _DIGITS else None


def _order(path: Path) -> tuple[int, str]:
    found = _NUMBER.search(path.stem)
    return (int(found[1]) if found else -1, path.name)


def _following(path: Path | None) -> Path | None:
    """The name that comes after ``frame_0009.png``: ``frame_0010.png``; None where names do not count frames."""
    found = None if path is None else _NUMBER.search(path.stem)
    if path is None or found is None or (number := _number(path)) is None:
        return None
    following = str(number + 1).zfill(len(found[1]))
    return path.with_name(f"{path.stem[: found.start()]}{following}{path.stem[found.end() :]}{path.suffix}")
