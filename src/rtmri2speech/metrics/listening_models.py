"""Networks of the user's that listen: embeddings of speakers, and ratings of naturalness."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Float32, Float64, Floating
from rtmri2speech.data.media.audio import resample
from rtmri2speech.errors import UserError

TORCHSCRIPT, ONNX = (".pt", ".pth", ".ts", ".jit", ".torchscript"), (".onnx",)
"""Endings of files that are read."""

FROM_LISTENERS = ("speaker_similarity", "quality", "quality_recorded")
"""All that :class:`Listeners` may measure."""

DEFINITIONS = {
    "speaker_similarity": "Cosine of the angle between the embeddings that the named network gives for both sounds.",
    "quality": "Rating of the made sound by the named network; quality_recorded: of the recording.",
}
"""What each is, in words."""

_TAKES = "It has to take a wave of shape (1, N), float32."


@dataclass(frozen=True)
class ListeningModel:
    """A network that takes a wave: TorchScript, or ONNX where onnxruntime is installed.

    Attributes:
        path: the file.
        rate: samples per second that it was trained on.
    """

    path: Path
    rate: int = 16_000

    def __call__(self, wave: Floating, sample_rate: int) -> Float64:
        """What it gives for a wave, as a vector.

        The network is given a wave of shape (1, N), float32, and the rate as well where it takes two arguments. Of
        several outputs the first counts; one of shape (1, T, D) is averaged over T.

        Args:
            wave: shape (N,), amplitude about -1 to 1.
            sample_rate: Hz.

        Returns:
            Shape (D,); a rating is of shape (1,).

        Raises:
            UserError: when the network cannot be read or refuses the wave.
        """
        samples = np.ascontiguousarray(resample(np.asarray(wave, np.float32), sample_rate, self.rate))[None]
        try:
            found = np.asarray(_opened(self)(samples), np.float64)
        except (RuntimeError, ValueError) as error:
            raise UserError(f"{self.path}: refuses a wave ({_first_line(error)}).", _TAKES) from None
        if not np.isfinite(found).all() or found.size == 0:
            raise UserError(f"{self.path}: gives values that are not numbers.", _TAKES)
        return found.reshape(-1, found.shape[-1]).mean(axis=0) if found.ndim > 1 else np.atleast_1d(found)


@dataclass(frozen=True)
class Listeners:
    """The user's networks that judge sounds, those that were named.

    Attributes:
        speaker: gives embeddings of speakers; None for none.
        quality: rates naturalness; None for none.
    """

    speaker: ListeningModel | None = None
    quality: ListeningModel | None = None

    @classmethod
    def of(cls, speaker: str | Path | None, quality: str | Path | None, rate: int = 16_000) -> Listeners:
        """Those of the files that are named, opened once so that what is wrong with them is said first.

        Args:
            speaker, quality: files of networks; None for none.
            rate: samples per second that they were trained on.

        Raises:
            UserError: when one cannot be read.
        """
        first, second = (None if path is None else ListeningModel(Path(path), rate) for path in (speaker, quality))
        for model in (first, second):
            if model is not None:
                _opened(model)
        return cls(first, second)

    @property
    def files(self) -> dict[str, Path]:
        """Files of the networks by what they measure."""
        named = {FROM_LISTENERS[0]: self.speaker, FROM_LISTENERS[1]: self.quality}
        return {name: model.path for name, model in named.items() if model is not None}

    @property
    def call(self) -> str:
        """The call that opens the same again."""
        rates = {model.rate for model in (self.speaker, self.quality) if model is not None}
        if len(rates) > 1:
            one, other = Listeners(self.speaker), Listeners(quality=self.quality)
            return f"rtmri2speech.Listeners({one.call}.speaker, {other.call}.quality)"
        speaker, quality = (None if model is None else str(model.path) for model in (self.speaker, self.quality))
        return f"rtmri2speech.Listeners.of({', '.join(map(repr, (speaker, quality, *rates)))})"

    def measure(self, recorded: Floating, made: Floating, sample_rate: int) -> dict[str, float]:
        """Every measure of :data:`FROM_LISTENERS` for which there is a network.

        Args:
            recorded: shape (N,), amplitude about -1 to 1.
            made: shape (N,).
            sample_rate: of both, Hz.

        Raises:
            UserError: when a network refuses a wave.
        """
        found = {}
        if self.speaker is not None:
            found["speaker_similarity"] = speaker_similarity(self.speaker, recorded, made, sample_rate)
        if self.quality is not None:
            found["quality"] = float(self.quality(made, sample_rate).mean())
            found["quality_recorded"] = float(self.quality(recorded, sample_rate).mean())
        return found


NO_LISTENERS = Listeners()
"""Where the user names no network."""


def speaker_similarity(model: ListeningModel, one: Floating, other: Floating, sample_rate: int) -> float:
    """Cosine of the angle between the embeddings of two waves, -1 to 1; NaN where one is silent.

    Args:
        model: of speakers' embeddings.
        one, other: shape (N,) and (M,).
        sample_rate: of both, Hz.

    Raises:
        UserError: when the network cannot be read or refuses a wave.
    """
    if not (np.any(one) and np.any(other)):
        return float("nan")
    first, second = (model(wave, sample_rate) for wave in (one, other))
    return float(first @ second / max(float(np.linalg.norm(first) * np.linalg.norm(second)), 1e-30))


@functools.lru_cache(maxsize=4)
def _opened(model: ListeningModel) -> Callable[[Float32], Float64]:
    """Opened once in each process."""
    path, ending = model.path, model.path.suffix.lower()
    if not path.is_file():
        raise UserError(f"{path}: no such file.", "Give the file of a network, TorchScript (.pt) or ONNX (.onnx).")
    if ending in ONNX:
        return _onnx(path)
    if ending in TORCHSCRIPT:
        return _torchscript(model)
    raise UserError(f"{path}: neither TorchScript ({' '.join(TORCHSCRIPT)}) nor ONNX (.onnx).", "Export the network.")


def _torchscript(model: ListeningModel) -> Callable[[Float32], Float64]:
    import torch

    try:
        network = torch.jit.load(str(model.path), map_location="cpu").eval()  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError) as error:
        raise UserError(
            f"{model.path}: no TorchScript ({_first_line(error)}).",
            "Write it with torch.jit.trace or torch.jit.script.",
        ) from None
    # The first argument of the schema is the network itself.
    needed = [one for one in network.forward.schema.arguments[1:] if not one.has_default_value()]
    further = (model.rate,) if len(needed) > 1 else ()

    def call(samples: Float32) -> Float64:
        with torch.inference_mode():
            found = network(torch.from_numpy(samples), *further)
        first = found[0] if isinstance(found, tuple | list) else found
        return np.asarray(first.double().numpy())

    return call


def _onnx(path: Path) -> Callable[[Float32], Float64]:
    if find_spec("onnxruntime") is None:
        raise UserError(f"{path}: onnxruntime is not installed.", "Install it: pip install onnxruntime")
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # its own exceptions share no other base
        raise UserError(
            f"{path}: no ONNX that can be read ({_first_line(error)}).", "Export the network again."
        ) from None
    name = session.get_inputs()[0].name

    def call(samples: Float32) -> Float64:
        return np.asarray(session.run(None, {name: samples})[0], np.float64)

    return call


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:120] if lines else type(error).__name__
