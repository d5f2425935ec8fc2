from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtmri2speech.data.annotation.grid import TextGrid, interval_tier, point_tier
from rtmri2speech.errors import MediaError
from rtmri2speech.preparation.cut import CutConfig, Span, cut_recording

HOP, RATE = 40, 2000  # 50 frames a second
SOURCE = Path("talk.mp4")


def noise(n_frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n_frames * HOP + 7).astype(np.float32)


def cut(samples: np.ndarray, grid: TextGrid | None = None, **options: Any) -> list[Span]:
    return cut_recording(samples, HOP, RATE, CutConfig(**options), grid, SOURCE)


def grid_of(*intervals: tuple[float, float, str], tier: str = "utterances", length: float = 10.0) -> TextGrid:
    points, other = point_tier("points", [(1.0, "x")]), interval_tier("other", [(0.0, length, "all")])
    return TextGrid(0.0, length, (points, other, interval_tier(tier, intervals)))


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 400), st.floats(0.001, 3), st.sampled_from(["every", "silence"]))
def test_pieces_cover_everything_once_and_none_is_too_long(n: int, seconds: float, mode: str) -> None:
    spans = cut(noise(n), mode=mode, seconds=seconds)
    assert [frame for start, stop in spans for frame in range(start, stop)] == list(range(n))
    assert max(stop - start for start, stop in spans) <= max(1.0, seconds * 50 + 1e-9)


def test_every_n_seconds() -> None:
    assert cut(noise(130), mode="every", seconds=1.0) == [(0, 50), (50, 100), (100, 130)]


def test_silence_is_where_cuts_fall() -> None:
    samples = noise(200)
    for start in (41, 88, 131):
        samples[start * HOP : (start + 7) * HOP] *= 0.01
    spans = cut(samples, mode="silence", seconds=1.0)
    cuts = [stop for _, stop in spans[:-1]]
    for cut_at, quiet in zip(cuts, (41, 88, 131), strict=False):
        assert quiet + 1 <= cut_at <= quiet + 6


def test_auto_leaves_short_recordings_whole_and_cuts_long_ones() -> None:
    assert cut(noise(150), seconds=1.0) == [(0, 150)]
    assert len(cut(noise(151), seconds=1.0)) > 3
    grid = grid_of((0.5, 1.0, "a"))
    assert cut(noise(150), grid, seconds=1.0) == [(0, 150)]
    assert cut(noise(150), grid, seconds=1.0, tier="utterances") == [(25, 50)]
    assert cut(noise(900), mode="whole", seconds=1.0) == [(0, 900)]


def test_intervals_with_a_label_are_the_utterances() -> None:
    grid = grid_of((0.5, 1.0, "a"), (1.0, 1.5, " "), (1.5, 2.25, "b"), (3.9, 9.0, "beyond the end"))
    assert cut(noise(200), grid, mode="textgrid", tier="utterances") == [(25, 50), (75, 112), (195, 200)]
    assert cut(noise(200), grid, mode="textgrid") == [(0, 200)]  # the first interval tier


def test_neighbouring_intervals_share_no_frame() -> None:
    edges = np.sort(np.random.default_rng(0).uniform(0, 10, 60))
    grid = grid_of(*((float(a), float(b), "x") for a, b in pairwise(edges)))
    spans = cut(noise(500), grid, mode="textgrid", tier="utterances")
    assert all(one[1] <= other[0] for one, other in pairwise(spans)) and len(spans) > 40


def test_a_missing_annotation_or_tier_is_refused() -> None:
    with pytest.raises(MediaError, match="no TextGrid"):
        cut(noise(100), mode="textgrid")
    with pytest.raises(MediaError, match="no interval tier 'words'") as caught:
        cut(noise(100), grid_of(), mode="textgrid", tier="words")
    assert "utterances" in caught.value.remedy
    with pytest.raises(MediaError, match=r"no interval tier\."):
        cut(noise(100), TextGrid(0.0, 2.0, ()), mode="textgrid")
    with pytest.raises(MediaError, match="no interval tier 'points'"):
        cut(noise(100), grid_of(), mode="textgrid", tier="points")
