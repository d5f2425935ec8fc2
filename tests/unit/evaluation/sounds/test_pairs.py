"""Which files belong together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.evaluation.sounds.pairs import common_rate, pair_sounds


def sounds(root: Path, *names: str, rate: int = 8000) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_wav(path, np.zeros(100), rate)
    return root


def test_names_agree_whatever_their_endings_and_case(tmp_path: Path) -> None:
    one = sounds(tmp_path / "r", "s1/A.wav", "s2/A.wav", "only.wav")
    other = sounds(tmp_path / "g", "s1/a.flac", "s2/A.WAV", "more.wav")
    found = pair_sounds(one, other)
    assert [pair.name for pair in found.pairs] == ["s1/A", "s2/A"]
    assert found.pairs[0].made == other / "s1" / "a.flac"
    assert [path.name for path in (*found.only_reference, *found.only_made)] == ["only.wav", "more.wav"]
    assert found.notes == [
        "1 recording(s) without a made sound, not compared: only.wav",
        "1 made sound(s) without a recording, not compared: more.wav",
    ]


def test_names_alone_where_folders_differ(tmp_path: Path) -> None:
    found = pair_sounds(sounds(tmp_path / "r", "s1/a.wav", "s2/b.wav"), sounds(tmp_path / "g", "a.wav", "b.wav"))
    assert [pair.name for pair in found.pairs] == ["s1/a", "s2/b"] and found.notes == []


def test_what_cannot_be_paired(tmp_path: Path) -> None:
    one, other = sounds(tmp_path / "r", "a.wav"), sounds(tmp_path / "g", "b.wav")
    with pytest.raises(MediaError, match=r"no name is in both \(a.wav; b.wav\)"):
        pair_sounds(one, other)
    with pytest.raises(ConfigError, match="given as both folders"):
        pair_sounds(one, one)
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaError, match="holds no sound"):
        pair_sounds(one, tmp_path / "empty")
    with pytest.raises(MediaError, match="is a file"):
        pair_sounds(one, other / "b.wav")


def test_the_lowest_rate_is_common_and_mixed_rates_are_said(tmp_path: Path) -> None:
    one, other = sounds(tmp_path / "r", "a.wav", "b.wav", rate=16000), sounds(tmp_path / "g", "a.wav", rate=11413)
    sounds(other, "b.wav", rate=9000)
    rate, notes = common_rate(pair_sounds(one, other).pairs)
    assert rate == 9000
    assert notes == ["the made sounds have several sampling rates, 9000 and 11413 Hz (b.wav)"]


def test_files_that_cannot_be_read_have_no_say_in_the_rate_unless_all_are_of_that_kind(tmp_path: Path) -> None:
    one, other = sounds(tmp_path / "r", "a.wav", "b.wav", rate=16000), sounds(tmp_path / "g", "a.wav", "b.wav")
    for path in sorted(other.iterdir()):
        path.write_bytes(b"")
    pairs = pair_sounds(one, other).pairs
    assert common_rate(pairs) == (16000, [])
    for path in sorted(one.iterdir()):
        path.write_bytes(b"")
    with pytest.raises(MediaError, match=r"a\.wav"):
        common_rate(pairs)
