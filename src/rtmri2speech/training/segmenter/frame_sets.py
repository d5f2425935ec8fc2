"""Labeled frames of heads, in the split that they belong to, and all of them together as what is trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from rtmri2speech.appearance.paint import Palette
from rtmri2speech.arrays import UInt8
from rtmri2speech.errors import UserError

SIDE = 256
"""Pixels per side of all frames that are drawn from."""

Origin = Literal["poses", "phantom", "people"]
"""Tissue codes that are painted anew at every draw, frames of the simulated scanner, frames of people."""

Split = Literal["train", "validation"]


@dataclass(frozen=True)
class FrameSet:
    """Labeled frames of one head.

    Attributes:
        id: of the head or the recording.
        origin: what the images are.
        images: (N, 256, 256), tissue codes or gray.
        labels: (N, 256, 256), values of :class:`rtmri2speech.data.labels.Label`; 255 where the label is not known.
        sha256: of the files.
        split: what they are for.
        palette: what the codes of poses stand for.
    """

    id: str
    origin: Origin
    images: UInt8
    labels: UInt8
    sha256: str
    split: Split = "train"
    palette: Palette | None = None

    def __len__(self) -> int:
        return len(self.images)

    def part(self, chosen: np.ndarray, split: Split, sha256: str | None = None) -> FrameSet:
        """Some of the frames, by number, for a split."""
        name = self.id if split == "train" else f"{self.id}/{split}"
        told = sha256 or self.sha256
        return FrameSet(name, self.origin, self.images[chosen], self.labels[chosen], told, split, self.palette)


@dataclass(frozen=True)
class Meta:
    """Where the frames are from, as a bundle's provenance says."""

    corpus: str
    licence: str = ""
    citation: str = ""
    features: None = None


@dataclass(frozen=True)
class FrameSets:
    """All that a segmenter is trained on and validated on; what a run needs to know of a dataset.

    Attributes:
        sets: the frames.
        meta: where they are from.
        notes: what the user should know about them.
    """

    sets: Sequence[FrameSet]
    meta: Meta
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def utterances(self) -> Sequence[FrameSet]:
        """The frames by head."""
        return self.sets

    def fingerprint(self) -> str:
        """Hash of the frames and their splits."""
        rows = sorted(f"{one.id},{one.origin},{one.split},{len(one)},{one.sha256}" for one in self.sets)
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]

    def of(self, split: Split, *origins: Origin) -> list[FrameSet]:
        """The sets of a split, of all origins or of some."""
        return [one for one in self.sets if one.split == split and (not origins or one.origin in origins)]

    def counts(self) -> dict[str, int]:
        """Frames by origin and split, ``poses train`` and so on."""
        found: dict[str, int] = {}
        for one in self.sets:
            name = f"{one.origin} {one.split}"
            found[name] = found.get(name, 0) + len(one)
        return found


def split_heads(sets: Sequence[FrameSet], held_out: float, names: Sequence[str] = ()) -> list[FrameSet]:
    """Keep some heads of poses for validation: those named, or a share of them, the last of an order by hash.

    Of a single head, a share of its frames is kept.

    Raises:
        UserError: when a name is of no head, or none is left to train on.
    """
    unknown = set(names) - {one.id for one in sets}
    if unknown:
        raise UserError(
            f"No head is named {', '.join(sorted(unknown))} (segmenter.data.held_out_heads).",
            f"The heads are {', '.join(one.id for one in sets)}.",
        )
    if len(sets) == 1 and not names:
        only = sets[0]
        kept = np.arange(len(only)) % max(round(1.0 / held_out), 2) == 1
        return [only.part(np.flatnonzero(~kept), "train"), only.part(np.flatnonzero(kept), "validation")]
    order = sorted(sets, key=lambda one: hashlib.sha256(one.id.encode()).hexdigest())
    most = len(order) - 1
    chosen = set(names) or {one.id for one in order[: min(max(round(held_out * len(order)), 1), most)]}
    if len(chosen) == len(sets):
        raise UserError("All heads are kept for validation.", "Name fewer in segmenter.data.held_out_heads.")
    everything = [np.arange(len(one)) for one in sets]
    return [
        one.part(every, "validation") if one.id in chosen else one for one, every in zip(sets, everything, strict=True)
    ]


def evenly(count: int, most: int | None) -> np.ndarray:
    """Numbers of at most ``most`` of ``count`` frames, evenly spread."""
    if most is None or most >= count:
        return np.arange(count)
    return ((np.arange(most) + 0.5) * count / most).astype(np.int64)
