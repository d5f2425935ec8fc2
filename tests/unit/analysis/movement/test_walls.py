"""Movements: which points of which wall go where, and what the passage allows."""

from __future__ import annotations

import numpy as np
import pytest

from drawn_walls import walls
from rtmri2speech.analysis.movement.walls import TONGUE_PARTS, MovedWall, Movement, moved_wall, parse_movement
from rtmri2speech.errors import ConfigError
from rtmri2speech.vocal_tract.contours import CONTOURS


def wall_of(articulator: str, direction: str, by: float | str = 1.0, width: float = 12.0) -> MovedWall:
    drawn = walls(width)
    found = moved_wall(parse_movement(articulator, direction, by), drawn.midline, drawn.distance, drawn.contours)
    assert found is not None
    return found


def test_movements_are_read_from_words() -> None:
    assert parse_movement("tongue body", "up", "1mm") == Movement("tongue_body", "up", 1.0)
    assert parse_movement("lower-lip", "open", "0.2 cm").mm == pytest.approx(2.0)
    for words, named in (
        (("nose", "up", 1), "`articulator=nose`"),
        (("tongue", "left", 1), "`direction=left`"),
        (("tongue", "up", "far"), "`by=far`"),
        (("tongue", "up", 0), "`by=0`"),
        (("tongue", "up", 25), "`by=25`"),
    ):
        with pytest.raises(ConfigError, match=named):
            parse_movement(*words)


def test_parts_of_the_tongue_add_up_to_it_and_fade_into_each_other() -> None:
    along = np.linspace(0.0, 90.0, 64)
    shares = np.stack([Movement(name, "up", 1.0).shares(along) for name in TONGUE_PARTS])
    np.testing.assert_allclose(shares.sum(axis=0), 1.0)
    assert shares[1].max() == pytest.approx(1.0) and (np.abs(np.diff(shares, axis=1)) < 0.25).all()


@pytest.mark.parametrize(
    ("direction", "wanted"), [("up", (0, -1)), ("down", (0, 1)), ("front", (-1, 0)), ("back", (1, 0))]
)
def test_directions_are_those_of_the_frame(direction: str, wanted: tuple[int, int]) -> None:
    found = wall_of("tongue", direction, 2.0)
    np.testing.assert_allclose(found.vectors, np.broadcast_to(2.0 * np.array(wanted), found.vectors.shape))


def test_the_front_is_where_the_face_looks() -> None:
    drawn = walls(12.0)
    mirrored = drawn.contours * [-1.0, 1.0] + [160.0, 0.0]
    line = drawn.midline * [-1.0, 1.0] + [160.0, 0.0]
    found = moved_wall(Movement("tongue", "front", 1.0), line, drawn.distance, mirrored)
    assert found is not None and (found.vectors[:, 0] > 0.99).all()


def test_open_leaves_the_passage_and_close_enters_it() -> None:
    opened, closed = wall_of("tongue", "open"), wall_of("tongue", "close")
    drawn = walls(12.0)
    for number in (10, 30, 50):
        point = opened.line[number]
        middle = drawn.midline[np.hypot(*(drawn.midline - point).T).argmin()]
        away = (point - middle) / np.hypot(*(point - middle))
        assert opened.vectors[number] @ away == pytest.approx(1.0, abs=0.1)
        assert closed.vectors[number] @ away == pytest.approx(-1.0, abs=0.1)


def test_a_movement_larger_than_the_passage_is_not_possible() -> None:
    assert wall_of("tongue", "close", 3.0, width=4.0).is_possible()
    assert not wall_of("tongue", "close", 5.0, width=4.0).is_possible()
    assert wall_of("tongue", "open", 5.0, width=4.0).is_possible()
    assert wall_of("tongue", "close", 3.0, width=4.0).narrowest() == pytest.approx(4.0)


def test_a_closed_passage_does_not_open() -> None:
    drawn = walls(4.0)
    distance = drawn.distance.copy()
    distance[20] = 0.0
    found = moved_wall(Movement("tongue", "open", 1.0), drawn.midline, distance, drawn.contours)
    assert found is not None and not found.is_possible()


def test_what_a_frame_does_not_show_is_not_moved() -> None:
    drawn = walls(12.0)
    assert moved_wall(Movement("epiglottis", "up", 1.0), drawn.midline, drawn.distance, drawn.contours) is None
    nothing = np.full_like(drawn.midline, np.nan)
    assert moved_wall(Movement("tongue", "up", 1.0), nothing, drawn.distance, drawn.contours) is None
    assert "epiglottis" in CONTOURS
