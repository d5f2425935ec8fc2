"""Mel spectrogram to wave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from rtmri2speech.arrays import Float32
from rtmri2speech.models.vocoder.generator import Vocoder
from rtmri2speech.signal.mel import db_to_ln


@dataclass(frozen=True)
class FrameVoice:
    """F0 and voicing of the frames of a mel spectrogram, (T,) each.

    Attributes:
        f0_hz: Hz, whether there is voice or not.
        voiced: 0 to 1.
    """

    f0_hz: Float32
    voiced: Float32

    @property
    def spoken(self) -> Float32:
        """F0 (T,), Hz, 0 where there is no voice."""
        return np.where(self.voiced > 0.5, self.f0_hz, 0.0).astype(np.float32)


@torch.inference_mode()
def voice_of(
    vocoder: Vocoder, mel_db: Float32, sample_rate: int, device: torch.device | str = "cpu"
) -> FrameVoice | None:
    """The voice that a vocoder with a source reads from a mel spectrogram (T, M); None where it has none."""
    if vocoder.source is None:
        return None
    found = vocoder.source(_ln_mel(mel_db, device, torch.float32)[None])
    f0_hz = (found.f0[0].log().mean(dim=1).exp() * sample_rate).cpu().numpy()
    return FrameVoice(f0_hz, found.voiced[0].mean(dim=1).cpu().numpy())


@torch.inference_mode()
def wave_pieces(
    vocoder: Vocoder,
    mel_db: Float32,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    f0: Float32 | None = None,
) -> Iterator[Float32]:
    """The wave in pieces (n,) that together are hop_length * T samples.

    Args:
        vocoder: on the device, in that precision.
        mel_db: (T, M), dB.
        device: where the vocoder is.
        dtype: precision of the vocoder.
        f0: (T,), cycles per sample, 0 where there is no voice, in place of the mel's; a vocoder without a source reads
            the mel alone.
    """
    ln_mel, voice = _ln_mel(mel_db, device, dtype), None
    if f0 is not None and vocoder.source is not None and len(f0):
        given = torch.from_numpy(np.array(f0, np.float32))[None].to(device)
        voice = vocoder.voice_of(ln_mel[None], (given, (given > 0).float()))
    for piece in vocoder.generate(ln_mel, voice=voice):
        yield piece.float().cpu().numpy()


def vocode(
    vocoder: Vocoder,
    mel_db: Float32,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    f0: Float32 | None = None,
) -> Float32:
    """The wave (hop_length * T,) of a mel spectrogram; arguments as in :func:`wave_pieces`."""
    return np.concatenate([np.zeros(0, np.float32), *wave_pieces(vocoder, mel_db, device, dtype, f0)])


class ContinuedVocoder:
    """A vocoder on windows of a mel spectrogram that goes on: the source's phase and noise do, too.

    Args:
        vocoder, device, dtype: as in :func:`wave_pieces`.
    """

    def __init__(
        self, vocoder: Vocoder, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
    ) -> None:
        self._vocoder, self._device, self._dtype = vocoder, device, dtype
        self._number = 0
        self._phase: Tensor | float = 0.0

    @torch.inference_mode()
    def __call__(self, mel_db: Float32, before: int, count: int) -> Float32:
        """The wave (T * hop,) of a window (T, M) in dB.

        Args:
            mel_db: the window.
            before: its frames that earlier windows had as new ones.
            count: its new frames, after those.
        """
        if self._vocoder.source is None:
            return vocode(self._vocoder, mel_db, self._device, self._dtype)
        ln_mel = _ln_mel(mel_db, self._device, self._dtype)
        voice = self._vocoder.voice_of(ln_mel[None])
        phase = (voice.phase + (self._phase - voice.phase[:, before : before + 1])) % 1.0
        voice = replace(voice, phase=phase, number=voice.number + (self._number - before))
        self._number += count
        if before + count < len(mel_db):
            self._phase = phase[:, before + count : before + count + 1]
        wave: Float32 = self._vocoder(ln_mel[None], voice)[0].float().cpu().numpy()
        return wave


def _ln_mel(mel_db: Float32, device: torch.device | str, dtype: torch.dtype) -> Tensor:
    """(T, M) in dB to ln(power), (M, T)."""
    return db_to_ln(torch.from_numpy(np.array(mel_db, np.float32))).T.to(device, dtype)
