"""Sound to a file, and as raw samples to a pipe."""

from __future__ import annotations

import io
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import soundfile

from rtmri2speech.arrays import Float32
from rtmri2speech.data.files import cannot_write, check_writable
from rtmri2speech.data.media.audio import sound_writer
from rtmri2speech.errors import UserError


class WavSink:
    """A 16-bit mono wav, which takes its name when it is complete; there is none where no sound was made.

    Args:
        path: the file.
        rate: samples per second.

    Raises:
        UserError: when it cannot be written.
    """

    def __init__(self, path: Path, rate: int) -> None:
        check_writable(path)
        self.name = str(path)
        self._path, self._rate = path, rate
        self._open = ExitStack()
        self._file: soundfile.SoundFile | None = None

    def write(self, wave: Float32) -> None:
        """Append samples (n,).

        Raises:
            UserError: when the disk is full; what was written before is kept.
        """
        if self._file is None:
            self._file = self._open.enter_context(sound_writer(self._path, self._rate))
        try:
            self._file.write(wave)
        except soundfile.LibsndfileError as error:
            raise cannot_write(self._path, OSError(str(error))) from error

    def waiting(self) -> float:
        """Nothing waits."""
        return 0.0

    def close(self) -> list[str]:
        """Give it its name."""
        self._open.close()
        return []


class PipeSink:
    """Raw 16-bit samples, lower byte first, mono.

    Args:
        path: of a named pipe; None for standard output.

    Raises:
        UserError: when it cannot be opened.
    """

    def __init__(self, path: Path | None) -> None:
        self.name = "standard output" if path is None else str(path)
        try:
            descriptor = None if path is not None else sys.stdout.fileno()
            self._file = io.FileIO(descriptor if path is None else path, "w", closefd=path is not None)  # type: ignore[arg-type]
        except (OSError, ValueError) as error:
            raise self._failed(error) from None

    def write(self, wave: Float32) -> None:
        """Write samples (n,).

        Raises:
            UserError: when whoever reads is gone.
        """
        data = memoryview(np.rint(wave * 32767.0).astype("<i2").tobytes())
        try:
            while data:
                data = data[self._file.write(data) or 0 :]
        except OSError as error:
            raise self._failed(error) from None

    def waiting(self) -> float:
        """Nothing is known of who reads."""
        return 0.0

    def close(self) -> list[str]:
        """End of the sound."""
        self._file.close()
        return []

    def _failed(self, error: Exception) -> UserError:
        reason = getattr(error, "strerror", None) or error
        return UserError(f"{self.name}: cannot be written ({reason}).", "Start the program that reads it first.")
