"""Make tests/golden/old_files/truth.npz: the truth of four frames as version 0.1.0 wrote it, with nine regions.

    git archive 0c4d917 src | tar -x -C OLD
    PYTHONPATH=OLD/src python tests/golden/make_old_truth.py tests/golden/old_files/truth.npz

The commit is the last one before the labels of frames got their names in the file. VocalTractLab's own speaker: two
vowels, lips closed, tongue against the velum.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from rtmri2speech.data.truth import Truth
from rtmri2speech.simulation.head.contour_sampling import sample_contours
from rtmri2speech.simulation.head.head import Head, to_pixels
from rtmri2speech.simulation.speaker.vocaltractlab import VocalTract
from rtmri2speech.simulation.truth import measure, port_is_open, section_positions

SHAPES = ("a", "i", "ll-labial-closure(a)", "tb-velar-closure(u)")


def make(path: Path) -> None:
    tract = VocalTract()
    states = np.stack([tract.shape(name) for name in SHAPES])
    head = Head(sample_contours(tract, tract.shape("@")[None]), seed=3)
    prepared = head.prepare(sample_contours(tract, states))
    tube = measure(tract, states)
    count = len(states)
    Truth(
        frame_rate=np.array([625, 23]),
        f0=np.full(count, 120, np.float32),
        formants=tube.formants.astype(np.float32),
        velum_open=port_is_open(states[:, 7]),
        areas=tube.areas.astype(np.float32),
        lengths=tube.lengths.astype(np.float32),
        positions=to_pixels(section_positions(tube)).astype(np.float32),
        tube_formants=tube.tube_formants.astype(np.float32),
        sensitivity=tube.sensitivity.astype(np.float32),
        regions=np.stack([head.labels(prepared, index) for index in range(count)]),
        sections=np.zeros((count, 256, 256), np.uint8),
        tract=states.astype(np.float32),
        phones=np.array(["a"]),
        phone_times=np.array([[0.0, 0.147]]),
    ).save(path)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
