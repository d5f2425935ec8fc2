"""``rtmri2speech analyze physics``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rtmri2speech.cli.analyze.options import Bands, Out, Target
from rtmri2speech.cli.analyze.summary import save_with_summary
from rtmri2speech.cli.console import Device, Flag, Fps, Many, ModelFile, progress
from rtmri2speech.cli.segmentation.automatic import kept_regions


def physics(
    videos: Annotated[list[Path], Parameter(name=["VIDEOS", "--videos"], consume_multiple=True, negative="")],
    *,
    model: ModelFile,
    out: Out,
    target: Annotated[list[Target], Many] | None = None,
    stride: Annotated[list[int], Many] | None = None,
    bands: Bands = None,
    regions: str | None = None,
    textgrid: Path | None = None,
    tier: str = "phones",
    label: Annotated[list[str], Many] | None = None,
    no_signed: Annotated[bool, Flag] = False,
    permuted: int = 1,
    fps: Fps = None,
    device: Device = "auto",
) -> int:
    """Compare maps with the sensitivity functions of the vocal tract, by vowel and formant.

    Of simulated utterances the truth next to the video is used (NAME.npz): stretches of the tract and their own
    sensitivity. Of one other recording, regions from --regions and vowels from --textgrid, paired with tubes that
    produce the same vowels. Hz per mm are compared with signs: of a simulated speaker with those of its true tube, of
    another one with those of the tube that is measured in the video. Writes physics.csv, .json, .png,
    physics_vowels.csv, physics_signed.csv, physics_signed_tokens.csv, and belief.csv and .md, which also hold what
    analyze faithfulness found, if it wrote to the same folder.

    Parameters
    ----------
    videos
        Videos; all of them are pooled.
    model
        A model file with an acoustic model; of one that reads a measured tract (strangers) Hz per mm alone.
    target
        What is explained; all targets if none is given.
    stride
        Strides in pixels of the layers that are compared with the last one; 16 and 8 if none is given.
    bands
        The bands of F1 and of F2 in Hz; F1:300-900 and F2:900-2500 if none is given.
    regions
        Lips, tongue_tip, tongue_body, tongue_root and larynx of a real speaker: auto (recommended: found in the video
        by the segmenter that comes with the program, and kept as NAME_regions.npz in OUT), template, labels of segment
        (.npz), polygons (.json), or contours (.mat).
    textgrid
        With --regions, a Praat TextGrid with the vowels, in the time of the video's sound; or a CSV table of intervals:
        label, start, end.
    tier
        Its tier.
    label
        Its vowels; a i u e o if none is given.
    no_signed
        Do not compare Hz per mm.
    permuted
        Models with permuted weights that Hz per mm are compared of, too; 2 or more give a p.
    device
        Where to run; auto takes a GPU if there is one.
    """
    from rtmri2speech.analysis.validation.clip_probe import STRIDES
    from rtmri2speech.analysis.validation.plausibility import plausibility
    from rtmri2speech.analysis.validation.summary_table import PHYSICS
    from rtmri2speech.data.files import check_writable
    from rtmri2speech.inference.model import load_model

    ready = load_model(model, device)
    check_writable(out / PHYSICS)  # now, not after the work
    where = kept_regions(regions, videos[0], out, fps, device) if regions and textgrid else regions
    with progress("Comparing", "videos") as bar:
        found = plausibility(
            ready,
            videos,
            target=target,
            stride=stride or STRIDES,
            bands=bands,
            regions=where,
            textgrid=textgrid,
            tier=tier,
            label=label,
            signed=not no_signed,
            permuted=permuted,
            fps=fps,
            progress=bar,
        )
    save_with_summary(found, out, PHYSICS, found.notes)
    return 0
