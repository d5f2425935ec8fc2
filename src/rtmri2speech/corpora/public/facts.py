"""What is known of a published corpus, whoever owns a copy of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rtmri2speech.corpora.base import Scanner


@dataclass(frozen=True)
class CorpusFacts:
    """A corpus in words and numbers.

    Attributes:
        key: its name on the command line, and in ``meta.json``.
        title: as people know it.
        licence: the terms as they were found; those that come with a copy count.
        citation: what its authors ask to cite.
        source: where it is to be had.
        layout: files that are looked for, as patterns.
        scanner: its frames.
        faults: what is known to be wrong with it, and what is done about that.
        unverified: what stands here without having been seen in the corpus itself.
    """

    key: str
    title: str
    licence: str
    citation: str
    source: str
    layout: tuple[str, ...]
    scanner: Scanner
    faults: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()

    @property
    def frames_in_words(self) -> str:
        """Size, pixels and rate in one line."""
        scanner = self.scanner
        size = "pixels" if scanner.size is None else f"{scanner.size} x {scanner.size} pixels"
        pixel = "of unknown size" if scanner.pixel_mm is None else f"of {scanner.pixel_mm:g} mm"
        rates = " or ".join(f"{float(rate):.6g}" for rate in scanner.rates) or "unknown"
        return f"{size} {pixel}, frame rate {rates}"

    def as_json(self) -> dict[str, Any]:
        """As ``check --json`` has it."""
        scanner = self.scanner
        return {
            "name": self.key,
            "title": self.title,
            "licence": self.licence,
            "citation": self.citation,
            "source": self.source,
            "size": scanner.size,
            "pixel_mm": scanner.pixel_mm,
            "frame_rates": [str(rate) for rate in scanner.rates],
            "faults": list(self.faults),
            "unverified": list(self.unverified),
        }
