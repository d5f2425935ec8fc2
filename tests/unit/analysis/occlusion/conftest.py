"""What tests of occlusion share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rtmri2speech.analysis.regions.masks import Regions, read_regions, source_of
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.inference.model import Model
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.signal.frames import FrameConfig


@pytest.fixture(scope="session")
def model(make_bundle: Callable[..., Bundle]) -> Model:
    """A small acoustic model of random weights, for frames of 64 x 64."""
    return Model(make_bundle("acoustic", frames=FrameConfig(size=64)))


@pytest.fixture(scope="session")
def clip(talker: Path, model: Model) -> Clip:
    return model.open(talker)


@pytest.fixture(scope="session")
def template(clip: Clip) -> Regions:
    return read_regions("template", source_of(clip))
