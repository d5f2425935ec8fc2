"""Labeled intervals of an annotation that lie within the frames of a recording, before anything is measured in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rtmri2speech.data.annotation.fit import remarks_on
from rtmri2speech.data.media.textgrid import annotation_notes, labels_of, read_textgrid
from rtmri2speech.errors import ConfigError
from rtmri2speech.phonetics.vowels.spans import SHORTEST, Span, VowelFinder

# Labels that a message lists.
_LISTED = 20
# Seconds that sound and video of one recording may differ by.
_TOLERANCE = 0.25


@dataclass(frozen=True)
class LabelClock:
    """How the times of an annotation lie on those of the frames.

    Attributes:
        seconds: length of all frames.
        lead: seconds from the annotation's time 0 to the first frame; the sound may start earlier than the video.
        sound_seconds: length of the sound that is annotated, to compare; where it is unknown, frames are compared.
    """

    seconds: float
    lead: float = 0.0
    sound_seconds: float | None = None


@dataclass(frozen=True)
class Labels:
    """Labeled intervals within the frames of a recording.

    Attributes:
        spans: seconds from the start of the first frame.
        notes: what was noticed, a line each.
    """

    spans: tuple[Span, ...]
    notes: tuple[str, ...] = ()


def labels_within(
    textgrid: str | Path, name: str, clock: LabelClock, *, tier: str | None = None, label: Sequence[str] = ()
) -> Labels:
    """The intervals of an annotation that count, on the clock of the frames.

    Args:
        textgrid: the annotation: a TextGrid, or a table of intervals (label, start, end).
        name: of the recording, for messages.
        clock: of annotation and frames.
        tier: its tier; found by itself if not given, as the vowels are.
        label: labels that count; vowels of Japanese, ARPAbet and the IPA if none is given.

    Raises:
        MediaError: when the annotation cannot be read, or is of another sound.
        ConfigError: when it has no such tier or no such label, or all of them lie outside the frames.
    """
    path, end, lead, sound = Path(textgrid), clock.seconds, clock.lead, clock.sound_seconds
    spans = VowelFinder(tier, tuple(label)).spans_in(path, sound)
    if not spans:
        raise _no_label(path, label)
    moved = [Span(span.label, span.start - lead, span.end - lead) for span in spans]
    inside = [span for span in moved if span.start >= 0.0 and span.end <= end]
    if not inside:
        raise ConfigError(
            f"{path}: none of its labels lies within the {end:.2f} s of {name}.", "Give the recording's own."
        )
    notes = _length_notes(path, end + lead) if sound is None else annotation_notes(path, sound)
    notes += _short_notes(path, {span.label for span in spans}, tier)
    if len(inside) < len(moved):
        notes.append(f"{path}: {len(moved) - len(inside)} label(s) reach beyond the frames and are left out.")
    return Labels(tuple(inside), tuple(notes))


def _no_label(path: Path, label: Sequence[str]) -> ConfigError:
    wanted = " or ".join(f"'{one}'" for one in label) if label else "vowel"
    there = list(dict.fromkeys(one.text for one in labels_of(read_textgrid(path))))
    listed = " ".join(there[:_LISTED]) + (" ..." if len(there) > _LISTED else "")
    remedy = f"Name what counts: `label`. Its labels are: {listed}" if there else "It has no labels at all."
    return ConfigError(f"{path}: holds no {wanted} of 30 ms or more.", remedy)


def _short_notes(path: Path, labels: set[str], tier: str | None) -> list[str]:
    there = [one for one in labels_of(read_textgrid(path)) if one.text in labels and tier in (None, one.tier)]
    count = sum(0.0 < one.end - one.start < SHORTEST for one in there)
    return [f"{path}: {count} label(s) of less than {SHORTEST * 1000:.0f} ms are left out."] if count else []


def _length_notes(path: Path, frames_end: float) -> list[str]:
    grid = read_textgrid(path)
    notes = [f"{path}: {problem} {remedy}" for problem, remedy in remarks_on(grid)]
    if not grid.bounded or abs(grid.end - frames_end) <= _TOLERANCE:
        return notes
    return [
        *notes,
        f"{path}: it ends at {grid.end:.2f} s, and the frames at {frames_end:.2f} s. "
        "Check that it is this recording's; its times are taken as they are.",
    ]
