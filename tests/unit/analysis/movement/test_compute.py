"""From a model, a video and a movement to changes, files, figures; and what cannot be moved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drawn_walls import tract_of, walls
from rtmri2speech.analysis.movement.compute import move
from rtmri2speech.analysis.movement.result import Move
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError
from rtmri2speech.inference.model import Model
from rtmri2speech.phonetics.labeled_segments import Segment, Token
from rtmri2speech.vocal_tract.measurement.tract import Tract
from tables import rows_of


@pytest.fixture(scope="module")
def tract(clip: Clip) -> Tract:
    """A tract for every frame of the talker, wherever its own may be; in the last one it is narrow."""
    count = clip.scan.n_frames
    return tract_of([walls(9.0 if number < count - 1 else 1.5) for number in range(count)])


@pytest.fixture(scope="module")
def found(model: Model, clip: Clip, tract: Tract) -> Move:
    return move(model, clip, "tongue_body", "2mm", "close", regions=tract)


def test_everything_has_its_shape_and_what_is_not_moved_is_counted(found: Move, clip: Clip) -> None:
    count = clip.n_frames
    assert len(found) == count and found.names == ("F1", "F2", "F3", "F4")
    assert found.model.shape == found.tube.shape == found.before.shape == (count, 4)
    assert found.truth is None and found.redrawn is None and found.sound_after is None
    assert not found.moved[-1] and found.moved[:-1].all()
    assert np.isnan(found.model[-1]).all() and np.isnan(found.tube[-1]).all()
    assert any("narrower than the movement, in 1 of" in note for note in found.notes)


def test_frames_are_changed_where_the_wall_moves(found: Move) -> None:
    assert found.mel_difference[:-4].min() > 0.0
    assert np.isfinite(found.tube[:-1]).all()
    moved = np.hypot(*np.moveaxis(found.contours_after - found.contours, -1, 0))[0] * found.pixel_mm
    assert moved[0].max() == pytest.approx(2.0, abs=0.1)
    assert np.nanmax(np.hypot(*np.moveaxis(found.contours_after - found.contours, -1, 0))[-1]) == 0.0


def test_a_small_movement_and_its_opposite_cancel(model: Model, clip: Clip, tract: Tract) -> None:
    ways = [move(model, clip, "tongue", 0.05, direction, regions=tract).model for direction in ("open", "close")]
    known = np.isfinite(ways[0]) & np.isfinite(ways[1])
    assert known.any()
    total, size = (ways[0] + ways[1])[known], np.abs(ways[0] - ways[1])[known]
    assert np.median(np.abs(total)) < 0.2 * np.median(size)


def test_files_and_figures(found: Move, tmp_path: Path) -> None:
    token = Token(0.2, 0.5, 6, 13)
    files = found.with_segments([Segment("a", (token,))]).save(tmp_path)
    stem = f"{found.name}_move_tongue_body_close_2mm"
    assert [path.name for path in files] == [f"{stem}.npz", f"{stem}.csv", f"{stem}_segments.csv"]
    rows = rows_of(files[1])
    assert len(rows) == 4 * len(found) and rows[0]["truth_hz"] == "" and rows[-1]["moved"] == "0"
    means = rows_of(files[2])
    assert float(means[0]["tube_hz"]) == pytest.approx(found.tube[8:11, 0].mean(), rel=1e-4)
    with np.load(files[0]) as arrays:
        assert str(arrays["kind"]) == "move" and str(arrays["articulator"]) == "tongue_body"
        np.testing.assert_allclose(arrays["model"], found.model, rtol=1e-5)
    assert found.show(3).axes and replace(found, clip=None).show(3).axes
    with pytest.raises(ConfigError, match="counted from 0"):
        found.show(len(found))
    with pytest.raises(ConfigError, match="`formant=F7`"):
        found.number("F7")


def test_what_cannot_be_moved_is_said_in_a_line(model: Model, clip: Clip, tract: Tract) -> None:
    with pytest.raises(ConfigError, match=r"`by=9.5`: larger than the passage of .* \(9.0 mm at most\)"):
        move(model, clip, "tongue", 9.5, "close", regions=tract)
    with pytest.raises(ConfigError, match="`articulator=epiglottis`: not found in any frame"):
        move(model, clip, "epiglottis", 1, "up", regions=tract)
    with pytest.raises(ConfigError, match="a tract of 1 frames for a video of"):
        move(model, clip, "tongue", 1, "up", regions=tract_of([walls(9.0)]))


def test_a_model_with_a_vocoder_speaks_before_and_after(
    make_bundle: object, clip: Clip, tract: Tract, tmp_path: Path
) -> None:
    from rtmri2speech.signal.frames import FrameConfig

    speaker = Model(make_bundle("synthesizer", frames=FrameConfig(size=64)))  # type: ignore[operator]
    found = move(speaker, clip, "tongue", 1, "down", regions=tract)
    assert found.sound_before is not None and found.sound_after is not None
    assert len(found.sound_before) == len(found.sound_after) > 0
    assert np.abs(found.sound_before - found.sound_after).max() > 0.0
    assert [path.name.rsplit("_", 1)[1] for path in found.save(tmp_path)[-2:]] == ["before.wav", "after.wav"]
