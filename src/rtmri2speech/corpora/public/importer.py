"""From a corpus as it was downloaded to recordings: what all importers share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from rtmri2speech.corpora.base import Listing, Recording, Remark, SoundChoice, SplitAdvice
from rtmri2speech.corpora.names import refuse_duplicates, safe_name
from rtmri2speech.corpora.public.facts import CorpusFacts
from rtmri2speech.corpora.search import search, some
from rtmri2speech.data.endings import SOUND_SUFFIXES, VIDEO_SUFFIXES, name_key, printable
from rtmri2speech.errors import MediaError

_PACKED = (".zip", ".tar", ".tgz", ".gz", ".7z")


@dataclass(frozen=True)
class Named:
    """What the name and the place of a video say.

    Attributes:
        id: of its recording.
        speaker: who speaks.
        stem: the name that its other files start with, without what is added for the kind of file.
    """

    id: str
    speaker: str
    stem: str


@dataclass
class Tree:
    """Every file of a corpus, each folder listed once.

    Attributes:
        videos: sorted, each with the folder that was given.
        others: all other files by their names without ending (:func:`~rtmri2speech.data.endings.name_key`).
    """

    videos: list[tuple[Path, Path]] = field(default_factory=list)
    others: dict[str, list[Path]] = field(default_factory=dict)

    @classmethod
    def of(cls, roots: Iterable[Path]) -> Tree:
        """Look through folders with their subfolders.

        Raises:
            MediaError: when there is no such folder.
        """
        tree = cls()
        for root in roots:
            found = search(root, VIDEO_SUFFIXES)
            tree.videos += [(path, root) for path in found.files]
            for path in sorted(found.others):
                tree.others.setdefault(name_key(path.stem), []).append(path)
        return tree

    def named(self, stems: Iterable[str], suffixes: Sequence[str], folders: Sequence[str] = ()) -> list[Path]:
        """Files of one of these names and endings: those in folders of the names given first, in their order."""
        ranks = {folder: rank for rank, folder in enumerate(folders)}
        found = [
            path for stem in stems for path in self.others.get(name_key(stem), []) if path.suffix.lower() in suffixes
        ]
        return sorted(found, key=lambda path: (ranks.get(path.parent.name.lower(), len(ranks)), suffix_rank(path)))

    def files(self, *suffixes: str) -> list[Path]:
        """All other files of these endings."""
        return [path for paths in self.others.values() for path in paths if path.suffix.lower() in suffixes]


def suffix_rank(path: Path) -> int:
    """Sounds in the order in which their endings are taken; anything else after them."""
    suffix = path.suffix.lower()
    return SOUND_SUFFIXES.index(suffix) if suffix in SOUND_SUFFIXES else len(SOUND_SUFFIXES)


@dataclass(frozen=True)
class Importer(ABC):
    """A corpus of videos in the layout that its authors gave it.

    Attributes:
        roots: its folder, or several: parts of it, and annotations that others have made.
        sound: ``auto`` takes the sound that the corpus is best known for.
        sync_offset: seconds of sound before the first frame, for every recording.
    """

    facts: ClassVar[CorpusFacts]
    sound_folders: ClassVar[tuple[str, ...]] = ()
    """Folders with sounds, the best one first."""
    label_suffixes: ClassVar[tuple[str, ...]] = (".textgrid",)
    track_first: ClassVar[bool] = False
    """Whether the videos' own sound track is the corpus's sound."""
    split_advice: ClassVar[SplitAdvice | None] = None
    text_tiers: ClassVar[tuple[str, ...]] = ("sentences", "words", "word")
    utterance_tier: ClassVar[str | None] = None

    roots: tuple[Path, ...]
    sound: SoundChoice = "auto"
    sync_offset: float = 0.0

    @property
    def name(self) -> str:
        """As ``meta.json`` has it."""
        return self.facts.key

    @property
    def licence(self) -> str:
        """The terms as they were found."""
        return self.facts.licence

    @property
    def citation(self) -> str:
        """What its authors ask to cite."""
        return self.facts.citation

    def recordings(self) -> list[Recording]:
        """Every recording, sorted by id.

        Raises:
            UserError: when the folder is not this corpus, or a table of it is damaged.
        """
        return list(self._list()[0])

    def listing(self) -> Listing:
        """Every recording, sorted by id, and what is missing or was passed over.

        Raises:
            UserError: as :meth:`recordings`.
        """
        return Listing(*self._list())

    @abstractmethod
    def named(self, video: Path, root: Path) -> Named | None:
        """What the name and the place of a video say; None where it is none of this corpus.

        Args:
            video: the file.
            root: the folder that it was found in.
        """

    def chosen(self, found: list[tuple[Named, Path]], tree: Tree) -> tuple[list[tuple[Named, Path]], list[Remark]]:
        """Without videos that show the same as others, and what is said of those."""
        return found, []

    def text_of(self, named: Named, tree: Tree) -> str | None:
        """What is said in a whole recording, where a file of the corpus has it."""
        return None

    def missing(self, recordings: Sequence[Recording], tree: Tree) -> list[Remark]:
        """What the corpus has and this copy of it has not."""
        return []

    def completed(self, recordings: list[Recording], tree: Tree) -> tuple[list[Recording], list[Remark]]:
        """The recordings with what tables of the corpus say of them, and what is said of the tables.

        Raises:
            UserError: when a table cannot be read.
        """
        return recordings, []

    def stems_of_sound(self, named: Named) -> tuple[str, ...]:
        """Names that the sound of a video may have, without ending."""
        return (named.stem,)

    def stems_of_labels(self, named: Named) -> tuple[str, ...]:
        """Names that the annotation of a video may have, without ending."""
        return (named.stem,)

    def denoised(self, audio: Path | None) -> bool:
        """Whether a sound of this corpus, None for a video's own track, has had the scanner's noise taken off."""
        return False

    def _list(self) -> tuple[list[Recording], list[Remark]]:
        tree = Tree.of(self.roots)
        looked = [(self.named(video, root), video) for video, root in tree.videos]
        known = [(named, video) for named, video in looked if named is not None]
        if not known:
            raise self._not_found(tree)
        known, remarks = self.chosen(known, tree)
        recordings = sorted((self._recording(named, video, tree) for named, video in known), key=lambda one: one.id)
        refuse_duplicates(recordings)
        if strange := [video for named, video in looked if named is None]:
            problem = f"{len(strange)} video(s) passed over whose names are not of {self.facts.title}: {some(strange)}"
            remarks.append(Remark(self.roots[0], problem, f"Its videos are {' or '.join(self.facts.layout)}."))
        missing = self.missing(recordings, tree)
        recordings, of_tables = self.completed(recordings, tree)
        return recordings, [*remarks, *missing, *of_tables]

    def _recording(self, named: Named, video: Path, tree: Tree) -> Recording:
        audio, remarks = self._sound(named, video, tree)
        grids = tree.named(self.stems_of_labels(named), self.label_suffixes)
        return Recording(
            id=safe_name(named.id),
            speaker=printable(named.speaker),
            video=video,
            audio=audio,
            textgrid=min(grids, key=lambda path: self.label_suffixes.index(path.suffix.lower()), default=None),
            sync_offset=self.sync_offset,
            sound="track" if audio is None and self.track_first else "auto" if audio is None else "file",
            remarks=tuple(remarks),
            text=self.text_of(named, tree),
            text_tiers=self.text_tiers,
            utterance_tier=self.utterance_tier,
            scanner=self.facts.scanner,
            denoised=self.denoised(audio),
        )

    def _sound(self, named: Named, video: Path, tree: Tree) -> tuple[Path | None, list[Remark]]:
        if self.sound == "track" or (self.sound == "auto" and self.track_first):
            return None, []
        stems = self.stems_of_sound(named)
        found = tree.named(stems, SOUND_SUFFIXES, self.sound_folders)
        same = [path for path in found if path.parent == video.parent]
        if found:
            return (same or found)[0], []
        expected = self._expected_sound(video, stems[0])
        if self.sound == "file":
            return expected, []
        problem = f"no such file: the sound of {video.name}"
        return None, [Remark(expected, problem, "Fetch it from the source of the corpus, or unpack it.", "warning")]

    def _expected_sound(self, video: Path, stem: str) -> Path:
        """Where the sound would lie."""
        folder = video.parent
        siblings = [folder.parent / name for name in self.sound_folders if (folder.parent / name).is_dir()]
        return (siblings[0] if siblings else folder) / f"{stem}.wav"

    def _not_found(self, tree: Tree) -> MediaError:
        from rtmri2speech.corpora.public.catalog import recognized

        places = ", ".join(str(root) for root in self.roots)
        problem = f"{places}: no recording of {self.facts.title} there; looked for {' and '.join(self.facts.layout)}"
        other = recognized(tree.videos)
        packed = [path for path in tree.files(*_PACKED)]
        if other is not None:
            return MediaError(f"{problem}.", f"Its names are those of another corpus: `corpus='{other}'`")
        if packed and not tree.videos:
            return MediaError(f"{problem}.", f"Unpack {some(packed)} first.")
        if tree.videos:
            problem += f", found {some(video for video, _ in tree.videos)}"
        return MediaError(
            f"{problem}.", "Name the folder that the corpus was unpacked to; for any other videos leave out `corpus`."
        )


def with_remarks(recording: Recording, *remarks: Remark) -> Recording:
    """A recording of which more is to be said."""
    return replace(recording, remarks=(*recording.remarks, *remarks))


def counted(names: Sequence[str], most: int = 4) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
