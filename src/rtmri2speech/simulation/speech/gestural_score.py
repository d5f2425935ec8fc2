"""Convert a phoneme script to a gestural score: movements of tract and glottis.

Every parameter steps smoothly from target to target. The steps of a parameter may overlap: a short vowel between
others is then never reached, as in fast speech. Slow parts (jaw, hyoid, tongue body) take longer than quick
ones (tip, lips), so that articulators move on before others have arrived.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.simulation.speaker.vocaltractlab import GLOTTIS, STATE_RATE, TRACT, VocalTract
from rtmri2speech.simulation.speaker.voice import CRITICAL, Voice
from rtmri2speech.simulation.speech.phones import GESTURES, Gesture
from rtmri2speech.simulation.speech.script import Script, Segment

# Seconds a movement takes.
_MOVEMENT = {
    **{name: 0.16 for name in ("HX", "HY", "VS")},
    **{name: 0.13 for name in ("JX", "JA")},
    **{name: 0.12 for name in ("TCX", "TCY", "TRX", "TRY", "TBX", "TBY", "TS1", "TS2")},
    **{name: 0.10 for name in ("LP", "VO")},
    **{name: 0.08 for name in ("LD", "TTX", "TTY", "TS3")},
}
_VOWEL = Gesture()
_REST_FACTOR = 1.8  # into rest and out of it, times as long
_MOST_OF_VOWEL = 0.7
_NASAL_PORT = 0.5  # cm^2
_FOLDS_SECONDS = 0.05
# Displacement of the vocal folds for voiceless sounds and for breathing, cm.
_OPEN_FOLDS, _BREATHING = 0.10, 0.14
_PHONATION_DPA, _PHONATION_CM = 3000.0, 0.06
# Lung pressure of ordinary speech, that of the library's modal voice: 8 cm of water.
_SPEECH_DPA = 8000.0

# A leak between the folds. The library's modal voice has 0.05, which couples the trachea and raises F1 by some 4 %
# and F2 by 2 % over the transfer function of the closed tract.
_CHINK_CM2 = 0.01

# Two /a/ are never the same: standard deviation of targets, in shares of a parameter's range.
_SCATTER = {
    **{name: 0.02 for name in ("TCX", "TCY", "TTX", "TTY", "TBX", "TBY")},
    **{name: 0.03 for name in ("JA", "LD", "LP")},
}
# A vowel scattered into a passage narrower than this share of its own would be a consonant: speakers avoid that.
_NARROWEST_SHARE = 0.75
# The larynx rises with the voice: some 7 mm per octave lie within what was seen by MRI (Honda, Hirai, Masaki &
# Shimada 1999, Language and Speech 42, 401), apart from a scatter that F0 does not explain.
LARYNX_CM_PER_OCTAVE = 0.7
_LARYNX_SCATTER_CM = 0.05
_LARYNX_LAG_SECONDS = 0.04


@dataclass(frozen=True)
class GesturalScore:
    """Movements of one utterance, on a grid of :data:`STATE_RATE` states per second from time 0.

    Attributes:
        tract: shape (S, 19).
        glottis: shape (S, 11).
        voiced: shape (S,), whether the folds can vibrate.
    """

    tract: Float64
    glottis: Float64
    voiced: Bool

    def tract_at(self, times: Float64) -> Float64:
        """Tract parameters at times in seconds: (n,) to (n, 19)."""
        grid = np.arange(len(self.tract)) / STATE_RATE
        return np.stack([np.interp(times, grid, column) for column in self.tract.T], axis=1)

    def f0_at(self, times: Float64) -> Float64:
        """F0 in Hz at times in seconds, 0 where there is no voice: (n,) to (n,)."""
        grid = np.arange(len(self.tract)) / STATE_RATE
        f0 = np.interp(times, grid, self.glottis[:, GLOTTIS.index("F0")])
        nearest = np.clip(np.rint(times * STATE_RATE).astype(int), 0, len(grid) - 1)
        return np.where(self.voiced[nearest], f0, 0.0)


def compose_score(
    script: Script, voice: Voice, body: VocalTract, seconds: float, rng: np.random.Generator
) -> GesturalScore:
    """Turn a script into a gestural score.

    Args:
        script: what is said.
        voice: who says it.
        body: the speaker's vocal tract.
        seconds: length of the score; beyond the script it stays silent.
        rng: source of what varies.
    """
    times = np.arange(int(np.ceil(seconds * STATE_RATE)) + 2) / STATE_RATE
    octaves = _melody(script, times, rng)
    tract = _articulation(script, voice, body, times, rng)
    hyoid = TRACT.index("HY")
    lag = _LARYNX_LAG_SECONDS * STATE_RATE
    scatter = gaussian_filter1d(rng.standard_normal(len(times)), 0.5 * STATE_RATE, mode="wrap")
    lift = LARYNX_CM_PER_OCTAVE * gaussian_filter1d(octaves, lag, mode="nearest")
    tract[:, hyoid] += lift + _LARYNX_SCATTER_CM * scatter / max(float(scatter.std()), 1e-9)
    tract = np.clip(tract, body.low, body.high)
    glottis = _phonation(script, voice, body.glottis("modal"), octaves, times, rng)
    folds, pressure = glottis[:, GLOTTIS.index("XB")], glottis[:, GLOTTIS.index("PR")]
    return GesturalScore(tract, glottis, (folds < _PHONATION_CM) & (pressure > _PHONATION_DPA))


def smooth_steps(times: Float64, start: float, changes: list[tuple[float, float, float]]) -> Float64:
    """A value that starts at ``start`` and changes by ``amount`` over ``width`` seconds about ``center``.

    The step is the integral of a raised cosine: speed and acceleration start and end at zero.

    Args:
        times: shape (n,), seconds.
        start: value before the first change.
        changes: (center, width, amount).
    """
    value = np.full(len(times), start)
    for center, width, amount in changes:
        place = np.clip((times - center) / width, -0.5, 0.5)
        value += amount * (0.5 + place + np.sin(2.0 * np.pi * place) / (2.0 * np.pi))
    return value


def _articulation(script: Script, voice: Voice, body: VocalTract, times: Float64, rng: np.random.Generator) -> Float64:
    scatter = np.array([_SCATTER.get(name, 0.0) for name in TRACT]) * (body.high - body.low)
    targets = [_target(segment, voice, body, scatter * rng.standard_normal(len(TRACT))) for segment in script.segments]
    columns = []
    for index, name in enumerate(TRACT):
        changes = []
        for before, after, old, new in zip(
            script.segments[:-1], script.segments[1:], targets[:-1], targets[1:], strict=True
        ):
            width, offset = _movement(before, after, name)
            changes.append((after.start + offset, width, float(new[index] - old[index])))
        columns.append(smooth_steps(times, float(targets[0][index]), changes))
    return np.stack(columns, axis=1)


def _movement(before: Segment, after: Segment, parameter: str) -> tuple[float, float]:
    """Seconds a parameter takes from one segment to the next, and how much later than the boundary its middle is."""
    width = _MOVEMENT[parameter]
    if not before.label:
        # Speech begins when the articulators are there.
        return _REST_FACTOR * width, -0.5 * _REST_FACTOR * width
    if not after.label:
        return _REST_FACTOR * width, 0.5 * _REST_FACTOR * width
    into, out_of = _holds(after, parameter), _holds(before, parameter)
    if into == out_of:
        return width, 0.0
    # A movement into a closure ends at the boundary, one out of it begins there. Between two closures a short vowel
    # would not open the tract: speakers move faster then.
    room = before if into else after
    width = min(width, _MOST_OF_VOWEL * (room.end - room.start))
    return width, -0.5 * width if into else 0.5 * width


def _holds(segment: Segment, parameter: str) -> bool:
    """Whether a consonant keeps a parameter at its target from start to end: what makes the closure, and the velum."""
    gesture = _gesture(segment)
    if gesture.place is None:
        return False
    own = CRITICAL[gesture.place].get(parameter, 0.0)
    return own >= 0.9 or (parameter == "VO" and gesture.nasal)


def _target(segment: Segment, voice: Voice, body: VocalTract, scatter: Float64) -> Float64:
    if not segment.label:
        return voice.rest
    gesture, place = _gesture(segment), _gesture(segment).place
    if place is None:
        shape = voice.vowels[gesture.shape or segment.vowel].tract
        return _with_lips(_scattered(shape, body, scatter), voice, segment.vowel, gesture.lips)
    target = voice.consonants[place, segment.vowel].copy()
    # What the consonant leaves to the vowel may vary like it; what closes the tract does not.
    free = np.array([CRITICAL[place].get(name, 0.0) < 0.5 for name in TRACT])
    target[free] += scatter[free]
    if gesture.nasal:
        target[TRACT.index("VO")] = _NASAL_PORT
    return target


def _gesture(segment: Segment) -> Gesture:
    return GESTURES.get(segment.made_as, _VOWEL)


def _with_lips(shape: Float64, voice: Voice, vowel: str, share: float) -> Float64:
    """A vowel's shape whose lips have gone this share of the way to closed ones."""
    if share > 0.0:
        closed = voice.consonants["labial", vowel]
        for name in ("LD", "LP"):
            index = TRACT.index(name)
            shape[index] += share * (closed[index] - shape[index])
    return shape


def _scattered(vowel: Float64, body: VocalTract, scatter: Float64) -> Float64:
    least = _NARROWEST_SHARE * body.narrowest(vowel)
    for share in (1.0, 0.5, 0.25):
        target = np.asarray(vowel + share * scatter)
        if body.narrowest(target) >= least:
            return target
    return vowel.copy()


def _melody(script: Script, times: Float64, rng: np.random.Generator) -> Float64:
    """F0 in octaves about the speaker's reference: each phrase falls slowly, its accent falls fast."""
    changes: list[tuple[float, float, float]] = []
    register = float(rng.normal(0.0, 0.10))
    level = register
    for number, phrase in enumerate(script.phrases):
        spoken = [segment for segment in script.segments if segment.phrase == number]
        nuclei = [segment for segment in spoken if segment.made_as == segment.vowel] or spoken
        start, end = spoken[0].start, spoken[-1].end
        low, rise = register + float(rng.uniform(-0.05, 0.10)), float(rng.uniform(0.15, 0.50))
        # Standard Japanese: low, high from the second mora on, low after the accent; first-mora accents start high.
        if len(phrase) == 1:  # as one reads a list: low and falling
            low, rise = register + float(rng.uniform(-0.25, -0.05)), 0.0
        accent = int(rng.integers(0, len(nuclei)))
        changes.append((start - 0.10, 0.15, low + (rise if accent == 0 else 0.0) - level))
        level = low + (rise if accent == 0 else 0.0)
        if accent > 0:
            changes.append((nuclei[0].end, 0.12, rise))
            level += rise
        if len(phrase) > 1:
            fall = rise * float(rng.uniform(0.8, 1.1))
            place = nuclei[accent].end if accent < len(nuclei) - 1 else end - 0.08
            changes.append((place, 0.14, -fall))
            level -= fall
        slope = float(rng.uniform(0.10, 0.25))
        changes.append(((start + end) / 2, max(end - start, 0.1), -slope))
        level -= slope
    changes.append((script.segments[-1].start + 0.15, 0.2, register - level))
    flutter = gaussian_filter1d(rng.standard_normal(len(times)), 0.03 * STATE_RATE)
    return np.asarray(smooth_steps(times, register, changes) + 0.01 * flutter / max(float(flutter.std()), 1e-9))


def _phonation(
    script: Script, voice: Voice, modal: Float64, octaves: Float64, times: Float64, rng: np.random.Generator
) -> Float64:
    glottis = np.tile(modal, (len(times), 1))
    glottis[:, GLOTTIS.index("F0")] = voice.speaker.f0 * np.exp2(octaves)
    # The library's own wavering of F0 would not be in the truth.
    glottis[:, GLOTTIS.index("FL")] = 0.0
    glottis[:, GLOTTIS.index("CA")] = _CHINK_CM2
    pressure, folds = [], []
    closed = float(modal[GLOTTIS.index("XB")])
    loudness = 0.0
    for before, after in zip(script.segments[:-1], script.segments[1:], strict=True):
        if after.phrase != before.phrase and after.label:
            loudness = _SPEECH_DPA * float(np.exp2(rng.uniform(-0.4, 0.35)))
            pressure.append((after.start, 0.06, loudness))
        if before.label and not after.label:
            pressure.append((before.end - 0.01, 0.10, -loudness))
        old, new = _opening(before, closed), _opening(after, closed)
        if old != new:
            late = _gesture(before).onset - (0.03 if not before.label else 0.0)
            late += 0.04 if not after.label else 0.0
            folds.append((after.start + late, _FOLDS_SECONDS, new - old))
    glottis[:, GLOTTIS.index("PR")] = np.maximum(smooth_steps(times, 0.0, pressure), 0.0)
    opening = smooth_steps(times, _BREATHING, folds)
    glottis[:, GLOTTIS.index("XB")] = opening
    glottis[:, GLOTTIS.index("XT")] = opening + float(modal[GLOTTIS.index("XT")] - closed)
    return glottis


def _opening(segment: Segment, closed: float) -> float:
    if not segment.label:
        return _BREATHING
    return _OPEN_FOLDS if _gesture(segment).voiceless else closed
