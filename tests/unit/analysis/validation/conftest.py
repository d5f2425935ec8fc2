"""What tests of validation share: a linear network whose truth is known, and a small model."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import Tensor

from networks import Linear, Regressor, trained_regressor
from rtmri2speech.analysis.attribution.targets import read_bands
from rtmri2speech.analysis.regions.masks import Source
from rtmri2speech.analysis.validation.clip_probe import ClipProbe
from rtmri2speech.analysis.validation.tract import SimulatedTract, simulated_tract
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.truth import Truth
from rtmri2speech.inference.model import Model
from rtmri2speech.signal.features import FeatureConfig


@pytest.fixture(scope="session")
def linear() -> Linear:
    return Linear()


@pytest.fixture(scope="session")
def regressor() -> tuple[Regressor, Tensor]:
    """A trained network and frames. Not to be changed."""
    return trained_regressor()


@pytest.fixture(scope="session")
def probe(clip: Clip, model: Model) -> ClipProbe:
    return ClipProbe.open(model, clip, read_bands(["F1:300-900", "F2:900-2500"], FeatureConfig()), strides=(8,))


@pytest.fixture(scope="session")
def truth_path(tiny_phantom: Path) -> Path:
    return sorted(tiny_phantom.glob("*/*_0000.npz"))[0]


@pytest.fixture(scope="session")
def truth(truth_path: Path) -> Truth:
    return Truth.load(truth_path)


@pytest.fixture(scope="session")
def tract(truth_path: Path, truth: Truth) -> SimulatedTract:
    return simulated_tract(truth_path, Source(list(range(len(truth.f0))), 256, 256, 256))
