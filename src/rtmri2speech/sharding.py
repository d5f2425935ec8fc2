"""A share of many jobs, for job arrays that know nothing of each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from rtmri2speech.errors import ConfigError

Item = TypeVar("Item")

AFTERWARDS = "when all shares are done, the same command without `shard` joins them"
"""What is to be done when a share is: results of all recordings are written by a run that finds them finished."""

_REMEDY = "Give its number and how many there are, such as 1/8 to 8/8."


@dataclass(frozen=True)
class Shard:
    """The ``index``-th of ``count`` shares, from 1: every ``count``-th item, so that shares are alike.

    All shares together are the whole, and no item is in two of them, whatever runs where and when.
    """

    index: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.count:
            raise ConfigError(f"`shard={self}`: is no share.", _REMEDY)

    @classmethod
    def of(cls, text: str | Shard | None) -> Shard | None:
        """The share that a text such as ``3/8`` names; None for None.

        Raises:
            ConfigError: when it names none.
        """
        if text is None or isinstance(text, Shard):
            return text
        match = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", text)
        if match is None:
            raise ConfigError(f"`shard={text}`: is no share.", _REMEDY)
        return cls(int(match[1]), int(match[2]))

    def share(self, items: Sequence[Item]) -> list[Item]:
        """Its items, in their order."""
        return list(items[self.index - 1 :: self.count])

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def share_of(shard: Shard | None, items: Sequence[Item]) -> list[Item]:
    """The share's items; all of them where there are no shares."""
    return list(items) if shard is None else shard.share(items)
