"""Tokens of labels: middle thirds, constrictions, tables, what does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from plain_tracts import plain_tract
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.vocal_tract.gestures.figures import draw_area_functions
from rtmri2speech.vocal_tract.gestures.tokens import (
    TOKEN_COLUMNS,
    VOWEL_COLUMNS,
    pooled,
    stretches_of,
    tokens_of,
)
from rtmri2speech.vocal_tract.measurement.tract import Tract
from tables import rows_of

Entries = list[tuple[float, float, str]]
VOWELS: Entries = [(0.0, 0.3, "a"), (0.3, 0.6, "i"), (0.6, 0.9, "a")]


def grid(folder: Path, entries: Entries = VOWELS, end: float = 1.0) -> Path:
    path = folder / "talk.TextGrid"
    write_textgrid(interval_grid({"phones": entries}, end), path)
    return path


def tract() -> Tract:
    """50 frames of 20 ms; areas of frame t are 1 + t / 10 cm2, but half of that in section 10, and 0.1 at the lips."""
    areas = np.repeat(1.0 + 0.1 * np.arange(50.0)[:, None], 40, axis=1)
    areas[:, 10] *= 0.5
    areas[:, 38:] = 0.1
    formants = np.tile([500.0, 1500.0, 2500.0, 3500.0], (50, 1)) + np.arange(50.0)[:, None] ** 2
    return plain_tract(area=areas, formants=formants, measures={"jaw_mm": np.arange(50.0)})


def test_values_are_those_of_the_middle_third(tmp_path: Path) -> None:
    found = tokens_of(tract(), grid(tmp_path))
    assert found.labels == ("a", "i") and repr(found) == "TractTokens of talk: a 2, i 1" and not found.notes
    first = found.tokens[0]
    # 0.1 to 0.2 s: frames 5 to 9, with centers at 0.11 to 0.19 s.
    assert first.frames == 5 and first.scalars["jaw_mm"] == pytest.approx(7.0)
    assert first.area[0] == pytest.approx(1.7) and first.scalars["F1_hz"] == pytest.approx(549.0)
    assert first.scalars["constriction_at"] == pytest.approx(26.25)
    assert first.scalars["constriction_cm2"] == pytest.approx(0.85)
    assert first.scalars["constriction_mm"] == pytest.approx(first.distance[10])


def test_tables(tmp_path: Path) -> None:
    tokens, vowels = tokens_of(tract(), grid(tmp_path)).save(tmp_path)
    assert (tokens.name, vowels.name) == ("talk_tokens.csv", "talk_vowels.csv")
    rows, (a, i) = rows_of(tokens), rows_of(vowels)
    assert tuple(rows[0]) == TOKEN_COLUMNS and tuple(a) == VOWEL_COLUMNS
    assert [row["label"] for row in rows] == ["a", "i", "a"]
    first, last = (float(rows[number]["area_00_cm2"]) for number in (0, 2))
    assert float(a["mean_area_00_cm2"]) == pytest.approx((first + last) / 2)
    assert float(a["sd_area_00_cm2"]) == pytest.approx((last - first) / np.sqrt(2))
    assert (a["tokens"], i["tokens"], i["sd_tract_cm"]) == ("2", "1", "")


def test_the_sound_may_start_before_the_video(tmp_path: Path) -> None:
    path = grid(tmp_path, [(start + 0.5, end + 0.5, text) for start, end, text in VOWELS], 1.5)
    later = tokens_of(tract(), path, lead=0.5)
    plain = tokens_of(tract(), grid(tmp_path))
    for one, other in zip(plain.tokens, later.tokens, strict=True):
        np.testing.assert_allclose(one.area, other.area)
        assert (one.label, one.start) == (other.label, pytest.approx(other.start))


def test_a_token_shorter_than_three_frames_takes_the_nearest(tmp_path: Path) -> None:
    (one,) = tokens_of(tract(), grid(tmp_path, [(0.425, 0.456, "a")])).tokens
    assert one.frames == 0 and one.scalars["jaw_mm"] == 22.0


def test_what_is_unknown_stays_empty_and_is_said(tmp_path: Path) -> None:
    areas = np.full((50, 40), 3.0)
    areas[:20] = np.nan
    found = tokens_of(plain_tract(area=areas, formants=np.where(areas[:, :4] > 0, 500.0, np.nan)), grid(tmp_path))
    assert found.notes == ("talk: no area could be measured in 1 of 3 tokens; cells stay empty.",)
    row = rows_of(found.save(tmp_path)[0])[0]
    assert row["area_03_cm2"] == row["F1_hz"] == row["constriction_at"] == ""
    (a, _) = found.summary()
    assert a["mean_area_03_cm2"] == 3.0 and a["sd_area_03_cm2"] is None


def test_labels_that_count(tmp_path: Path) -> None:
    path = grid(tmp_path, [(0.0, 0.3, "A"), (0.4, 0.7, "O")])
    with pytest.raises(ConfigError, match="holds no vowel") as caught:
        tokens_of(tract(), path)
    assert caught.value.remedy == "Name what counts: `label`. Its labels are: A O"
    assert tokens_of(tract(), path, label=["O"]).labels == ("O",)
    with pytest.raises(ConfigError, match="no interval tier 'words'"):
        tokens_of(tract(), path, tier="words")
    with pytest.raises(ConfigError, match="holds no vowel") as caught:
        tokens_of(tract(), grid(tmp_path, []))
    assert caught.value.remedy == "It has no labels at all."


def test_an_annotation_of_another_length(tmp_path: Path) -> None:
    path = grid(tmp_path, [*VOWELS, (0.95, 1.2, "i"), (2.0, 2.2, "i")], 3.0)
    found = tokens_of(tract(), path)
    assert len(found.tokens) == 3
    assert [note.split(": ", 1)[1] for note in found.notes] == [
        "it ends at 3.00 s, and the frames at 1.00 s. Check that it is this recording's; "
        "its times are taken as they are.",
        "2 label(s) reach beyond the frames and are left out.",
    ]
    with pytest.raises(MediaError, match="not an annotation of this sound"):
        tokens_of(tract(), path, sound_seconds=1.1)
    with pytest.raises(ConfigError, match=r"none of its labels lies within the 1\.00 s of talk"):
        tokens_of(tract(), grid(tmp_path, [(1.2, 1.4, "a")], 1.5))


def test_stretches_and_pools() -> None:
    found = stretches_of(tract(), 0.3)
    # The last 0.1 s belongs to the last stretch.
    assert [(token.start, token.end, token.frames) for token in found.tokens] == [
        (0.0, 0.3, 15),
        (0.3, 0.6, 15),
        (0.6, 1.0, 20),
    ]
    assert stretches_of(tract(), 5.0).tokens[0].frames == 50 and not stretches_of(plain_tract(0)).tokens
    both = pooled("both", [found, found])
    assert len(both.of("all")) == 6 and both.areas("all").shape == (6, 40)


def test_figures(tmp_path: Path) -> None:
    found = tokens_of(tract(), grid(tmp_path))
    assert found.show()._repr_png_()
    assert [path.suffix for path in draw_area_functions(tmp_path / "talk_vowels", found)] == [".pdf", ".svg", ".png"]
