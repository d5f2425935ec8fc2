"""Labeled segments of a clip: given in seconds, or by the labels of a TextGrid."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from rtmri2speech.data.annotation.fit import fit_to_sound
from rtmri2speech.data.annotation.grid import choose_tier, tier_choices
from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.errors import ConfigError

# What is kept of a label in a file name; everything else is written as its code point.
_PLAIN = re.compile(r"[^\w.+~-]")
_RANGE = r"\d+(?:\.\d+)?-\d+(?:\.\d+)?"
_SPELLING = re.compile(rf"(?:([^:/\\]+):)?({_RANGE}(?:,{_RANGE})*)")


@dataclass(frozen=True)
class Token:
    """One occurrence of a segment.

    Attributes:
        start, end: seconds from the start of the first frame.
        first, stop: frames whose center lies in it.
    """

    start: float
    end: float
    first: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.first


@dataclass(frozen=True)
class Segment:
    """All tokens of one name.

    Attributes:
        name: a label, or as the user calls it.
        tokens: at least one, each of a frame or more.
        skipped: tokens too short to hold the center of a frame.
    """

    name: str
    tokens: tuple[Token, ...]
    skipped: int = 0

    @property
    def file_name(self) -> str:
        """The name without characters that a file system refuses."""
        return _PLAIN.sub(lambda match: f"_{ord(match[0]):x}", self.name)


def parse_segments(texts: Sequence[str], n_frames: int, rate: Fraction, video: Path) -> list[Segment]:
    """Read several segments; those of one name are tokens of one segment.

    Args:
        texts: what the user wrote, each as :func:`parse_segment` reads it.
        n_frames: length of the clip.
        rate: frames per second.
        video: for messages.

    Raises:
        ConfigError: as :func:`parse_segment`, or where tokens of one name overlap.
    """
    found: dict[str, Segment] = {}
    for text in texts:
        segment = parse_segment(text, n_frames, rate, video)
        known = found[segment.name].tokens if segment.name in found else ()
        found[segment.name] = Segment(segment.name, _in_order((*known, *segment.tokens), segment.name))
    return list(found.values())


def parse_segment(text: str, n_frames: int, rate: Fraction, video: Path) -> Segment:
    """Read ``0.8-1.2``, ``NAME:0.8-1.2`` or, of several tokens, ``NAME:0.8-1.2,1.5-1.9``, seconds.

    Args:
        text: what the user wrote.
        n_frames: length of the clip.
        rate: frames per second.
        video: for messages.

    Raises:
        ConfigError: for another spelling, or a token that lies outside the clip, holds no frame or overlaps another.
    """
    match = _SPELLING.fullmatch(text.strip())
    if match is None:
        raise ConfigError(
            f"`segment={text}`: not understood.",
            "Write START-END in seconds, or NAME:START-END: a:0.8-1.2. Several tokens: a:0.8-1.2,1.5-1.9",
        )
    length = float(n_frames / rate)
    tokens = []
    for part in match[2].split(","):
        start, end = map(float, part.split("-"))
        if end <= start:
            raise ConfigError(f"`segment={text}`: {part} ends before it starts.", "Give the earlier time first.")
        if end > length + 1e-3:
            raise ConfigError(f"`segment={text}`: {video} ends at {length:.3f} s.", "End the segment there or before.")
        token = _token(start, end, n_frames, rate)
        if len(token) == 0:
            raise ConfigError(
                f"`segment={text}`: no frame has its center in {part}; a frame is {float(1 / rate):.4f} s long.",
                "Give a longer segment.",
            )
        tokens.append(token)
    return Segment(match[1] or match[2].replace(",", "+"), _in_order(tokens, text))


def _in_order(tokens: Sequence[Token], text: str) -> tuple[Token, ...]:
    ordered = sorted(tokens, key=lambda token: token.start)
    for one, other in pairwise(ordered):
        if other.start < one.end:
            raise ConfigError(
                f"`segment={text}`: {one.start:g}-{one.end:g} and {other.start:g}-{other.end:g} overlap.",
                "Give each moment once, or segments that overlap names of their own.",
            )
    return tuple(ordered)


def labeled_segments(
    textgrid: Path,
    tier: str,
    labels: Sequence[str],
    n_frames: int,
    rate: Fraction,
    lead: float = 0.0,
    seconds: float | None = None,
) -> list[Segment]:
    """All intervals of a TextGrid's tier that carry one of the labels.

    Args:
        textgrid: the file; also a CSV table of intervals (label, start, end).
        tier: name of an interval tier; ``#2`` is the second, where names repeat.
        labels: which; each becomes a segment.
        n_frames: length of the clip.
        rate: frames per second.
        lead: seconds from the TextGrid's time 0 to the first frame
            (:func:`rtmri2speech.corpora.sound_of_recording.clock_of_labels`).
        seconds: length of the sound that is annotated, to compare; None compares nothing.

    Raises:
        MediaError: when the file cannot be read, or is of another sound.
        ConfigError: when it has no such tier or label (names those it has), or no frame is labeled so.
    """
    grid = read_textgrid(textgrid)
    if seconds is not None:
        grid, _ = fit_to_sound(grid, textgrid, seconds)
    chosen = choose_tier(grid, tier)
    if isinstance(chosen, str):
        raise ConfigError(
            f"{textgrid}: {chosen}.", f"Choose `tier` {_listed(tier_choices(grid)) or 'of another file'}."
        )
    entries = [(one.start - lead, one.end - lead, one.label.strip()) for one in chosen.entries]
    there = sorted({label for _, _, label in entries if label})
    result = []
    for label in dict.fromkeys(labels):
        found = [(start, end) for start, end, text in entries if text == label]
        if not found:
            raise ConfigError(
                f"{textgrid}: tier '{tier}' has no label '{label}'.",
                f"Choose `label` {_listed(there) or 'of another tier; this one has none'}.",
            )
        tokens = [_token(start, end, n_frames, rate) for start, end in found]
        kept = tuple(token for token in tokens if len(token) > 0)
        if not kept:
            raise ConfigError(
                f"{textgrid}: none of the {len(found)} interval(s) '{label}' holds the center of one of the video's "
                f"{n_frames} frames ({float(n_frames / rate):.2f} s).",
                "Check that TextGrid and video belong together.",
            )
        result.append(Segment(label, kept, len(found) - len(kept)))
    return result


def require_distinct(segments: Sequence[Segment]) -> None:
    """Refuse segments whose files would overwrite each other.

    Raises:
        ConfigError: naming two.
    """
    seen: dict[str, str] = {}
    for segment in segments:
        # Some file systems do not tell NAME from name.
        key = segment.file_name.casefold()
        if key in seen:
            raise ConfigError(
                f"Segments '{seen[key]}' and '{segment.name}' would write the same files.",
                "Give each a name of its own, or run them separately with another `out`.",
            )
        seen[key] = segment.name


def _token(start: float, end: float, n_frames: int, rate: Fraction) -> Token:
    # Frame i has its center at (i + 1/2) / rate.
    first = max(0, math.ceil(start * float(rate) - 0.5 - 1e-9))
    stop = min(n_frames, math.ceil(end * float(rate) - 0.5 - 1e-9))
    return Token(start, end, first, max(first, stop))


def _listed(names: Sequence[str], most: int = 30) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
