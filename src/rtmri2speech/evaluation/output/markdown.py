"""The contents of ``metrics.md``: seen and unseen speakers with ceiling and floor, then speaker by speaker."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from rtmri2speech.evaluation.conditions import CONDITIONS
from rtmri2speech.evaluation.intelligibility.table import rate_table
from rtmri2speech.evaluation.summary import OF_TRUTH, OF_VOWELS, Group, measure_names, taken_further
from rtmri2speech.metrics.bootstrap import Interval
from rtmri2speech.metrics.direction import best_of

if TYPE_CHECKING:
    from rtmri2speech.evaluation.results import Evaluation

YES_NO = {True: "yes", False: "no", None: ""}
"""How tables say whether a speaker was seen."""

_BY_SPEAKER = (
    "mel_mae_db",
    "mcd_db",
    "stoi",
    "estoi",
    "f0_rmse_hz",
    "f1_error_median_hz",
    "f2_error_median",
    "vowel_identification",
)


def markdown(evaluation: Evaluation) -> str:
    """The tables of an evaluation as Markdown."""
    lines = [
        f"# Evaluation of {Path(evaluation.bundle.source).name}",
        "",
        f"{len(evaluation.utterances)} utterances of the {evaluation.options.split} split of "
        f"{evaluation.dataset.root.resolve().name}. In brackets: 95 % intervals, bootstrap over utterances. "
        "Ceiling: the true mel spectrogram through the vocoder; floor: the training split's mean mel spectrogram.",
        *(["", f"**{evaluation.caveat}**"] if evaluation.caveat else []),
        "",
    ]
    further = taken_further(evaluation.utterances)
    names = [*measure_names(evaluation.dataset.meta.features.n_mels), *further, *OF_VOWELS, *OF_TRUTH]
    for group in evaluation.groups.main:
        lines += [*_group(group, names), ""]
    lines += _spoken(evaluation)
    lines += _speakers(evaluation)
    if evaluation.left_out:
        lines += ["", "Left out:", "", *(f"- {line}" for line in evaluation.left_out)]
    return "\n".join(lines) + "\n"


def _group(group: Group, names: list[str]) -> list[str]:
    heading = f"{group.name.capitalize()} speakers ({', '.join(group.speakers)}), {len(group.utterances)} utterances"
    lines = [f"## {heading}", "", "| measure | best | model | ceiling | floor |", "|---|---|---|---|---|"]
    for name in names:
        found = [group.by_condition[c] for c in CONDITIONS]
        if all(math.isnan(one.values[name]) for one in found):
            continue
        cells = [_cell(one.values[name], one.intervals[name]) for one in found]
        lines.append(f"| {name} | {best_of(name)} | {' | '.join(cells)} |")
    if not math.isnan(group.recorded_identification):
        lines += ["", f"Vowels identified from the recorded sound itself: {group.recorded_identification:.3f}."]
    return lines


def _spoken(evaluation: Evaluation) -> list[str]:
    """Error rates of a recognizer, and a paper's figures, where these were asked for."""
    lines: list[str] = []
    if evaluation.intelligibility is not None:
        sounds, rows = rate_table(evaluation.intelligibility)
        lines += [f"## What {evaluation.intelligibility.recognizer.name} recognizes", ""]
        lines += [f"| error rate | {' | '.join(sounds)} |", "|---" * (len(sounds) + 1) + "|"]
        lines += [*(f"| {' | '.join(row)} |" for row in rows), ""]
        lines += [*(f"- {note}" for note in evaluation.intelligibility.notes), ""]
    if evaluation.comparison is not None:
        lines += [
            f"## Next to {evaluation.comparison.paper.citation}",
            "",
            "| figure | here | paper |",
            "|---|---|---|",
        ]
        lines += [f"| {what} | {found} | {paper} |" for what, found, paper in evaluation.comparison.cells()]
        lines += ["", "What differs:", "", *(f"- {line}" for line in evaluation.comparison.differs), ""]
    return lines


def _speakers(evaluation: Evaluation) -> list[str]:
    lines = [
        "## By speaker",
        "",
        f"| speaker | seen | utterances | {' | '.join(_BY_SPEAKER)} |",
        "|---" * (len(_BY_SPEAKER) + 3) + "|",
    ]
    for name, group in evaluation.groups.speakers.items():
        values = group.by_condition["model"].values
        cells = [_shown(values[measure]) for measure in _BY_SPEAKER]
        seen = YES_NO[evaluation.is_seen(name)]
        lines.append(f"| {name} | {seen} | {len(group.utterances)} | {' | '.join(cells)} |")
    return lines


def _cell(value: float, interval: Interval) -> str:
    if math.isnan(value) or math.isnan(interval[0]):
        return _shown(value)
    return f"{_shown(value)} [{_shown(interval[0])}, {_shown(interval[1])}]"


def _shown(value: float) -> str:
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
