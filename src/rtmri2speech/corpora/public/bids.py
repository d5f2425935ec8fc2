"""A folder in the manner of BIDS: ``sub-01/[ses-1/]mri/sub-01_task-rainbow_run-1_video.mp4``, with tables and sidecars.

Read are ``dataset_description.json`` (Name, License, HowToAcknowledge), ``participants.tsv`` (participant_id), and next
to a video ``*_audio.wav``, ``*_events.tsv`` (onset, duration, trial_type), ``*.TextGrid`` and ``*_video.json`` with
``PixelSpacing`` (mm), ``FrameRate``, ``SyncOffset`` (s) and ``Text``. BIDS has no part for real-time MRI of speech, so
that these four names are this program's own. A sidecar above a file counts for all below it, as in BIDS.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from rtmri2speech.corpora.base import Recording, Remark, Scanner
from rtmri2speech.corpora.public.facts import CorpusFacts
from rtmri2speech.corpora.public.importer import Importer, Named, Tree, counted
from rtmri2speech.data.annotation.encoding import decode
from rtmri2speech.data.files import read_object
from rtmri2speech.errors import ConfigError, MediaError
from rtmri2speech.signal.frame_rate import exact_rate

_NAME = re.compile(r"(?P<stem>sub-(?P<subject>[A-Za-z0-9]+)(?:_[a-z]+-[A-Za-z0-9]+)*)(?:_[A-Za-z0-9]+)?")
_UNSTATED = "not stated in dataset_description.json"


@dataclass(frozen=True)
class Bids(Importer):
    """A BIDS-like folder; see the module."""

    facts = CorpusFacts(
        key="bids",
        title="a BIDS-like folder",
        licence=_UNSTATED,
        citation="",
        source="yours",
        layout=("sub-LABEL/.../sub-LABEL_task-LABEL_video.mp4",),
        scanner=Scanner(),
        unverified=("BIDS itself says nothing of real-time MRI of speech",),
    )
    label_suffixes = (".textgrid", ".tsv")

    @cached_property
    def _description(self) -> dict[str, Any]:
        found = (read_object(root / "dataset_description.json") for root in self.roots)
        return next((one for one in found if one), {})

    @property
    def name(self) -> str:
        """Its own name for itself."""
        return str(self._description.get("Name") or self.facts.key)

    @property
    def licence(self) -> str:
        """As ``dataset_description.json`` has it."""
        return str(self._description.get("License") or _UNSTATED)

    @property
    def citation(self) -> str:
        """How to acknowledge it, or its DOI."""
        about = self._description
        return str(about.get("HowToAcknowledge") or about.get("DatasetDOI") or "")

    def named(self, video: Path, root: Path) -> Named | None:
        """Everything before the last part of the name."""
        match = _NAME.fullmatch(video.stem)
        return None if match is None else Named(match["stem"], match["subject"], match["stem"])

    def stems_of_sound(self, named: Named) -> tuple[str, ...]:
        """``*_audio``, or the name of the video."""
        return (f"{named.stem}_audio", f"{named.stem}_video", named.stem)

    def stems_of_labels(self, named: Named) -> tuple[str, ...]:
        """``*_events.tsv``, or a TextGrid of any of these names."""
        return (
            named.stem,
            f"{named.stem}_events",
            f"{named.stem}_phones",
            f"{named.stem}_video",
            f"{named.stem}_audio",
        )

    def missing(self, recordings: Sequence[Recording], tree: Tree) -> list[Remark]:
        """Participants without a video, speakers that are not in the table, and what the description lacks."""
        remarks: list[Remark] = []
        if not self._description:
            remedy = "Write its Name, License and HowToAcknowledge there: datasets and models carry them on."
            remarks.append(Remark(self.roots[0], "no dataset_description.json that can be read", remedy))
        tables = tree.named(("participants",), (".tsv",))
        if not tables:
            return [*remarks, Remark(self.roots[0], "no participants.tsv", "Nothing to do; speakers are the folders.")]
        listed, there = read_participants(tables[0]), {one.speaker for one in recordings}
        if strange := sorted(there - set(listed)):
            problem = f"{len(strange)} participant(s) with videos are not in it: {counted(strange)}"
            remarks.append(Remark(tables[0], problem, "Add a line for each, or check the names.", "warning"))
        if gone := sorted(set(listed) - there):
            problem = f"{len(gone)} of its {len(listed)} participants have no video here: {counted(gone)}"
            remarks.append(Remark(tables[0], problem, "Nothing, if that is meant."))
        return remarks

    def completed(self, recordings: list[Recording], tree: Tree) -> tuple[list[Recording], list[Remark]]:
        """With what their sidecars say."""
        return [self._with_sidecars(one) for one in recordings], []

    def _with_sidecars(self, recording: Recording) -> Recording:
        about: dict[str, Any] = {}
        for path in self._sidecars(recording.video):
            try:
                about |= json.loads(path.read_text(encoding="utf-8-sig"))
            except (OSError, ValueError, TypeError) as error:
                raise MediaError(f"{path}: cannot be read as JSON ({error}).", "Correct it, or take it away.") from None
            where = path
        if not about:
            return recording
        spacing, rate = about.get("PixelSpacing"), about.get("FrameRate")
        pixel: Any = spacing[0] if isinstance(spacing, list) and spacing else spacing
        exact = None if rate is None else exact_rate(rate)
        if (rate is not None and exact is None) or not (pixel is None or (_is_number(pixel) and 0 < pixel < 100)):
            raise ConfigError(
                f"{where}: PixelSpacing {pixel} or FrameRate {rate} is not a number of that kind.",
                "Give millimeters, such as 2.4, and frames per second, such as 83.28.",
            )
        offset, text = about.get("SyncOffset", 0.0), about.get("Text")
        if not _is_number(offset):
            raise ConfigError(f"{where}: SyncOffset {offset} is not a number.", "Give seconds, such as 0.5.")
        return replace(
            recording,
            scanner=Scanner(None, pixel, () if exact is None else (exact,)),
            sync_offset=recording.sync_offset + float(offset),
            text=str(text) if text else recording.text,
        )

    def _sidecars(self, video: Path) -> list[Path]:
        """Sidecars that count for a video, the most general first."""
        root = next(root for root in self.roots if video.is_relative_to(root))
        folders = [folder for folder in reversed(video.parents) if folder == root or root in folder.parents]
        parts = set(video.stem.split("_"))
        return [
            path
            for folder in folders
            for path in [folder / "video.json", *sorted(folder.glob("*_video.json"))]
            if path.is_file() and set(path.stem.split("_")) <= parts
        ]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6


def read_participants(path: Path) -> list[str]:
    """Labels of participants, without ``sub-``, in the order of the table.

    Raises:
        MediaError: when it has no column participant_id.
    """
    try:
        rows = csv.DictReader(decode(path.read_bytes())[0].splitlines(), delimiter="\t")
        return [str(row["participant_id"]).strip().removeprefix("sub-") for row in rows]
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise MediaError(
            f"{path}: not a table of participants ({type(error).__name__}: {error}).",
            "Needed: a header with participant_id, with tabs between the columns.",
        ) from None
