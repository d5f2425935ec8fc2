"""``rtmri2speech analyze faithfulness``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Device, Fps, Many, ModelFile, parse_fps, progress
from rtmri2speech.errors import ConfigError


def faithfulness(
    video: Annotated[Path, Parameter(name=["VIDEO", "--video"])],
    *,
    model: ModelFile,
    out: Annotated[Path, Parameter(name=["--out", "--output-dir"])],
    target: Annotated[list[Literal["energy", "log-energy", "centroid", "adaptive"]], Many] | None = None,
    stride: Annotated[list[int], Many] | None = None,
    regions: str = "template",
    formant_band: Annotated[list[str], Many] | None = None,
    frames: int = 12,
    seed: int = 0,
    fps: Fps = None,
    device: Device = "auto",
) -> int:
    """Test whether maps tell of the model, for every method, target and layer.

    Compares maps with those of the model randomised from its output to its input; deletes and inserts pixels in their
    order, beside random, edge, motion and centre; and hides regions. Writes faithfulness.csv, .json, .png,
    faithfulness_randomisation.csv, faithfulness_curves.csv, and belief.csv and .md, which also hold what analyze
    physics found, if it wrote to the same folder.

    Parameters
    ----------
    video
        The video; a few seconds of speech are enough.
    model
        A model file with an acoustic model.
    out
        Folder to write to.
    target
        What is explained; all targets if none is given.
    stride
        Pixels a cell of the layers beside the last one; 16 and 8 if none is given.
    regions
        Where the articulators are: template, polygons (.json), a phantom's truth (.npz), or contours (.mat).
    formant_band
        Bands in Hz; F1:300-900 and F2:900-2500 if none is given.
    frames
        How many frames are looked at, evenly spread over those that speak.
    seed
        Of the randomised weights and the random order.
    device
        Where to run; auto takes a GPU if there is one.
    """
    rate = parse_fps(fps)
    if frames < 1:
        raise ConfigError(f"--frames {frames}: there is nothing to look at.", "Give 1 or more.")

    from rtmri2speech.analysis.attribution.explainer import Explainer, open_video
    from rtmri2speech.analysis.attribution.targets import read_bands
    from rtmri2speech.analysis.regions.masks import origin_of_regions, read_regions, source_of
    from rtmri2speech.analysis.validation.deletion_insertion import draw_curves
    from rtmri2speech.analysis.validation.faithfulness import Faithfulness, write_faithfulness
    from rtmri2speech.analysis.validation.probe import KINDS, STRIDES, Probe
    from rtmri2speech.analysis.validation.randomization import cascade, steps_of
    from rtmri2speech.analysis.validation.region_occlusion import compare_regions
    from rtmri2speech.data.files import check_writable
    from rtmri2speech.models.bundle.describe import origin_of_model
    from rtmri2speech.models.bundle.model_file import load_bundle
    from rtmri2speech.models.devices import choose_device
    from rtmri2speech.reporting.figures.faithfulness import draw_faithfulness

    bundle = load_bundle(model)
    explainer = Explainer(bundle, choose_device(device))
    bands = read_bands(formant_band, bundle.features)
    clip = open_video(video, explainer, rate)
    where = read_regions(regions, source_of(clip))
    kinds = tuple(dict.fromkeys(target or KINDS))
    probe = Probe(clip, explainer, bands, kinds, stride or STRIDES)
    check_writable(out / "faithfulness.csv")
    chosen = probe.choose(frames)
    with progress("Deleting and inserting", "steps") as bar:
        bar.expect(2 * len(chosen) + len(steps_of(explainer.model)))
        curves = draw_curves(probe, chosen, seed, bar.advance)
        bar.describe("Hiding regions")
        effects = compare_regions(probe, where, chosen, on_frame=bar.advance)
        bar.describe("Randomising")
        similarities = cascade(bundle, probe, chosen, seed, bar.advance)
    found = Faithfulness(probe, similarities, curves, effects)
    about = {
        **origin_of_model(model, bundle),
        "videos": [str(video)],
        **origin_of_regions(regions, where),
        "seed": seed,
        "frames": chosen.tolist(),
        "targets": kinds,
        "strides": probe.strides,
        "bands": [asdict(band) for band in bands],
        "fps": fps,
        "device": str(explainer.device),
    }
    notes: list[str] = []
    files = [*write_faithfulness(out, found, about, notes), out / "faithfulness.png"]
    draw_faithfulness(files[-1], found, f"{video.name}, {len(chosen)} frames")
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    print((out / "belief.md").read_text(encoding="utf-8"), end="")
    print("\n".join(str(path) for path in files))
    return 0
