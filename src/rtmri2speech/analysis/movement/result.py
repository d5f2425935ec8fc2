"""What a movement does, in memory: to look at, to listen to, to tabulate, to save."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtmri2speech.analysis.movement.walls import Movement
from rtmri2speech.analysis.widening.result import token_mean
from rtmri2speech.arrays import Bool, Float32, Float64, Int64
from rtmri2speech.data.tables import Row, Value
from rtmri2speech.errors import ConfigError
from rtmri2speech.phonetics.labeled_segments import Segment
from rtmri2speech.signal.features import FeatureConfig

if TYPE_CHECKING:
    from rtmri2speech.data.media.clips import Clip
    from rtmri2speech.drawing.style import Drawing


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Move:
    """What moving an articulator does to T frames' formants, N of them, and sound; NaN where nothing is known.

    Attributes:
        name: of the recording.
        video: its path, as text.
        movement: what was moved, where to and how far.
        features: the mel definition and the clock.
        names: of the formants.
        moved: (T,), whether the movement is possible in a frame; others stay as they are.
        before: (T, N), Hz, formants of the mel that the model predicts of the frames as they are.
        model: (T, N), Hz, by how much the model's formants change: of the centers of gravity about them, per Hz that
            these follow the spectrum by.
        tube: (T, N), Hz, by how much those of the speaker's own tube do, moved likewise.
        truth: (T, N), Hz, of a simulated speaker, moved in VocalTractLab; None where there is none.
        redrawn: (T, N), Hz, the model's, of the simulated speaker's frames drawn anew before and after; None likewise.
        went: (T,), share of the way that VocalTractLab could move the articulator; None likewise.
        mel_before, mel_after: (T, M), dB, predicted.
        sound_before, sound_after: waves of these; None of a model without a vocoder.
        contours: (T, 6, P, 2), before, x and y in pixels of the recording.
        contours_after: (T, 6, P, 2), after.
        source_frames: (T,), number of the recording's frame that belongs to each.
        pixel_mm: size of a pixel of the recording, mm.
        notes: what was noticed.
        segments: stretches of the clip to average over.
        clip: the video; None where it was read from a file.
    """

    name: str
    video: str
    movement: Movement
    features: FeatureConfig
    names: tuple[str, ...]
    moved: Bool
    before: Float64
    model: Float64
    tube: Float64
    mel_before: Float32
    mel_after: Float32
    contours: Float64
    contours_after: Float64
    source_frames: Int64
    pixel_mm: float
    truth: Float64 | None = None
    redrawn: Float64 | None = None
    went: Float64 | None = None
    sound_before: Float32 | None = None
    sound_after: Float32 | None = None
    notes: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ()
    clip: Clip | None = field(default=None)

    def __len__(self) -> int:
        return len(self.moved)

    @property
    def mel_difference(self) -> Float64:
        """Root mean square over bands of the mel's change, (T,), dB."""
        change = self.mel_after.astype(np.float64) - self.mel_before
        return np.asarray(np.sqrt((change**2).mean(axis=1)))

    def time(self, frame: int) -> float:
        """Center of a frame, seconds from the beginning of the first one."""
        return (frame + 0.5) / float(self.features.frame_rate)

    def number(self, formant: str | int) -> int:
        """Index of a formant, by its name, or F1 as 1.

        Raises:
            ConfigError: when there is no such formant.
        """
        name = f"F{formant}" if isinstance(formant, int) else formant
        if name not in self.names:
            raise ConfigError(f"`formant={formant}`: not among them.", f"Choose from {', '.join(self.names)}.")
        return self.names.index(name)

    def with_segments(self, segments: Sequence[Segment]) -> Move:
        """The same, to be averaged over these stretches as well."""
        return replace(self, segments=tuple(segments))

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
