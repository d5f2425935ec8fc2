"""What tests of the analysis share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rtmri2speech.analysis.attribution.explainer import Explainer
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.inference.model import Model
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.signal.frames import FrameConfig

MakeBundle = Callable[..., Bundle]


@pytest.fixture(scope="session", autouse=True)
def few_threads() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def model(make_bundle: MakeBundle) -> Model:
    """A small model of random weights, for frames of 64 x 64."""
    return Model(make_bundle("acoustic", frames=FrameConfig(size=64)))


@pytest.fixture(scope="session")
def clip(talker: Path, model: Model) -> Clip:
    return model.open(talker)


@pytest.fixture(scope="session")
def explainer(model: Model) -> Explainer:
    """Of that model."""
    return Explainer(model)
