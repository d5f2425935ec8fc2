"""Arguments as people write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rtmri2speech.analysis.arguments import open_clip, regions_of, require_known, several
from rtmri2speech.errors import ConfigError
from rtmri2speech.inference.model import Model
from rtmri2speech.models.bundle.model_file import Bundle


def test_one_value_or_several() -> None:
    assert several("tongue") == ("tongue",) and several(0.5) == (0.5,)
    assert several([8, 16, 8]) == (8, 16) and several(Path("a.mp4")) == (Path("a.mp4"),)
    with pytest.raises(ConfigError, match="`fill=glue`"):
        require_known("fill", ["blur", "glue"], ["blur", "darken"])


def test_a_clip_and_regions_that_are_there_already_are_taken_as_they_are(
    make_bundle: Callable[..., Bundle], talker: Path
) -> None:
    model = Model(make_bundle("acoustic"))
    clip = open_clip(model, talker, None)
    assert clip.keep and open_clip(model, clip, None) is clip
    found, origin = regions_of("template", clip)
    assert origin["regions_of"] == "template"
    again, origin = regions_of(found, clip)
    assert again is found and origin["regions_of"] is None and len(origin["regions"]) == len(found.names)
