"""Whether Hz per mm of a model that reads a measured tract are what widening does, on a video of anybody.

    python benchmarks/tract_widening.py [VIDEO] [--model strangers] [--step 0.1]

By default the clip of a stranger that comes with the program. Each of 40 sections is widened by the step, half of it to
either side, in all frames in which it is open; areas, tube formants and inputs are computed anew, the medians of the
recording stay, and the mel is predicted. Prints, per formant, the difference from the derivative over sections (root of
the sum of squares), and the largest one, as shares of what widening does; the same of single frames, with walls held in
all frames; and what all of it costs, as a multiple of synthesis.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

import rtmri2speech as r2s
from rtmri2speech.analysis.widening.by_distance.derivatives import distance_derivatives
from rtmri2speech.analysis.widening.by_distance.slopes import input_slopes
from rtmri2speech.analysis.widening.formant_targets import WIDTH_HZ, centers_about, formant_targets
from rtmri2speech.arrays import Float64
from rtmri2speech.assets import asset
from rtmri2speech.inference.tract.inputs import tract_inputs
from rtmri2speech.models.tract import inputs
from rtmri2speech.vocal_tract.geometry.area_function import load_area_model
from rtmri2speech.vocal_tract.measurement.formants import tract_formants
from rtmri2speech.vocal_tract.measurement.tract import Tract


def main() -> None:
    parser = argparse.ArgumentParser(description="Hz per mm of a tract model against finite differences")
    parser.add_argument("video", type=Path, nargs="?", default=asset("stranger/stranger.mp4"))
    parser.add_argument("--model", default="strangers")
    parser.add_argument("--step", type=float, default=0.1, help="mm")
    options = parser.parse_args()
    model = r2s.load_model(options.model)
    clip = model.open(options.video, keep=True)
    tract, network = r2s.tract(clip.scan), model.tract_way.model

    def rows_of(one: Tract) -> torch.Tensor:
        return torch.from_numpy(tract_inputs(one, clip.retiming, clip.skipped)).to(model.device)

    @torch.no_grad()
    def mel_of(one: Tract) -> torch.Tensor:
        return network.predict(rows_of(one)).mel_db

    targets = formant_targets(mel_of(tract), model.features)
    there = np.isfinite(targets.values)
    by_mel = torch.where(torch.from_numpy(there)[..., None].to(targets.by_mel.device), targets.by_mel, 0.0)
    began = time.perf_counter()
    slopes = input_slopes(tract, clip.retiming, clip.skipped)
    found = distance_derivatives(network, rows_of(tract), by_mel, slopes)
    seconds = time.perf_counter() - began
    held = distance_derivatives(network, rows_of(tract), by_mel, slopes, held=True).held
    assert held is not None
    began = time.perf_counter()
    model.synthesize(clip.scan.path)
    whole = time.perf_counter() - began
    keep_medians(lambda: mel_of(tract))
    effects = []
    for section in range(slopes.distance.shape[1]):
        both = [mel_of(widened(tract, section, sign * options.step / 2)) for sign in (1, -1)]
        ends = [centers_about(mel, targets.found, model.features, WIDTH_HZ) for mel in both]
        effects.append(np.nan_to_num((ends[0] - ends[1]) / options.step).T)
    effect = np.stack(effects, axis=-1)
    for number, name in enumerate(targets.names):
        ours, theirs = np.nansum(found.total[:, number], axis=0), effect[:, number].sum(axis=0)
        known = np.isfinite(held[:, number])
        print(
            f"{name}: sections {norm(ours - theirs) / norm(theirs):.2%}, the largest "
            f"{np.abs(ours - theirs).max() / np.abs(theirs).max():.2%}; frames "
            f"{norm((held - effect)[:, number][known]) / norm(effect[:, number][known]):.2%}"
        )
    print(f"{len(held)} frames: {seconds:.2f} s for the derivatives, {whole:.2f} s for synthesis")


def keep_medians(act: Callable[[], object]) -> None:
    """From here on the medians of a recording are those that they are now."""
    median, kept = inputs._median, []

    def note(part: torch.Tensor) -> torch.Tensor:
        kept.append(median(part))
        return kept[-1]

    def again(_: torch.Tensor) -> torch.Tensor:
        kept.append(kept.pop(0))
        return kept[-1]

    inputs._median = note
    act()
    inputs._median = again


def widened(tract: Tract, section: int, mm: float) -> Tract:
    """The tract with a section widened in all frames in which it is open, and the formants that follow."""
    distance = tract.distance.copy()
    distance[:, section] += np.where(tract.closed[:, section] | (distance[:, section] <= 0.0), 0.0, mm)
    area = load_area_model(tract.area_model).areas(distance)
    formants = tract_formants(tract.length, area, tract.area_range).frequencies
    return replace(tract, distance=distance, area=area, formants=formants)


def norm(values: Float64) -> float:
    """Root of the sum of squares."""
    return float(np.linalg.norm(values))


if __name__ == "__main__":
    main()
