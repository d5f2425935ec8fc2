"""Contours of a movement, computed by VocalTractLab as rarely as the movement allows."""

from __future__ import annotations

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.simulation.head.contours import Contours
from rtmri2speech.simulation.speaker.vocaltractlab import TRACT, VocalTract

# Centers of frames around an edge, in instants from it, and the weights of the cubic through them.
_AROUND = np.array([-3, -1, 1, 3])
_CUBIC = np.array([-1.0, 9.0, 9.0, -1.0]) / 16.0
# Share of its range that no parameter may leave within the four for an edge to be taken from them.
_STILL = 0.05


def sample_contours(tract: VocalTract, states: Float64) -> Contours:
    """Contours of N states, (N, 19)."""
    outlines = [tract.outlines(state) for state in states]
    arrays = {name: np.stack([outline[name] for outline in outlines]) for name in outlines[0]}
    return Contours(**arrays, velum=states[:, TRACT.index("VO")])


def sample_movement(tract: VocalTract, states: Float64) -> Contours:
    """Contours of edges and centers of T frames in turn, (2 T + 1, 19): those of every center are VocalTractLab's.

    So are those of the edges around which something moves. Where hardly anything does, an edge lies on the cubic
    through the four centers around it, to 0.1 mm.
    """
    edges = np.arange(4, len(states) - 4, 2)
    span = np.ptp(states[edges[:, None] + _AROUND], axis=1) / (tract.high - tract.low)
    still = edges[span.max(axis=1) < _STILL]
    asked = np.ones(len(states), np.bool_)
    asked[still] = False
    outlines = sample_contours(tract, states[asked])

    def whole(part: Float64) -> Float64:
        result = np.empty((len(states), *part.shape[1:]))
        result[asked] = part
        result[still] = np.einsum("k,nk...->n...", _CUBIC, result[still[:, None] + _AROUND])
        return result

    return Contours(
        upper=whole(outlines.upper),
        lower=whole(outlines.lower),
        tongue=whole(outlines.tongue),
        epiglottis=whole(outlines.epiglottis),
        velum=states[:, TRACT.index("VO")],
    )
