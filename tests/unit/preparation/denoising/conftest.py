"""Programs that take noise off, and recordings that have some."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from talker import Talk, speak, write_recording

HALVES = """
import sys, wave
with wave.open(sys.argv[1]) as file:
    params, data = file.getparams(), file.readframes(file.getnframes())
import array
samples = array.array("h", data)
samples = array.array("h", [value // 2 for value in samples])
{more}
with wave.open(sys.argv[2], "wb") as file:
    file.setparams(params)
    file.writeframes(samples.tobytes())
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., str]:
    """``command:...`` of a program that halves every sample, and does what else is given."""

    def make(more: str = "", code: str = HALVES, tail: str = "") -> str:
        path = tmp_path / "denoise.py"
        path.write_text(code.replace("{more}", more), encoding="utf-8")
        return f'command:"{sys.executable}" -S "{path}"{tail}'

    return make


def with_hum(talk: Talk, level: float = 0.02) -> Talk:
    """A recording in which a scanner hums at 250 Hz and its harmonics."""
    times = np.arange(len(talk.audio)) / talk.sample_rate
    hum = sum(np.sin(2 * np.pi * 250 * n * times + n) for n in range(2, 12))
    audio = (talk.audio + level * hum / np.sqrt(5)).astype(np.float32)
    return Talk(talk.frames, audio, talk.labels, talk.frame_rate, talk.sample_rate)


@pytest.fixture(scope="session")
def _hums(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hums")
    write_recording(with_hum(speak(4.0, 4, sample_rate=16_000, size=32)), folder, "hum", textgrid=True)
    return folder / "hum.mp4"


@pytest.fixture
def humming(_hums: Path) -> Path:
    """A video of 4 s whose wav has a scanner's hum. Not to be changed."""
    return _hums
