"""Error rates as text: the recognized texts as a file, and the rates as the rows of a table."""

from __future__ import annotations

import math
from pathlib import Path

from rtmri2speech.data.tables import write_table
from rtmri2speech.evaluation.intelligibility.rates import Intelligibility, Rate

TEXTS = "texts.csv"
"""What was said and what was recognized, utterance by utterance and sound by sound."""

_DIGITS = 6


def write_texts(out: Path, spoken: Intelligibility) -> Path:
    """Write ``texts.csv``: a row per utterance and sound.

    Args:
        out: folder to write to.
        spoken: with the texts.

    Raises:
        UserError: when it cannot be written.
    """
    columns = ["id", "sound", "said", "recognized", *spoken.measures]
    return write_table(out / TEXTS, columns, spoken.rows(), _DIGITS)


def rate_table(spoken: Intelligibility) -> tuple[list[str], list[list[str]]]:
    """Sounds as columns and rates as rows, in percent with 95 % intervals; rates that no sound has are left out.

    Args:
        spoken: with the rates.

    Returns:
        The names of the sounds, and rows that start with the name of the rate.
    """
    sounds = list(dict.fromkeys(rate.sound for rate in spoken.rates))
    by_place = {(rate.sound, rate.measure): rate for rate in spoken.rates}
    rows = []
    for measure in spoken.measures:
        found = [by_place.get((sound, measure)) for sound in sounds]
        if any(one is not None for one in found):
            rows.append([measure, *(_cell(one) for one in found)])
    return sounds, rows


def _cell(rate: Rate | None) -> str:
    if rate is None:
        return ""
    ends = "" if math.isnan(rate.low) else f" [{100 * rate.low:.1f}, {100 * rate.high:.1f}]"
    return f"{100 * rate.value:.1f} %{ends}"
