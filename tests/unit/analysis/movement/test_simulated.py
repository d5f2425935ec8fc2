"""The truth of a movement: a simulated speaker moved, its formants and frames anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.analysis.movement.simulated import is_simulated, renumbered, simulate_movement
from rtmri2speech.analysis.movement.walls import Movement
from rtmri2speech.inference.model import Model
from rtmri2speech.simulation.redrawing import SimulatedSpeaker, formants_of
from rtmri2speech.simulation.speaker.vocaltractlab import TRACT


def test_formants_that_are_numbered_anew_have_no_change() -> None:
    before = np.array([[500.0, 1500.0, 2500.0, 3500.0]] * 3)
    after = before + 20.0
    after[1] = [500.0, 900.0, 1500.0, 2500.0]  # a peak more below the second
    after[2, 3] = np.nan
    assert renumbered(before, after).tolist() == [
        [False] * 4,
        [False, True, True, True],
        [False, False, False, True],
    ]


def test_what_the_simulator_can_move() -> None:
    assert is_simulated(Movement("tongue_tip", "up", 1.0)) and is_simulated(Movement("lower_lip", "down", 1.0))
    assert not is_simulated(Movement("lower_lip", "front", 1.0))
    assert not is_simulated(Movement("pharyngeal_wall", "open", 1.0))


def test_lips_of_a_simulated_speaker_part(model: Model, tiny_phantom: Path) -> None:
    pytest.importorskip("vocaltractlab_cython")
    video = sorted(tiny_phantom.glob("*/*.mp4"))[0]
    speaker = SimulatedSpeaker.of_video(video)
    assert speaker is not None
    clip = model.open(video)
    moved = np.zeros(clip.n_frames, np.bool_)
    open_lips = (speaker.states[:, TRACT.index("LD")] > 0.5) & ~speaker.truth.velum_open
    chosen = np.flatnonzero(open_lips)[:2]
    moved[chosen] = True
    found = simulate_movement(speaker, Movement("lower_lip", "open", 2.0), clip, moved)
    assert found.went[chosen] == pytest.approx(1.0) and np.isnan(found.went[~moved]).all()
    assert found.made.sum() == len(chosen)
    states = speaker.states[chosen]
    wider = states.copy()
    wider[:, TRACT.index("LD")] += 0.2
    tract = speaker.tract()
    wanted = formants_of(tract, wider) - formants_of(tract, states)
    known = np.isfinite(found.change[chosen])
    assert known[:, 0].all()
    np.testing.assert_allclose(found.change[chosen][known], wanted[known], atol=1e-6)
    assert found.frames is not None
    before, after = found.frames
    assert before.shape == after.shape == (clip.n_frames, 64, 64)
    assert (before[chosen] != after[chosen]).any()
