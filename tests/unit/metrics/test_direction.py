"""Which way a measure is good."""

from __future__ import annotations

import pytest

from rtmri2speech.metrics.direction import best_of


@pytest.mark.parametrize(
    ("measure", "best"),
    [
        *[("stoi", "high"), ("f2_correlation", "high"), ("quality", "high"), ("mcd_db", "low"), ("vuv_error", "low")],
        *[("f1_ratio", "1"), ("modulation_bias_db", "0"), ("lag_ms", "0"), ("modulation_distance_db", "low")],
    ],
)
def test_every_kind(measure: str, best: str) -> None:
    assert best_of(measure) == best
