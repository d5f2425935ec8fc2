"""Hz per millimeter of the shipped model against physics, on an utterance of the phantom that it has not seen.

    python benchmarks/widening.py [VIDEO] [--model phantom] [--measured] [--exact] [--warp 0.1]

By default the clip that comes with the program. Frames are those in the middle third of each vowel's tokens, velum up;
Hz per mm is summed over 8 stretches of equal length from glottis to lips, and averaged over each token. Prints, for F1
and F2: signed correlation over stretches and tokens, how often signs agree where physics exceeds 5 Hz/mm, the slope of
the model over physics, as it is and per Hz of the spectrum (divided by the target's gain), and the seconds it took.

Physics is that of the true areas; with ``--measured`` of the tube that is measured in the frames, as it is on people.
With ``--exact`` the answers for walls that are held around each frame, and of the own frame alone, are compared too.

With ``--warp MM`` nothing is compared with physics, but the derivative with what the model does when frames are warped:
each stretch is widened by that much, and narrowed, in all frames. Prints by stretch the norm of their difference over
all frames, relative to the warp's; for the center of gravity about each formant. Minutes for seconds of video.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

import rtmri2speech as r2s
from rtmri2speech.analysis.regions.masks import source_of
from rtmri2speech.analysis.validation.signed.agreement import runs
from rtmri2speech.analysis.validation.signed.stretches import by_stretch, true_hz_per_mm
from rtmri2speech.analysis.validation.tract import simulated_tract
from rtmri2speech.analysis.widening.compute import Lines
from rtmri2speech.analysis.widening.fields import WIDTH_MM, FrameFields
from rtmri2speech.analysis.widening.finite import finite_widening
from rtmri2speech.analysis.widening.formant_targets import WIDTH_HZ
from rtmri2speech.arrays import Float64, Int64
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.data.truth import Truth
from rtmri2speech.inference.model import Model
from rtmri2speech.vocal_tract.measurement.tract import Tract

FORMANTS, LARGE, LEAST = 2, 5.0, 0.05
WANTED = {"r": (0.75, 0.85), "signs": 0.85}


def main() -> None:
    parser = argparse.ArgumentParser(description="Hz per mm against physics")
    parser.add_argument("video", type=Path, nargs="?", default=r2s.example_video())
    parser.add_argument("--model", default="phantom")
    parser.add_argument("--measured", action="store_true")
    parser.add_argument("--exact", action="store_true")
    parser.add_argument("--warp", type=float, metavar="MM")
    options = parser.parse_args()
    model = r2s.load_model(options.model)
    clip = model.open(options.video, keep=True)
    measured = r2s.tract(clip.scan, area_model="phantom")
    if options.warp:
        print_warp(model, clip, measured, options.warp)
        return
    began = time.perf_counter()
    found = r2s.widening(model, clip, regions=measured, held=options.exact)
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    model.synthesize(options.video)
    ratio = seconds / (time.perf_counter() - began)

    path = Path(options.video).with_suffix(".npz")
    vowels = list(runs(simulated_tract(path, source_of(clip)).vowels))
    tube = by_stretch(found.tube[:, :FORMANTS]) if options.measured else true_hz_per_mm(Truth.load(path))
    answers = {"model": found.model, "held": found.held, "own frame": found.own}
    print(f"{clip.scan.path.name}: {len(vowels)} tokens of {len({name for name, _ in vowels})} vowels")
    print(f"{'':<12}{'formant':<9}{'r':>6}{'signs':>8}{'slope':>8}{'per Hz':>8}")
    for name, values in answers.items():
        if values is None:
            continue
        # Where nothing is known of the tube, nothing is compared.
        known = np.isfinite(found.tube) | (not options.measured)
        ours = by_stretch(np.where(known, values, np.nan)[:, :FORMANTS])
        per_hz = ours / np.maximum(found.gain[:, :FORMANTS, None], 0.05)
        for formant in range(FORMANTS):
            rows = [means(one[:, formant], vowels) for one in (ours, tube, per_hz)]
            print_row(name, formant, *rows)
    gains = ", ".join(f"{name} {np.nanmean(gain):.2f}" for name, gain in zip(found.names, found.gain.T, strict=True))
    print(f"Hz that a target moves per Hz of the spectrum, mean: {gains}")
    print(f"{ratio:.1f} times as long as synthesis (4 wanted), the tract's measurement not included")


def print_warp(model: Model, clip: Clip, measured: Tract, mm: float) -> None:
    found = r2s.widening(model, clip, regions=measured, held=True, tolerance=0.0, target="center")
    source, lines = np.asarray(source_of(clip).frames), Lines(measured, clip)

    def fields_of(frame: int) -> FrameFields:
        return lines.fields(int(source[frame]), WIDTH_MM)

    moved = finite_widening(model, list(clip.blocks()), fields_of, width=WIDTH_HZ, step_mm=mm).targets
    assert found.held is not None
    slopes = by_stretch(found.held)
    print(f"{clip.scan.path.name}: derivative against a warp of {mm:g} mm, relative error ({LEAST:.0%} wanted)")
    print(f"{'':<4}{'all':>6}   glottis to lips")
    for number in range(FORMANTS):
        one, other = slopes[:, number], moved[:, number]
        known = np.isfinite(one) & np.isfinite(other)
        off, size = np.where(known, one - other, 0.0), np.where(known, other, 0.0)
        each = np.linalg.norm(off, axis=0) / np.linalg.norm(size, axis=0)
        whole = np.linalg.norm(off) / np.linalg.norm(size)
        print(f"F{number + 1:<3}{whole:>6.1%}   " + " ".join(f"{value:.1%}" for value in each))


def means(values: Float64, vowels: list[tuple[str, Int64]]) -> Float64:
    """Of each token, (tokens, 8)."""
    return np.stack([np.nanmean(values[np.minimum(frames, len(values) - 1)], axis=0) for _, frames in vowels])


def print_row(name: str, formant: int, ours: Float64, tube: Float64, per_hz: Float64) -> None:
    one, other = np.nan_to_num(ours).ravel(), np.nan_to_num(tube).ravel()
    large = np.abs(other) > LARGE
    r, slope, of_hz = (
        np.corrcoef(one, other)[0, 1],
        one @ other / (other @ other),
        per_hz.ravel() @ other / (other @ other),
    )
    signs = (np.sign(one) == np.sign(other))[large].mean()
    wanted = f"(r {WANTED['r'][formant]}, signs {WANTED['signs']:.0%} wanted)"
    print(f"{name:<12}F{formant + 1:<8}{r:>6.2f}{signs:>8.0%}{slope:>8.2f}{of_hz:>8.2f}  {wanted}")


if __name__ == "__main__":
    main()
