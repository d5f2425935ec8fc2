"""Parameters that the library names become the flags of the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtmri2speech.cli import console
from rtmri2speech.cli.flags import flags_of, in_flags, remember, with_flags
from rtmri2speech.cli.main import app, main
from rtmri2speech.errors import UserError


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


def test_failures_of_a_batch_are_told_in_the_flags_of_the_command_that_runs(capsys: pytest.CaptureFixture[str]) -> None:
    remember(app, ["analyze", "vowels", "a.wav", "--out", "o"])
    assert console.report_failures([(Path("a.wav"), UserError("a.wav: `ceiling=9`.", "Give `tier`."))]) == 1
    assert capsys.readouterr().err == "error: a.wav: --ceiling 9.\n       Give --tier.\n"
    assert in_flags("without parameters") == "without parameters"


def test_older_spellings_still_work(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["prepare", "x", "--out", "o", "--normalisation", "odd"]
    assert main(words) == 1
    assert '"memo", "robust"' in capsys.readouterr().err


def test_a_command_says_flags_in_what_it_prints_itself() -> None:
    remember(app, ["prepare", "x", "--out", "o"])
    assert in_flags("Leave them out with `trim_over_bright=True`.") == "Leave them out with --trim-over-bright."
    assert in_flags("`split_ratio` 1 0 0; `fps`") == "--split-ratio 1 0 0; --fps"
