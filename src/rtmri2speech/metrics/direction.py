"""Which way a measure is good."""

from __future__ import annotations

from typing import Literal

from rtmri2speech.metrics.waveform import MORE_IS_BETTER

Best = Literal["high", "low", "1", "0"]
"""A high or a low value is best, or one number, from which either side is worse."""

_HIGH = ("correlation", "correlation_periodic", "similarity", "quality", "quality_recorded")


def best_of(measure: str) -> Best:
    """What is best for a measure, by its name.

    Args:
        measure: of an evaluation.
    """
    if measure.endswith("_ratio"):
        return "1"
    if measure.endswith(("_bias_db", "lag_ms", "level_db")):
        return "0"
    return "high" if measure in MORE_IS_BETTER or measure.endswith(_HIGH) else "low"
