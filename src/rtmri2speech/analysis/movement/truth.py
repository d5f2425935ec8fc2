"""The truth of a movement as the model's frames have it: of a simulated utterance, where its speaker is at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from rtmri2speech.analysis.movement.walls import Movement
from rtmri2speech.arrays import Bool, Float64
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.inference.encoder import encode
from rtmri2speech.inference.model import Model
from rtmri2speech.progress import SILENT, Progress

Change = Callable[[Tensor, Tensor], tuple[Float64, Float64]]
"""From the mel before and after, (T, M), to formants before and their changes, (T, N), Hz."""


@dataclass(frozen=True)
class Truth:
    """What there is; None where there is nothing.

    Attributes:
        change: (T, 4), of the simulated speaker's formants, Hz.
        redrawn: (T, N), of the model's, of frames drawn anew, Hz.
        went: (T,), share of the way that the articulator went.
        notes: why something is missing.
    """

    change: Float64 | None = None
    redrawn: Float64 | None = None
    went: Float64 | None = None
    notes: tuple[str, ...] = ()


def truth_of(
    movement: Movement, clip: Clip, moved: Bool, model: Model, change: Change, progress: Progress = SILENT
) -> Truth:
    """Move a simulated utterance's speaker; nothing of any other recording.

    Args:
        movement: which.
        clip: the recording.
        moved: (T,), frames that are moved.
        model: that reads the frames drawn anew.
        change: how its formants change.
        progress: counts frames.

    Raises:
        DatasetError: when the truth next to the video is damaged.
        UserError: when it is there and the extra with VocalTractLab is missing.
    """
    # VocalTractLab is an extra, which recordings of people do not need.
    from rtmri2speech.analysis.movement.simulated import is_simulated, simulate_movement
    from rtmri2speech.simulation.redrawing import SimulatedSpeaker

    speaker = SimulatedSpeaker.of_video(clip.scan.path)
    if speaker is None:
        return Truth()
    if not is_simulated(movement):
        return Truth(notes=(f"VocalTractLab has no parameter for {movement}: there is no truth",))
    found = simulate_movement(speaker, movement, clip, moved, progress)
    missing = int((moved & ~found.made).sum())
    notes = []
    if missing:
        notes.append(f"VocalTractLab cannot make this movement in {missing} of {int(moved.sum())} frames")
    redrawn = None
    if found.frames is None:
        notes.append("the frames cannot be drawn anew: they have the look of a scanner, or another frame rate")
    else:
        acoustic = model.acoustic_float32
        both = [encode(acoustic, [frames], model.pixel_mask).clone() for frames in found.frames]
        held = acoustic.for_speaker(both[0])
        mels = [held.predict(features).detach() for features in both]
        redrawn = np.where(found.made[:, None], change(*mels)[1], np.nan)
    return Truth(found.change, redrawn, found.went, tuple(notes))
