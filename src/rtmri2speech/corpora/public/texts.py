"""What is said in an utterance, in words: from a transcript, or from the tiers of an annotation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rtmri2speech.data.annotation.encoding import decode
from rtmri2speech.data.annotation.grid import Interval, TextGrid
from rtmri2speech.errors import MediaError

_SILENCE = {"", "sil", "sp", "spn", "nsn", "<sil>", "<p:>", "pau", "#", "silb", "sile", "breath", "{sl}", "{ns}"}
# Share of a label that must lie in the utterance for it to belong there.
_INSIDE = 0.5
# Share of an utterance's label that must lie there for the label to be the utterance's own text.
_WHOLE = 0.9


def one_line_text(files: Sequence[Path]) -> str | None:
    """The text of the first file in one line; None where there is no file, or nothing in it.

    Raises:
        MediaError: when it cannot be read.
    """
    if not files:
        return None
    try:
        return " ".join(decode(files[0].read_bytes())[0].split()) or None
    except (OSError, UnicodeDecodeError) as error:
        raise MediaError(
            f"{files[0]}: the transcript cannot be read ({error}).", "Save it as UTF-8, or take it away."
        ) from None


def text_between(grid: TextGrid | None, tiers: Sequence[str], start: float, end: float) -> str | None:
    """What is said from ``start`` to ``end``, seconds on the annotation's clock.

    Tiers are tried in the order given, letter case aside. Labels of several words count only where all that the
    utterance touches lie in it as a whole; single words, where more than half of them does.

    Args:
        grid: the annotation.
        tiers: names of tiers with text.
        start: of the utterance.
        end: of the utterance.

    Returns:
        None where no tier has it.
    """
    if grid is None:
        return None
    for name in tiers:
        for tier in grid.interval_tiers:
            if tier.name.casefold() != name.casefold():
                continue
            said = [one for one in tier.entries if one.label.strip().casefold() not in _SILENCE]
            inside = [(one, _share(one, start, end)) for one in said]
            touched = [(one, share) for one, share in inside if share > 0.02]
            if any(" " in one.label.strip() and share < _WHOLE for one, share in touched):
                continue  # a sentence that goes on elsewhere
            words = [one.label.strip() for one, share in touched if share > _INSIDE]
            if words:
                return " ".join(words)
    return None


def _share(one: Interval, start: float, end: float) -> float:
    """Share of a label's time that lies between two times."""
    return max(0.0, min(one.end, end) - max(one.start, start)) / max(one.end - one.start, 1e-9)
