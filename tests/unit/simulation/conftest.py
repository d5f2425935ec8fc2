"""The default speaker, made once, and outlines of the default vocal tract with a head drawn around them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rtmri2speech.simulation.head.contours import Contours
from rtmri2speech.simulation.head.head import Head
from rtmri2speech.simulation.speaker.anatomy import Speaker, draw_speakers
from rtmri2speech.simulation.speaker.voice import Voice, make_speaker_file, make_voice

GOLDEN = dict(np.load(Path(__file__).parents[2] / "golden" / "contours.npz"))
NAMES = [str(name) for name in GOLDEN["names"]]


@pytest.fixture(scope="session")
def golden() -> Mapping[str, NDArray[np.float32]]:
    """Outlines of VocalTractLab's own speaker: of its shapes, and of one shape with the velum lowered in steps."""
    return GOLDEN


@pytest.fixture(params=NAMES)
def shape_name(request: pytest.FixtureRequest) -> str:
    """Every shape in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def contours() -> Callable[..., Contours]:
    """Makes contours of the shapes with the given names, the velum closed."""

    def make(*names: str) -> Contours:
        rows = [NAMES.index(name) for name in names]
        outlines = (GOLDEN[kind][rows].astype(np.float64) for kind in ("upper", "lower", "tongue", "epiglottis"))
        return Contours(*outlines, velum=np.full(len(rows), -0.1))

    return make


@pytest.fixture(scope="session")
def head(contours: Callable[..., Contours]) -> Head:
    return Head(contours("@"), seed=3)


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
