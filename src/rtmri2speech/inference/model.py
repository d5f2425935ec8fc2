"""A model file ready to run: video to speech in one call."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rtmri2speech.arrays import Float32, UInt8
from rtmri2speech.assets import find_model
from rtmri2speech.data.media.clips import Clip, open_clip, open_video
from rtmri2speech.errors import UserError
from rtmri2speech.inference.encoder import encode, predict
from rtmri2speech.inference.familiarity import LIMIT, FrameSample, sampled, unfamiliarity
from rtmri2speech.inference.remarks import backend_of, note_on_image, note_on_way, notes_on_video
from rtmri2speech.inference.requirements import require_acoustic, require_numbers, require_synthesizer
from rtmri2speech.inference.speech import Speech
from rtmri2speech.inference.tract.given_pitch import F0
from rtmri2speech.inference.tract.way import TractWay
from rtmri2speech.inference.vocoding import vocode, voice_of
from rtmri2speech.inference.ways import STRANGERS, Way, leaves_strangers, pitch_for_frames, require_way
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.models.bundle.describe import describe, origin_of_model
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle
from rtmri2speech.models.devices import choose_device, choose_dtype
from rtmri2speech.models.exported import stages
from rtmri2speech.models.exported.backends import IN_TORCH, Backend, Wanted, choose_backend
from rtmri2speech.models.vocoder.cpu_generator import GeneratorForm, for_inference
from rtmri2speech.models.vocoder.generator import Vocoder
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frame_rate import FrameRate
from rtmri2speech.signal.frames import FrameConfig


class Model:
    """The stages of a model file, built when they are first used. Clock, mel, normalization and mask are its own.

    Args:
        bundle: with an acoustic model, a vocoder or both.
        device: where to run.
        dtype: precision of the networks.
        generator: how PyTorch computes the vocoder's generator on a CPU: ``fast``, or ``plain``, as it was trained.
        wanted: what computes networks where no gradients are needed, in what precision.

    Attributes:
        bundle: what the file holds.
        features: the mel definition.
        device, dtype, generator, wanted: as given.
        backend_notes: a line for each network, of those used, that the backend could not run, so that PyTorch does.
    """

    def __init__(
        self,
        bundle: Bundle,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        generator: GeneratorForm = "fast",
        wanted: Wanted = IN_TORCH,
    ) -> None:
        self.bundle = bundle
        self.features: FeatureConfig = bundle.features
        self.device = torch.device(device)
        self.dtype = dtype
        self.generator: GeneratorForm = generator
        self.wanted = wanted
        self.backend_notes: list[str] = []

    @property
    def frames(self) -> FrameConfig:
        """How frames are prepared; raises BundleError when there is no acoustic model."""
        if self.bundle.frames is None and self.bundle.tract is not None:
            return FrameConfig()  # the tract is measured in the video's own frames
        require_acoustic(self.bundle)
        assert self.bundle.frames is not None
        return self.bundle.frames

    @cached_property
    def acoustic(self) -> AcousticModel:
        """Frames to mel spectrogram, in eval mode, BatchNorm folded.

        Raises:
            BundleError: when there is none, or its weights do not fit.
        """
        require_acoustic(self.bundle)
        return self.bundle.build_acoustic(self.device, self.dtype).fuse()

    @cached_property
    def acoustic_float32(self) -> AcousticModel:
        """:attr:`acoustic` in float32 whatever the model's precision, for gradients; raises as that does."""
        return self.acoustic if self.dtype == torch.float32 else Model(self.bundle, self.device).acoustic

    def in_torch(self) -> Model:
        """This model with PyTorch for all networks; itself where that is so already."""
        return self if self.wanted == IN_TORCH else Model(self.bundle, self.device, self.dtype, self.generator)

    @cached_property
    def encoder(self) -> Callable[[Tensor], Tensor] | None:
        """What makes features (N, C) of frames (N, H, W) in [0, 1] faster than :attr:`acoustic`; None if nothing does.

        Raises:
            BundleError: when there is no acoustic model of frames.
        """
        return stages.encoder(lambda: self.acoustic_float32, self.frames.size, self.wanted, self.backend_notes)

    @cached_property
    def tract_way(self) -> TractWay:
        """Frames to mel by way of the measured tract, where the model reads that; float32 whatever the precision.

        Raises:
            BundleError: when the model reads no tract.
        """
        if self.bundle.tract is None:
            self.bundle.build_tract()
        return TractWay(self.bundle, self.device, wanted=self.wanted, notes=self.backend_notes)

    @cached_property
    def for_strangers(self) -> Model:
        """The shipped model that reads a measured tract, run as this one is; itself where it is of that kind.

        Raises:
            BundleError: when its file is missing or damaged.
        """
        if self.bundle.tract is not None:
            return self
        return Model(load_bundle(find_model(STRANGERS)), self.device, self.dtype, self.generator, self.wanted)

    @cached_property
    def vocoder(self) -> Vocoder:
        """Mel spectrogram to wave.

        Raises:
            BundleError: when there is none, or its weights do not fit.
            UserError: for an unknown form of the generator.
        """
        own = self.bundle.build_vocoder(self.device, self.dtype)
        in_torch = for_inference(own, self.generator)
        if self.generator == "plain" or self.wanted.backend == "torch":
            return in_torch
        full = own if self.dtype == torch.float32 else self.bundle.build_vocoder(self.device)
        return stages.vocoder(full, self.wanted, self.backend_notes) or in_torch

    @cached_property
    def pixel_mask(self) -> Tensor | None:
        """Which pixels the acoustic model reads, (H, W), on the device; None for all."""
        mask = self.bundle.mask
        return None if mask is None else mask.to(self.device)

    def open(self, video: str | Path, fps: FrameRate | None = None, keep: bool = False) -> Clip:
        """A video as this model reads it: on its clock, its frames prepared its way.

        Args:
            video: any video that can be decoded.
            fps: true frame rate, where the file's is known to be wrong.
            keep: keep the frames after they were decoded once, where they fit in memory.

        Raises:
            BundleError: when there is no acoustic model.
            ConfigError: when ``fps`` is no frame rate.
            MediaError: when the video cannot be used.
        """
        return open_video(Path(video), self.features, self.frames, fps, keep=keep)

    def predict_mel(self, clip: Clip, progress: Progress = SILENT) -> Float32:
        """Mel spectrogram of a clip, (T, M), dB. Each frame passes through the CNN backbone once.

        Args:
            clip: from :meth:`open`.
            progress: counts frames.

        Raises:
            BundleError: when there is no acoustic model.
            MediaError: when the video cannot be decoded.
        """
        if self.bundle.tract is not None:
            mel: Float32 = self.tract_way.of_clip(clip, progress=progress)[0].mel_db.cpu().numpy()
            return mel
        return self._predict(clip.blocks(), progress)

    def _predict(self, blocks: Iterable[UInt8], progress: Progress) -> Float32:
        return predict(self.acoustic, encode(self.acoustic, blocks, self.pixel_mask, progress, self.encoder))

    @cached_property
    def _cnn_with_statistics(self) -> nn.Module:
        return self.bundle.build_acoustic(self.device).cnn

    def unfamiliarity(self, clip: Clip) -> float | None:
        """How unlike the frames of the training a clip's are; None where that cannot be said.

        The measure is that of :mod:`rtmri2speech.inference.familiarity`; above its ``LIMIT`` they are of another kind.

        Args:
            clip: from :meth:`open`.

        Raises:
            BundleError: when there is no acoustic model of frames.
            MediaError: when the video cannot be decoded.
        """
        return self.unfamiliarity_of(sampled(clip.blocks(), clip.n_frames))

    def unfamiliarity_of(self, frames: list[UInt8]) -> float | None:
        """The same of frames (size, size) themselves, prepared as :attr:`frames` says."""
        return unfamiliarity(self._cnn_with_statistics, frames, self.pixel_mask)

    def vocode(self, mel_db: Float32, f0_hz: Float32 | None = None) -> Float32:
        """The wave (hop_length * T,) of a mel spectrogram (T, M) in dB.

        A vocoder with a harmonic source takes F0 (T,), 0 where there is no voice, in place of what the mel says.

        Raises:
            BundleError: when there is no vocoder.
            UserError: when the mel holds values that are not numbers.
        """
        if not np.isfinite(mel_db).all():
            raise UserError(
                "`mel_db`: holds values that are not numbers (NaN or infinity).", "Give a mel spectrogram in dB."
            )
        f0 = None if f0_hz is None else np.asarray(f0_hz / self.features.sample_rate, np.float32)
        return vocode(self.vocoder, mel_db, self.device, self.dtype, f0)

    def synthesize(
        self,
        video: str | Path,
        *,
        fps: FrameRate | None = None,
        pixel_mm: float | None = None,
        way: Way = "auto",
        f0: F0 | None = None,
        progress: Progress = SILENT,
    ) -> Speech:
        """Speech of a video; the video's own sound, if it has any, is not used, unless its pitch is asked for.

        Frames are read in blocks, so that the length of the video does not matter.

        Args:
            video: any video that can be decoded.
            fps: true frame rate, where the file's is known to be wrong.
            pixel_mm: size of a pixel of the video, mm, for the way of the measured tract; by default it is estimated
                from the length of the tract.
            way: ``image``, the network that reads frames; ``tract``, what is measured in them, with the shipped
                ``strangers`` where this model reads frames; ``auto``, what this model was trained for, but for the
                shipped ``phantom``, which leaves frames unlike those of its training to ``strangers``.
            f0: in place of the predicted F0, on the way of the measured tract or with a vocoder that has a harmonic
                source: ``flat``, ``from-audio``, the path of a Praat PitchTier, or an array (T,) in Hz; see
                :data:`~rtmri2speech.inference.tract.given_pitch.F0`.
            progress: counts frames.

        Raises:
            BundleError: when a stage or the shipped model is missing, or makes values that are not numbers.
            ConfigError: when ``fps`` is not a frame rate, ``pixel_mm`` no size of a pixel, ``f0`` no F0 of the video,
                or one of them, or ``way``, of no use to the model.
            MediaError: when the video, or what ``f0`` is to be taken from, cannot be used.
            UserError: when Praat (extra ``phonetics``) is needed and not installed.
        """
        require_synthesizer(self.bundle)
        require_way(way, self.bundle)
        # Who may speak in its place is asked before the frames are encoded: they are read twice then, or kept.
        asks_first = way == "auto" and leaves_strangers(self.bundle)
        clip = self.open(video, fps, keep=asks_first)
        if self.bundle.tract is not None:
            return self._by_tract(clip, pixel_mm, f0, progress)
        far = self.unfamiliarity(clip) if asks_first else None
        if way == "tract" or (far is not None and far > LIMIT):
            return self._by_stranger(clip, pixel_mm, f0, progress, far)
        return self._by_image(clip, pixel_mm, f0, progress, asks_first)

    def _by_image(self, clip: Clip, pixel_mm: float | None, f0: F0 | None, progress: Progress, known: bool) -> Speech:
        pitch = pitch_for_frames(pixel_mm, f0, clip, self.bundle)
        progress.expect(clip.n_frames)
        sample = FrameSample(clip.n_frames)
        mel = self._predict(sample.through(clip.blocks()), progress)
        far = None if known else unfamiliarity(self._cnn_with_statistics, sample.frames, self.pixel_mask)
        notes = notes_on_video(clip.scan) + ([note_on_image(far)] if far is not None and far > LIMIT else [])
        voice = voice_of(self.vocoder, mel, self.features.sample_rate, self.device)
        if pitch is None or voice is None:
            speech = self._speech(clip, mel, notes)
            return speech if voice is None else replace(speech, f0_hz=voice.spoken)
        return self._speech(clip, mel, [*notes, *pitch.notes], pitch.over(voice.f0_hz, voice.voiced))

    def _by_tract(self, clip: Clip, pixel_mm: float | None, f0: F0 | None, progress: Progress) -> Speech:
        progress.expect(clip.n_frames)
        prediction, notes = self.tract_way.of_clip(clip, pixel_mm, f0, progress)
        f0_hz = torch.where(prediction.voiced > 0.5, prediction.f0_hz, 0.0).cpu().numpy()
        speech = self._speech(clip, prediction.mel_db.cpu().numpy(), [*notes_on_video(clip.scan), *notes], f0_hz)
        return replace(speech, way="tract")

    def _by_stranger(
        self, clip: Clip, pixel_mm: float | None, f0: F0 | None, progress: Progress, far: float | None
    ) -> Speech:
        other = self.for_strangers
        speech = other._by_tract(open_clip(clip.scan, other.features, other.frames), pixel_mm, f0, progress)
        return replace(speech, notes=[note_on_way(far), *speech.notes])

    def _speech(self, clip: Clip, mel_db: Float32, notes: list[str], f0_hz: Float32 | None = None) -> Speech:
        source, name = self.bundle.source, clip.scan.path.stem
        sound = require_numbers(self.vocode(require_numbers(mel_db, source, name), f0_hz), source, name)
        notes = list(dict.fromkeys([*notes, *self.backend_notes]))  # a tract says it of its segmenter, too
        return Speech(name, sound, mel_db, self.features, notes, f0_hz=f0_hz, backend=backend_of(self))

    def about(self) -> dict[str, Any]:
        """What results of this model carry with them: its file, hash and training; the last alone if it has no file."""
        path = Path(self.bundle.source)
        if path.is_file():
            return origin_of_model(path, self.bundle)
        return {"model_kind": self.bundle.kind, "provenance": self.bundle.provenance}

    def __repr__(self) -> str:
        precision = str(self.dtype).removeprefix("torch.")
        return f"Model({self.bundle.source!r}, {self.bundle.kind}, {self.device}, {precision})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
            for name, value in describe(self.bundle)
        )
        return f"<div>{html.escape(repr(self))}<table>{rows}</table></div>"


def load_model(
    model: str | Path,
    device: str = "auto",
    dtype: str = "float32",
    generator: GeneratorForm = "fast",
    backend: Backend = "auto",
) -> Model:
    """Load a model.

    Args:
        model: a ``.safetensors`` file of this program, or the name of a model that comes with it (``phantom``).
        device: ``auto`` (a GPU if there is one), ``cpu`` or ``cuda``.
        dtype: ``float32`` or ``bfloat16``.
        generator: how PyTorch computes the vocoder's generator on a CPU: ``fast``, or ``plain``, as it was trained; the
            waves differ by rounding.
        backend: what computes networks where no gradients are needed: ``torch``; ``openvino`` (extra ``fast``) or
            ``onnx``, on a CPU; ``auto``, OpenVINO where it is installed, for those networks that gain by it.

    Raises:
        BundleError: when the file is missing, damaged or no model.
        UserError: for an unknown device or precision, or a backend that is unknown, not installed or of no use here.
    """
    place, precision = choose_device(device), choose_dtype(dtype)
    how = choose_backend(backend, place, precision)
    return Model(load_bundle(find_model(model)), place, precision, generator, how)
