"""``--regions auto``: the articulators are found once, and their labels kept next to what a command writes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rtmri2speech.cli.console import Backend, progress
from rtmri2speech.cli.flags import print_notes

if TYPE_CHECKING:
    from rtmri2speech.vocal_tract.segmenter import FrameSegmenter

AUTO = "auto"


def kept_regions(
    regions: str,
    video: str | Path,
    folder: Path,
    fps: str | None = None,
    device: str = "auto",
    backend: Backend = "auto",
) -> str:
    """What a function takes for ``--regions``: for ``auto`` the file of labels, which is made if need be.

    Args:
        regions: as given.
        video: of the clip.
        folder: where the file is kept.
        fps: true frame rate, where the file's is wrong.
        device: where to run.
        backend: what computes the segmenter.
    """
    if regions != AUTO:
        return regions
    from rtmri2speech.analysis.regions.automatic import keep_labels

    with progress(f"Finding articulators in {Path(video).name}", "frames") as bar:
        kept = keep_labels(video, folder, fps=fps, device=device, backend=backend, progress=bar)
    print_notes(kept.notes)
    return str(kept.path)


@lru_cache(maxsize=1)
def loaded_segmenter(model: str, device: str, backend: Backend = "auto") -> FrameSegmenter:
    """A segmenter, loaded once per process for all of a command's videos.

    Args:
        model: a model file, or the name of one that comes with the program.
        device: where to run.
        backend: what computes it.

    Raises:
        BundleError: when it is missing, damaged, or holds no segmenter.
    """
    from rtmri2speech.vocal_tract.segmenter import load_segmenter

    return load_segmenter(model, device, backend)
