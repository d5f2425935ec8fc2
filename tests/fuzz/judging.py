"""What ``check`` and ``prepare`` make of a recording, compared with what is true of it."""

from __future__ import annotations

import re
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
from numpy.typing import NDArray

from block_code import burst_times
from fuzz.plans import Plan
from fuzz.writing import Truth, write_planned
from rtmri2speech.corpora.folder import FolderCorpus
from rtmri2speech.data.media.textgrid import labels_of, read_textgrid
from rtmri2speech.errors import UserError
from rtmri2speech.preparation.check import CheckOptions, check
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions
from rtmri2speech.signal.frames import FrameConfig

Verdict = Literal["right", "said", "refused", "silent", "traceback", "not written"]

# Words that put the times of a recording in doubt, or say that it cannot be used.
DOUBT = re.compile(r"may be (off|late)|uncertain|jump \d+ time|announced|damaged|no mark|not an annotation")
_SIZE = 16
_STEPS = 20


@dataclass(frozen=True)
class Outcome:
    """What came of a recording: the verdict, the largest error in frames and in seconds, and words."""

    verdict: Verdict
    frames: float = 0.0
    seconds: float = 0.0
    words: tuple[str, ...] = ()


@dataclass
class Tally:
    """What came of all of them."""

    counts: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[Plan, Outcome]] = field(default_factory=list)
    largest: float = 0.0

    def add(self, plan: Plan, outcome: Outcome) -> None:
        """Count a recording."""
        self.counts[outcome.verdict] += 1
        if outcome.verdict == "right":
            self.largest = max(self.largest, outcome.frames)
        elif outcome.verdict == "said":
            self.doubts.update({re.sub(r"[\d.]+", "N", word) for word in outcome.words if DOUBT.search(word)})
        else:
            self.wrong.append((plan, outcome))

    def __str__(self) -> str:
        lines = [f"{plan!r}\n  {outcome}" for plan, outcome in self.wrong]
        lines += [f"{count} times said: {word}" for word, count in self.doubts.most_common()]
        counted = ", ".join(f"{count} {verdict}" for verdict, count in sorted(self.counts.items()))
        return "\n".join(
            [*lines, f"{self.counts.total()} recordings: {counted}; at most {self.largest:.2f} frames off"]
        )


def judge(plan: Plan, folder: Path) -> Outcome:
    """Write a recording, check and prepare it, and look where its bursts are."""
    (folder / "in").mkdir(parents=True)
    try:
        source, truth = write_planned(plan, folder / "in")
    except UserError as error:  # its sound is read for the annotation
        return Outcome("refused", words=(str(error),))
    except Exception as error:  # what FFmpeg will not write is no recording
        return Outcome("not written", words=(f"{type(error).__name__}: {error}",))
    try:
        return _judge(source, truth, folder)
    except Exception:
        return Outcome("traceback", words=(traceback.format_exc(),))


def _judge(source: Path, truth: Truth, folder: Path) -> Outcome:
    table = source.suffix == ".csv"
    corpus = FolderCorpus(pairs=source) if table else FolderCorpus((source,))
    report = check(corpus, CheckOptions(on_mismatch="trim"), workers=1)
    words = tuple(f"{item.severity}: {item.problem}" for item in report.findings)
    refused = [item for item in report.findings if item.severity == "error"]
    options = PrepareOptions(frames=FrameConfig(size=_SIZE), on_mismatch="trim", split="test")
    try:
        summary = prepare(corpus, folder / "out", options, workers=1)
    except UserError as error:
        if not refused:
            return Outcome("silent", words=(*words, f"prepare alone refuses: {error}"))
        return Outcome("refused", words=(*words, str(error)))
    if refused:
        return Outcome("silent", words=(*words, "check alone refuses"))
    features = options.features
    worst: tuple[float, float] = (0.0, 0.0)
    found = 0
    for row in summary.utterances:
        sample = folder / "out" / "samples" / row.id
        samples, rate = soundfile.read(sample / "audio.wav", dtype="float32")
        frames = np.load(sample / "mri.npy")
        times = burst_times(samples, rate)
        off = errors(truth, frames, times, float(features.frame_rate))
        found += len(times)
        worst = max([worst, *off], key=lambda error: error[0])
        grid = sample / f"{row.id}.TextGrid"
        if grid.is_file():
            labels = [one for one in labels_of(read_textgrid(grid)) if one.text == "mark"]
            middles = [(one.start + one.end) / 2 for one in labels]
            late = np.inf if len(middles) != len(times) else float(np.abs(np.subtract(middles, times)).max())
            worst = max(worst, (late * float(features.frame_rate), late))
    if found < len(truth.marks) - 1:
        worst = (np.inf, np.inf)
    doubtful = any(DOUBT.search(word) for word in words)
    if worst[0] > 0.5:
        return Outcome("said" if doubtful else "silent", *worst, words)
    return Outcome("said" if doubtful else "right", *worst, words)


def errors(truth: Truth, frames: NDArray[np.uint8], times: list[float], rate: float) -> list[tuple[float, float]]:
    """How far each burst of a sample is from where its frames say that it should be: frames, and seconds.

    A frame of the sample is a mean of source frames; the time at which the true frames would give the same mean is
    looked for. Where a range of times gives the same, the nearest counts.
    """
    which = _matched(times, truth.marks)
    if which is None:
        return [(np.inf, np.inf)]
    cells = _cells(frames)
    periods = np.diff(truth.edges)
    at, models = _models(truth, rate)
    found = []
    for time, mark in zip(times, which, strict=True):
        place = min(int(time * rate), len(frames) - 1)
        expected = mark + (place + 0.5) / rate - time
        off = np.inf
        for model in models:
            misfit = np.abs(model - cells[place]).mean(axis=1)
            alike = at[misfit <= misfit.min() + 0.02]
            off = min(off, float(np.abs(alike - expected).min()))
        period = float(periods[np.searchsorted(truth.edges, mark, side="right") - 1])
        found.append((off / min(period, 1 / rate), off))
    return found


def _matched(times: list[float], marks: list[float]) -> list[float] | None:
    """The marks that bursts are, by the distances between them."""
    if not times or len(times) > len(marks):
        return None
    gaps = np.diff(times)
    runs = [marks[first : first + len(times)] for first in range(len(marks) - len(times) + 1)]
    return min(runs, key=lambda run: float(np.abs(np.diff(run) - gaps).sum()))


def _cells(frames: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Brightness of the blocks that carry the number, 0 to 1, shape (T, 12)."""
    middle = np.arange(4) * (_SIZE // 4) + _SIZE // 8
    blocks = frames[:, middle[:, None], middle].reshape(len(frames), 16).astype(float)
    low, high = blocks[:, 13:].mean(axis=1, keepdims=True), blocks[:, :1]
    return np.asarray((blocks[:, 1:13] - low) / np.maximum(high - low, 1.0))


def _models(truth: Truth, rate: float) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """Times, and the blocks that the true frames give there: as they are, averaged over a frame, interpolated."""
    codes = (truth.numbers[:, None] >> np.arange(12) & 1).astype(float)
    edges = truth.edges
    at = np.arange(edges[0], edges[-1], np.diff(edges).min() / _STEPS)
    place = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, len(codes) - 1)
    total = np.concatenate([np.zeros((1, 12)), np.cumsum(codes * np.diff(edges)[:, None], axis=0)])
    until = [np.stack([np.interp(at + half / rate, edges, part) for part in total.T], 1) for half in (-0.5, 0.5)]
    middles = (edges[:-1] + edges[1:]) / 2
    between = np.stack([np.interp(at, middles, part) for part in codes.T], 1)
    mean = len(codes) / (edges[-1] - edges[0])
    changed = (until[1] - until[0]) * rate if mean > rate else between
    if abs(mean / rate - 1) < 1e-4:
        return at, [codes[place], changed]
    return at, [changed]
