"""A simulated speaker whose states are moved, and whose frames are drawn anew."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.data.media.video import read_video
from rtmri2speech.simulation.redrawing import SURFACE, SimulatedSpeaker, formants_of, move_tongue

vtl = pytest.importorskip("vocaltractlab_cython")


@pytest.fixture(scope="module")
def speaker(tiny_phantom: Path) -> SimulatedSpeaker:
    found = SimulatedSpeaker.of_video(next(iter(sorted(tiny_phantom.glob("*/*.mp4")))))
    assert found is not None
    return found


def test_recordings_of_people_have_no_speaker(talker: Path) -> None:
    assert SimulatedSpeaker.of_video(talker) is None


def test_states_as_they_were_give_the_formants_of_the_truth(speaker: SimulatedSpeaker) -> None:
    found = formants_of(speaker.tract(), speaker.states[20:23])
    np.testing.assert_allclose(found, speaker.truth.formants[20:23], rtol=1e-3)


def test_the_tongue_goes_where_it_is_to(speaker: SimulatedSpeaker) -> None:
    tract = speaker.tract()
    state = tract.shape("@")
    before = tract.outlines(state)["tongue"][:SURFACE]
    shares = np.exp(-0.5 * ((np.arange(SURFACE) - 17) / 5.0) ** 2)

    def wanted(line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return 0.1 * shares[:, None] * np.array([1.0, 0.0]), shares

    moved, went = move_tongue(tract, state, wanted)
    shift = tract.outlines(moved)["tongue"][:SURFACE] - before
    assert went == pytest.approx(1.0, abs=0.05)
    assert (shares[:, None] * shift).sum(axis=0)[0] / (shares**2).sum() == pytest.approx(0.1, abs=0.02)


def test_frames_drawn_anew_of_the_same_states_are_nearly_those_of_the_video(
    speaker: SimulatedSpeaker, tiny_phantom: Path
) -> None:
    video = sorted(tiny_phantom.glob("*/*.mp4"))[0]
    drawn = speaker.frames(speaker.states[:12])
    shown = np.stack(list(islice(read_video(video), 12)))
    assert drawn.shape[0] == 12 and drawn.dtype == np.uint8
    assert np.abs(drawn[2:10].astype(float) - shown[2:10]).mean() < 6.0
