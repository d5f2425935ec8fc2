"""From frames to mel by way of the measured tract, for speakers that no network was trained on."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch

from rtmri2speech.arrays import Float32, UInt8
from rtmri2speech.assets import find_model
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.dataset.training_items import read_frames
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.media.scan import VideoScan
from rtmri2speech.inference.tract.given_pitch import F0, given_pitch
from rtmri2speech.inference.tract.inputs import tract_inputs
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle
from rtmri2speech.models.exported.backends import IN_TORCH, Wanted
from rtmri2speech.models.tract.acoustic import TractAcousticModel, TractPrediction
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.retiming import plan_retiming
from rtmri2speech.vocal_tract.measurement.measure import tract
from rtmri2speech.vocal_tract.segmenter import SHIPPED, FrameSegmenter


class TractWay:
    """A segmenter, a tract, and the model that reads it.

    Args:
        bundle: with a model that reads a measured tract.
        device: where to run.
        segmenter: one that is loaded already; by default the one that comes with the program.
        wanted: what computes that one.
        notes: gets a line where it cannot be computed so.

    Attributes:
        bundle, device: as given.
    """

    def __init__(
        self,
        bundle: Bundle,
        device: torch.device | str = "cpu",
        segmenter: FrameSegmenter | None = None,
        wanted: Wanted = IN_TORCH,
        notes: list[str] | None = None,
    ) -> None:
        self.bundle = bundle
        self.device = torch.device(device)
        self._segmenter = segmenter
        self._wanted = wanted
        self._notes = [] if notes is None else notes

    @cached_property
    def model(self) -> TractAcousticModel:
        """Measured tract to mel, float32.

        Raises:
            BundleError: when there is none, or its weights do not fit.
        """
        return self.bundle.build_tract(self.device)

    @cached_property
    def segmenter(self) -> FrameSegmenter:
        """Frames to labels."""
        if self._segmenter is not None:
            return self._segmenter
        made = FrameSegmenter(load_bundle(find_model(SHIPPED)), self.device, self._wanted)
        self._notes.extend(made.notes)
        return made

    @property
    def ran_with(self) -> str:
        """What computes the segmenter, as results say it; ``torch`` as long as it was not used."""
        used = self.__dict__.get("segmenter")
        return "torch" if used is None else str(used.ran_with)

    def of_clip(
        self, clip: Clip, pixel_mm: float | None = None, f0: F0 | None = None, progress: Progress = SILENT
    ) -> tuple[TractPrediction, list[str]]:
        """What a clip sounds like, on its clock, and remarks on the tract and the pitch.

        Args:
            clip: any.
            pixel_mm: size of a pixel of the video, mm; by default as ``tract`` finds it.
            f0: in place of the predicted F0, see :data:`~rtmri2speech.inference.tract.given_pitch.F0`.
            progress: counts frames.

        Raises:
            ConfigError: when ``pixel_mm`` is no size of a pixel, or ``f0`` no F0 of this clip.
            MediaError: when the video cannot be decoded, or what ``f0`` is to be taken from cannot be used.
            UserError: when Praat (extra ``phonetics``) is needed and not installed.
        """
        # Read before the tract is measured: a wrong file is said at once.
        pitch = None if f0 is None else given_pitch(f0, clip, self.bundle.features)
        found = tract(clip.scan, self.segmenter, pixel_mm=pixel_mm, progress=progress)
        rows = tract_inputs(found, clip.retiming, clip.skipped)
        prediction = self.predict(rows)
        if pitch is None:
            return prediction, [*found.notes]
        f0_hz = pitch.over(prediction.f0_hz.cpu().numpy(), prediction.voiced.cpu().numpy())
        return self.predict(rows, f0_hz), [*found.notes, *pitch.notes]

    def of_utterance(self, dataset: Dataset, utterance: Utterance) -> Float32:
        """Mel (T, M), dB, of an utterance of a dataset, from the frames that it holds; the size of pixels is estimated.

        Raises:
            DatasetError: when the frames are missing or damaged.
        """
        scan = _scan_of(dataset, utterance, read_frames(dataset, utterance))
        found = tract(scan, self.segmenter)
        rows = tract_inputs(found, plan_retiming(scan.starts, scan.end, dataset.meta.features.frame_rate))
        mel: Float32 = self.predict(rows).mel_db.cpu().numpy()
        return mel

    def predict(self, rows: Float32, f0_hz: Float32 | None = None) -> TractPrediction:
        """The mel of one recording.

        Args:
            rows: (T, C), from :func:`~rtmri2speech.inference.tract.inputs.tract_inputs`.
            f0_hz: (T,), Hz, in place of the predicted F0; 0 where there is no voice.
        """
        model = self.model  # built outside of inference mode, in which weights could never be differentiated
        with torch.inference_mode():
            given = None if f0_hz is None else torch.from_numpy(f0_hz).to(self.device)
            return model.predict(torch.from_numpy(rows).to(self.device), given)


def _scan_of(dataset: Dataset, utterance: Utterance, frames: UInt8) -> VideoScan:
    """Frames of a dataset as a video that is in memory."""
    count, height, width = frames.shape
    rate = dataset.meta.features.frame_rate
    return VideoScan(
        path=dataset.folder(utterance) / "mri.npy",
        width=width,
        height=height,
        codec="npy",
        pixel_format="gray",
        starts=np.arange(count) / float(rate),
        end=count / float(rate),
        rate=rate,
        announced=count,
        damaged=0,
        concealed=0,
        means=frames.mean(axis=(1, 2)),
        blank=[],
        frozen=False,
        histogram=np.bincount(frames.ravel(), minlength=256),
        over_bright=0,
        kept=list(frames),
    )
