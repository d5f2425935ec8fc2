"""What a movement does, in memory: to look at, to listen to, to tabulate, to save."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtmri2speech.analysis.movement.walls import Movement
from rtmri2speech.analysis.widening.of_formants import OfFormants
from rtmri2speech.analysis.widening.result import token_mean
from rtmri2speech.arrays import Bool, Float32, Float64
from rtmri2speech.data.tables import Row, Value

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Move(OfFormants):
    """What moving an articulator does to T frames' formants, N of them, and sound; NaN where nothing is known.

    Attributes:
        movement: what was moved, where to and how far.
        moved: (T,), whether the movement is possible in a frame; others stay as they are.
        before: (T, N), Hz, formants of the mel that the model predicts of the frames as they are.
        model: (T, N), Hz, by how much the model's formants change: of the centers of gravity about them, per Hz that
            these follow the spectrum by.
        tube: (T, N), Hz, by how much those of the speaker's own tube do, moved likewise.
        truth: (T, N), Hz, of a simulated speaker, moved in VocalTractLab; None where there is none.
        redrawn: (T, N), Hz, the model's, of the simulated speaker's frames drawn anew before and after; None likewise.
        went: (T,), share of the way that VocalTractLab could move the articulator; None likewise.
        mel_before, mel_after: (T, M), dB, predicted.
        sample_rate: of the sounds, Hz.
        sound_before, sound_after: waves of these; None of a model without a vocoder.
        contours_after: (T, 6, P, 2), as ``contours``, after.
    """

    movement: Movement
    sample_rate: int
    moved: Bool
    before: Float64
    model: Float64
    tube: Float64
    mel_before: Float32
    mel_after: Float32
    contours_after: Float64
    truth: Float64 | None = None
    redrawn: Float64 | None = None
    went: Float64 | None = None
    sound_before: Float32 | None = None
    sound_after: Float32 | None = None

    @property
    def mel_difference(self) -> Float64:
        """Root mean square over bands of the mel's change, (T,), dB."""
        change = self.mel_after.astype(np.float64) - self.mel_before
        return np.asarray(np.sqrt((change**2).mean(axis=1)))

    def answers(self) -> dict[str, Float64 | None]:
        """Changes there are, (T, N), Hz, by the tables' names."""
        return {"model": self.model, "tube": self.tube, "truth": self.truth, "redrawn": self.redrawn}

    def rows(self) -> Iterator[Row]:
        """A row per frame and formant."""
        mel = self.mel_difference
        for frame in range(len(self)):
            here = {one: None if values is None else values[frame] for one, values in self.answers().items()}
            for number, name in enumerate(self.names):
                yield {
                    "frame": frame,
                    "time_s": round(self.time(frame), 4),
                    "moved": int(self.moved[frame]),
                    "formant": name,
                    "before_hz": float(self.before[frame, number]),
                    **self._changes(here, number),
                    "mel_db": float(mel[frame]),
                }

    def segment_rows(self) -> Iterator[Row]:
        """A row per segment and formant: means over the tokens' middle thirds, and over tokens."""
        for segment in self.segments:
            means = {one: None if v is None else token_mean(segment, v) for one, v in self.answers().items()}
            before, mel = token_mean(segment, self.before), token_mean(segment, self.mel_difference)
            for number, name in enumerate(self.names):
                yield {
                    "segment": segment.name,
                    "tokens": len(segment.tokens),
                    "formant": name,
                    "before_hz": float(before[number]),
                    **self._changes(means, number),
                    "mel_db": float(mel),
                }

    def _changes(self, answers: Mapping[str, Float64 | None], number: int) -> dict[str, Value]:
        return {f"{name}_hz": None if one is None else float(one[number]) for name, one in answers.items()}

    def show(self, frame: int) -> Drawing:
        """A frame with its walls before and after, and what its formants do.

        Raises:
            ConfigError: when there is no such frame.
        """
        from rtmri2speech.analysis.movement.figures import move_figure

        return move_figure(self, frame)

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``<name>_move_<movement>.npz``, ``.csv``, ``_segments.csv``, ``_before.wav`` and ``_after.wav``.

        Raises:
            UserError: when they cannot be written.
        """
        from rtmri2speech.analysis.movement.files import write_move

        return write_move(Path(folder), self)

    def __repr__(self) -> str:
        return f"Move of {self.name}: {self.movement}, {int(self.moved.sum())} of {len(self)} frames"
