"""Files of other programs, by format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from plain_tracts import plain_tract
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.export.ssff import read_ssff
from rtmri2speech.vocal_tract.export.write import write_exports

TRACT = plain_tract(20)


def test_files_by_format(tmp_path: Path) -> None:
    files = write_exports(TRACT, tmp_path / "new")
    assert [path.name for path in files] == [
        *("talk.measures", "talk.areas", "talk.distances", "talk.tubeformants"),
        *("talk_tract.mat", "talk_gestures.TextGrid"),
    ]
    assert all(path.is_file() for path in files)
    assert [path.name for path in write_exports(TRACT, tmp_path, ["mat", "mat"])] == ["talk_tract.mat"]


def test_tracks_lie_at_the_middles_of_frames(tmp_path: Path) -> None:
    measures, areas, _, formants = (read_ssff(path) for path in write_exports(TRACT, tmp_path, ["ssff"]))
    for found in (measures, areas, formants):
        np.testing.assert_allclose(found.start + np.arange(20) / found.rate, TRACT.times)
    np.testing.assert_array_equal(areas.tracks["area"], TRACT.area)
    np.testing.assert_array_equal(formants.tracks["fm"], TRACT.formants)
    np.testing.assert_array_equal(measures.tracks["tract_cm"][:, 0], TRACT.length)
    assert "lip_aperture_mm" in measures.tracks


def test_a_format_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="`formats=emu`: no such format") as caught:
        write_exports(TRACT, tmp_path, ["mat", "emu"])
    assert caught.value.remedy == "Give some of: ssff, mat, textgrid." and not list(tmp_path.iterdir())
