"""Make the clip that the demo shows: one utterance of a phantom, as a phantom of its own.

    python pretrained/phantom/make_clip.py PHANTOM m07_0004

writes `src/rtmri2speech/assets/clip`. The video is compressed more than a phantom's, so that the clip stays small; what
that costs is in the figures that the demo prints. The utterance must be one of the test split: the models that ship
have not seen it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from fractions import Fraction
from pathlib import Path

from rtmri2speech.assets import asset
from rtmri2speech.corpora.phantom import MANIFEST, SUFFIXES, VIDEO, utterance_file
from rtmri2speech.data.files import write_text
from rtmri2speech.data.media.video import read_video, write_video
from rtmri2speech.errors import UserError

CRF = 20


def make_clip(phantom: Path, name: str, out: Path) -> None:
    """Write one utterance of a phantom as a phantom.

    Raises:
        UserError: when there is no such utterance in the test split.
    """
    manifest = json.loads((phantom / MANIFEST).read_text(encoding="utf-8"))
    rows = [row for row in manifest["utterances"] if row["id"] == name and row["split"] == "test"]
    if not rows:
        raise UserError(f"{phantom}: its test split has no {name}.", f"See the utterances of {MANIFEST}.")
    speaker = rows[0]["speaker"]
    manifest["utterances"] = rows
    manifest["speakers"] = [row for row in manifest["speakers"] if row["name"] == speaker]
    shutil.rmtree(out, ignore_errors=True)
    for suffix in SUFFIXES:
        source, target = (utterance_file(root, speaker, name, suffix) for root in (phantom, out))
        target.parent.mkdir(parents=True, exist_ok=True)
        if suffix == VIDEO:
            write_video(target, read_video(source), Fraction(manifest["frame_rate"]), crf=CRF)
        else:
            shutil.copy(source, target)
    write_text(out / MANIFEST, json.dumps(manifest, indent=1) + "\n")


def main() -> int:
    """Read the command line, write the clip, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("phantom", type=Path)
    parser.add_argument("utterance")
    given = parser.parse_args()
    try:
        make_clip(given.phantom, given.utterance, asset("clip"))
    except UserError as error:
        print(f"error: {error.problem}\n       {error.remedy}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
