"""``rtmri2speech tract``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from rtmri2speech.cli.console import Device, Fps, progress, report_failures
from rtmri2speech.cli.flags import print_notes
from rtmri2speech.cli.segmentation.automatic import AUTO, kept_regions
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.signal.frame_rate import frame_rate

if TYPE_CHECKING:
    from rtmri2speech.vocal_tract.measurement.tract import Tract


def tract(
    videos: Annotated[list[Path], Parameter(name=["--videos", "--video"], consume_multiple=True, negative="")],
    *,
    out: Annotated[Path, Parameter(name=["--out", "--output-dir"])],
    regions: str | None = None,
    pixel_mm: float | None = None,
    area_model: str = "people",
    smoothing: float = 0.07,
    model: str = "segmenter",
    fps: Fps = None,
    device: Device = "auto",
) -> int:
    """Measure the vocal tract in videos: where and how far it is open in millimeters, its areas, and its formants.

    Writes NAME_tract.npz with everything, and NAME_tract.csv with a row per frame: length of the tract, constrictions
    at lips, tongue tip, tongue body, pharynx and velum, heights of larynx and jaw, F1 to F4 and confidence.

    Parameters
    ----------
    videos
        Mid-sagittal real-time MRI.
    out
        Folder to write to.
    regions
        NAME_regions.npz of segment, perhaps corrected by hand, or a phantom's truth, in place of the segmenter; of
        several videos, the folder that these files lie in. With auto, the segmenter's labels are kept in OUT as such
        files, and used.
    pixel_mm
        Size of a pixel of the videos, mm; by default as the regions say, or else estimated from the length of the
        tract.
    area_model
        Alpha and beta by region of the tract, for areas alpha d^beta of distances d: people, phantom for simulated
        speakers, or a file of your own (JSON or YAML).
    smoothing
        Standard deviation of the smoothing of the midline in time, seconds; 0 for raw values. It is symmetric, so
        nothing lags.
    model
        The model file of train segmenter; by default the segmenter that comes with the program.
    device
        Where to run; auto takes a GPU if there is one.
    """
    rate = frame_rate(fps)
    from rtmri2speech.corpora.names import refuse_same_names

    refuse_same_names(videos)

    from rtmri2speech.vocal_tract.geometry.area_function import load_area_model
    from rtmri2speech.vocal_tract.measurement.measure import tract as measure
    from rtmri2speech.vocal_tract.segmenter import load_segmenter

    shared: dict[str, Any] = {"area_model": load_area_model(area_model), "pixel_mm": pixel_mm, "smoothing": smoothing}
    segmenter = load_segmenter(model, device) if regions is None else model
    failures: list[tuple[Path, UserError]] = []
    for video in videos:
        try:
            labels = None if regions is None else _regions_of(video, regions, out, fps, device)
            with progress(f"Measuring {video.name}", "frames") as bar:
                found = measure(video, segmenter, regions=labels, fps=rate, progress=bar, **shared)
            files = write(found, out)
        except UserError as error:
            failures.append((video, error))
            continue
        print_notes(found.notes, video.name)
        print(f"{files[0]}: {found}")
    return report_failures(failures)


def write(found: Tract, out: Path) -> list[Path]:
    """Write what there is of a tract; the files, the most important one first."""
    return found.save(out)


def _regions_of(video: Path, regions: str, out: Path, fps: str | None, device: str) -> Path:
    """The file of labels of a video."""
    if regions == AUTO:
        return Path(kept_regions(AUTO, video, out, fps, device))
    path = Path(regions)
    if not path.is_dir():
        return path
    from rtmri2speech.vocal_tract.segmentation import LABELS_SUFFIX

    file = path / f"{video.stem}{LABELS_SUFFIX}"
    if not file.is_file():
        raise ConfigError(f"`regions={regions}`: no {file.name} there.", "Run segment with this folder as its output.")
    return file
