"""A folder that fills with images, as scanners and their exports write them."""

from __future__ import annotations

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


class FolderSource:
    """Images that appear in a folder, in the order of the last number in their names.

    Args:
        folder: with or without images from before.
        existing: take those from before, too, at the frame rate; else they are passed over.
    """

    def __init__(self, folder: Path, existing: bool = False) -> None:
        self.name = str(folder)
        self.notes: list[str] = []
        self._folder, self._existing = folder, existing
        self._stop = threading.Event()
        self._seen: set[str] = set()

    def open(self) -> Fraction | None:
        """Look at what is there; images do not say how fast they were taken."""
        if not self._existing:
            self._seen = {path.name for path in self._images()}
            if self._seen:
                count = len(self._seen)
                self.notes.append(f"{self.name}: {count} image(s) from before are passed over (`existing` takes them)")
        return None

    def frames(self, rate: Fraction) -> Iterator[SourceFrame]:
        """The images as they appear.

        Raises:
            MediaError: when one cannot be read.
        """
        before = {path.name for path in self._images()} - self._seen if self._existing else set()
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
        try:
            found = [path for path in self._folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES]
        except OSError as error:
            raise MediaError(f"{self.name}: cannot be read ({error.strerror}).", "Check its name and rights.") from None
        return sorted((path for path in found if not path.name.startswith(".")), key=_order)

    def _new(self, last: Path | None) -> list[Path]:
        """What has appeared; the folder is listed only where the name that is expected does not come."""
        expected, until = _following(last), time.monotonic() + _LIST
        while expected is not None and time.monotonic() < until:
            if expected.exists():
                self._seen.add(expected.name)
                return [expected]
            if self._stop.wait(_LOOK):
                return []
        new = [path for path in self._images() if path.name not in self._seen]
        self._seen.update(path.name for path in new)
        if not new and expected is None:
            self._stop.wait(_LOOK)
        return new

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


def _number(path: Path) -> int | None:
    found = _NUMBER.search(path.stem)
    return int(found[1]) if found and len(found[1]) <= _DIGITS else None


def _order(path: Path) -> tuple[int, str]:
    found = _NUMBER.search(path.stem)
    return (int(found[1]) if found else -1, path.name)


def _following(path: Path | None) -> Path | None:
    """The name that comes after ``frame_0009.png``: ``frame_0010.png``."""
    found = None if path is None else _NUMBER.search(path.stem)
    if path is None or found is None:
        return None
    number = str(int(found[1]) + 1).zfill(len(found[1]))
    return path.with_name(f"{path.stem[: found.start()]}{number}{path.stem[found.end() :]}{path.suffix}")
