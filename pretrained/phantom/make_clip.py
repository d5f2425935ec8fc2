"""Make the clips that the demo shows: one utterance of a phantom, as a phantom of its own, and a stranger's.

    python pretrained/phantom/make_clip.py PHANTOM m07_0004

writes `src/rtmri2speech/assets/clip`. The video is compressed more than a phantom's, so that the clip stays small; what
that costs is in the figures that the demo prints. The utterance must be one of the test split: the models that ship
have not seen it.

    rtmri2speech simulate --out OTHERS --minutes 1.2 --speakers 12 --seed 770 --look random
    python pretrained/phantom/make_clip.py OTHERS UTTERANCE --stranger

writes `src/rtmri2speech/assets/stranger`: video and sound alone, of a head and a scanner that no shipped model knows.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from fractions import Fraction
from pathlib import Path

from rtmri2speech.assets import asset
from rtmri2speech.corpora.phantom import MANIFEST, SOUND, SUFFIXES, VIDEO, utterance_file
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


def make_stranger(phantom: Path, name: str, out: Path) -> None:
    """Write video and sound of one utterance of a phantom, and nothing that says where its articulators are.

    Raises:
        UserError: when there is no such utterance.
    """
    manifest = json.loads((phantom / MANIFEST).read_text(encoding="utf-8"))
    speakers = [row["speaker"] for row in manifest["utterances"] if row["id"] == name]
    if not speakers:
        raise UserError(f"{phantom}: has no {name}.", f"See the utterances of {MANIFEST}.")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    video, sound = (utterance_file(phantom, speakers[0], name, suffix) for suffix in (VIDEO, SOUND))
    write_video(out / f"stranger{VIDEO}", read_video(video), Fraction(manifest["frame_rate"]), crf=CRF)
    shutil.copy(sound, out / f"stranger{SOUND}")


def main() -> int:
    """Read the command line, write the clip, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("phantom", type=Path)
    parser.add_argument("utterance")
    parser.add_argument("--stranger", action="store_true", help="the second clip, of a head and scanner unknown")
    given = parser.parse_args()
    make, out = (make_stranger, "stranger") if given.stranger else (make_clip, "clip")
    try:
        make(given.phantom, given.utterance, asset(out))
    except UserError as error:
        print(f"error: {error.problem}\n       {error.remedy}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
