"""Lines across the tract of a head made of plain shapes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from drawn_head import PALATE, SIZE, TONGUE, WALL, head
from rtmri2speech.analysis.kinematics.kymograph import Line
from rtmri2speech.analysis.kinematics.tract_lines import LINES, tract_line
from rtmri2speech.arrays import UInt8
from rtmri2speech.data.labels import Label
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.refinement.tongue_parts import cut_tongue
from rtmri2speech.vocal_tract.segmentation import LabelFile


def labels_of(frames: UInt8, confidence: list[float] | None = None) -> LabelFile:
    known = np.array(confidence or [1.0] * len(frames), np.float32)
    return LabelFile(np.stack([cut_tongue(frame) for frame in frames]), Fraction(25), None, known)


@pytest.fixture(scope="module")
def moving() -> LabelFile:
    """The tongue rises by up to four pixels in the middle, where there is airway."""
    y, x = np.indices((SIZE, SIZE)) + 0.5
    frames = np.stack([head()] * 8)
    for number, frame in enumerate(frames):
        bump = np.hypot(x - TONGUE[0], y - (TONGUE[1] - 8 - number / 2)) < 5
        frame[bump & (frame == Label.AIRWAY)] = Label.TONGUE_BODY
    return labels_of(frames)


def distance(line: Line, x: float, y: float) -> float:
    """Of a place from a line."""
    return float(abs((line.y1 - line.y0) * (x - line.x0) - (line.x1 - line.x0) * (y - line.y0)) / line.length)


def test_lips_are_cut_from_the_upper_to_the_lower_one(moving: LabelFile) -> None:
    line = tract_line("lips", moving)
    assert line.x0 == pytest.approx(15.0) == line.x1
    assert 15 < line.y0 < 21 and 39 < line.y1 < 46


def test_the_tongue_is_cut_where_it_moves_and_across_the_airway(moving: LabelFile) -> None:
    line = tract_line("tongue_body", moving)
    # Upright through the bump, from within the palate to within the tongue.
    assert distance(line, TONGUE[0], TONGUE[1] - 13) < 1.5 and abs(line.x1 - line.x0) < 0.3 * line.length
    assert line.y0 < TONGUE[1] - PALATE < line.y1 and line.y1 > TONGUE[1] - 10


def test_pharynx_and_velum(moving: LabelFile) -> None:
    line = tract_line("pharynx", moving)
    assert line.x0 > WALL > line.x1 and abs(line.y1 - line.y0) < 0.4 * line.length
    velum = tract_line("velum", moving)
    angle = np.degrees(np.arctan2(TONGUE[1] - (velum.y0 + velum.y1) / 2, (velum.x0 + velum.x1) / 2 - TONGUE[0]))
    assert 20 < angle < 80 and velum.y0 < velum.y1


def test_a_clip_that_does_not_move_has_lines_too() -> None:
    still = labels_of(np.stack([head()] * 2))
    for name in LINES:
        line = tract_line(name, still)
        assert line.length > 5 and all(0 <= end <= SIZE for end in (line.x0, line.y0, line.x1, line.y1)), name


def test_frames_of_low_confidence_do_not_count() -> None:
    wrong = np.roll(head(), 20, axis=1)
    assert tract_line("lips", labels_of(np.stack([head(), wrong]), [0.9, 0.1])).x0 == pytest.approx(15.0)


def test_what_was_not_found_is_said() -> None:
    lipless = head()
    lipless[lipless == Label.UPPER_LIP] = 0
    with pytest.raises(ConfigError, match="not found"):
        tract_line("lips", labels_of(lipless[None]))
    with pytest.raises(ConfigError, match="not known") as caught:
        tract_line("nose", labels_of(lipless[None]))
    assert "velum" in caught.value.remedy
