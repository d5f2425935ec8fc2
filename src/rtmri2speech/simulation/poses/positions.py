"""Positions of the articulators, drawn far and wide: what speech may pass through, and a little more.

They start from VocalTractLab's own shapes, carried over to the anatomy: mixtures of vowels, consonants formed to a
random degree, rest; some lie on the way from one to another. Then everything deviates a little.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.errors import ConfigError
from rtmri2speech.simulation.head.contour_sampling import sample_contours
from rtmri2speech.simulation.head.contours import Contours
from rtmri2speech.simulation.speaker.vocaltractlab import TRACT, VocalTract
from rtmri2speech.simulation.speaker.voice import CRITICAL

_VOWELS = ("a", "e", "i", "o", "u", "E:", "2", "y", "I", "E", "O", "U", "9", "Y", "@", "6")
_CONSONANTS = {
    "labial": ("ll-labial-closure", "ll-dental-fricative"),
    "alveolar": (
        *("tt-dental-fricative", "tt-alveolar-closure", "tt-alveolar-lateral", "tt-alveolar-fricative"),
        *("tt-postalveolar-closure", "tt-postalveolar-lateral", "tt-postalveolar-fricative"),
    ),
    "velar": ("tb-palatal-fricative", "tb-velar-closure", "tb-uvular-fricative"),
}
SHAPES = (*_VOWELS, *(f"{name}({vowel})" for names in _CONSONANTS.values() for name in names for vowel in "aiu"))
"""Names of the shapes that are used, those of them that a speaker has."""

# How often each kind of position is drawn.
_KINDS = {"vowel": 0.25, "labial": 0.15, "alveolar": 0.28, "velar": 0.2, "rest": 0.12}
_ON_THE_WAY = 0.3
# Vowels mixed, and how unevenly.
_MIXED, _EVENNESS = 3, 0.6
# Of a parameter that a consonant does not form, as much of its shape is taken at most.
_FREE = 0.5
_CLOSED = 0.5
# Where a consonant that is formed whole presses on, up to so much of the parameters' ranges.
_PRESSES = {
    "labial": {"LD": -0.5},
    "alveolar": {"TTY": 1.0, "TBY": 0.4},
    "velar": {"TCY": 1.0, "TBY": 0.5},
}
_PRESSURE = 0.25
# Standard deviations, in shares of a parameter's range.
_DEVIATIONS = {
    **dict.fromkeys(("TCX", "TCY", "TTX", "TTY", "TBX", "TBY"), 0.035),
    **dict.fromkeys(("JA", "HX", "VS"), 0.08),
    **dict.fromkeys(("HY", "LP"), 0.12),
    **dict.fromkeys(("TS1", "TS2", "TS3", "JX"), 0.10),
    "LD": 0.03,
}
_LIPS_CLOSED, _LIPS_AT_REST = -0.4, (-0.3, 0.5)
# A passage by the tongue below such an area closes in the frame, cm^2, the more the narrower; but for a share of the
# positions.
_NEARLY_CLOSED_CM2 = (0.15, 0.6)
_GAPS = 0.15
_TRIES = 40
# How far the tongue may reach into roof and wall, cm.
_INTO_ROOF, _INTO_WALL = 0.15, 0.2


def draw_positions(
    tract: VocalTract, shapes: Mapping[str, Float64], count: int, rng: np.random.Generator
) -> tuple[Float64, Contours]:
    """Parameters (N, 19) and contours of ``count`` positions in which nothing cuts through itself.

    Args:
        tract: the speaker.
        shapes: those of :data:`SHAPES` on this anatomy.
        count: N.
        rng: source of what varies.

    Raises:
        ConfigError: when the anatomy allows too few.
    """
    states: list[Float64] = []
    kept: list[Contours] = []
    found = 0
    for _ in range(_TRIES):
        drawn = np.stack([_draw(tract, shapes, rng) for _ in range(count - found)])
        contours = sample_contours(tract, drawn)
        clean = np.flatnonzero(is_possible(contours))
        states.append(drawn[clean])
        kept.append(contours.at(clean))
        found += len(clean)
        if found == count:
            break
    else:
        raise ConfigError(f"This anatomy takes {found} of {count} positions.", "Choose another `seed`.")
    whole = np.concatenate(states)
    together = Contours(
        upper=np.concatenate([one.upper for one in kept]),
        lower=np.concatenate([one.lower for one in kept]),
        tongue=np.concatenate([one.tongue for one in kept]),
        epiglottis=np.concatenate([one.epiglottis for one in kept]),
        velum=whole[:, TRACT.index("VO")],
    )
    narrowest = np.array([_narrowest_at_tongue(tract, state) for state in whole])
    closure = np.clip(1.0 - narrowest / rng.uniform(*_NEARLY_CLOSED_CM2, count), 0.0, 1.0)
    # Some closures leave a gap, as in the frames of people whose tongue does not touch in the middle.
    gaps = np.where(rng.random(count) < _GAPS, rng.random(count), 1.0)
    return whole, replace(together, closure=closure * gaps)


def is_possible(contours: Contours) -> Bool:
    """Which of N positions have a tongue that neither crosses itself nor reaches into roof or wall, (N,)."""
    return np.array([_is_possible(*one) for one in zip(contours.upper, contours.tongue, strict=True)], np.bool_)


def _is_possible(upper: Float64, tongue: Float64) -> bool:
    surface = tongue[:34]
    if _crosses_itself(surface):
        return False
    roof = upper[9:23]
    under = (surface[:, 0] > roof[3:, 0].min()) & (surface[:, 0] < roof[:, 0].max())
    order = np.argsort(roof[3:, 0])
    height = np.interp(surface[under, 0], roof[3:, 0][order], roof[3:, 1][order])
    if (surface[under, 1] > height + _INTO_ROOF).any():
        return False
    wall = upper[2:9]
    level = (surface[:, 1] > wall[0, 1]) & (surface[:, 1] < wall[-1, 1])
    return not (surface[level, 0] < np.interp(surface[level, 1], wall[:, 1], wall[:, 0]) - _INTO_WALL).any()


def _crosses_itself(line: Float64) -> bool:
    start, step = line[:-1], np.diff(line, axis=0)
    # start_i + s step_i = start_j + t step_j, for every pair that are no neighbors.
    across = step[:, None, 0] * step[None, :, 1] - step[:, None, 1] * step[None, :, 0]
    way = start[None, :] - start[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        s = (way[..., 0] * step[None, :, 1] - way[..., 1] * step[None, :, 0]) / across
        t = (way[..., 0] * step[:, None, 1] - way[..., 1] * step[:, None, 0]) / across
    apart = np.abs(np.subtract.outer(np.arange(len(step)), np.arange(len(step)))) > 1
    return bool(((s > 0) & (s < 1) & (t > 0) & (t < 1) & apart).any())


def _draw(tract: VocalTract, shapes: Mapping[str, Float64], rng: np.random.Generator) -> Float64:
    span = tract.high - tract.low
    state = _one(shapes, span, rng)
    if rng.random() < _ON_THE_WAY:
        state += rng.random() * (_one(shapes, span, rng) - state)
    state += np.array([_DEVIATIONS.get(name, 0.0) for name in TRACT]) * span * rng.standard_normal(len(TRACT))
    velum = TRACT.index("VO")
    if rng.random() < _CLOSED:
        state[velum] = tract.low[velum]
    else:
        state[velum] = rng.random() ** 1.5 * tract.high[velum]
    lips = TRACT.index("LD")
    state[lips] = max(state[lips], _LIPS_CLOSED)
    return np.clip(state, tract.low, tract.high)


def _one(shapes: Mapping[str, Float64], span: Float64, rng: np.random.Generator) -> Float64:
    kind = str(rng.choice(list(_KINDS), p=list(_KINDS.values())))
    # Files of older speakers lack a vowel.
    names = rng.choice([name for name in _VOWELS if name in shapes], _MIXED, replace=False)
    weights = rng.dirichlet(np.full(_MIXED, _EVENNESS))
    state = sum((weight * shapes[name] for weight, name in zip(weights, names, strict=True)), np.zeros(len(TRACT)))
    if kind == "rest":
        state = 0.5 * (state + shapes["@"])
        state[TRACT.index("JA")] = rng.uniform(-3.0, 0.0)
        state[TRACT.index("LD")] = rng.uniform(*_LIPS_AT_REST)
    elif kind != "vowel":
        # The stops are in every file.
        there = [name for name in _CONSONANTS[kind] if all(f"{name}({vowel})" in shapes for vowel in "aiu")]
        name = str(rng.choice(there))
        # Half of them formed whole, or pressed; the others on their way.
        whole = rng.random() < 0.55
        degree = 1.0 if whole else rng.uniform(0.1, 1.0)
        free = rng.uniform(0.0, _FREE)
        share = np.array([max(CRITICAL[kind].get(parameter, 0.0), free) for parameter in TRACT])
        state += degree * share * (shapes[f"{name}({rng.choice(list('aiu'))})"] - state)
        if whole:
            press = rng.uniform(0.0, _PRESSURE) * span
            state += press * np.array([_PRESSES[kind].get(parameter, 0.0) for parameter in TRACT])
    return state


def _narrowest_at_tongue(tract: VocalTract, state: Float64) -> float:
    _, areas, tongue = tract.tube_with_tongue(state)
    return float(areas[tongue].min(initial=np.inf))
