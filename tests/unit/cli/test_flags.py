"""Parameters that the library names become the flags of the command."""

from __future__ import annotations

import pytest

from rtmri2speech.cli.flags import flags_of, with_flags
from rtmri2speech.cli.main import app


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`workers=-1`: less than none.", "--workers -1: less than none."),
        ("Use `overwrite=True`.", "Use --overwrite."),
        ("Give `audio_dir`, or `pairs='x.csv'`.", "Give --audio-dir, or --pairs x.csv."),
        ("`resize=(8, 256)`: too small.", "--resize 8 256: too small."),
        ("`label=['a', 'i']`", "--label a i"),
        ("`no_such_thing` stays", "`no_such_thing` stays"),
        ("plain", "plain"),
    ],
)
def test_a_parameter_is_shown_as_its_flag(text: str, shown: str) -> None:
    flags = {"workers": "--workers", "overwrite": "--overwrite", "audio_dir": "--audio-dir", "pairs": "--pairs"}
    flags |= {"resize": "--resize", "label": "--label"}
    assert with_flags(text, flags) == shown


def test_the_flags_are_those_of_the_command() -> None:
    found = flags_of(app, ["analyze", "gradcam", "clip.mp4", "--model", "m", "--out", "o"])
    assert found["target_frames"] == "--target-frames" and found["stride"] == "--stride"
    assert "target_frames" not in flags_of(app, ["prepare", "videos", "--out", "o"])
    assert flags_of(app, ["no-such-command"]) == {}
