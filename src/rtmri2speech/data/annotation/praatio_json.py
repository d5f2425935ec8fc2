"""TextGrids as JSON, a format of the Python library praatio that earlier versions of this program read."""

from __future__ import annotations

import json
import math
from typing import Any

from rtmri2speech.data.annotation.grid import GridError, TextGrid, Tier, interval_tier, point_tier


def read_json(text: str) -> TextGrid:
    """Read a TextGrid from JSON, with or without bounds for each tier.

    Raises:
        GridError: when it is none.
    """
    try:
        found = json.loads(text)
        if "start" in found:
            tiers = [(tier["type"], name, tier["entries"]) for name, tier in found["tiers"].items()]
            start, end = found["start"], found["end"]
        else:
            tiers = [(tier["class"], tier["name"], tier["entries"]) for tier in found["tiers"]]
            start, end = found["xmin"], found["xmax"]
        return TextGrid(_seconds(start), _seconds(end), tuple(_tier(*tier) for tier in tiers))
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise GridError(f"JSON without what a TextGrid has: {error}") from None
    except json.JSONDecodeError as error:
        raise GridError(f"damaged JSON, line {error.lineno}") from None


def _tier(kind: str, name: str, entries: list[Any]) -> Tier:
    if kind == "IntervalTier":
        return interval_tier(str(name), [(_seconds(low), _seconds(high), str(text)) for low, high, text in entries])
    return point_tier(str(name), [(_seconds(time), str(text)) for time, text in entries])


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        seconds = math.nan
    if not math.isfinite(seconds):
        raise GridError(f"'{str(value)[:40]}' is not a time")
    return seconds
