"""Two sentences that a person spoke, for tests of recognizers: ``python tests/golden/make_spoken.py POCKETSPHINX``.

POCKETSPHINX is the unpacked source archive of pocketsphinx 5.1.1 (``pip download --no-binary :all:``), whose test data
they are. Licence and origin stand in ``spoken/README.md``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000
SAID = {"goforward": "Go forward ten meters.", "something": "Go somewhere and do something."}
PLACE = Path(__file__).parent / "spoken"


def main(source: Path) -> None:
    for name, text in SAID.items():
        samples = np.fromfile(source / "test" / "data" / f"{name}.raw", "<i2")
        soundfile.write(PLACE / f"{name}.flac", samples, RATE)
        (PLACE / f"{name}.txt").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
