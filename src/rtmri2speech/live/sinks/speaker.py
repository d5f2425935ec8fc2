"""Sound to a loudspeaker, through PortAudio (the extra ``live``)."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from rtmri2speech.arrays import Float32
from rtmri2speech.errors import UserError

_SETTINGS = "Choose another device in the system's settings, or write the sound to a file."


class SpeakerSink:
    """The system's default loudspeaker.

    Sound is played as it comes. Where the next piece is late, there is silence until it comes: an interruption, which
    is counted.

    Args:
        rate: samples per second of the sound; it is resampled where the device does not take that.

    Raises:
        UserError: when sounddevice is not installed, or there is no device.
    """

    def __init__(self, rate: int) -> None:
        self.name = "loudspeaker"
        self._source_rate = rate
        self._device = _sounddevice()
        self._lock = threading.Lock()
        self._samples = np.zeros(0, np.float32)
        self._given = self._made = 0.0  # seconds, before and after resampling
        self._started = self._ended = False
        self._interruptions = 0
        try:
            self._rate = self._rate_for(rate)
            self._resampler = None if self._rate == rate else _resampler(rate, self._rate)
            self._stream = self._device.OutputStream(
                samplerate=self._rate, channels=1, dtype="float32", latency="low", callback=self._play
            )
            self._stream.start()
        except self._device.PortAudioError as error:
            raise UserError(f"loudspeaker: cannot be opened ({error}).", _SETTINGS) from None

    def write(self, wave: Float32) -> None:
        """Append samples (n,) to what waits to be played."""
        self._append(wave if self._resampler is None else self._resampler.resample_chunk(wave))
        self._given += len(wave) / self._source_rate

    def waiting(self) -> float:
        """Seconds of sound that wait, in the resampler, too, and of the device itself."""
        with self._lock:
            return self._given - self._made + len(self._samples) / self._rate + float(self._stream.latency)

    def close(self) -> list[str]:
        """Play to the end."""
        if self._resampler is not None:
            self._append(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        with self._lock:
            left, self._ended = len(self._samples) / self._rate, True
        self._device.sleep(int(1000 * (left + float(self._stream.latency))))
        self._stream.close()
        if not self._interruptions:
            return []
        return [f"{self.name}: interrupted {self._interruptions} time(s), because the next sound was late"]

    def _append(self, samples: Float32) -> None:
        with self._lock:
            self._samples = np.concatenate([self._samples, samples])
            self._made += len(samples) / self._rate
            self._started = True

    def _rate_for(self, rate: int) -> int:
        try:
            self._device.check_output_settings(samplerate=rate, channels=1, dtype="float32")
        except self._device.PortAudioError:
            return int(self._device.query_devices(kind="output")["default_samplerate"])
        return rate

    def _play(self, out: Any, count: int, _time: Any, _status: Any) -> None:
        with self._lock:
            played, self._samples = self._samples[:count], self._samples[count:]
            if len(played) < count and self._started and not self._ended:
                self._interruptions += 1
                self._started = False  # one interruption, until sound comes again
        out[: len(played), 0] = played
        out[len(played) :] = 0.0


def _sounddevice() -> Any:
    try:
        import sounddevice
    except ImportError:
        raise UserError(
            "loudspeaker: playing sound needs sounddevice.", "Install it: pip install 'rtmri2speech[live]'"
        ) from None
    except OSError as error:  # the library that it wraps is missing
        raise UserError(
            f"loudspeaker: {error}.", "Install PortAudio (Debian, Ubuntu: apt install libportaudio2)."
        ) from None
    return sounddevice


def _resampler(rate: int, wanted: int) -> Any:
    import soxr

    # Its best quality would keep 100 ms back, this one 28.
    return soxr.ResampleStream(rate, wanted, 1, dtype="float32", quality="LQ")
