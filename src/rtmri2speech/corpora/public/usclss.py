"""USC LSS, one speaker for an hour: ``video/usc_s1_SESSION_SENTENCE.avi``, ``audio``, ``textgrids``, ``transcripts``.

The layout is as public code reads it, under two forms: sentences, with lists of training, validation and test
(``train.txt``, ``val.txt``, ``test.txt``), or whole sessions (``usc_s1_SESSION``) with denoised and raw sound
(``audio_dsp``, ``audio_raw``). Where both are there the sentences are taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from rtmri2speech.corpora.base import Recording, Remark, Scanner
from rtmri2speech.corpora.public.facts import CorpusFacts
from rtmri2speech.corpora.public.importer import Importer, Named, Tree, counted
from rtmri2speech.corpora.public.texts import one_line_text
from rtmri2speech.data.dataset.layout import Split
from rtmri2speech.data.endings import name_key
from rtmri2speech.errors import MediaError

SENTENCES = 684
"""Sentences of the whole corpus."""

_NAME = re.compile(r"(?P<speaker>usc_s\d+)_(?P<session>\d+)(?:_(?P<sentence>\d+))?", re.IGNORECASE)
_DENOISED = ("audio_restored", "audio_denoised", "audio_dsp")
_LISTS: dict[str, Split] = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}


@dataclass(frozen=True)
class UscLss(Importer):
    """The long single-speaker corpus; see the module."""

    facts = CorpusFacts(
        key="usclss",
        title="USC LSS",
        licence="given out by form; read the terms that came with your copy",
        citation="A long-form single-speaker real-time MRI speech dataset and benchmark (2025). arXiv preprint; cite "
        "as the form asks.",
        source="https://sail.usc.edu/span/single_spk/",
        layout=("usc_s1_SESSION_SENTENCE.avi",),
        scanner=Scanner(104, None, (Fraction(99), Fraction(100))),
        faults=("raw sound has scanner noise: denoised sound is taken where it is there (audio_dsp before audio_raw)",),
        unverified=("names and folders of its files, by public code that reads them", "the size of its pixels"),
    )
    sound_folders = (*_DENOISED, "audio", "wav", "audio_raw")

    def named(self, video: Path, root: Path) -> Named | None:
        """Speaker, session and sentence, from the name alone."""
        match = _NAME.fullmatch(video.stem)
        return None if match is None else Named(video.stem, match["speaker"].lower(), video.stem)

    def chosen(self, found: list[tuple[Named, Path]], tree: Tree) -> tuple[list[tuple[Named, Path]], list[Remark]]:
        """Sentences, and sessions of which no sentence is there; of copies of one name the first."""
        unique = {name_key(named.id): (named, video) for named, video in reversed(found)}
        whole = {key for key in unique if _session(key) != key}
        cut = {_session(key) for key in whole}
        left = sorted(key for key in unique if key in cut)
        kept = [one for key, one in unique.items() if key not in cut]
        said = len(found) - len(kept)
        if not said:
            return kept, []
        problem = f"{said} video(s) passed over that show the same as others: {len(left)} whole session(s), and copies"
        return kept, [Remark(self.roots[0], problem, "Nothing to do; to use them, give their folder alone.")]

    def denoised(self, audio: Path | None) -> bool:
        """What lies in a folder of denoised sound."""
        return audio is not None and audio.parent.name.lower() in _DENOISED

    def text_of(self, named: Named, tree: Tree) -> str | None:
        """``transcripts/NAME.txt``."""
        return one_line_text(tree.named((named.stem,), (".txt", ".lab"), ("transcripts", "text")))

    def missing(self, recordings: Sequence[Recording], tree: Tree) -> list[Remark]:
        """Sentences that the lists name and that are not there."""
        remarks: list[Remark] = []
        there = {name_key(one.id) for one in recordings}
        sentences = [one for one in recordings if _session(one.id) != one.id]
        for path, _ in _lists(tree):
            gone = [name for name in _lines(path) if name_key(name) not in there]
            if gone:
                problem = f"{len(gone)} recording(s) that it lists are not there: {counted(gone)}"
                remarks.append(Remark(path, problem, "Nothing, if that is meant; else fetch them.", "warning"))
        if sentences and len(sentences) < SENTENCES:
            problem = f"{len(sentences)} of {SENTENCES} sentences are here"
            remarks.append(Remark(self.roots[0], problem, "Nothing, if that is meant."))
        if mute := [one.id for one in recordings if one.textgrid is None and one.text is None]:
            problem = f"{len(mute)} recording(s) without transcript and TextGrid: {counted(mute)}"
            remedy = "Put NAME.txt into transcripts, or NAME.TextGrid into textgrids."
            remarks.append(Remark(self.roots[0], problem, remedy))
        return remarks

    def completed(self, recordings: list[Recording], tree: Tree) -> tuple[list[Recording], list[Remark]]:
        """With the split of the corpus's lists; recordings in none of them are left out."""
        given: dict[str, Split] = {}
        for path, split in _lists(tree):
            given |= {name_key(name): split for name in _lines(path)}
        if not given:
            return recordings, []
        kept = [replace(one, split=given[name_key(one.id)]) for one in recordings if name_key(one.id) in given]
        if not kept:
            raise MediaError(
                f"{self.roots[0]}: its lists of training, validation and test name none of the videos there.",
                "Fetch the videos that they name, or take the lists away for a split by recording.",
            )
        others = [one.id for one in recordings if name_key(one.id) not in given]
        if not others:
            return kept, []
        problem = f"{len(others)} recording(s) left out that no list of its split names: {counted(others)}"
        return kept, [Remark(self.roots[0], problem, "To use all, take train.txt, val.txt and test.txt away.")]


def _session(name: str) -> str:
    match = _NAME.fullmatch(name)
    return name if match is None else f"{match['speaker']}_{match['session']}"


def _lists(tree: Tree) -> list[tuple[Path, Split]]:
    return [(path, split) for name, split in _LISTS.items() for path in tree.named((name,), (".txt",))[:1]]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").split()
    except (OSError, UnicodeDecodeError) as error:
        raise MediaError(f"{path}: cannot be read ({error}).", "Copy the file again, or take it away.") from None
