"""``rtmri2speech analyze vowels``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rtmri2speech.cli.analyze.options import Ceiling, Columns, Out
from rtmri2speech.cli.console import Many, progress, report_failures
from rtmri2speech.cli.flags import print_notes


def vowels(
    recordings: Annotated[list[Path], Parameter(consume_multiple=True, negative="")],
    *,
    out: Out,
    textgrid: Path | None = None,
    tier: str | None = None,
    label: Annotated[list[str], Many] | None = None,
    ceiling: Ceiling = None,
    share: float = 0.95,
    columns: Columns = 1,
) -> int:
    """Chart the vowels of recordings, and average the frames of each.

    Every recording needs NAME.TextGrid next to it, or NAME.csv with label, start and end of intervals. Writes
    vowels.csv (a line per token), vowels_summary.csv, NAME_vowels.TextGrid, the vowel space in Hz and in Bark, and of
    videos the mean frame of each vowel; figures as PDF, SVG and PNG.

    Parameters
    ----------
    recordings
        Sound files or videos, best of one speaker.
    textgrid
        The TextGrid or table, where there is one recording and it has another name.
    tier
        Its tier of phones; found by itself if not given.
    label
        Labels that are vowels; those of Japanese, ARPAbet and the IPA if none is given.
    share
        Part of each vowel's distribution that its ellipse holds.
    """
    from rtmri2speech.analysis.vowels import vowels as measure_vowels
    from rtmri2speech.phonetics.vowels.space import require_share
    from rtmri2speech.reporting.figures.phonetics import draw_vowel_space

    require_share(share)
    with progress("Measuring vowels", "recordings") as bar:
        space = measure_vowels(
            recordings, textgrid=textgrid, tier=tier, label=label or (), ceiling=ceiling, progress=bar
        )
    print_notes(space.notes)
    if space.recordings:
        files = space.save(out)
        files += draw_vowel_space(out, space, share, columns)
        print(f"{files[0]}: {space.title}; {len(files)} files in {out}")
    return report_failures(space.failures)
