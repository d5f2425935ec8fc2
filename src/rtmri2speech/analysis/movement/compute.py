"""``move``: an articulator moved in all frames of a video, and what the model, the tube and the truth say of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from rtmri2speech.analysis.arguments import Video, open_clip
from rtmri2speech.analysis.movement.recording import moved_walls
from rtmri2speech.analysis.movement.result import Move
from rtmri2speech.analysis.movement.truth import Truth, truth_of
from rtmri2speech.analysis.movement.tube import tube_change
from rtmri2speech.analysis.movement.walls import parse_movement
from rtmri2speech.analysis.regions.masks import AUTO, source_of
from rtmri2speech.analysis.widening.compute import WhichTract, tract_for
from rtmri2speech.analysis.widening.formant_targets import WIDTH_HZ, centers_about, formant_targets
from rtmri2speech.analysis.widening.warp import warp
from rtmri2speech.arrays import Float32, Float64
from rtmri2speech.inference.encoder import encode, in_pieces
from rtmri2speech.inference.model import Model
from rtmri2speech.inference.remarks import notes_on_analysis
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.frame_rate import FrameRate
from rtmri2speech.vocal_tract.geometry.area_function import AreaModel
from rtmri2speech.vocal_tract.measurement.tract import FORMANTS

LEAST_GAIN = 0.1
"""Where a center of gravity follows the spectrum by less than this, it says nothing of the formant."""


def move(
    model: Model,
    video: Video,
    articulator: str,
    by: float | str = 1.0,
    direction: str = "up",
    *,
    regions: WhichTract = AUTO,
    width: float = WIDTH_HZ,
    simulated: bool = True,
    pixel_mm: float | None = None,
    area_model: AreaModel | str | Path | None = None,
    fps: FrameRate | None = None,
    progress: Progress = SILENT,
) -> Move:
    """Move an articulator in all frames alike, and predict speech of them: what changes, in Hz and in sound.

    Where the passage is closed, or narrower than the movement, a frame stays as it is, and is counted.

    Args:
        model: with an acoustic model; from :func:`rtmri2speech.inference.model.load_model`.
        video: any video that can be decoded, or a clip from :meth:`Model.open`.
        articulator: tongue, tongue_root, tongue_body, tongue_tip, upper_lip, lower_lip, palate_and_velum,
            pharyngeal_wall or epiglottis.
        by: how far, mm, or as ``"1mm"``.
        direction: up, down, front or back, as seen in the frame, front being where the face looks; open or close, each
            point of the wall away from the airway or into it.
        regions: where the walls are, as for :func:`rtmri2speech.analysis.widening.compute.widening`.
        width: of the window about a formant that its center of gravity is taken in, standard deviation, Hz.
        simulated: of a simulated utterance whose speaker's files are kept, also move the speaker itself.
        pixel_mm: size of a pixel of the video, mm, for a tract that is measured here.
        area_model: that areas follow from distances by.
        fps: true frame rate, where the file's is known to be wrong.
        progress: counts frames.

    Raises:
        BundleError: when there is no acoustic model of frames.
        ConfigError: for a movement that cannot be, an articulator that no frame shows, a passage that is narrower than
            the movement in every frame, or a tract of another video.
        DatasetError: when ``regions`` cannot be read.
        MediaError: when the video cannot be used.
    """
    acoustic = model.acoustic_float32
    movement = parse_movement(articulator, direction, by)
    clip = open_clip(model, video, fps)
    measured = tract_for(regions, clip, pixel_mm, area_model, fps, progress)
    source = np.asarray(source_of(clip).frames)
    walls = moved_walls(movement, measured, clip)
    moved = walls.moved[source]
    if not moved.any():
        raise walls.refusal(clip.scan.path)
    progress.expect(2 * clip.n_frames)
    features = encode(acoustic, clip.blocks(), model.pixel_mask, progress).clone()
    fields = walls.fields

    def warped(frames: Tensor, start: int) -> Tensor:
        unit = frames.float() / 255.0
        for place in range(len(unit)):
            field = fields.get(int(source[start + place]))
            if field is not None:
                moves = torch.from_numpy(field.whole(unit.shape[-1]))[None]
                unit[place] = warp(unit[place : place + 1].double(), moves)[0].float()
        progress.advance(len(frames))
        unit = unit.to(acoustic.head.weight.device)
        with torch.inference_mode():
            return acoustic.encode(unit if model.pixel_mask is None else unit * model.pixel_mask.to(unit))

    after = torch.cat(list(in_pieces(clip.blocks(), warped, acoustic.head.weight.device)))
    speaker = acoustic.for_speaker(features)  # who stays the same when an articulator moves
    mels = [speaker.predict(one).detach() for one in (features, after)]
    follow = _Formants(model, width)
    before, change = follow.change(*mels)
    tube = tube_change(measured, walls.distance, walls.longer, walls.moved, area_model)[source]
    found = truth_of(movement, clip, moved, model, follow.change, progress) if simulated else Truth()
    sounds = [_sound(model, mel) for mel in mels]
    nothing = ~moved
    return Move(
        name=clip.scan.path.stem,
        video=str(clip.scan.path),
        movement=movement,
        frame_rate=model.features.frame_rate,
        sample_rate=model.features.sample_rate,
        names=follow.names,
        moved=moved,
        before=before,
        model=np.where(nothing[:, None], np.nan, change),
        tube=tube,
        truth=found.change,
        redrawn=found.redrawn,
        went=found.went,
        mel_before=mels[0].float().cpu().numpy(),
        mel_after=mels[1].float().cpu().numpy(),
        sound_before=sounds[0],
        sound_after=sounds[1],
        contours=np.asarray(measured.contours.points[source], np.float64),
        contours_after=walls.contours[source],
        source_frames=source,
        pixel_mm=measured.pixel_mm,
        notes=(*notes_on_analysis(model, clip), *measured.notes, *walls.notes(source), *found.notes),
        clip=clip,
    )


class _Formants:
    """How the formants of a mel change: their centers of gravity, per Hz that these follow the spectrum by."""

    def __init__(self, model: Model, width: float) -> None:
        self._features, self._width = model.features, width
        self.names: tuple[str, ...] = tuple(f"F{number}" for number in range(1, FORMANTS + 1))

    def change(self, before: Tensor, after: Tensor) -> tuple[Float64, Float64]:
        """Formants before, and by how much they change, (T, 4) each, Hz."""
        targets = formant_targets(before, self._features, width=self._width)
        moved = centers_about(after, targets.found, self._features, self._width) - targets.values
        with np.errstate(invalid="ignore"):
            per_hz = np.where(targets.gain > LEAST_GAIN, moved / targets.gain, np.nan)
        return targets.found.T, per_hz.T


def _sound(model: Model, mel: Tensor) -> Float32 | None:
    return None if model.bundle.vocoder is None else model.vocode(mel.float().cpu().numpy())
