"""Formants of the tube next to Praat's of the same recording, and how far Praat's can be relied on (``tract.py``).

Praat's formants of a frame are medians over its 10 ms steps, all voiced. Next to the correlation in log Hz stands what
the sound itself allows: the correlation of Praat's formants below two ceilings, 500 Hz to either side of the usual one,
which would be 1 if they were formants of the speaker; and the share of energy below 600 Hz in voiced stretches, which
is over a half in ordinary speech (Byrne et al. 1994, J. Acoust. Soc. Am. 96, 2108) and is lost where a scanner's noise
has been taken off.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import spectrogram

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.data.media.audio import Sound, read_sound
from rtmri2speech.phonetics.tracks import Tracks, formants

WANTED = {"r": (0.65, 0.75), "vowels": 0.85}
# How much later than its place in the video a frame was taken, seconds. USC-TIMIT's frames are made from 13 interleaves
# of 6.164 ms and follow each other every 7 (Narayanan et al. 2014, J. Acoust. Soc. Am. 136, 1307): the middle of the
# window lies 3 interleaves after the middle of the frame's own time.
LAGS = {"usctimit": 0.0185}
APART_HZ = 500.0
LEAST_WINDOW_S = 0.02
LOW_HZ = 600.0
NAMES = ("F1", "F2", "F3")


@dataclass(frozen=True)
class AgainstSound:
    """Numbers of one recording, of F1 to F3 (3,) each, with and without the frames' lag."""

    name: str
    lag: float
    voiced: int
    opened: int
    r: tuple[Float64, Float64]
    r_open: tuple[Float64, Float64]
    ratio: Float64
    reliability: Float64
    low: float


def against_sound(video: Path, tube: Float64, shut: Bool, rate: float) -> AgainstSound:
    """Compare the formants (T, n) of a recording's tube with those of its sound."""
    separate = video.with_suffix(".wav")
    sound = read_sound(separate if separate.exists() else video)
    usual = formants(sound)
    others = [formants(sound, usual.ceiling + shift) for shift in (-APART_HZ, APART_HZ)]
    lag = next((seconds for name, seconds in LAGS.items() if name in video.stem), 0.0)
    times = (np.arange(len(tube)) + 0.5) / rate
    known = np.isfinite(tube[:, :3]).all(axis=1)
    r, r_open = [], []
    for shift in (0.0, lag):
        praat = in_frames(usual, times + shift, rate)
        good = known & np.isfinite(praat).all(axis=1)
        r.append(correlations(tube, praat, good))
        r_open.append(correlations(tube, praat, good & ~shut))
    low, high = (in_frames(one, times + lag, rate) for one in others)
    both = good & ~shut & np.isfinite(low).all(axis=1) & np.isfinite(high).all(axis=1)
    ratio = np.median(tube[good & ~shut, :3] / praat[good & ~shut], axis=0)
    return AgainstSound(
        video.stem,
        lag,
        int(good.sum()),
        int((good & ~shut).sum()),
        (r[0], r[1]),
        (r_open[0], r_open[1]),
        ratio,
        correlations(low, high, both),
        low_share(sound, usual),
    )


def in_frames(tracks: Tracks, times: Float64, rate: float) -> Float64:
    """F1 to F3 (T, 3) about the frames' times; NaN where not all of it is voiced."""
    result = np.full((len(times), 3), np.nan)
    half = max(0.5 / rate, LEAST_WINDOW_S)
    for number, time in enumerate(times):
        near = np.abs(tracks.times - time) <= half
        values = tracks.formants[near, :3]
        if near.any() and tracks.voiced[near].all() and np.isfinite(values).any(axis=0).all():
            result[number] = np.nanmedian(values, axis=0)
    return result


def correlations(one: Float64, other: Float64, frames: Bool) -> Float64:
    """Of F1 to F3 in log Hz, (3,)."""
    if frames.sum() < 3:
        return np.full(3, np.nan)
    return np.array([np.corrcoef(np.log(one[frames, n]), np.log(other[frames, n]))[0, 1] for n in range(3)])


def low_share(sound: Sound, tracks: Tracks) -> float:
    """Share of the energy of voiced stretches below 600 Hz."""
    size = round(0.04 * sound.rate)
    frequencies, times, power = spectrogram(sound.samples.astype(np.float64), sound.rate, nperseg=size)
    voiced = np.interp(times, tracks.times, tracks.voiced.astype(np.float64)) > 0.99
    power = power[:, voiced]
    return float(power[frequencies < LOW_HZ].sum() / power.sum())


def print_sound(found: Sequence[AgainstSound]) -> None:
    """A row per recording, and means against what is wanted."""
    print(f"\n{'r with Praat, F1 F2 F3':<32}{'frames':>7}{'voiced':>17}{'and open':>17}", end="")
    print(f"{'with lag':>17}{'ratio':>17}{'two ceilings':>17}{'<600 Hz':>9}")
    for one in found:
        print(f"{one.name[:31]:<32}{one.opened:>3}/{one.voiced:<3}", end="")
        for values in (one.r[0], one.r_open[0], one.r_open[1], one.ratio, one.reliability):
            print(f"{' '.join(f'{value:.2f}' for value in values):>17}", end="")
        print(f"{one.low:>9.0%}")
    for title, rows in (
        ("voiced", [one.r[1] for one in found]),
        ("voiced and open", [one.r_open[1] for one in found]),
    ):
        mean = np.mean(rows, axis=0)
        good = ", ".join(
            f"{name} {value:.2f} {'yes' if value >= wanted else 'NO'}"
            for name, value, wanted in zip(NAMES, mean, WANTED["r"], strict=False)
        )
        print(f"mean of recordings, with the lag, {title}: {good} ({WANTED['r'][0]}, {WANTED['r'][1]} wanted)")
    between = np.mean([one.reliability for one in found], axis=0)
    print(f"Praat with itself, two ceilings: {', '.join(f'{n} {r:.2f}' for n, r in zip(NAMES, between, strict=True))}")


def tell_vowels(video: Path, tube: Float64, rate: float) -> None:
    """Tell hand-labeled vowels apart by log F1 and F2 of the tube alone, each kept out."""
    table = next(iter(video.parent.glob("*_vowel_times.csv")), None)
    if table is None:
        return
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = [(row[0], float(row[2]), float(row[3])) for row in list(csv.reader(file, delimiter=";"))[1:]]
    times = (np.arange(len(tube)) + 0.5) / rate
    places, names = [], []
    for name, start, end in rows:
        quarter = 0.25 * (end - start)
        within = (times > start + quarter) & (times < end - quarter)
        within[np.abs(times - 0.5 * (start + end)).argmin()] = True
        places.append(np.nanmedian(np.log(tube[within, :2]), axis=0))
        names.append(name)
    points, labels = np.array(places), np.array(names)
    right = float(np.mean([told(points, labels, number) == labels[number] for number in range(len(labels))]))
    medians = ", ".join(
        f"{one} {' '.join(f'{value:.0f}' for value in np.exp(np.median(points[labels == one], axis=0)))}"
        for one in sorted(set(names))
    )
    good = "yes" if right >= WANTED["vowels"] else "NO"
    print(
        f"  {len(labels)} vowels by F1 and F2: {right:.0%} right {good} ({WANTED['vowels']:.0%} wanted); {medians} Hz"
    )


def told(points: Float64, labels: np.ndarray, number: int) -> str:
    """The class of one point by all others (Fisher 1936)."""
    others = np.arange(len(labels)) != number
    names = sorted(set(labels[others]))
    means = np.array([points[others & (labels == name)].mean(axis=0) for name in names])
    left = points[others] - means[[names.index(label) for label in labels[others]]]
    inverse = np.linalg.inv(left.T @ left / (len(left) - len(names)))
    away = points[number] - means
    return str(names[int(np.einsum("ij,jk,ik->i", away, inverse, away).argmin())])


if __name__ == "__main__":
    raise SystemExit("run benchmarks/tract.py")
