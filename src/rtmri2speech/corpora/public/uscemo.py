"""USC-EMO-MRI: emotional speech of ten actors; its layout was not seen, so that any folder of a speaker is taken.

Videos lie below a folder for each speaker (``f1``, ``m2``, ``F03``, ...), or carry the speaker's name in their own. The
sound is a file of the video's name next to it or in a folder ``wav`` or ``audio``, or else the video's own track.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from rtmri2speech.corpora.base import Recording, Remark, Scanner
from rtmri2speech.corpora.public.facts import CorpusFacts
from rtmri2speech.corpora.public.importer import Importer, Named, Tree

_SPEAKERS = 10
_FOLDER = re.compile(r"(?:spk|speaker|sub)?[_-]?([fmw]|female|male)[_-]?0*(\d{1,2})", re.IGNORECASE)
_IN_NAME = re.compile(r"(?:^|[_-])([fmw])0*(\d{1,2})(?=[_-]|$)", re.IGNORECASE)
_EMOTIONS = {"neu": "neutral", "ang": "anger", "hap": "happiness", "sad": "sadness", "fea": "fear"}
_EMOTION = re.compile(rf"(?:^|[_-])({'|'.join(_EMOTIONS)})[a-z]*(?=[_-]|\d|$)", re.IGNORECASE)


@dataclass(frozen=True)
class UscEmo(Importer):
    """The emotional corpus; see the module."""

    facts = CorpusFacts(
        key="uscemo",
        title="USC-EMO-MRI",
        licence="not verified: read the terms of Zenodo record 19325044 and those in your copy",
        citation="Kim, J., Toutios, A., Kim, Y.-C., Zhu, Y., Lee, S., & Narayanan, S. (2014). USC-EMO-MRI corpus: An "
        "emotional speech production database recorded by real-time magnetic resonance imaging. International Seminar "
        "on Speech Production, Cologne.",
        source="https://doi.org/10.5281/zenodo.19325044",
        layout=("SPEAKER/.../NAME.avi with SPEAKER such as f1 or m2",),
        scanner=Scanner(68, None, (Fraction(2318, 100),)),
        faults=("emotion and session may go together: each emotion may have been recorded as one block",),
        unverified=("the license", "names and folders of its files", "size, pixels and rate of its frames"),
    )
    sound_folders = ("wav", "audio", "sound")

    def named(self, video: Path, root: Path) -> Named | None:
        """The speaker, from the nearest folder or else from the name."""
        folders = video.relative_to(root).parent.parts if video.is_relative_to(root) else ()
        match = next((found for part in reversed(folders) if (found := _FOLDER.fullmatch(part))), None)
        match = match or _IN_NAME.search(video.stem) or _FOLDER.fullmatch(root.name)
        if match is None:
            return None
        speaker = f"{match[1][0].upper()}{int(match[2])}"
        stem = re.sub(r"_with_?audio$", "", video.stem, flags=re.IGNORECASE)
        own = _IN_NAME.search(stem) is not None
        return Named(stem if own else f"{speaker}_{stem}", speaker, stem)

    def missing(self, recordings: Sequence[Recording], tree: Tree) -> list[Remark]:
        """Speakers that are not there, and emotions by their names."""
        remarks: list[Remark] = []
        speakers = {one.speaker for one in recordings}
        if len(speakers) < _SPEAKERS:
            problem = f"{len(speakers)} of {_SPEAKERS} speakers are here: {', '.join(sorted(speakers))}"
            remarks.append(Remark(self.roots[0], problem, "Nothing, if that is meant."))
        emotions = Counter(_EMOTIONS[match[1].lower()] for one in recordings if (match := _EMOTION.search(one.id)))
        if emotions:
            problem = "emotions by the names of files: " + ", ".join(
                f"{n} {name}" for name, n in emotions.most_common()
            )
            remarks.append(Remark(self.roots[0], problem, "Nothing to do; ids keep the names."))
        return remarks
