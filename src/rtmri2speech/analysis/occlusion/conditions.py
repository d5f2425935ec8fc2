"""The ways in which frames are changed: which region, what replaces it, how much of it stays visible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rtmri2speech.analysis.arguments import require_known
from rtmri2speech.analysis.occlusion.fills import FILLS, Fill
from rtmri2speech.errors import ConfigError

ALPHAS = (0.0, 0.3)
"""How much of a region stays visible, unless something else is asked for; 1 is always measured as well."""


@dataclass(frozen=True)
class Condition:
    """One way to change the frames.

    Attributes:
        region: its name.
        fill: what it is replaced by.
        alpha: 0 hides, 1 leaves as is.
        control: 0 for the region itself, k for its k-th control region.
    """

    region: str
    fill: Fill
    alpha: float
    control: int = 0

    @property
    def file_name(self) -> str:
        """Name of files of this condition, without an ending."""
        control = f"_control{self.control}" if self.control else ""
        return f"{self.region}_{self.fill}_{self.alpha:g}{control}"


@dataclass(frozen=True)
class OcclusionOptions:
    """What is hidden, and how.

    Attributes:
        regions: names.
        fills: what a region is replaced by.
        alphas: how much of it stays visible, each from 0 to 1.
        controls: control regions for each region.
        seed: of their places.

    Raises:
        ConfigError: for values that are impossible.
    """

    regions: tuple[str, ...]
    fills: tuple[Fill, ...] = ("darken",)
    alphas: tuple[float, ...] = (*ALPHAS, 1.0)
    controls: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        require_known("fill", self.fills, FILLS)
        wrong = next((alpha for alpha in self.alphas if not 0.0 <= alpha <= 1.0), None)
        if wrong is not None:
            raise ConfigError(f"`alpha={wrong:g}`: not from 0 to 1.", "0 hides the region, 1 leaves it as it is.")
        if self.controls < 1:
            raise ConfigError(
                f"`controls={self.controls}`: an effect means nothing without a control to compare it with.",
                "Give 1 or more.",
            )

    @property
    def passes(self) -> int:
        """How often each frame is looked at, at most."""
        return 1 + len(self.regions) * len(self.fills) * len(self.alphas) * (1 + self.controls)


def with_controls(conditions: Sequence[Condition]) -> Iterator[tuple[Condition, list[Condition]]]:
    """Each condition of a region with those of its controls, all else equal."""
    for one in conditions:
        if one.control == 0:
            yield one, [other for other in conditions if other.control and replace(other, control=0) == one]
