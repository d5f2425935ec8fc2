"""``analyze move``: from a video, its tract and a movement to files, and what it cannot do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drawn_walls import tract_of, walls
from rtmri2speech.data.media.scan import scan_video
from tables import rows_of

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def tract(talker: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    count = scan_video(talker).n_frames
    return tract_of([walls(9.0)] * count, name="talker").save(tmp_path_factory.mktemp("tract"))[0]


def test_files_are_written(run: Run, talker: Path, model_files: dict[str, Path], tract: Path, tmp_path: Path) -> None:
    on = ("analyze", "move", talker, "--model", model_files["synthesizer"], "--out", tmp_path, "--regions", tract)
    words = ("--articulator", "tongue_body", "--direction", "up", "--segment", "a:0.5-0.9", "--target-frames", 20)
    result = run(*on, *words)
    assert result.code == 0, result.err
    stem = "talker_move_tongue_body_up_1mm"
    ends = (".npz", ".csv", "_segments.csv", "_before.wav", "_after.wav", ".pdf", ".svg", ".png", "_frame020.png")
    assert {path.name for path in tmp_path.iterdir()} == {f"{stem}{end}" for end in ends}
    assert len(result.out.split()) == len(ends)
    assert len(rows_of(tmp_path / f"{stem}_segments.csv")) == 4


def test_what_cannot_be_moved_is_said_in_a_line(
    run: Run, talker: Path, model_files: dict[str, Path], tract: Path, tmp_path: Path
) -> None:
    on = ("analyze", "move", talker, "--model", model_files["acoustic"], "--out", tmp_path, "--regions", tract)
    far = run(*on, "--articulator", "tongue", "--direction", "close", "--by", "9.5mm")
    assert "--by 9.5: larger than the passage of" in far.problem and "--direction" in far.remedy
    missing = run(*on, "--articulator", "epiglottis", "--direction", "up")
    assert "--articulator epiglottis: not found in any frame" in missing.problem
    unknown = run(*on, "--articulator", "nose", "--direction", "up")
    assert "--articulator nose: not known" in unknown.problem and "tongue_body" in unknown.remedy
    vague = run(*on, "--articulator", "tongue", "--direction", "up", "--by", "far")
    assert "--by far: not a distance" in vague.problem
    assert not list(tmp_path.iterdir())
