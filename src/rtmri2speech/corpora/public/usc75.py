"""USC 75-speaker: ``subNNN/2drt/video/subNNN_2drt_NN_TASK[_rN]_video.mp4``, with the sound in the video.

The names of files and of the table of subjects (``metafile_public_*.json``) are as public code reads them, and as in
a clip of the corpus. Annot-16 (Shi et al. 2025) adds ``75SpeakerAnnot16/subNNN/alignment/*_text.TextGrid`` for 16 of
the speakers: give its folder as well, or put it into that of the corpus.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from rtmri2speech.corpora.base import Recording, Remark, Scanner, SplitAdvice
from rtmri2speech.corpora.public.facts import CorpusFacts
from rtmri2speech.corpora.public.importer import Importer, Named, Tree, counted, with_remarks
from rtmri2speech.errors import MediaError

_VIDEO = re.compile(r"(?P<id>(?P<subject>sub\d{3})_2drt_\d+_[a-z0-9-]+(?:_r\d+)?)(?:_video)?", re.IGNORECASE)
# The first is Annot-16's own name, the second that of a copy sorted by task.
_LABELS = ("{id}_text", "{id}_alignment", "{id}_audio", "{id}")
_SPEAKERS = 75
# Of the 51 that Otani et al. (Interspeech 2026) kept, 43 are to train on, 4 to validate and 4 to test.
_SHARES = (43.0, 4.0, 4.0)

_Table = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Usc75(Importer):
    """The USC 75-speaker corpus; see the module."""

    facts = CorpusFacts(
        key="usc75",
        title="USC 75-speaker",
        licence="CC BY 4.0 according to figshare record 13725546; Annot-16: metadata CC BY 4.0, its README says no "
        "redistribution",
        citation="Lim, Y., Toutios, A., et al. (2021). A multispeaker dataset of raw and reconstructed speech "
        "production real-time MRI video and 3D volumetric images. Scientific Data 8, 187. "
        "https://doi.org/10.1038/s41597-021-00976-x",
        source="https://doi.org/10.6084/m9.figshare.13725546",
        layout=("subNNN/2drt/video/subNNN_2drt_NN_TASK_rN_video.mp4",),
        # 65040/781: as the time stamps of a clip of the corpus have it; the paper says 83.28.
        scanner=Scanner(84, 2.4, (Fraction(65040, 781),), over_bright=True),
        faults=(
            "the first second or so of every video is over-bright: left out",
            "notes in its table of subjects flag artifacts in single recordings: said of these recordings",
            "which 51 speakers Otani et al. (2026) kept is not published: split by speaker 43:4:4, drawn by the seed",
        ),
        unverified=("the license, by a digest of the figshare record",),
    )
    sound_folders = ("audio",)
    track_first = True
    split_advice = SplitAdvice("speaker", _SHARES)

    def named(self, video: Path, root: Path) -> Named | None:
        """Subject and task, from the name alone."""
        match = _VIDEO.fullmatch(video.stem)
        return None if match is None else Named(match["id"], match["subject"].lower(), match["id"])

    def stems_of_sound(self, named: Named) -> tuple[str, ...]:
        """``audio/ID_audio.wav`` of the whole dataset, or a sound named like the video."""
        return (f"{named.stem}_audio", f"{named.stem}_video", named.stem)

    def stems_of_labels(self, named: Named) -> tuple[str, ...]:
        """Names of Annot-16."""
        by_task = re.sub(r"_2drt_\d+_", "_", named.stem)
        return (*(pattern.format(id=named.stem) for pattern in _LABELS), f"{by_task}_alignment")

    def completed(self, recordings: list[Recording], tree: Tree) -> tuple[list[Recording], list[Remark]]:
        """With the notes of the table of subjects, and what it lists and is not there, and the other way round."""
        files = [path for path in tree.files(".json") if path.stem.lower().startswith("metafile_public")]
        if not files:
            problem = "no metafile_public_*.json: its notes on artifacts and on missing recordings are not known"
            return recordings, [Remark(self.roots[0], problem, f"It lies with the archives: {self.facts.source}")]
        path = sorted(files)[-1]
        table = read_metafile(path)
        return _with_notes(recordings, path, table), _compared(recordings, path, table)


def read_metafile(path: Path) -> _Table:
    """The table of subjects: by subject, the note on each recording, mostly empty, by the recording's id.

    Raises:
        MediaError: when it is not such a table.
    """
    try:
        subjects = json.loads(path.read_text(encoding="utf-8-sig"))
        return {
            subject.lower(): {
                str(task["prefix"]).lower(): str(task.get("note") or "").strip() for task in about.get("task", [])
            }
            for subject, about in subjects.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MediaError(
            f"{path}: not the corpus's table of subjects ({type(error).__name__}: {error}).",
            "Download it again, or move it elsewhere to do without.",
        ) from None


def _with_notes(recordings: Sequence[Recording], path: Path, table: _Table) -> list[Recording]:
    found = []
    for one in recordings:
        listed = table.get(one.speaker, {})
        note = next((text for name in _names(one.id) if (text := listed.get(name))), None)
        if note is not None:
            remedy = f"So {path.name} says; look at it before you use it."
            one = with_remarks(one, Remark(one.video, f"noted by the corpus: {note}", remedy))
        found.append(one)
    return found


def _compared(recordings: Sequence[Recording], path: Path, table: _Table) -> list[Remark]:
    there: dict[str, set[str]] = defaultdict(set)
    for one in recordings:
        there[one.speaker].update(_names(one.id))
    remarks: list[Remark] = []
    if strange := sorted(set(there) - set(table)):
        problem = f"{len(strange)} subject(s) with videos are not in it: {counted(strange)}"
        remedy = "Get the table that belongs to these videos, or check the names of the folders."
        remarks.append(Remark(path, problem, remedy, "warning"))
    if absent := sorted(set(table) - set(there)):
        problem = f"{len(absent)} of its {len(table)} subjects have no video here: {counted(absent)}"
        remarks.append(Remark(path, problem, f"Nothing, if that is meant; the corpus has {_SPEAKERS} speakers."))
    for subject in sorted(set(table) & set(there)):
        if gone := sorted(set(table[subject]) - there[subject]):
            problem = f"{subject}: {len(gone)} of {len(table[subject])} recordings have no video here: {counted(gone)}"
            remarks.append(Remark(path, problem, "Nothing, if that is meant; else unpack the archive again."))
    return remarks


def _names(recording: str) -> tuple[str, str]:
    """Names that the table may have for a recording: with or without what all names have."""
    name = recording.lower()
    return name, name.replace("_2drt_", "_")
