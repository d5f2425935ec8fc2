"""``rtmri2speech analyze``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Device, Fps, Many, ModelFile, parse_fps, progress
from rtmri2speech.errors import ConfigError

if TYPE_CHECKING:
    from fractions import Fraction

    from rtmri2speech.analysis.attribution.compute import Explained
    from rtmri2speech.data.media.clips import Clip
    from rtmri2speech.phonetics.labelled_segments import Segment

Target = Literal["energy", "log-energy", "centroid", "adaptive"]


def gradcam(
    video: Annotated[Path, Parameter(name=["VIDEO", "--video"])],
    *,
    model: ModelFile,
    out: Annotated[Path, Parameter(name=["--out", "--output-dir"])],
    formant_band: Annotated[list[str], Many] | None = None,
    target_frames: Annotated[list[int], Many] | None = None,
    method: Annotated[list[Literal["gradcam", "hirescam"]], Many] | None = None,
    target: Target | None = None,
    stride: int = 16,
    segment: Annotated[list[str], Many] | None = None,
    textgrid: Path | None = None,
    tier: str = "phones",
    label: Annotated[list[str], Many] | None = None,
    display: Literal["classical", "signed"] | None = None,
    scale: Literal["clip", "picture"] = "clip",
    fps: Fps = None,
    device: Device = "auto",
) -> int:
    """Show which part of the picture made which band of the predicted speech.

    Writes METHOD_BAND_sequence.npy (frames x height x width, signed, in the target's unit), METHOD_BAND_average.npy
    and .png, METHOD_BAND_frameN.png, targets.csv and METHOD_metadata.json; of segments,
    METHOD_BAND_NAMESegment_sequence.npy, _mean.npy, _spread.npy, pictures, differences and segments.csv.

    Parameters
    ----------
    video
        The video; of its sound, if it has any, only the time of its begin is used, and only with a TextGrid.
    model
        A model file with an acoustic model.
    out
        Folder to write to.
    formant_band
        Bands in Hz; F1:300-900 and F2:900-2500 if none is given.
    target_frames
        Frames to draw, counted from 0.
    method
        gradcam, the classical map of the last feature map; hirescam, a finer layer with the gradient kept in place.
        Both if none is given.
    target
        What is explained: the band's energy (of gradcam by default), its level in dB, its centre of gravity in Hz
        (of hirescam by default), or the level within 250 Hz of the formant found in the band.
    stride
        Pixels a cell of the layer that hirescam explains: 16, or 8 for more detail.
    segment
        Stretches to cut out, in seconds: 0.8-1.2, or a:0.8-1.2 to give a name.
    textgrid
        A Praat TextGrid whose labels name the stretches, in the time of the video's sound.
    tier
        Its tier.
    label
        Which labels of the tier; all of their tokens are used.
    display
        What pictures show: the positive part from 0 to 1 (of gradcam by default), or both signs (of hirescam). The
        arrays are signed in any case.
    scale
        Full colour is the largest value of the clip, so that frames can be compared, or of each picture.
    device
        Where to run; auto takes a GPU if there is one.
    """
    if textgrid is None and label:
        raise ConfigError("--label needs a TextGrid.", "Give --textgrid FILE as well.")
    if textgrid is not None and not label:
        raise ConfigError(f"--textgrid {textgrid}: no label is asked for.", "Give --label a, or several.")
    rate = parse_fps(fps)

    from rtmri2speech.analysis.attribution.compute import MapOptions, explain_clip
    from rtmri2speech.analysis.attribution.explainer import Explainer, open_video, require_frames
    from rtmri2speech.analysis.attribution.targets import read_bands
    from rtmri2speech.models.bundle.describe import origin_of_model
    from rtmri2speech.models.bundle.model_file import load_bundle
    from rtmri2speech.models.devices import choose_device
    from rtmri2speech.reporting.figures.map_figures import draw_maps, draw_segments

    bundle = load_bundle(model)
    bands = read_bands(formant_band, bundle.features)
    options = MapOptions(tuple(bands), target, tuple(dict.fromkeys(method or ["gradcam", "hirescam"])), stride)
    explainer = Explainer(bundle, choose_device(device))
    clip = open_video(video, explainer, rate)
    frames = list(dict.fromkeys(target_frames or []))
    require_frames(frames, clip)
    segments = _segments(segment or [], textgrid, tier, label or [], clip, bundle.features.frame_rate)
    with progress(f"Explaining {video.name}", "frames") as bar:
        bar.expect(2 * clip.n_frames)
        about = {**origin_of_model(model, bundle), "card": bundle.card}
        result = explain_clip(clip, explainer, out, options, frames, about, bar.advance)
    files = [*result.files, *draw_maps(result, out, video.name, display, scale)]
    if segments:
        files += draw_segments(result, segments, out, video.name, display)
    _tell(video, result, segments, files, out)
    return 0


def _segments(
    texts: list[str], textgrid: Path | None, tier: str, labels: list[str], clip: Clip, rate: Fraction
) -> list[Segment]:
    from rtmri2speech.corpora.sound_of_recording import lead_of_labels
    from rtmri2speech.phonetics.labelled_segments import labelled_segments, parse_segment, require_distinct

    found = [parse_segment(text, clip.n_frames, rate, clip.scan.path) for text in texts]
    if textgrid is not None:
        found += labelled_segments(textgrid, tier, labels, clip.n_frames, rate, lead_of_labels(clip))
    require_distinct(found)
    return found


def _tell(video: Path, result: Explained, segments: list[Segment], files: list[Path], out: Path) -> None:
    for note in result.notes:
        print(f"note: {video.name}: {note}", file=sys.stderr)
    for one in segments:
        if one.skipped:
            print(f"note: {one.skipped} interval(s) '{one.name}' are shorter than a frame: left out", file=sys.stderr)
    for maps in result.maps:
        first, last = maps.band.bins
        band = f"{maps.band.name} {maps.band.low:g}-{maps.band.high:g} Hz (mel bins {first}-{last})"
        print(f"{maps.path}: {band}, cells of {maps.stride} pixels, scale {maps.scale:.3g} {maps.unit}")
    print(f"{len(files)} files in {out}")


def regions(
    maps: Annotated[Path, Parameter(name=["MAPS", "--maps"])],
    *,
    regions: str = "template",
    only: Annotated[list[str], Many] | None = None,
) -> int:
    """Sum maps over lips, tongue, velum and larynx.

    Reads a folder of analyze gradcam and writes METHOD_regions.csv, METHOD_regions_time.csv, METHOD_regions.png
    and METHOD_regions.json, which tells the regions, into it.

    Parameters
    ----------
    maps
        The folder that analyze gradcam wrote.
    regions
        Where the articulators are: template (ellipses that suit a head looking to the left roughly), polygons drawn
        for the speaker (.json), a phantom's truth (.npz), or USC-TIMIT's contours (.mat).
    only
        Names of the regions to use; all if none is given.
    """
    import numpy as np

    from rtmri2speech.analysis.regions.masks import read_regions
    from rtmri2speech.analysis.regions.region_sums import read_maps, sum_over_regions, write_shares, write_used_regions
    from rtmri2speech.reporting.figures.regions import draw_regions

    for one in read_maps(maps):
        found = read_regions(regions, one.source)
        if only:
            found = found.only(only)
        sums = {band: sum_over_regions(np.load(path, mmap_mode="r"), found) for band, path in one.bands.items()}
        files = [*write_shares(maps, one, sums), write_used_regions(maps, one.method, regions, found)]
        files.append(maps / f"{one.method}_regions.png")
        draw_regions(files[-1], one, found, sums, f"{one.method}, regions of {Path(regions).name}")
        for band, each in sums.items():
            shares = sorted(zip(each.share(), each.names, strict=True), reverse=True)
            print(f"{one.method} {band}: " + ", ".join(f"{name} {share:.1%}" for share, name in shares))
        print(f"{files[0]}")
    return 0
