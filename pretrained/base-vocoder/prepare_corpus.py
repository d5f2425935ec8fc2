"""Prepare the synthetic corpus, and the sound of simulated phantoms, as a dataset to train the base vocoder on.

    python pretrained/base-vocoder/prepare_corpus.py CORPUS --out DATASET [--phantom PHANTOM ...]
    rtmri2speech train vocoder DATASET --recipe phantom --init generator_universal.pth.tar --out base.safetensors

CORPUS is the folder that `make_corpus.py` writes. Speakers are its voices, and splits are its own: `training`,
`validation` and `test`; what the held-out voice says is in the test split too, and is recognized by its speaker.
A phantom's utterances keep their splits as well; their ids and speakers begin with the name of its folder.
A second run redoes only what is missing or changed, and adds what has been added.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rtmri2speech.cli.console import progress
from rtmri2speech.cli.flags import with_flags
from rtmri2speech.cli.recordings.prepare import report
from rtmri2speech.corpora.base import SoundRecording
from rtmri2speech.corpora.names import refuse_duplicates, safe_name
from rtmri2speech.corpora.phantom import PhantomCorpus
from rtmri2speech.corpora.sounds import SoundOf
from rtmri2speech.data.dataset.layout import Split
from rtmri2speech.errors import DatasetError, UserError
from rtmri2speech.preparation.prepare import prepare
from rtmri2speech.preparation.recording import PrepareOptions

TABLE = "corpus.csv"
SPLITS: dict[str, Split] = {
    "training": "train",
    "validation": "validation",
    "test": "test",
    "heldout-voice": "test",
}


@dataclass(frozen=True)
class SyntheticCorpus:
    """The corpus of `make_corpus.py`, with the sound of phantoms.

    Attributes:
        root: the folder with `corpus.csv`.
        phantoms: folders of finished phantoms.
    """

    root: Path
    phantoms: Sequence[Path] = ()
    name: str = "base-vocoder"

    @property
    def licence(self) -> str:
        """Every licence in the corpus, and the phantoms'."""
        found = sorted({row["licence"] for row in self._rows()})
        return "; ".join(dict.fromkeys([*found, *(PhantomCorpus(path).licence for path in self.phantoms)]))

    @property
    def citation(self) -> str:
        """The credits, which the licences want kept with the sound."""
        credits = self.root / "CREDITS.txt"
        parts = [credits.read_text(encoding="utf-8").strip()] if credits.is_file() else []
        return "\n\n".join(dict.fromkeys([*parts, *(PhantomCorpus(path).citation for path in self.phantoms)]))

    def recordings(self) -> list[SoundRecording]:
        """Every utterance, sorted by id.

        Raises:
            UserError: when the table or a phantom is missing, damaged, or two utterances would have the same id.
        """
        found = [self._recording(row) for row in self._rows()]
        for path in self.phantoms:
            prefix = safe_name(path.resolve().name)
            found += [
                replace(item, id=f"{prefix}_{item.id}", speaker=f"{prefix}_{item.speaker}")
                for item in SoundOf(PhantomCorpus(path)).recordings()
            ]
        refuse_duplicates(found)
        return sorted(found, key=lambda recording: recording.id)

    def _rows(self) -> list[dict[str, str]]:
        path = self.root / TABLE
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise DatasetError(f"{path}: cannot be read ({error}).", "Make the corpus: make_corpus.py --out") from None
        for number, row in enumerate(rows, start=2):
            if not all(row.get(name) for name in ("file", "voice", "licence")) or row.get("split") not in SPLITS:
                raise DatasetError(f"{path}, line {number}: damaged.", "Run make_corpus.py again; it writes the table.")
        if not rows:
            raise DatasetError(f"{path}: names no utterance.", "Run make_corpus.py again.")
        return rows

    def _recording(self, row: dict[str, str]) -> SoundRecording:
        file = self.root / row["file"]
        return SoundRecording(safe_name(file.stem), row["voice"], file, split=SPLITS[row["split"]])


def main() -> int:
    """Read the command line, prepare, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", type=Path, help="folder that make_corpus.py has written")
    parser.add_argument("--out", type=Path, required=True, help="dataset folder to write")
    parser.add_argument("--phantom", type=Path, action="append", default=[], metavar="DIR", help="may be repeated")
    parser.add_argument("--prune", action="store_true", help="remove from the dataset what is no longer given")
    parser.add_argument("--workers", type=int, default=0, help="processes (default: one per core)")
    given = parser.parse_args()
    try:
        with progress("Preparing", "utterances") as bar:
            summary = prepare(
                SyntheticCorpus(given.corpus, tuple(given.phantom)),
                given.out,
                PrepareOptions(split="corpus"),
                given.workers,
                prune=given.prune,
                progress=bar,
            )
    except UserError as error:
        flags = {"out": "--out", "prune": "--prune", "workers": "--workers"}
        print(f"error: {with_flags(error.problem, flags)}\n       {with_flags(error.remedy, flags)}", file=sys.stderr)
        return 1
    return report(summary)


if __name__ == "__main__":
    sys.exit(main())
