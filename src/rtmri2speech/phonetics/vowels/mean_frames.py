"""The mean frame of each vowel: what the vocal tract looks like in its middle third."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.data.files import replacing
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.phonetics.vowels.spans import Span


class MeanFrames:
    """Sums the frames of each vowel over recordings.

    Attributes:
        sums: by vowel, (S, S).
        counts: frames by vowel.
    """

    def __init__(self) -> None:
        self.sums: dict[str, Float64] = {}
        self.counts: dict[str, int] = {}

    def add(self, clip: Clip, rate: Fraction, spans: Sequence[Span], lead: float) -> None:
        """Add the frames whose center lies in the middle third of a vowel; of a shorter one, its middle frame.

        Args:
            clip: the video on one gray scale.
            rate: its frames per second.
            spans: vowels, on the clock of the sound.
            lead: seconds of sound before the first frame.
        """
        wanted: dict[int, list[str]] = {}
        for span in spans:
            third = (span.end - span.start) / 3.0
            low, high = ((time - lead) * float(rate) - 0.5 for time in (span.start + third, span.end - third))
            first, last = int(np.ceil(low)), int(np.floor(high))
            for number in range(first, last + 1) if first <= last else [round((low + high) / 2.0)]:
                wanted.setdefault(number, []).append(span.label)
        number = 0
        for block in clip.blocks():
            for frame in block:
                for label in wanted.get(number, ()):
                    self.sums[label] = self.sums.get(label, np.zeros(frame.shape)) + frame
                    self.counts[label] = self.counts.get(label, 0) + 1
                number += 1

    def save(self, out: Path) -> list[Path]:
        """Write ``vowels_frames.npz``: labels (V,), frames (V, S, S), float32, 0 to 255, counts (V,).

        Raises:
            UserError: when the file cannot be written.
        """
        path, means = out / "vowels_frames.npz", self.means()
        counts = np.array([self.counts[label] for label in means])
        with replacing(path) as file:
            np.savez_compressed(
                file, labels=np.array(list(means)), frames=np.stack(list(means.values())), counts=counts
            )
        return [path]

    def means(self) -> dict[str, Float32]:
        """By vowel, (S, S), gray values from 0 to 255."""
        return {label: (total / self.counts[label]).astype(np.float32) for label, total in self.sums.items()}
