"""ATR-503 sentences in real-time MRI: ``SPEAKER/NAME.mp4`` with ``NAME.wav`` at 20 kHz, or with its own sound track.

A frame is 736 samples of 20 kHz long, so that the rate is exactly 625/23. Several institutes have recorded the 503
sentences, each in folders of its own; any name of a video is taken. Where names have the number of a sentence (A01 to
J53) it is said which are missing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from rtmri2speech.corpora.base import Recording, Remark, Scanner
from rtmri2speech.corpora.names import name_and_speaker
from rtmri2speech.corpora.public.facts import CorpusFacts
from rtmri2speech.corpora.public.importer import Importer, Named, Tree, counted
from rtmri2speech.corpora.public.texts import one_line_text

FRAME_RATE = Fraction(20_000, 736)
"""Frames per second: 736 samples of 20 kHz per frame."""

_ALL = [f"{group}{number:02d}" for group in "ABCDEFGHIJ" for number in range(1, 54 if group == "J" else 51)]
_SENTENCE = re.compile(r"(?:^|[^a-z])([a-j])[_-]?(\d{2})(?!\d)", re.IGNORECASE)
# Folders of files of one kind, which are no speakers.
_KINDS = {"mp4", "avi", "video", "videos", "movie", "mri"}


@dataclass(frozen=True)
class Atr503(Importer):
    """Recordings of the 503 sentences; see the module."""

    facts = CorpusFacts(
        key="atr503",
        title="ATR-503",
        licence="by agreement with whoever recorded it; not to be passed on",
        citation="The sentences: Kurematsu, A., et al. (1990). ATR Japanese speech database as a tool of speech "
        "recognition and synthesis. Speech Communication 9(4), 357-363. The recordings: as your agreement asks.",
        source="no public source known",
        layout=("SPEAKER/NAME.mp4",),
        scanner=Scanner(256, 1.0, (FRAME_RATE,)),
        faults=("rates of 27 or 27.17 in copies are rounded: taken as 625/23",),
        unverified=("names and folders of its files, which differ by institute",),
    )
    sound_folders = ("wav", "audio", "sound")

    def named(self, video: Path, root: Path) -> Named | None:
        """The speaker is the first folder that is not one of a kind of files."""
        return _by_folder(video, root, self.roots)

    def text_of(self, named: Named, tree: Tree) -> str | None:
        """``NAME.txt`` or ``NAME.lab`` with the sentence."""
        return one_line_text(tree.named((named.stem,), (".txt",), ("txt", "text")))

    def missing(self, recordings: Sequence[Recording], tree: Tree) -> list[Remark]:
        """Sentences by speaker, where names have their numbers."""
        read: dict[str, set[str]] = defaultdict(set)
        for one in recordings:
            if match := _SENTENCE.search(one.video.stem):
                read[one.speaker].add(f"{match[1].upper()}{match[2]}")
        remarks = []
        for speaker, there in sorted(read.items()):
            if gone := [sentence for sentence in _ALL if sentence not in there]:
                problem = f"{speaker}: {len(gone)} of {len(_ALL)} sentences have no video here: {counted(gone)}"
                remarks.append(Remark(self.roots[0], problem, "Nothing, if that is meant."))
        return remarks


def _by_folder(video: Path, root: Path, roots: Sequence[Path]) -> Named:
    """Speaker and id by the folders below the root, without those of a kind of files."""
    relative = video.relative_to(root) if root.is_dir() else Path(video.name)
    parts = [part for part in relative.parts[:-1] if part.lower() not in _KINDS]
    if parts:
        return Named("_".join([*parts, video.stem]), parts[0], video.stem)
    name, speaker = name_and_speaker(Path(root, video.name), root, roots, "speaker1")
    return Named(name, speaker, video.stem)
