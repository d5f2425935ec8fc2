"""The default speaker, made once."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from rtmri2speech.simulation.anatomy import Speaker, draw_speakers
from rtmri2speech.simulation.speaker import Voice, make_speaker_file, make_voice


@pytest.fixture(scope="session")
def default_speaker() -> Speaker:
    return draw_speakers(1, seed=0)[0]


@pytest.fixture(scope="session")
def speaker_path(default_speaker: Speaker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("speaker") / "default.speaker"
    # A process of its own: the library does not outlive a change of anatomy.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        executor.submit(make_speaker_file, default_speaker, path).result()
    return path


@pytest.fixture(scope="session")
def voice(default_speaker: Speaker, speaker_path: Path) -> Voice:
    return make_voice(default_speaker, speaker_path)
