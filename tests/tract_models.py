"""Models of random weights that read a measured tract, and a drawn tract that moves, for tests of what they do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from drawn_walls import tract_of, walls
from rtmri2speech.inference.tract.inputs import tract_inputs
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.tract.acoustic import TractAcousticConfig, TractAcousticModel
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.retiming import Retiming
from rtmri2speech.vocal_tract.geometry.area_function import load_area_model
from rtmri2speech.vocal_tract.measurement.formants import tract_formants
from rtmri2speech.vocal_tract.measurement.tract import Tract


def moving_tract(count: int) -> Tract:
    """A tract that is wider in front where it is narrower behind, and changes over time; closed in the fourth frame."""
    drawn = tract_of([walls(9.0)] * count)
    wave = np.sin(np.arange(count) / 3.0)[:, None] * np.cos(np.linspace(0.0, 3.0, 40))
    distance = 9.0 + 3.0 * wave
    closed = np.zeros(distance.shape, np.bool_)
    closed[3, 30] = True
    distance[closed] = 0.0
    return with_distances(replace(drawn, closed=closed), distance)


def with_distances(tract: Tract, distance: np.ndarray) -> Tract:
    """The tract with other distances (T, 40), mm, and the areas and formants that follow from them."""
    area = load_area_model(tract.area_model).areas(distance)
    sound = tract_formants(tract.length, area, tract.area_range)
    return replace(tract, distance=distance, area=area, formants=sound.frequencies, sensitivity=sound.sensitivity)


def widened(tract: Tract, section: int, mm: float) -> Tract:
    """The tract with a section widened in all frames in which it is open."""
    distance = tract.distance.copy()
    distance[:, section] += np.where(tract.closed[:, section], 0.0, mm)
    return with_distances(tract, distance)


def tract_bundle(tract: Tract, retiming: Retiming) -> Bundle:
    """A model whose inputs are scaled to a tract, and whose mel is speech-like in level."""
    torch.manual_seed(0)
    features = FeatureConfig()
    network = TractAcousticModel(TractAcousticConfig(width=16, hidden=12, layers=2), features)
    network.inputs.fit([torch.from_numpy(tract_inputs(tract, retiming))])
    with torch.no_grad():
        network.mel.weight.mul_(4.0)
    network.scaler.load_state_dict(
        {"mean": torch.full((features.n_mels,), -45.0), "std": torch.full((features.n_mels,), 12.0)}
    )
    return Bundle.from_tract(network.eval(), features, provenance={"seed": 0}, card="Reads tracts.")
