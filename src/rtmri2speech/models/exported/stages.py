"""The networks of a model file that are exported: the frame encoder, the vocoder, the segmenter."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.models.exported.backends import Wanted
from rtmri2speech.models.exported.network import Part, Run, engine_of, faster
from rtmri2speech.models.segmenter import Segmenter
from rtmri2speech.models.vocoder.generator import Generator, Vocoder

# Lengths of the examples: frames of the encoder and of the segmenter, mel frames of the vocoder.
_FRAMES, _MEL_FRAMES = 4, 32
# ln(power) of speech's mel, mean and standard deviation, of which a vocoder makes sound.
_MEL_MEAN, _MEL_STD = -7.0, 3.0


class _Encoder(nn.Module):
    """Frames to feature vectors, as a module of its own."""

    def __init__(self, model: AcousticModel) -> None:
        super().__init__()
        self.cnn = model.cnn
        self._encode = model.encode

    def forward(self, frames: Tensor) -> Tensor:
        encoded: Tensor = self._encode(frames)
        return encoded


def encoder(
    model: Callable[[], AcousticModel], size: int, wanted: Wanted, notes: list[str]
) -> Callable[[Tensor], Tensor] | None:
    """What makes features (N, C) of frames (N, H, W), float in [0, 1]; None where PyTorch does.

    Args:
        model: gives it in eval mode, float32, on the CPU; asked only where a backend is wanted.
        size: H and W, pixels.
        wanted: how to run it.
        notes: gets a line where the backend cannot be used.
    """
    if wanted.backend == "torch":
        return None
    run = faster(Part("frame encoder", _Encoder(model()), _example(_FRAMES, size, size), 0), wanted, notes)
    return None if run is None else _tensors(run)


def segmenter(network: Segmenter, wanted: Wanted, notes: list[str]) -> Callable[[Tensor], Tensor] | None:
    """What makes logits (B, C, S, S) of squares (B, 1, S, S); None where PyTorch does.

    Args:
        network: folded, float32, on the CPU.
        wanted: how to run it.
        notes: gets a line where the backend cannot be used.
    """
    size = network.config.size
    run = faster(Part("segmenter", network, _example(_FRAMES, 1, size, size), 0), wanted, notes)
    return None if run is None else _tensors(run)


def vocoder(generator: Generator, wanted: Wanted, notes: list[str]) -> Vocoder | None:
    """The vocoder; None where PyTorch runs it.

    Args:
        generator: in eval mode, float32, on the CPU.
        wanted: how to run it.
        notes: gets a line where the backend cannot be used.
    """
    if not wanted.asked and wanted.dtype == torch.float32:
        return (
            None  # PyTorch's own form of it is faster: 240 ms against 340 per second of sound (benchmarks/backends.py)
        )
    mel = torch.randn(1, generator.n_mels, _MEL_FRAMES, generator=_same_every_time()) * _MEL_STD + _MEL_MEAN
    if generator.source is not None:
        with torch.inference_mode():
            mel = torch.cat([mel, generator.source.excitation(generator.voice_of(mel))], dim=1).clone()
    run = faster(Part("vocoder", _Filter(generator), mel, 2), wanted, notes)
    return None if run is None else ExportedVocoder(generator, run)


def ran_with(wanted: Wanted, exported: bool) -> str:
    """What computed networks, for results: ``torch``, or another library with its version.

    Args:
        wanted: how they were to be run.
        exported: whether one of them was.
    """
    if wanted.backend == "torch" or not exported:
        return "torch"
    precision = str(wanted.dtype).removeprefix("torch.")
    return f"{wanted.backend} {engine_of(wanted.backend).version()}, {precision}"


class _Filter(nn.Module):
    """A generator with one input of M rows, or M + hop where there is a source: mel, then excitation."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, rows: Tensor) -> Tensor:
        bands = self.generator.n_mels
        return self.generator.filtered(rows[:, :bands], None if self.generator.source is None else rows[:, bands:])


class ExportedVocoder(Vocoder):
    """A vocoder whose convolutions a backend runs, without gradients; the source, small, stays with PyTorch.

    Args:
        generator: that was exported.
        run: of one mel spectrogram (1, M, T), with an excitation (1, hop, T) below it where there is a source.
    """

    def __init__(self, generator: Generator, run: Run) -> None:
        super().__init__(generator.config, generator.n_mels)
        self.source = generator.source
        self._run = run

    def filtered(self, ln_mel: Tensor, excitation: Tensor | None) -> Tensor:
        """The waveform (B, T * hop) of a mel (B, M, T) and an excitation (B, hop, T), if there is a source."""
        rows = ln_mel if excitation is None else torch.cat([ln_mel, excitation], dim=1)
        whole = rows.float().contiguous().numpy()
        return torch.cat([torch.from_numpy(self._run(whole[index : index + 1])) for index in range(len(whole))])


def _tensors(run: Run) -> Callable[[Tensor], Tensor]:
    return lambda given: torch.from_numpy(run(given.float().contiguous().numpy()))


def _example(*shape: int) -> Tensor:
    return torch.rand(shape, generator=_same_every_time())


def _same_every_time() -> torch.Generator:
    return torch.Generator().manual_seed(0)
