"""``rtmri2speech analyze gradcam``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from rtmri2speech.cli.analyze.options import Bands, Out, Target, Video, check_labels, opened
from rtmri2speech.cli.console import Device, Flag, Fps, Many, ModelFile, progress
from rtmri2speech.cli.flags import print_notes

if TYPE_CHECKING:
    from rtmri2speech.analysis.attribution.maps import Maps

Method = Literal["gradcam", "hirescam"]
# Enough for gray anatomy under one color map, at half the size.
_COLORS = 128


def _convert_scale(_: Any, tokens: Any) -> str:
    # "picture" is what 0.1.0 called it.
    value = str(tokens[0].value)
    if value not in ("clip", "frame", "picture"):
        raise ValueError(f'Invalid value "{value}". Choose from: "clip", "frame".')
    return "frame" if value == "picture" else value


def gradcam(
    video: Video,
    *,
    model: ModelFile,
    out: Out,
    bands: Bands = None,
    target_frames: Annotated[list[int], Many] | None = None,
    methods: Annotated[list[Method], Many, Parameter(name="--method")] | None = None,
    target: Target | None = None,
    stride: int = 16,
    segment: Annotated[list[str], Many] | None = None,
    textgrid: Path | None = None,
    tier: str = "phones",
    label: Annotated[list[str], Many] | None = None,
    display: Literal["classical", "signed"] | None = None,
    scale: Annotated[Literal["clip", "frame"], Parameter(converter=_convert_scale)] = "clip",
    cells: Annotated[bool, Flag] = False,
    fps: Fps = None,
    device: Device = "auto",
) -> int:
    """Show which part of the frame made which band of the predicted speech.

    Writes METHOD_BAND_sequence.npy (frames x height x width, signed, in the target's unit), METHOD_BAND_average.npy
    and .png, METHOD_BAND_frameN.png, targets.csv, METHOD_cells.npz and METHOD_metadata.json; of segments,
    METHOD_BAND_NAMESegment_sequence.npy, _mean.npy, _spread.npy, figures, differences and segments.csv.

    Parameters
    ----------
    video
        The video; of its sound, if it has any, only the time of its start is used, and only with a TextGrid.
    model
        A model file with an acoustic model that reads frames.
    bands
        Bands in Hz; F1:300-900 and F2:900-2500 if none is given.
    target_frames
        Frames to draw, counted from 0.
    methods
        gradcam, the classical map of the last feature map; hirescam, a finer layer with the gradient kept in place.
        Both if none is given.
    target
        What is explained: the band's energy (of gradcam by default), its level in dB, its center of gravity in Hz
        (of hirescam by default), or the level within 250 Hz of the formant found in the band.
    stride
        Stride in pixels of the layer that hirescam explains: 16, or 8 for more detail.
    segment
        Stretches to cut out, in seconds: 0.8-1.2, or a:0.8-1.2 to give a name; a:0.8-1.2,1.5-1.9 is a segment of two
        tokens, and so is one name given twice.
    textgrid
        A Praat TextGrid whose labels name the stretches, in the time of the video's sound; or a CSV table of intervals:
        label, start, end.
    tier
        Its tier; #2 is the second one, where several have the same name.
    label
        Which labels of the tier; all of their tokens are used.
    display
        What figures show: the positive part from 0 to 1 (of gradcam by default), or both signs (of hirescam). The
        arrays are signed in any case.
    scale
        Full color is the largest value of the clip, so that frames can be compared, or of each frame.
    cells
        Write the maps as cells of the layer alone (METHOD_cells.npz), without .npy files: one megabyte for ten
        seconds. All commands read them.
    device
        Where to run; auto takes a GPU if there is one.
    """
    check_labels(textgrid, label)

    from rtmri2speech.analysis.attribution.compute import gradcam as explain
    from rtmri2speech.reporting.figures.maps import draw_maps

    loaded, clip, segments = opened(video, model, device, fps, target_frames, segment, textgrid, tier, label)
    chosen = methods or ["gradcam", "hirescam"]
    with progress(f"Explaining {video.name}", "frames") as bar:
        maps = explain(
            loaded, clip, bands=bands, target=target, methods=chosen, stride=stride, progress=bar
        ).with_segments(segments)
    files = maps.save(out, pixels=not cells)
    files += draw_maps(maps, out, target_frames or (), display, scale, _COLORS if cells else None)
    _print_summary(maps, files, out, cells)
    return 0


def _print_summary(maps: Maps, files: list[Path], out: Path, cells: bool) -> None:
    from rtmri2speech.analysis.map_folder.names import CELLS, SEQUENCE

    print_notes(maps.notes, maps.name)
    skipped = [segment for segment in maps.segments if segment.skipped]
    print_notes(f"{one.skipped} interval(s) '{one.name}' are shorter than a frame: left out" for one in skipped)
    for one in maps:
        path = out / (f"{one.method}{CELLS}" if cells else f"{one.stem}{SEQUENCE}")
        first, last = one.band.bins
        what = f"{one.band} (mel bins {first}-{last}), cells of {one.stride} pixels"
        print(f"{path}: {what}, scale {one.scale:.3g} {one.unit}")
    print(f"{len(files)} files in {out}")
