"""Whether the sound of a recording is in time with its frames, as far as formants can tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtmri2speech.arrays import Bool, Float64, Int64
from rtmri2speech.metrics.bootstrap import Bootstrap
from rtmri2speech.phonetics.tracks import Tracks
from rtmri2speech.vocal_tract.against_sound.agreement import FEWEST, correlation

LONGEST_SECONDS, STEP_SECONDS = 0.12, 0.01
"""Delays that are tried: to either side, and from one to the next."""

# A delay is worth a word from this gain of the mean correlation on, and if it is this long at least.
_GAIN, _LEAST_SECONDS = 0.05, 0.02
# F1 and F2 move most, and Praat finds them best.
_FORMANTS = 2
_NAN = float("nan")


@dataclass(frozen=True)
class Delay:
    """How late the sound is against the frames, where formants of tube and sound agree best.

    Attributes:
        seconds: positive where what is heard lies later in the sound than what is seen in the frames; NaN where there
            was too little to compare.
        r: mean correlation of F1 and F2 there, log Hz.
        r_in_time: the same without a delay.
        clear: whether it is longer than 20 ms and than half a frame, and the correlation with it higher by .05 and more
            than chance (95 %).
    """

    seconds: float = _NAN
    r: float = _NAN
    r_in_time: float = _NAN
    clear: bool = False


def best_delay(times: Float64, tube: Float64, chosen: Bool, tracks: Tracks, blocks: Int64) -> Delay:
    """Look for the delay of the sound at which the tube's formants agree best with the sound's.

    Args:
        times: (T,), middles of the frames, seconds.
        tube: (T, n), F1 to Fn, Hz; NaN where unknown.
        chosen: (T,), frames that may be compared.
        tracks: of the sound, whose time 0 is the start of the first frame.
        blocks: (T,), number of the stretch that a frame is drawn with.
    """
    steps = round(LONGEST_SECONDS / STEP_SECONDS)
    tried = STEP_SECONDS * np.arange(-steps, steps + 1)
    pairs = [_pairs(times + delay, tube, chosen, tracks) for delay in tried]
    means = np.array([_mean_r(pair) for pair in pairs])
    if not np.isfinite(means[steps]):
        return Delay()
    best = int(np.nanargmax(means))
    seconds, gain = float(tried[best]), means[best] - means[steps]
    frame = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    long = abs(seconds) > max(_LEAST_SECONDS, 0.5 * frame) - 1e-9
    clear = bool(long and gain >= _GAIN and _surely_better(pairs[best], pairs[steps], blocks))
    return Delay(seconds, float(means[best]), float(means[steps]), clear)


_Pair = tuple[Bool, Float64, Float64]
"""Frames (T,) that are known in both, and log Hz of each, (T, 2)."""


def _pairs(times: Float64, tube: Float64, chosen: Bool, tracks: Tracks) -> _Pair:
    """The tube's formants and those of the sound at other times."""
    at = np.clip(np.searchsorted(tracks.times, times), 1, len(tracks.times) - 1)
    at -= (times - tracks.times[at - 1]) < (tracks.times[at] - times)
    heard = tracks.formants[at, :_FORMANTS]
    near = np.abs(tracks.times[at] - times) <= STEP_SECONDS
    there = chosen & near & tracks.voiced[at] & np.isfinite(heard).all(axis=1)
    known = there & np.isfinite(tube[:, :_FORMANTS]).all(axis=1)
    with np.errstate(invalid="ignore"):
        return known, np.log(tube[:, :_FORMANTS]), np.log(heard)


def _mean_r(pair: _Pair) -> float:
    known, tube, heard = pair
    if known.sum() < FEWEST:
        return _NAN
    return float(np.mean([correlation(tube[known, one], heard[known, one]) for one in range(_FORMANTS)]))


def _surely_better(best: _Pair, now: _Pair, blocks: Int64) -> bool:
    """Whether 97.5 % of draws of stretches, the same for both, have the higher correlation in the first."""
    draws, count = Bootstrap(), int(blocks.max()) + 1
    found = []
    for known, tube, heard in (best, now):
        each = [draws.correlations(tube[known, n], heard[known, n], blocks[known], count) for n in range(_FORMANTS)]
        found.append(np.mean(each, axis=0))
    gains = (found[0] - found[1])[np.isfinite(found[0] - found[1])]
    return len(gains) > 0 and float(np.percentile(gains, 2.5)) > 0.0
