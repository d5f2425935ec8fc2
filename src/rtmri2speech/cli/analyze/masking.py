"""``rtmri2speech analyze masking``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from rtmri2speech.cli.analyze.options import Bands, Fill, Out, Video, model_of_frames
from rtmri2speech.cli.console import Backend, Device, Flag, Fps, Many, ModelFile, progress
from rtmri2speech.cli.flags import print_notes
from rtmri2speech.cli.segmentation.automatic import kept_regions

if TYPE_CHECKING:
    from rtmri2speech.analysis.occlusion.occlusion import Occlusion


def masking(
    video: Video,
    *,
    model: ModelFile,
    out: Out,
    region: Annotated[list[str], Many] | None = None,
    alpha: Annotated[list[float], Many] | None = None,
    fill: Annotated[list[Fill], Many] | None = None,
    regions: str = "template",
    bands: Bands = None,
    controls: int = 2,
    seed: int = 0,
    wavs: Annotated[bool, Flag] = False,
    fps: Fps = None,
    device: Device = "auto",
    backend: Backend = "torch",
) -> int:
    """Hide articulators and measure what becomes of the speech.

    Writes masking.csv (every region, fill, alpha and measure, compared with controls of equal area), masking.png and
    masking.json; with --wavs the sound of every condition. Frames are changed after their normalization.

    Parameters
    ----------
    video
        The video; its sound, if it has any, is not used.
    model
        A model file with an acoustic model that reads frames; with a vocoder the sound is measured, too.
    region
        Names of regions to hide, one at a time; all if none is given.
    alpha
        How much stays visible: 0 hides, 1 leaves as is. 0 and 0.3 if none is given; 1 is always measured as well.
    fill
        What a region is replaced by: darken, black; blur, the frame out of focus; freeze, the clip's mean frame,
        which never moves; neighbourhood, what lies around it. darken if none is given.
    regions
        Where the articulators are: auto (recommended: found in the video by the segmenter that comes with the program,
        and kept as NAME_regions.npz in OUT), template (ellipses that suit a head looking to the left roughly),
        labels of segment or a phantom's truth (.npz), polygons drawn for the speaker (.json), or USC-TIMIT's contours
        (.mat).
    bands
        Bands in Hz; F1:300-900 and F2:900-2500 if none is given.
    controls
        Control regions for each region: its own shape, moved off the articulators to a place of similar brightness.
    seed
        Of the draw of their places.
    wavs
        Write the sound of every condition; needs a model with a vocoder.
    device
        Where to run; auto takes a GPU if there is one.
    backend
        What computes the networks on a CPU: torch; openvino (extra fast); onnx; auto, OpenVINO where it is installed,
        for those networks that gain by it.
    """
    from rtmri2speech.analysis.occlusion.conditions import ALPHAS
    from rtmri2speech.analysis.occlusion.occlude import occlude
    from rtmri2speech.data.files import check_writable

    ready = model_of_frames(model, device, backend)
    check_writable(out / "masking.csv")  # now, not after the work
    where = kept_regions(regions, video, out, fps, device)
    with progress(f"Hiding regions of {video.name}", "done") as bar:
        found = occlude(
            ready,
            video,
            region=region,
            alpha=alpha or ALPHAS,
            fill=fill or "darken",
            regions=where,
            bands=bands,
            controls=controls,
            seed=seed,
            wavs=wavs,
            fps=fps,
            progress=bar,
        )
    files = [path for path in found.save(out) if path.suffix != ".wav"]
    print_notes(found.notes)
    _print_summary(found)
    print("\n".join(str(path) for path in files))
    return 0


def _print_summary(found: Occlusion) -> None:
    """A line for each region and fill, of the lowest alpha."""
    lowest, measures = min(one.condition.alpha for one in found.effects), found.main_measures
    lines: dict[str, list[str]] = {}
    for one in found.effects:
        if one.condition.alpha == lowest and one.measure in measures:
            name = f"{one.condition.region}, {one.condition.fill}, alpha {lowest:g}"
            lines.setdefault(name, []).append(f"{one.measure.name} {one.effect:.3g} ({one.controls_mean:.3g})")
    print("Change when hidden (mean of the controls):")
    for name, cells in lines.items():
        print(f"{name}: " + ", ".join(cells))
