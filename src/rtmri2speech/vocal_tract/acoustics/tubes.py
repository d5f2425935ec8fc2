"""Tubes as they come from an area function: cut at their closures, checked, with their side branch's place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtmri2speech.arrays import Bool, Float64, Int64
from rtmri2speech.errors import UserError
from rtmri2speech.vocal_tract.acoustics.losses import Fossa

CLOSED_CM2 = 1e-3
"""A section of at most this area is closed."""

_FOSSA_SECTIONS = 5


@dataclass(frozen=True)
class Tubes:
    """T tubes up to their closures; sections from there on have no length and the area of the one before.

    Attributes:
        lengths: (T, K), cm, from glottis to lips.
        areas: (T, K), cm^2, all positive.
        closure: (T,), number of the first closed section, -1 where the tube is open.
        known: (T,), whether the tube has numbers and anything is left of it.
        whole: (T,), length to the lips, whatever is closed, cm.
    """

    lengths: Float64
    areas: Float64
    closure: Int64
    known: Bool
    whole: Float64

    @property
    def closed(self) -> Bool:
        """(T,)."""
        return np.asarray(self.closure >= 0)

    def only(self, rows: Bool | Int64 | slice) -> Tubes:
        """Some of the tubes."""
        return Tubes(self.lengths[rows], self.areas[rows], self.closure[rows], self.known[rows], self.whole[rows])

    def branch_sections(self, fossa: Fossa | None) -> Int64:
        """(T,), number of the section at whose far end the side branch opens, -1 where there is none."""
        if fossa is None:
            return np.full(len(self.areas), -1)
        place = fossa.at_share * self.whole[:, None]
        nearest = np.abs(np.cumsum(self.lengths, axis=1) - place).argmin(axis=1)
        return np.where(self.closed & (self.closure <= nearest), -1, nearest)


def cut_at_closures(lengths: Float64, areas: Float64) -> tuple[Tubes, tuple[int, ...]]:
    """Tubes of arrays (..., K) that broadcast against each other, and their leading shape.

    Raises:
        UserError: for sections without length or of negative area, or shapes that do not fit.
    """
    try:
        lengths, areas = np.broadcast_arrays(np.asarray(lengths, np.float64), np.asarray(areas, np.float64))
    except ValueError:
        raise UserError(
            f"`lengths` {np.shape(lengths)} and `areas` {np.shape(areas)} are not of the same sections.",
            "Give both as (frames, sections), from glottis to lips.",
        ) from None
    lead, count = areas.shape[:-1], areas.shape[-1]
    lengths, areas = lengths.reshape(-1, count), areas.reshape(-1, count)
    if (lengths <= 0.0).any() or (areas < 0.0).any():
        raise UserError("A tube has a section without length, or of negative area.", "Give cm and cm^2; closed is 0.")
    known = np.isfinite(lengths).all(axis=1) & np.isfinite(areas).all(axis=1)
    shut = areas <= CLOSED_CM2
    closure = np.where(known & shut.any(axis=1), shut.argmax(axis=1), -1)
    beyond = (np.arange(count) >= closure[:, None]) & (closure >= 0)[:, None]
    last = np.take_along_axis(areas, np.maximum(closure - 1, 0)[:, None], axis=1)
    known = known & (closure != 0)
    # Tubes that are not known are computed as any other, so that no warning is given, and left out in the end.
    areas = np.where(known[:, None], np.where(beyond, last, areas), 1.0)
    lengths = np.where(known[:, None], lengths, 1.0)
    return Tubes(np.where(beyond, 0.0, lengths), areas, closure, known, lengths.sum(axis=1)), lead


def fossa_tube(fossa: Fossa) -> tuple[Float64, Float64]:
    """Lengths and areas of the side branch's sections, from its closed end to its opening: cm and cm^2."""
    from_end = (np.arange(_FOSSA_SECTIONS) + 0.5) / _FOSSA_SECTIONS
    areas = 2.0 * fossa.volume_cm3 / fossa.length_cm * from_end
    return np.full(_FOSSA_SECTIONS, fossa.length_cm / _FOSSA_SECTIONS), areas
