"""rtMRIDB (Maekawa et al., NII-SRC): ``rtmridb_v1_mp4/NAME.mp4``, with TextGrids and the database ``rtMRIDB.sqlite3``.

Folder and database are as public code reads them: a table ``rtmri`` whose column ``file`` is the name of the video and
``subject_id`` the speaker. Without it the speaker is the folder, or what stands before the first ``_`` or ``-`` of the
name.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from rtmri2speech.corpora.base import Recording, Remark, Scanner
from rtmri2speech.corpora.public.atr503 import FRAME_RATE
from rtmri2speech.corpora.public.facts import CorpusFacts
from rtmri2speech.corpora.public.importer import Importer, Named, Tree, counted
from rtmri2speech.data.endings import name_key
from rtmri2speech.errors import MediaError

_FOLDER = re.compile(r"rtmridb.*|mp4|avi|video|videos|movie", re.IGNORECASE)
_DATABASE = ".sqlite3"


@dataclass(frozen=True)
class RtMriDb(Importer):
    """The Real-time MRI Articulatory Movement Database; see the module."""

    facts = CorpusFacts(
        key="rtmridb",
        title="rtMRIDB",
        licence="by agreement with NII-SRC; read it there",
        citation="Maekawa, K., et al. Real-time MRI Articulatory Movement Database (rtMRIDB). NII Speech Resources "
        "Consortium. https://research.nii.ac.jp/src/en/rtMRIDB.html",
        source="https://research.nii.ac.jp/src/en/rtMRIDB.html",
        layout=("rtmridb_v1_mp4/NAME.mp4",),
        scanner=Scanner(256, 1.0, (FRAME_RATE,)),
        faults=("parts of it may have other frame rates than 625/23: those of their files are kept, and said",),
        unverified=("where its TextGrids and sounds lie: they are found by name in any folder",),
    )
    sound_folders = ("wav", "audio", "sound")

    def named(self, video: Path, root: Path) -> Named | None:
        """Speaker by folder, or by the start of the name; the database corrects it."""
        folders = video.relative_to(root).parent.parts if video.is_relative_to(root) else ()
        parts = [part for part in folders if not _FOLDER.fullmatch(part)]
        speaker = parts[0] if parts else re.split(r"[_-]", video.stem, maxsplit=1)[0]
        return Named(video.stem, speaker, video.stem)

    def completed(self, recordings: list[Recording], tree: Tree) -> tuple[list[Recording], list[Remark]]:
        """With the speakers of the database."""
        files = [path for path in tree.files(_DATABASE) if "rtmri" in path.name.lower()]
        if not files:
            problem = "no rtMRIDB.sqlite3: speakers are taken from folders, or from the start of names"
            remedy = "Put the database there; or check the speakers in utterances.csv before you split by speaker."
            return recordings, [Remark(self.roots[0], problem, remedy, decision=True)]
        remarks: list[Remark] = []
        speakers = read_speakers(files[0])
        strange = [one.id for one in recordings if name_key(one.id) not in speakers]
        if strange:
            problem = f"{len(strange)} video(s) are not in it: {counted(strange)}"
            remedy = "Get the database that belongs to these videos; their speakers are taken from their names."
            remarks.append(Remark(files[0], problem, remedy, "warning"))
        there = {name_key(one.id) for one in recordings}
        if gone := sorted(set(speakers) - there):
            problem = f"{len(gone)} of its {len(speakers)} videos are not here: {counted(gone)}"
            remarks.append(Remark(files[0], problem, "Nothing, if that is meant."))
        return [replace(one, speaker=speakers.get(name_key(one.id), one.speaker)) for one in recordings], remarks

    def missing(self, recordings: Sequence[Recording], tree: Tree) -> list[Remark]:
        """Recordings without a TextGrid."""
        mute = [one.id for one in recordings if one.textgrid is None]
        if not mute:
            return []
        problem = f"{len(mute)} video(s) without a TextGrid of their name: {counted(mute)}"
        return [Remark(self.roots[0], problem, "Put NAME.TextGrid anywhere below the folder; formants need it.")]


def read_speakers(path: Path) -> Mapping[str, str]:
    """The speaker of every video, by its name as names are compared.

    Raises:
        MediaError: when the database is another one.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT DISTINCT file, subject_id FROM rtmri").fetchall()
    except sqlite3.Error as error:
        raise MediaError(
            f"{path}: not the database of rtMRIDB ({error}).", "Copy it again, or move it elsewhere to do without."
        ) from None
    return {name_key(Path(str(file)).stem): str(speaker) for file, speaker in rows}
