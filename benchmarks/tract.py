"""The tract in millimeters and hertz: against the truth of simulated speakers, and on real recordings with sound.

    rtmri2speech simulate --speakers 2 --minutes 0.4 --seed 77 --out phantom
    [RTMRI_REAL_DATA=FOLDER] OMP_NUM_THREADS=2 python benchmarks/tract.py [phantom] [--model FILE]

All numbers are those of ``rtmri2speech.tract``, which the command of that name writes. The area model is fitted on
other heads (``benchmarks/area_model.py``), the segmenter trained on others still. Prints
for every simulated utterance, and overall: median relative error of area over open sections, share of open sections
whose 90 % interval holds the truth, closures found, openings taken for closed, and the median relative error of F1 and
F2 in the middle halves of vowels, where the truth are the formants of the true tube with the same losses. For real
recordings: the 99th percentile of the midline's jump from frame to frame, milliseconds of CPU time per frame for
geometry and formants with their intervals, after what ``segment`` needs too (cleaning, contours and confidence, which
are printed next to it), and what ``tract_sound.py`` has to say of formants and sound.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.data.contours import PIXEL_MM
from rtmri2speech.data.truth import Truth
from rtmri2speech.vocal_tract.acoustics.formants import tube_formants
from rtmri2speech.vocal_tract.acoustics.losses import VOCALTRACTLAB, Losses
from rtmri2speech.vocal_tract.geometry.area_function import LARYNX_SECTIONS, equal_sections
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS
from rtmri2speech.vocal_tract.measurement import measure as steps
from rtmri2speech.vocal_tract.measurement.tract import Tract
from rtmri2speech.vocal_tract.passage import FoundFrame, Passage
from rtmri2speech.vocal_tract.segmenter import SHIPPED, FrameSegmenter, load_segmenter
from tract_sound import against_sound, print_sound, tell_vowels

# Patterns of real recordings and the sizes of their pixels, mm: USC-TIMIT M3's are enlarged threefold.
WITH_SOUND = {"usctimit_m3/*.mp4": PIXEL_MM / 3.0, "usc75_sub001/*.mp4": 2.4}
SILENT = {"usctimit_atb/*.avi": PIXEL_MM}
WANTED = {"area": 0.12, "low": 0.85, "high": 0.95, "F1": 0.05, "F2": 0.04, "jump": 2.0, "ms": 5.0}
OPEN_CM2 = 0.05
# Narrow, but open.
NARROW_CM2 = (0.1, 0.5)
VOWELS = ("a", "e", "i", "o", "u")


@dataclass(frozen=True)
class Measured:
    """What is found in T frames, and how long it takes.

    Attributes:
        tract: of the recording.
        ms: of CPU time per frame, for what comes before, geometry, and formants with their intervals: that of the
            thread which does it all, since the network runs in another.
    """

    tract: Tract
    ms: tuple[float, float, float]

    @property
    def after_contours(self) -> float:
        """Milliseconds of CPU time per frame once segmenter and contours are done."""
        return self.ms[1] + self.ms[2]


def main() -> None:
    parser = argparse.ArgumentParser(description="the tract in millimeters and hertz")
    parser.add_argument("phantom", type=Path, nargs="?")
    parser.add_argument("--model", default=SHIPPED)
    options = parser.parse_args()
    segmenter = load_segmenter(options.model, "cpu")
    if options.phantom is not None:
        print_phantom(options.phantom, segmenter)
    root = os.environ.get("RTMRI_REAL_DATA")
    if root:
        print_real(Path(root), segmenter)


class Stopwatch:
    """CPU time that the calling thread spends in steps, by name, seconds."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(("frames", "geometry", "tube"), 0.0)

    def call(self, name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            began = time.thread_time()
            result = step(*given, **named)
            self.seconds[name] += time.thread_time() - began
            return result

        return timed

    def frames(self, step: Callable[[Passage], Iterator[FoundFrame]]) -> Callable[[Passage], Iterator[FoundFrame]]:
        def timed(passage: Passage) -> Iterator[FoundFrame]:
            coming = step(passage)
            following = self.call("frames", lambda: next(coming, None))
            while (one := following()) is not None:
                yield one

        return timed


def measure(
    video: Path, pixel_mm: float, segmenter: FrameSegmenter, *, area_model: str = "people", losses: Losses | None = None
) -> Measured:
    """What the command ``tract`` computes, timed part by part."""
    watch = Stopwatch()
    with (
        patch.object(Passage, "frames", watch.frames(Passage.frames)),
        patch.object(steps, "measure_geometry", watch.call("geometry", steps.measure_geometry)),
        patch.object(steps, "tract_formants", watch.call("tube", steps.tract_formants)),
    ):
        found = steps.tract(video, segmenter, pixel_mm=pixel_mm, area_model=area_model, losses=losses)
    spent = watch.seconds
    parts = (spent["frames"], spent["geometry"] - spent["frames"], spent["tube"])
    before, geometry, tube = (1000.0 * part / max(len(found.length), 1) for part in parts)
    return Measured(found, (before, geometry, tube))


def formants_of(length: Float64, area: Float64, losses: Losses | None = None) -> Float64:
    """Formants (T, 4) of areas (T, 40) of tracts of lengths (T,)."""
    return tube_formants(np.repeat(length[:, None] / SECTIONS, SECTIONS, axis=1), area, losses=losses).frequencies


def print_phantom(folder: Path, segmenter: FrameSegmenter) -> None:
    print(
        f"{'utterance':<12}{'area':>7}{'covered':>9}{'closed':>8}{'narrow':>8}{'F1':>7}{'F2':>7}{'ratio F1 F2 F3':>18}"
    )
    parts: list[tuple[Float64, Bool, Float64]] = []
    for video in sorted(folder.glob("*/*.mp4")):
        truth = Truth.load(video.with_suffix(".npz"))
        shape = measure(video, 1.0, segmenter, area_model="phantom", losses=VOCALTRACTLAB).tract
        count = len(shape.formants)
        lengths, areas = truth.lengths[:count].astype(np.float64), truth.areas[:count].astype(np.float64)
        area = equal_sections(lengths, areas)
        open_ = (area > OPEN_CM2) & np.isfinite(shape.area)
        error = np.abs(shape.area / np.maximum(area, 1e-9) - 1.0)[open_]
        held = ((shape.area_range[..., 0] <= area) & (area <= shape.area_range[..., 1]))[open_]
        above = np.arange(SECTIONS) >= LARYNX_SECTIONS
        shut = (area < OPEN_CM2) & above
        narrow = (area > NARROW_CM2[0]) & (area < NARROW_CM2[1]) & above
        ratio = (shape.formants / formants_of(lengths.sum(axis=1), area, VOCALTRACTLAB))[in_vowels(truth, count)]
        off = np.nanmedian(np.abs(ratio - 1.0), axis=0)
        print(
            f"{video.stem:<12}{np.median(error):>7.1%}{held.mean():>9.1%}{shape.closed[shut].mean():>8.0%}"
            f"{shape.closed[narrow].mean():>8.0%}{off[0]:>7.1%}{off[1]:>7.1%}"
            f"{'  '.join(f'{one:.2f}' for one in np.nanmedian(ratio, axis=0)[:3]):>18}"
        )
        parts.append((error, held, ratio))
    error, held, ratio = (np.concatenate([part[which] for part in parts]) for which in range(3))
    covered, off = float(held.mean()), np.nanmedian(np.abs(ratio - 1.0), axis=0)
    print(f"area {verdict(np.median(error), WANTED['area'])}; F1 of vowels {verdict(off[0], WANTED['F1'])}, ", end="")
    print(f"F2 {verdict(off[1], WANTED['F2'])}, ratio {' '.join(f'{one:.2f}' for one in np.nanmedian(ratio, axis=0))}")
    print(f"covered {covered:.1%} {answer(WANTED['low'] <= covered <= WANTED['high'])} (85 to 95 % wanted)")


def in_vowels(truth: Truth, count: int) -> Bool:
    """Frames (T,) in the middle halves of vowels."""
    numerator, denominator = truth.frame_rate
    times = (np.arange(count) + 0.5) * denominator / numerator
    result = np.zeros(count, np.bool_)
    for phone, (start, end) in zip(truth.phones, truth.phone_times, strict=True):
        if str(phone).rstrip(":").lower() in VOWELS:
            quarter = 0.25 * (end - start)
            result |= (times >= start + quarter) & (times <= end - quarter)
    return result


def print_real(root: Path, segmenter: FrameSegmenter) -> None:
    print(
        f"\n{'recording':<32}{'jump mm':>8}{'length cm':>11}{'closed':>8}{'missing':>8}"
        f"{'ms':>6}{'(geometry, tube; before)':>28}"
    )
    sounds = []
    for pattern, pixel_mm in (*WITH_SOUND.items(), *SILENT.items()):
        for video in sorted(root.glob(pattern)):
            found = measure(video, pixel_mm, segmenter)
            shape, jump = found.tract, percentile_of_jumps(found.tract)
            print(
                f"{video.stem[:31]:<32}{jump:>8.2f}{np.nanmedian(shape.length):>11.1f}{shape.closed.mean():>8.1%}"
                f"{np.isnan(shape.length).mean():>8.0%}{found.after_contours:>6.1f}"
                f"{f'({found.ms[1]:.1f}, {found.ms[2]:.1f}; {found.ms[0]:.1f})':>28}  "
                f"jump {answer(jump <= WANTED['jump'])}, time {answer(found.after_contours <= WANTED['ms'])}"
            )
            if pattern in WITH_SOUND:
                shut = shape.closed.any(axis=1)
                sounds.append(against_sound(video, shape.formants, shut, float(shape.frame_rate)))
                tell_vowels(video, shape.formants, float(shape.frame_rate))
    print_sound(sounds)


def percentile_of_jumps(found: Tract) -> float:
    """99th percentile over sections' ends and frames, mm."""
    steps = np.diff(found.midline, axis=0) * found.pixel_mm
    return float(np.nanpercentile(np.hypot(steps[..., 0], steps[..., 1]), 99))


def verdict(error: float, wanted: float) -> str:
    return f"{error:.1%} {answer(error <= wanted)} ({wanted:.0%} wanted)"


def answer(good: bool) -> str:
    return "yes" if good else "NO"


if __name__ == "__main__":
    main()
