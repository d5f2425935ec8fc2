"""A progress that remembers what it was told."""

from __future__ import annotations


class Counted:
    """Sums of ``expect`` and ``advance``, and the titles."""

    def __init__(self) -> None:
        self.expected, self.done = 0, 0
        self.titles: list[str] = []

    def expect(self, count: int) -> None:
        self.expected += count

    def advance(self, count: int = 1) -> None:
        self.done += count

    def describe(self, title: str) -> None:
        self.titles.append(title)
