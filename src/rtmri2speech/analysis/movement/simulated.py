"""The truth of a movement: a simulated speaker's state moved in VocalTractLab, and its frames drawn anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtmri2speech.analysis.movement.walls import TONGUE_PARTS, Movement
from rtmri2speech.arrays import Bool, Float64, UInt8
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frames import normalize_frames
from rtmri2speech.simulation.redrawing import SimulatedSpeaker, formants_of, move_tongue
from rtmri2speech.simulation.speaker.vocaltractlab import TRACT
from rtmri2speech.vocal_tract.outlines import arc_length

# A movement that VocalTractLab makes to less than this share, or further than this, is not the one that was asked for.
_LEAST, _FURTHEST = 0.8, 1.25
_LIPS = ("upper_lip", "lower_lip")
# Whether the lips part.
_PARTING = {"upper_lip": {"up": 1.0, "down": -1.0}, "lower_lip": {"up": -1.0, "down": 1.0}}


@dataclass(frozen=True)
class SimulatedMovement:
    """What a movement does to a simulated speaker, in T frames.

    Attributes:
        change: (T, 4), of F1 to F4 of VocalTractLab's transfer function, Hz; NaN where it cannot make the movement,
            where the velum is down, and where they are renumbered.
        went: (T,), share of the way that the articulator went; NaN where that was not tried.
        frames: (T, S, S), before and after, drawn anew and normalized; None where they cannot be drawn.
    """

    change: Float64
    went: Float64
    frames: tuple[UInt8, UInt8] | None

    @property
    def made(self) -> Bool:
        """Where VocalTractLab could make the movement, (T,)."""
        return made_of(self.went)


def made_of(went: Float64) -> Bool:
    """Where an articulator went (T,) about as far as it was to."""
    with np.errstate(invalid="ignore"):
        return np.asarray((went > _LEAST) & (went < _FURTHEST))


def is_simulated(movement: Movement) -> bool:
    """Whether VocalTractLab has parameters for a movement: of the tongue, and of the lips apart and together."""
    if movement.articulator in _LIPS:
        return movement.direction in ("open", "close", *_PARTING[movement.articulator])
    return movement.articulator == "tongue" or movement.articulator in TONGUE_PARTS


def simulate_movement(
    speaker: SimulatedSpeaker, movement: Movement, clip: Clip, moved: Bool, progress: Progress = SILENT
) -> SimulatedMovement:
    """Move the states of an utterance.

    Lips move by half of the way each, which parts them as far as one does that goes all of it.

    Args:
        speaker: of the utterance.
        movement: that :func:`is_simulated`.
        clip: the utterance, for how frames are prepared.
        moved: (T,), frames that the movement is possible in.
        progress: counts frames.

    Raises:
        UserError: when the extra with VocalTractLab is missing.
    """
    tract, states = speaker.tract(), speaker.states
    count = min(len(states), len(moved))
    after, went = states.copy(), np.full(len(moved), np.nan)
    lips = TRACT.index("LD")
    for frame in np.flatnonzero(moved[:count]):
        progress.advance()
        if movement.articulator in _LIPS:
            # Parameter LD is the distance of the lips, cm.
            want = _parting(movement) * movement.mm / 10.0
            after[frame, lips] = np.clip(states[frame, lips] + want, tract.low[lips], tract.high[lips])
            went[frame] = (after[frame, lips] - states[frame, lips]) / want
        else:
            after[frame], went[frame] = move_tongue(tract, states[frame], lambda line: _wanted(movement, line))
    made = made_of(went)
    change = np.full((len(moved), 4), np.nan)
    numbers = np.flatnonzero(made)
    ends = [formants_of(tract, one[numbers]) for one in (states, after)]
    change[numbers] = np.where(speaker.truth.velum_open[numbers, None] | renumbered(*ends), np.nan, ends[1] - ends[0])
    stays = np.ones(len(states), np.bool_)
    stays[numbers] = False
    after[stays] = states[stays]
    return SimulatedMovement(change, went, _drawn(speaker, states, after, clip))


def renumbered(before: Float64, after: Float64) -> Bool:
    """Where a change of formants (T, N) is one of their number: further than half of the way to a neighbor.

    A peak that appears, or melts into another, renumbers those above it.
    """
    edge = np.full((len(before), 1), np.nan)
    gaps = np.diff(before, axis=1)
    with np.errstate(invalid="ignore"):
        room = 0.5 * np.fmin(np.hstack([edge, gaps]), np.hstack([gaps, edge]))
        jumps = ~(np.abs(after - before) < room)
    # All above one that has jumped are other ones, too.
    return np.asarray(np.logical_or.accumulate(jumps, axis=1))


def _parting(movement: Movement) -> float:
    if movement.direction in ("open", "close"):
        return 1.0 if movement.direction == "open" else -1.0
    return _PARTING[movement.articulator][movement.direction]


def _wanted(movement: Movement, line: Float64) -> tuple[Float64, Float64]:
    """Where the tongue's surface (P, 2) is to go, cm, x forward and y up, and how much each of its points counts."""
    shares = movement.shares(10.0 * arc_length(line))
    tangents = np.gradient(line, axis=0)
    tangents /= np.maximum(np.hypot(*tangents.T), 1e-9)[:, None]
    # From the root over the back to the tip, with y up, the airway lies to the left.
    outward = np.stack([tangents[:, 1], -tangents[:, 0]], axis=1)
    ways = {"up": (0.0, 1.0), "down": (0.0, -1.0), "front": (1.0, 0.0), "back": (-1.0, 0.0)}
    if movement.direction in ways:
        unit = np.broadcast_to(np.array(ways[movement.direction]), line.shape)
    else:
        unit = outward if movement.direction == "open" else -outward
    return 0.1 * movement.mm * shares[:, None] * unit, shares


def _drawn(speaker: SimulatedSpeaker, states: Float64, after: Float64, clip: Clip) -> tuple[UInt8, UInt8] | None:
    """Both films on the model's gray scale; None where a frame of the model is not one of the phantom's."""
    if not speaker.is_redrawable or not clip.retiming.identity or clip.n_frames != len(states):
        return None
    before, moved = (normalize_frames(speaker.frames(one), clip.frames, clip.limits) for one in (states, after))
    return before, moved
