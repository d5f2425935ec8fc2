"""USC-TIMIT: ``MRI/Data/F1/{avi,avi_withaudio,wav,trans}/usctimit_mri_f1_001_005.*``, five sentences in a file.

The layout is as public code reads it: silent videos in ``avi``, their sound in ``wav``, and in ``trans`` a line for
each phone, ``start,end,phone,word,sentence,number``. ``list_of_sentences.txt`` has the text by number. What the last
number of copies cut to sentences counts (``usctimit_mri_m3_016_020_dn_0``) is not known: of the one clip whose words
could be made out, it is not the place of the sentence in its file. They have text only by ``NAME.txt`` or their labels.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from rtmri2speech.corpora.base import Recording, Remark, Scanner
from rtmri2speech.corpora.public.facts import CorpusFacts
from rtmri2speech.corpora.public.importer import Importer, Named, Tree, counted
from rtmri2speech.corpora.public.texts import one_line_text
from rtmri2speech.data.annotation.encoding import decode
from rtmri2speech.errors import MediaError

SENTENCES = 460
"""Sentences that each speaker read."""

_NAME = re.compile(
    r"(?P<stem>usctimit_mri_(?P<speaker>[fmw]\d+)_(?P<first>\d{3})_(?P<last>\d{3})(?:_dn)?(?:_(?P<piece>\d))?)"
    r"(?:_withaudio)?",
    re.IGNORECASE,
)
_LIST = "list_of_sentences"
_LINE = re.compile(r"\s*(\d+)\s*[:.)]?\s+(.+?)\s*")


@dataclass(frozen=True)
class UscTimit(Importer):
    """The MRI part of USC-TIMIT; see the module."""

    facts = CorpusFacts(
        key="usctimit",
        title="USC-TIMIT",
        licence="CC BY 4.0 since 2026 according to Zenodo record 19422914; before that 'freely available to the "
        "research community'",
        citation="Narayanan, S., Toutios, A., et al. (2014). Real-time magnetic resonance imaging and electromagnetic "
        "articulography database for speech production research (TC). J. Acoust. Soc. Am. 136, 1307-1311. "
        "https://doi.org/10.1121/1.4890284",
        source="https://zenodo.org/records/19422914",
        layout=("usctimit_mri_SPEAKER_FIRST_LAST.avi",),
        scanner=Scanner(68, 2.9, (Fraction(2318, 100),)),
        faults=(
            "sound and frames of some speakers are reported out of step: look with `sync`, and give the seconds by "
            "speaker in `speakers`",
            "files hold five sentences: cut at the sentences of their transcripts",
            "the scanner's noise was taken off its sound before it was published: leave `denoise` at none",
        ),
        unverified=(
            "the license, by a digest of the Zenodo record",
            "which speakers are out of step",
            "numbers of cut sentences",
        ),
    )
    sound_folders = ("wav", "audio")
    label_suffixes = (".textgrid", ".trans")
    utterance_tier = "sentences"

    def named(self, video: Path, root: Path) -> Named | None:
        """Speaker and sentences, from the name alone."""
        match = _NAME.fullmatch(video.stem)
        return None if match is None else Named(match["stem"], match["speaker"].upper(), match["stem"])

    def stems_of_sound(self, named: Named) -> tuple[str, ...]:
        """``wav/NAME.wav``, or what a copy with sound is called."""
        return (named.stem, f"{named.stem}_withaudio")

    def chosen(self, found: list[tuple[Named, Path]], tree: Tree) -> tuple[list[tuple[Named, Path]], list[Remark]]:
        """The silent videos, whose sound is a file, rather than copies of them with a sound track."""
        by_name: dict[str, list[tuple[Named, Path]]] = defaultdict(list)
        for one in found:
            by_name[one[0].id.lower()].append(one)
        kept, left = [], 0
        for same in by_name.values():
            copies = [one for one in same if one[1].stem.lower().endswith("_withaudio")]
            own = [one for one in same if one not in copies]
            kept += own or copies[:1]
            left += len(copies) if own else len(copies) - 1
        if not left:
            return kept, []
        problem = f"{left} video(s) *_withaudio passed over, which show the same as others"
        return kept, [Remark(self.roots[0], problem, "Nothing to do: the sound is taken from its own file.")]

    def denoised(self, audio: Path | None) -> bool:
        """All of it, files and copies with sound."""
        return True

    def text_of(self, named: Named, tree: Tree) -> str | None:
        """``NAME.txt``, or the sentences of the file by the corpus's list of them."""
        if text := one_line_text(tree.named((named.stem,), (".txt",))):
            return text
        listed = read_sentences(tree)
        texts = [listed.get(number) for number in _numbers(named.stem)]
        return None if None in texts or not texts else " ".join(text for text in texts if text)

    def missing(self, recordings: Sequence[Recording], tree: Tree) -> list[Remark]:
        """Sentences by speaker that have no video, and files without a transcript."""
        remarks: list[Remark] = []
        read: dict[str, set[int]] = defaultdict(set)
        mute: dict[str, list[str]] = defaultdict(list)
        for one in recordings:
            read[one.speaker] |= set(_numbers(one.id))
            if one.textgrid is None and one.text is None:
                mute[one.speaker].append(one.id)
        for speaker in sorted(read):
            gone = sorted(set(range(1, SENTENCES + 1)) - read[speaker])
            if gone and read[speaker]:
                problem = f"{speaker}: {len(gone)} of {SENTENCES} sentences have no video here: {_ranges(gone)}"
                remarks.append(Remark(self.roots[0], problem, "Nothing, if that is meant."))
            if mute[speaker]:
                problem = f"{speaker}: {len(mute[speaker])} video(s) without a transcript: {counted(mute[speaker], 2)}"
                remedy = f"To have the text, put NAME.trans into the folder trans, or {_LIST}.txt next to the speakers."
                remarks.append(Remark(self.roots[0], problem, remedy))
        return remarks


def read_sentences(tree: Tree) -> dict[int, str]:
    """The text of sentences by number, from ``list_of_sentences.txt``; empty where there is no such file.

    Raises:
        MediaError: when the file is something else.
    """
    files = tree.named((_LIST,), (".txt",))
    if not files:
        return {}
    try:
        lines = decode(files[0].read_bytes())[0].splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MediaError(f"{files[0]}: cannot be read ({error}).", "Copy the file again, or take it away.") from None
    found = {int(match[1]): match[2] for line in lines if (match := _LINE.fullmatch(line))}
    if not found:
        raise MediaError(
            f"{files[0]}: not a list of sentences.", "Needed: a line for each, such as '1: This was easy for us.'"
        )
    return found


def _numbers(stem: str) -> list[int]:
    """The sentences that a file holds; none of a copy cut to sentences, of which one is not known."""
    match = _NAME.fullmatch(stem)
    if match is None or match["piece"] is not None:
        return []
    return list(range(int(match["first"]), int(match["last"]) + 1))


def _ranges(numbers: Sequence[int]) -> str:
    """Numbers in order as ranges: 1-5, 11-460."""
    return counted(list(_runs(numbers)), 5)


def _runs(numbers: Sequence[int]) -> Iterator[str]:
    start = numbers[0]
    for number, following in zip(numbers, [*numbers[1:], None], strict=True):
        if following != number + 1:
            yield f"{start}" if start == number else f"{start}-{number}"
            start = following or 0
