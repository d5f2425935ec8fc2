"""Ways to change frames, and those that are impossible."""

from __future__ import annotations

import pytest

from rtmri2speech.analysis.occlusion.conditions import Condition, OcclusionOptions, with_controls
from rtmri2speech.analysis.occlusion.fills import FILLS
from rtmri2speech.errors import ConfigError


def test_a_condition_comes_with_its_own_controls() -> None:
    conditions = [
        Condition(name, fill, alpha, control)
        for name in ("lips", "tongue")
        for fill in FILLS
        for alpha in (0.0, 0.3)
        for control in range(3)
    ]
    pairs = list(with_controls(conditions))
    assert len(pairs) == 16
    for one, controls in pairs:
        assert [(c.region, c.fill, c.alpha, c.control) for c in controls] == [
            (one.region, one.fill, one.alpha, number) for number in (1, 2)
        ]


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"alphas": (0.3, 1.5)}, "`alpha=1.5`"), ({"controls": 0}, "`controls=0`"), ({"fills": ("glue",)}, "`fill=glue`")],
)
def test_impossible_options(wrong: dict[str, object], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        OcclusionOptions(("lips",), **wrong)  # type: ignore[arg-type]
