"""Labeled segments of a clip: given in seconds, or by the labels of a TextGrid."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from praatio.data_classes.interval_tier import IntervalTier

from rtmri2speech.data.media.textgrid import read_textgrid
from rtmri2speech.errors import ConfigError

# What is kept of a label in a file name; everything else is written as its code point.
_PLAIN = re.compile(r"[^\w.+~-]")
_SPELLING = re.compile(r"(?:([^:/\\]+):)?(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")


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


def parse_segment(text: str, n_frames: int, rate: Fraction, video: Path) -> Segment:
    """Read ``0.8-1.2`` or ``NAME:0.8-1.2``, seconds.

    Args:
        text: what the user wrote.
        n_frames: length of the clip.
        rate: frames per second.
        video: for messages.

    Raises:
        ConfigError: for another spelling, or a segment that lies outside the clip or holds no frame.
    """
    match = _SPELLING.fullmatch(text.strip())
    if match is None:
        raise ConfigError(
            f"`segment={text}`: not understood.", "Write START-END in seconds, or NAME:START-END: a:0.8-1.2."
        )
    start, end = float(match[2]), float(match[3])
    length = float(n_frames / rate)
    if end <= start:
        raise ConfigError(f"`segment={text}`: ends before it starts.", "Give the earlier time first.")
    if end > length + 1e-3:
        raise ConfigError(f"`segment={text}`: {video} ends at {length:.3f} s.", "End the segment there or before.")
    token = _token(start, end, n_frames, rate)
    if len(token) == 0:
        raise ConfigError(
            f"`segment={text}`: no frame has its center there; a frame is {float(1 / rate):.4f} s long.",
            "Give a longer segment.",
        )
    return Segment(match[1] or f"{match[2]}-{match[3]}", (token,))


def labeled_segments(
    textgrid: Path, tier: str, labels: Sequence[str], n_frames: int, rate: Fraction, lead: float = 0.0
) -> list[Segment]:
    """All intervals of a TextGrid's tier that carry one of the labels.

    Args:
        textgrid: the file.
        tier: name of an interval tier.
        labels: which; each becomes a segment.
        n_frames: length of the clip.
        rate: frames per second.
        lead: seconds from the TextGrid's time 0 to the first frame
            (:func:`rtmri2speech.corpora.sound_of_recording.lead_of_labels`).

    Raises:
        MediaError: when the file cannot be read.
        ConfigError: when it has no such tier or label (names those it has), or no frame is labeled so.
    """
    grid = read_textgrid(textgrid)
    tiers = {one.name: one for one in grid.tiers if isinstance(one, IntervalTier)}
    if tier not in tiers:
        raise ConfigError(
            f"{textgrid}: has no interval tier '{tier}'.", f"Choose `tier` {_listed(list(tiers)) or 'of another file'}."
        )
    entries = [(one.start - lead, one.end - lead, one.label.strip()) for one in tiers[tier].entries]
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
