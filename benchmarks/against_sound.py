"""Formants of the tube against those of the sound on simulated speakers, and the size of a pixel from them.

    rtmri2speech simulate --speakers 4 --minutes 0.4 --seed 77 --out phantom
    python benchmarks/against_sound.py phantom [--video]

Tracts are measured from the true labels, or from the frames with ``--video``, once with the true size of a pixel and
once with pixels a fifth too small. Prints, for each utterance, r of F1 and F2 over open frames, Praat's correlation
with itself, the formants' ratios, and how far both sizes that come back are off.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from rtmri2speech.corpora.phantom import pixel_mm_of
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.vocal_tract.against_sound.recording import compare_with_sound
from rtmri2speech.vocal_tract.measurement.measure import tract

SMALLER = 0.8
WANTED = 0.03
LEAST_REFERENCE = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description="tube against sound")
    parser.add_argument("phantom", type=Path)
    parser.add_argument("--video", action="store_true", help="from the frames instead of the true labels")
    options = parser.parse_args()
    print(
        f"{'utterance':<12}{'frames':>7}{'r F1':>7}{'r F2':>7}{'Praat':>7}{'ratios F1 to F4':>25}{'size':>8}{'0.8':>8}"
    )
    errors = []
    for video in sorted(options.phantom.glob("*/*.mp4")):
        scan, true = scan_video(video), pixel_mm_of(video) or 1.0
        regions = None if options.video else video.with_suffix(".npz")
        found = [
            compare_with_sound(tract(scan, regions=regions, pixel_mm=size), scan) for size in (true, SMALLER * true)
        ]
        off = [one.pixel.mm / true - 1.0 for one in found]
        opened = found[0].open_agreement
        ratios = " ".join(f"{one.ratio:5.2f}" for one in opened)
        print(
            f"{video.stem:<12}{opened[0].frames:>7}{opened[0].r:>7.2f}{opened[1].r:>7.2f}{opened[1].reference_r:>7.2f}"
            f"{ratios:>25}{off[0]:>8.1%}{off[1]:>8.1%}"
        )
        if opened[1].reference_r >= LEAST_REFERENCE:
            errors += off
    if errors:
        worst, middle = np.max(np.abs(errors)), np.median(np.abs(errors))
        print(
            f"size of a pixel where Praat agrees with itself: {middle:.1%} off, {worst:.1%} at most (bar: {WANTED:.0%})"
        )


if __name__ == "__main__":
    main()
