"""``rtmri2speech analyze faithfulness``."""

from __future__ import annotations

from typing import Annotated

from rtmri2speech.cli.analyze.options import Bands, Out, Target, Video, model_of_frames
from rtmri2speech.cli.analyze.summary import save_with_summary
from rtmri2speech.cli.console import Device, Flag, Fps, Many, ModelFile, progress
from rtmri2speech.cli.segmentation.automatic import kept_regions


def faithfulness(
    video: Video,
    *,
    model: ModelFile,
    out: Out,
    target: Annotated[list[Target], Many] | None = None,
    stride: Annotated[list[int], Many] | None = None,
    regions: str = "template",
    bands: Bands = None,
    frames: int = 12,
    seed: int = 0,
    no_warps: Annotated[bool, Flag] = False,
    fps: Fps = None,
    device: Device = "auto",
) -> int:
    """Test whether maps describe the model, for every method, target and layer.

    Compares maps with those of the model randomized from its output to its input; deletes and inserts pixels in their
    order, next to random, edge, motion and center; hides regions; and widens the tract by 1 mm, stretch by stretch, to
    see whether formants do what Hz per mm say. Writes faithfulness.csv, .json, .png, faithfulness_randomisation.csv,
    faithfulness_curves.csv, faithfulness_warp.csv, and belief.csv and .md, which also hold what analyze physics found,
    if it wrote to the same folder.

    Parameters
    ----------
    video
        The video; a few seconds of speech are enough.
    model
        A model file with an acoustic model that reads frames.
    target
        What is explained; all targets if none is given.
    stride
        Strides in pixels of the layers that are compared with the last one; 16 and 8 if none is given.
    regions
        Where the articulators are: auto (recommended: found in the video by the segmenter that comes with the program,
        and kept as NAME_regions.npz in OUT), template (ellipses that suit a head looking to the left roughly),
        labels of segment or a phantom's truth (.npz), polygons drawn for the speaker (.json), or USC-TIMIT's contours
        (.mat).
    bands
        Bands in Hz; F1:300-900 and F2:900-2500 if none is given.
    frames
        How many frames are looked at, evenly spread over those that are not silent.
    seed
        Of the randomized weights and the random order.
    no_warps
        Do not widen the tract.
    device
        Where to run; auto takes a GPU if there is one.
    """
    from rtmri2speech.analysis.validation.clip_probe import STRIDES
    from rtmri2speech.analysis.validation.faithfulness import faithfulness as test_maps
    from rtmri2speech.analysis.validation.summary_table import FAITHFULNESS
    from rtmri2speech.data.files import check_writable

    ready = model_of_frames(model, device)
    check_writable(out / FAITHFULNESS)  # now, not after the work
    where = kept_regions(regions, video, out, fps, device)
    with progress("Reading the video", "steps") as bar:
        found = test_maps(
            ready,
            video,
            target=target,
            stride=stride or STRIDES,
            regions=where,
            bands=bands,
            frames=frames,
            seed=seed,
            warps=not no_warps,
            fps=fps,
            progress=bar,
        )
    save_with_summary(found, out, FAITHFULNESS, found.notes)
    return 0
