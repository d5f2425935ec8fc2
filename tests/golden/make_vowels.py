"""Fit the vowels of the speakers that come with the program; run when the fit or the targets change.

python tests/golden/make_vowels.py
"""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from rtmri2speech.assets import asset
from rtmri2speech.simulation.speaker.anatomy import Anatomy, Speaker
from rtmri2speech.simulation.speaker.voice import anatomy_key, fit_speaker, make_speaker_file, vowels_to_json


def main() -> None:
    speaker = Speaker(name="default", f0=115.0, anatomy=Anatomy())
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "default.speaker"
        # A process of its own: the library does not outlive a change of anatomy.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
            executor.submit(make_speaker_file, speaker, path).result()
        vowels = fit_speaker(path)
    target = asset("vowels") / f"{anatomy_key(speaker.anatomy)}.json"
    target.parent.mkdir(exist_ok=True)
    values = {"kind": "fitted_vowels", "schema": 1, "vowels": vowels_to_json(vowels)}
    target.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    print(target)


if __name__ == "__main__":
    main()
