"""``rtmri2speech analyze masking``."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Device, Flag, Fps, Many, ModelFile, parse_fps, progress

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from rtmri2speech.analysis.occlusion.table import Row
    from rtmri2speech.models.bundle.model_file import Bundle


def masking(
    video: Annotated[Path, Parameter(name=["VIDEO", "--video"])],
    *,
    model: ModelFile,
    out: Annotated[Path, Parameter(name=["--out", "--output-dir"])],
    region: Annotated[list[str], Many] | None = None,
    alpha: Annotated[list[float], Many] | None = None,
    fill: Annotated[list[Literal["darken", "blur", "freeze", "neighbourhood"]], Many] | None = None,
    regions: str = "template",
    formant_band: Annotated[list[str], Many] | None = None,
    controls: int = 2,
    seed: int = 0,
    wavs: Annotated[bool, Flag] = False,
    fps: Fps = None,
    device: Device = "auto",
) -> int:
    """Hide articulators and measure what becomes of the speech.

    Writes masking.csv (every region, fill, alpha and measure beside controls of equal area), masking.png and
    masking.json; with --wavs the sound of every condition. Frames are changed after their normalisation.

    Parameters
    ----------
    video
        The video; its sound, if it has any, is not used.
    model
        A model file with an acoustic model; with a vocoder the sound is measured, too.
    out
        Folder to write to.
    region
        Names of regions to hide, one at a time; all if none is given.
    alpha
        How much stays visible: 0 hides, 1 leaves as is. 0 and 0.3 if none is given; 1 is always measured as well.
    fill
        What stands in the place of a region: darken, black; blur, the frame out of focus; freeze, the clip's mean,
        which never moves; neighbourhood, what lies around it. darken if none is given.
    regions
        Where the articulators are: template (ellipses that suit a head looking to the left roughly), polygons drawn
        for the speaker (.json), a phantom's truth (.npz), or USC-TIMIT's contours (.mat).
    formant_band
        Bands in Hz; F1:300-900 and F2:900-2500 if none is given.
    controls
        Control regions beside each region: its own shape, moved off the articulators to a place of like brightness.
    seed
        Of the draw of their places.
    wavs
        Write the sound of every condition; needs a model with a vocoder.
    device
        Where to run; auto takes a GPU if there is one.
    """
    rate = parse_fps(fps)

    from rtmri2speech.analysis.attribution.explainer import Explainer, open_video
    from rtmri2speech.analysis.attribution.targets import read_bands
    from rtmri2speech.analysis.occlusion.occlude import MaskOptions, mask_clip, passes
    from rtmri2speech.analysis.occlusion.table import measure_effects, rows_of, write_description, write_table
    from rtmri2speech.analysis.regions.masks import origin_of_regions, read_regions, source_of
    from rtmri2speech.data.files import check_writable
    from rtmri2speech.models.bundle.describe import origin_of_model
    from rtmri2speech.models.bundle.model_file import load_bundle
    from rtmri2speech.models.devices import choose_device
    from rtmri2speech.reporting.figures.occlusion import draw_masking

    bundle = load_bundle(model)
    place = choose_device(device)
    explainer = Explainer(bundle, place)
    speak = _speaker(bundle, place, wavs)
    bands = read_bands(formant_band, bundle.features)
    clip = open_video(video, explainer, rate)
    everything = read_regions(regions, source_of(clip))
    names = everything.only(region).names if region else everything.names
    alphas = tuple(dict.fromkeys([*(alpha or (0.0, 0.3)), 1.0]))
    options = MaskOptions(names, tuple(dict.fromkeys(fill or ["darken"])), alphas, controls, seed)
    check_writable(out / "masking.csv")
    with progress(f"Hiding regions of {video.name}", "frames") as bar:
        bar.expect(passes(options) * clip.n_frames)
        masked = mask_clip(clip, explainer, everything, options, bar.advance)
    with progress("Measuring", "conditions") as bar:
        bar.expect(len(masked.mels))
        effects = measure_effects(masked, bands, bundle.features, speak, out if wavs else None, bar.advance)
    rows = list(rows_of(masked, effects))
    about = {**origin_of_model(model, bundle), "video": str(video), **origin_of_regions(regions, everything)}
    about["n_frames"] = clip.n_frames
    files = [write_table(out, rows), write_description(out, masked, options, bands, about), out / "masking.png"]
    shown = [f"{band.name}_{what}" for band in bands for what in ("level_db", "hz")]
    shown += ["sound_f0_hz", "sound_mcd_db", "mel_mcd_db"]
    found = {row.measure for row in rows if math.isfinite(row.effect)}
    shown = [name for name in shown if name in found]
    draw_masking(files[-1], rows, shown, f"{video.name}: change when hidden")
    for name in masked.empty:
        print(f"note: region '{name}' covers no pixel in any frame: left out", file=sys.stderr)
    for name, places in masked.controls.items():
        if len(places) < controls:
            print(f"note: region '{name}' has room for {len(places)} control(s) only", file=sys.stderr)
    if speak is not None and not any(row.measure.startswith("sound_") for row in rows):
        print("note: nothing was measured of the sound: Praat is missing (extra phonetics)", file=sys.stderr)
    _tell(rows, shown)
    print("\n".join(str(path) for path in files))
    return 0


def _speaker(
    bundle: Bundle, device: torch.device, needed: bool
) -> Callable[[NDArray[np.float32]], NDArray[np.float32]] | None:
    """What makes sound of a mel, where the model can."""
    from rtmri2speech.errors import BundleError
    from rtmri2speech.inference.model import Model

    if bundle.vocoder is None:
        if needed:
            raise BundleError(
                f"{bundle.source} holds no vocoder, so there is no sound to write.",
                "Leave out --wavs, or join both: rtmri2speech bundle --acoustic A --vocoder V --out M",
            )
        return None
    return Model(bundle, device).vocode


def _tell(rows: list[Row], measures: list[str]) -> None:
    """A line a region, of the lowest alpha."""
    lowest = min(row.condition.alpha for row in rows)
    lines: dict[str, list[str]] = {}
    for row in rows:
        if row.condition.alpha == lowest and row.measure in measures:
            name = f"{row.condition.region}, {row.condition.fill}, alpha {lowest:g}"
            lines.setdefault(name, []).append(f"{row.measure} {row.effect:.3g} ({row.controls_mean:.3g})")
    print("Change when hidden (mean of the controls):")
    for name, cells in lines.items():
        print(f"{name}: " + ", ".join(cells))
