"""What tests of occlusion share."""

from __future__ import annotations

import pytest

from rtmri2speech.analysis.regions.masks import Regions, read_regions, source_of
from rtmri2speech.data.media.clips import Clip


@pytest.fixture(scope="session")
def template(clip: Clip) -> Regions:
    return read_regions("template", source_of(clip))
