"""What a run needs to know of the data it trains on, whatever model it trains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rtmri2speech.signal.features import FeatureConfig


class Item(Protocol):
    """An utterance, or the frames of a head."""

    @property
    def id(self) -> str:
        """Its name."""
        ...

    @property
    def split(self) -> str:
        """What it is for."""
        ...

    @property
    def sha256(self) -> str:
        """Of its content."""
        ...


class Origin(Protocol):
    """Where the data are from."""

    @property
    def corpus(self) -> str:
        """Name."""
        ...

    @property
    def licence(self) -> str:
        """Terms."""
        ...

    @property
    def citation(self) -> str:
        """What to cite."""
        ...

    @property
    def features(self) -> FeatureConfig | None:
        """The mel definition; None where there is no sound."""
        ...


class TrainingData(Protocol):
    """A dataset, or labeled frames."""

    @property
    def meta(self) -> Origin:
        """Where the data are from."""
        ...

    @property
    def utterances(self) -> Sequence[Item]:
        """All items, of every split."""
        ...

    def fingerprint(self) -> str:
        """Hash of all items."""
        ...
