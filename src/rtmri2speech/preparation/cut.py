"""Recordings to utterances: whole, at TextGrid intervals, at the quietest moments, or every N seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from rtmri2speech.arrays import Float32
from rtmri2speech.config import Config
from rtmri2speech.data.annotation.grid import TextGrid, choose_tier, tier_choices
from rtmri2speech.errors import MediaError

CutMode = Literal["auto", "whole", "textgrid", "silence", "every"]
Span = tuple[int, int]


class CutConfig(Config):
    """How recordings become utterances."""

    mode: CutMode = "auto"
    seconds: float = Field(10.0, gt=0.0, description="longest utterance when cut at silences or every N seconds")
    tier: str | None = Field(None, description="TextGrid tier with the utterances; none is the first interval tier")


# A recording up to this many times the longest utterance is left whole in auto mode.
_WHOLE_FACTOR = 3.0


def cut_recording(
    samples: Float32, hop: int, rate: int, cut: CutConfig, grid: TextGrid | None, source: Path
) -> list[Span]:
    """Spans of frames (start, stop), in order, without overlap.

    Args:
        samples: aligned sound, ``hop`` samples per frame.
        hop: samples per frame.
        rate: samples per second.
        cut: what to do.
        grid: annotation on the frames' clock (time 0 is frame 0), or None.
        source: named in errors.

    Raises:
        MediaError: when ``textgrid`` is asked for and there is none, or not the tier.
    """
    n_frames = len(samples) // hop
    longest = max(1, int(cut.seconds * rate / hop))
    mode = cut.mode
    if mode == "auto":
        if grid is not None and cut.tier is not None:
            mode = "textgrid"
        else:
            mode = "whole" if n_frames <= _WHOLE_FACTOR * longest else "silence"
    if mode == "whole":
        return [(0, n_frames)]
    if mode == "every":
        return [(start, min(start + longest, n_frames)) for start in range(0, n_frames, longest)]
    if mode == "textgrid":
        return _at_intervals(grid, cut.tier, n_frames, rate / hop, source)
    return _at_quiet(samples[: n_frames * hop], hop, longest)


def _at_intervals(
    grid: TextGrid | None, tier: str | None, n_frames: int, frame_rate: float, source: Path
) -> list[Span]:
    if grid is None:
        raise MediaError(f"{source}: no TextGrid next to it.", "Put NAME.TextGrid there, or use another `cut`.")
    if tier is None:
        first = next(iter(grid.interval_tiers), None)
        chosen = "has no interval tier" if first is None else first
    else:
        chosen = choose_tier(grid, tier)
    if isinstance(chosen, str):
        names = ", ".join(tier_choices(grid))
        remedy = f"Name one of its interval tiers with `tier`: {names}." if names else "Use another `cut`."
        raise MediaError(f"{source}: its TextGrid {chosen}.", remedy)
    spans = [
        (max(0, round(entry.start * frame_rate)), min(n_frames, round(entry.end * frame_rate)))
        for entry in chosen.entries
        if entry.label.strip()
    ]
    return [span for span in spans if span[0] < span[1]]


def _at_quiet(samples: Float32, hop: int, longest: int) -> list[Span]:
    """Cut at the quietest moment in the second half of every stretch of the longest allowed length.

    No threshold is needed, so that it works in scanner noise too, where nothing is silent.
    """
    power = np.square(samples.reshape(-1, hop)).mean(axis=1)
    # Five frames (0.2 s): a pause between words rather than the closure of a stop.
    level = np.convolve(np.pad(power, 2), np.full(5, 0.2), mode="valid")
    spans, start = [], 0
    while len(level) - start > longest:
        low = start + longest // 2
        stop = low + int(np.argmin(level[low : start + longest])) + 1
        spans.append((start, stop))
        start = stop
    return [*spans, (start, len(level))]
