"""Formants, bandwidths and sensitivity functions of lossy tubes: time per frame, and against VocalTractLab's formants.

    OMP_NUM_THREADS=1 python benchmarks/tube.py [--frames 500] [--truth NAME.npz ...]

The tubes are those of the shipped clip of a simulated speaker, or of the truth files given, over and over. Formants are
compared in frames in which the velum is up and the tract open.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from rtmri2speech.assets import asset
from rtmri2speech.data.truth import Truth
from rtmri2speech.vocal_tract.acoustics.formants import tube_formants
from rtmri2speech.vocal_tract.acoustics.losses import VOCALTRACTLAB, Losses
from rtmri2speech.vocal_tract.acoustics.lossless import resonances
from rtmri2speech.vocal_tract.acoustics.tubes import CLOSED_CM2

MODELS = {"Sondhi and Schroeter": Losses(), "VocalTractLab's constants": VOCALTRACTLAB}


def milliseconds(lengths: np.ndarray, areas: np.ndarray, losses: Losses) -> float:
    """Processor time per frame, the best of three: what else runs on the machine does not count."""
    spent = []
    for _ in range(3):
        start = time.process_time()
        tube_formants(lengths, areas, losses=losses)
        spent.append(time.process_time() - start)
    return 1000.0 * min(spent) / len(areas)


def errors(found: np.ndarray, wanted: np.ndarray) -> str:
    """Medians of the relative errors of F1 to F4 and of their sizes, in percent."""
    relative = 100.0 * (found / wanted - 1.0)
    signed, size = np.nanmedian(relative, axis=0), np.nanmedian(np.abs(relative), axis=0)
    return "  ".join(f"{one:+6.2f} ({other:5.2f})" for one, other in zip(signed, size, strict=True))


def main() -> None:
    """Print a line per model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--truth", type=Path, nargs="*")
    options = parser.parse_args()
    paths = options.truth or [asset("clip") / "m07" / "m07_0004.npz"]
    truths: list[Truth] = [Truth.load(path) for path in paths]
    lengths, areas, wanted, velum = (
        np.concatenate([getattr(truth, name) for truth in truths])
        for name in ("lengths", "areas", "formants", "velum_open")
    )
    lengths, areas = lengths.astype(np.float64), areas.astype(np.float64)
    said = ~velum & (areas.min(axis=1) > CLOSED_CM2)
    print(f"F1 to F4 of {said.sum()} frames, percent of VocalTractLab's: median (median size)")
    print(f"{'no losses':28}", errors(resonances(lengths[said], areas[said]), wanted[said]))
    repeated = np.resize(np.arange(len(areas)), options.frames)
    for name, losses in MODELS.items():
        found = tube_formants(lengths[said], areas[said], losses=losses).frequencies
        spent = milliseconds(lengths[repeated], areas[repeated], losses)
        print(f"{name:28}", errors(found, wanted[said]), f"  {spent:.2f} ms per frame of {options.frames}")


if __name__ == "__main__":
    main()
