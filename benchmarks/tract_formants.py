"""Formants of the measured tract against the truth of simulated speakers, and how often their intervals hold it.

    rtmri2speech simulate --speakers 2 --minutes 0.4 --seed 77 --out phantom
    python benchmarks/tract_formants.py phantom [--model FILE]

Of vowels with the velum up, since the nose is not modeled. Areas and losses are those of simulated heads, so that only
what was seen counts. Prints, per utterance and overall, median relative errors of F1 to F4, and the share of frames
whose true formant lies within the 90 % interval; the correlation of errors of log area over sections; and milliseconds
per frame for formants and intervals. The constants of ``measurement/formants.py`` were set on the two speakers of this
phantom and the three of ``simulate --speakers 3 --minutes 0.5 --seed 402``, all five together.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.data.truth import Truth
from rtmri2speech.vocal_tract.acoustics.losses import VOCALTRACTLAB
from rtmri2speech.vocal_tract.geometry.area_function import equal_sections
from rtmri2speech.vocal_tract.measurement.formants import tract_formants
from rtmri2speech.vocal_tract.measurement.measure import tract
from rtmri2speech.vocal_tract.measurement.tract import FORMANTS, Tract
from rtmri2speech.vocal_tract.segmenter import SHIPPED, load_segmenter

VOWELS = {"a", "i", "u", "e", "o"}
WANTED = (0.85, 0.95)
OPEN_CM2 = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description="formants of the measured tract")
    parser.add_argument("phantom", type=Path)
    parser.add_argument("--model", default=SHIPPED)
    options = parser.parse_args()
    segmenter = load_segmenter(options.model, "cpu")
    errors, within, areas = [], [], []
    print(
        f"{'utterance':<14}{'frames':>7}" + "".join(f"{f'F{n} error':>10}{'within':>8}" for n in range(1, FORMANTS + 1))
    )
    for video in sorted(options.phantom.glob("*/*.mp4")):
        truth = Truth.load(video.with_suffix(".npz"))
        found = tract(video, segmenter, area_model="phantom", losses=VOCALTRACTLAB)
        error, held = compared(found, truth)
        print(line(video.stem, error, held))
        errors.append(error)
        within.append(held)
        areas.append(residuals(found, truth))
    error, held = np.concatenate(errors), np.concatenate(within)
    print(line("all", error, held))
    shares = held.mean(axis=0)
    good = all(WANTED[0] <= share <= WANTED[1] for share in shares)
    print(f"within: {shares.mean():.1%}, every formant in 85 to 95 %: {'yes' if good else 'NO'}")
    residual = np.concatenate(areas)
    lags = " ".join(f"{correlation(residual, lag):.2f}" for lag in (1, 2, 4, 8))
    print(f"errors of log area: sd {np.nanstd(residual):.2f}, correlation over 1, 2, 4, 8 sections {lags}")
    began = time.perf_counter()
    tract_formants(found.length, found.area, found.area_range)
    print(f"formants and intervals: {1000 * (time.perf_counter() - began) / len(found.length):.2f} ms per frame")


def vowel_frames(found: Tract, truth: Truth) -> Bool:
    """Frames in a vowel, with the velum up and a tract that is open, (T,)."""
    times, result = found.times, np.zeros(len(found.length), np.bool_)
    for phone, (start, end) in zip(truth.phones.tolist(), truth.phone_times, strict=True):
        if phone in VOWELS:
            result |= (times >= start) & (times < end)
    count = len(result)
    return np.asarray(result & ~truth.velum_open[:count] & (truth.areas[:count] > OPEN_CM2).all(axis=1))


def compared(found: Tract, truth: Truth) -> tuple[Float64, Bool]:
    """Relative errors and whether intervals hold the truth, (N, 4) each, of vowels."""
    rows = vowel_frames(found, truth)
    true = truth.formants[: len(rows)][rows].astype(np.float64)
    rows_of_range = found.formant_range[rows]
    known = np.isfinite(true).all(axis=1)
    held = (rows_of_range[..., 0] <= true) & (true <= rows_of_range[..., 1])
    return (found.formants[rows] / true - 1.0)[known], held[known]


def residuals(found: Tract, truth: Truth) -> Float64:
    """Errors of log area (N, 40), NaN where either is closed, of vowels."""
    rows = vowel_frames(found, truth)
    lengths, areas = (one[: len(rows)][rows].astype(np.float64) for one in (truth.lengths, truth.areas))
    true, seen = equal_sections(lengths, areas), found.area[rows]
    both = (true > OPEN_CM2) & (seen > OPEN_CM2)
    return np.where(both, np.log(np.where(both, seen, 1.0) / np.where(both, true, 1.0)), np.nan)


def correlation(errors: Float64, lag: int) -> float:
    one, other = errors[:, :-lag].ravel(), errors[:, lag:].ravel()
    known = np.isfinite(one) & np.isfinite(other)
    return float((one[known] * other[known]).mean() / np.sqrt((one[known] ** 2).mean() * (other[known] ** 2).mean()))


def line(name: str, error: Float64, held: Bool) -> str:
    numbers = zip(np.nanmedian(np.abs(error), axis=0), held.mean(axis=0), strict=True)
    return f"{name:<14}{len(error):>7}" + "".join(f"{one:>10.1%}{share:>8.0%}" for one, share in numbers)


if __name__ == "__main__":
    main()
