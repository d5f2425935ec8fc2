"""What tests of the analysis share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from rtmri2speech.analysis.attribution.explainer import Explainer
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.signal.frames import FrameConfig

MakeBundle = Callable[..., Bundle]


@pytest.fixture(scope="session", autouse=True)
def few_threads() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def explainer(make_bundle: MakeBundle) -> Explainer:
    """A small model of random weights, for pictures of 64 x 64."""
    return Explainer(make_bundle("acoustic", frames=FrameConfig(size=64)))
