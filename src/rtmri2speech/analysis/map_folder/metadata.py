"""What stands in a method's metadata: looked at once, before anything relies on it. People edit such files."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from rtmri2speech.errors import DatasetError
from rtmri2speech.signal.frame_rate import exact_rate

AGAIN = "Make the maps again."
"""What to do about a folder of maps that contradicts itself."""

# No clip has more: four days. And no frame is larger.
_MOST_FRAMES, _LARGEST = 10_000_000, 4096
# Frames per second of a clock that maps are made on.
_FASTEST = 1000


def require_metadata(about: Mapping[str, Any]) -> None:
    """Make sure that the entries which describe maps are of their types, and possible.

    Raises:
        ValueError: naming the first one that is missing or is not.
    """
    for name in ("method", "target_unit"):
        _text(about, name)
    _whole(about, "n_frames", 1, _MOST_FRAMES)
    _rate(about)
    for name in ("pixels", "stride_pixels"):
        if name in about:
            _whole(about, name, 1, _LARGEST)
    if "source" in about:
        source = _mapping(about["source"], "source")
        for name in ("width", "height"):
            _whole(source, name, 1, 1 << 20)
        frames = _list(source, "frames")
        if not all(isinstance(frame, int) and 0 <= frame <= _MOST_FRAMES for frame in frames):
            raise ValueError("'frames' of 'source' are not numbers of frames")
    for band in _list(about, "bands"):
        _require_band(_mapping(band, "bands"))


def rate_of(metadata: Path, about: Mapping[str, Any]) -> Fraction:
    """Frames per second of the maps that some metadata describe.

    Raises:
        DatasetError: when they do not say.
    """
    try:
        return _rate(about)
    except ValueError as error:
        raise DatasetError(f"{metadata}: damaged ({error}).", AGAIN) from None


def _require_band(band: Mapping[str, Any]) -> None:
    _text(band, "name")
    for name in ("low_hz", "high_hz", "scale"):
        _number(band, name)
    if band.get("target_mean") is not None:
        _number(band, "target_mean")
    if "mel_bins" in band:
        bins = _list(band, "mel_bins")
        if len(bins) != 2 or not all(isinstance(one, int) and 0 <= one <= _LARGEST for one in bins):
            raise ValueError(f"'mel_bins' is {reprlib.repr(bins)}, not a first and a last one")


def _entry(values: Mapping[str, Any], name: str) -> Any:
    if name not in values:
        raise ValueError(f"'{name}' is missing")
    return values[name]


def _text(values: Mapping[str, Any], name: str) -> None:
    value = _entry(values, name)
    if not isinstance(value, str):
        raise ValueError(f"'{name}' is {reprlib.repr(value)}, not a text")


def _number(values: Mapping[str, Any], name: str) -> None:
    value = _entry(values, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < math.inf:
        raise ValueError(f"'{name}' is {reprlib.repr(value)}, not a number")


def _whole(values: Mapping[str, Any], name: str, low: int, high: int) -> None:
    value = _entry(values, name)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"'{name}' is {reprlib.repr(value)}, not a whole number from {low} to {high}")


def _list(values: Mapping[str, Any], name: str) -> list[Any]:
    value = _entry(values, name)
    if not isinstance(value, list):
        raise ValueError(f"'{name}' is {reprlib.repr(value)}, not a list")
    return value


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"'{name}' holds {reprlib.repr(value)}, not names with values")
    return value


def _rate(about: Mapping[str, Any]) -> Fraction:
    text = _entry(about, "frame_rate")
    rate = exact_rate(text)
    if rate is None or rate > _FASTEST:
        raise ValueError(f"'frame_rate' is {reprlib.repr(text)}, not a frame rate")
    return rate
