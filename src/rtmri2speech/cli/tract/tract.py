"""``rtmri2speech tract``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.batch.distribution import HERE, ClusterOptions
from rtmri2speech.cli.batch.videos import Outcome, each_video
from rtmri2speech.cli.console import Backend, Device, Flag, Fps, Many, VideoWorkers, ran_with, report_failures
from rtmri2speech.cli.segmentation.automatic import AUTO, loaded_segmenter
from rtmri2speech.cli.tract.looks import Looks, besides, write_looks
from rtmri2speech.errors import ConfigError
from rtmri2speech.progress import SILENT, Progress

if TYPE_CHECKING:
    from rtmri2speech.vocal_tract.measurement.tract import Tract
    from rtmri2speech.vocal_tract.segmenter import FrameSegmenter

ExportFormat = Literal["ssff", "mat", "textgrid"]
_SHIPPED = "segmenter"


def tract(
    videos: Annotated[list[Path], Parameter(name=["--videos", "--video"], consume_multiple=True, negative="")],
    *,
    out: Annotated[Path, Parameter(name=["--out", "--output-dir"])],
    regions: str | None = None,
    pixel_mm: float | None = None,
    area_model: str = "people",
    smoothing: float = 0.07,
    model: str = _SHIPPED,
    textgrid: Path | None = None,
    tier: str | None = None,
    label: Annotated[list[str], Many] | None = None,
    formats: Annotated[list[ExportFormat], Many] | None = None,
    audio: str = "auto",
    frames: Annotated[list[int], Many] | None = None,
    columns: Literal[1, 2] = 2,
    numbers_only: Annotated[bool, Flag] = False,
    fps: Fps = None,
    device: Device = "auto",
    backend: Backend = "auto",
    workers: VideoWorkers = 1,
    cluster: ClusterOptions = HERE,
) -> int:
    """Measure the vocal tract in videos: where and how far it is open in millimeters, its areas, and its formants.

    Writes NAME_tract.npz with everything, and NAME_tract.csv with a row per frame: length of the tract, constrictions
    at lips, tongue tip, tongue body, pharynx and velum, heights of larynx and jaw, F1 to F4 and confidence. Also
    NAME_gestures.csv and .TextGrid: when each constriction is formed, held and released. Of a video with NAME.TextGrid,
    or a table of intervals, next to it: NAME_tokens.csv (a row per vowel that was spoken), NAME_vowels.csv (a row per
    vowel), and its area functions as NAME_vowels.pdf, .svg and .png.

    To look at: NAME_tract.mp4, each frame with its contours next to its area function and its F1 and F2, with sound;
    NAME_tract.pdf, .svg and .png, the recording over time. Of a video with sound also NAME_tract_formants.csv and
    .json, the tube's formants compared with those that Praat finds in the sound, and a figure of them.

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
    textgrid
        The TextGrid or table, where there is one video and it has another name.
    tier
        Its tier of phones; found by itself if not given.
    label
        Labels that are vowels; those of Japanese, ARPAbet and the IPA if none is given.
    formats
        Files for other programs too: ssff for emuR, mat for Matlab, textgrid for Praat.
    audio
        The sound that starts with the first frame: a file; track for the video's own sound track; none. With auto,
        NAME.wav next to the video, or else its sound track.
    frames
        Numbers of frames, from 0, that get a figure of their own.
    columns
        Width of figures: 1 for a column (85 mm), 2 for a page (174 mm).
    numbers_only
        Write neither figures nor the video.
    device
        Where to run; auto takes a GPU if there is one.
    cluster
        More than one machine.
    """
    from rtmri2speech.signal.frame_rate import frame_rate

    frame_rate(fps)
    looks = Looks(audio, tuple(frames or ()), columns, numbers_only)
    _check(videos, textgrid, looks)

    spoken = (textgrid, tier, label)
    measured = (area_model, pixel_mm, smoothing)
    work = _Measuring(out, fps, device, backend, model, regions, measured, looks, spoken, tuple(formats or ()))
    return report_failures(each_video(work, videos, workers, cluster))


@dataclass(frozen=True)
class _Measuring:
    out: Path
    fps: str | None
    device: str
    backend: Backend
    model: str
    regions: str | None
    measured: tuple[str, float | None, float]
    looks: Looks
    spoken: tuple[Path | None, str | None, list[str] | None]
    formats: tuple[ExportFormat, ...]
    title: str = "Measuring"

    def load(self, device: str, several: bool) -> None:
        from rtmri2speech.vocal_tract.geometry.area_function import load_area_model

        load_area_model(self.measured[0])
        _segmenter(self.model, self.regions, device, self.backend)

    def __call__(self, video: Path, bar: Progress = SILENT) -> Outcome:
        from rtmri2speech.data.media.scan import scan_video
        from rtmri2speech.signal.frame_rate import frame_rate
        from rtmri2speech.vocal_tract.export.write import write_exports
        from rtmri2speech.vocal_tract.geometry.area_function import load_area_model
        from rtmri2speech.vocal_tract.measurement.measure import tract as measure

        scan = scan_video(video, frame_rate(self.fps))
        given = besides(scan, self.looks, *self.spoken)
        labels, kept = self._regions_of(video, bar)
        area_model, pixel_mm, smoothing = self.measured
        segmenter = _segmenter(self.model, self.regions, self.device, self.backend)
        found = measure(
            scan,
            segmenter,
            regions=labels,
            area_model=load_area_model(area_model),
            pixel_mm=pixel_mm,
            smoothing=smoothing,
            progress=bar,
        )
        files = [*write(found, self.out), *write_exports(found, self.out, self.formats)]
        lines, notes = write_looks(found, scan, self.out, given, self.looks, bar)
        how = "" if isinstance(segmenter, str) else ran_with(segmenter.ran_with)
        return Outcome([f"{files[0]}: {found}{how}", *lines], [*kept, *found.notes, *notes])

    def _regions_of(self, video: Path, bar: Progress) -> tuple[Path | None, tuple[str, ...]]:
        """The file of labels of a video, and what is to be said of it."""
        if self.regions is None:
            return None, ()
        if self.regions == AUTO:
            from rtmri2speech.analysis.regions.automatic import keep_labels

            kept = keep_labels(video, self.out, fps=self.fps, device=self.device, backend=self.backend, progress=bar)
            return kept.path, kept.notes
        return _given_regions(video, self.regions), ()


def _check(videos: list[Path], textgrid: Path | None, looks: Looks) -> None:
    """Refuse what goes with one video for several."""
    if textgrid is not None and len(videos) != 1:
        raise ConfigError(f"`textgrid={textgrid}`: goes with one video.", "Put NAME.TextGrid next to each.")
    looks.require_one_video(len(videos))


def _segmenter(model: str, regions: str | None, device: str, backend: Backend) -> FrameSegmenter | str:
    """The model, loaded once for all videos; its name where it is not needed."""
    if regions is None:
        return loaded_segmenter(model, device, backend)
    if model != _SHIPPED:
        raise ConfigError(f"`model={model}`: is not asked where `regions` are given.", "Leave out one of the two.")
    return model


def write(found: Tract, out: Path) -> list[Path]:
    """Write what there is of a tract; the files, the most important one first."""
    from rtmri2speech.vocal_tract.gestures.gestures import gestures_of

    return [*found.save(out), *gestures_of(found).save(out)]


def _given_regions(video: Path, regions: str) -> Path:
    """The file of labels of a video, where files or a folder are given."""
    path = Path(regions)
    if not path.is_dir():
        return path
    from rtmri2speech.vocal_tract.segmentation import LABELS_SUFFIX

    file = path / f"{video.stem}{LABELS_SUFFIX}"
    if not file.is_file():
        raise ConfigError(f"`regions={regions}`: no {file.name} there.", "Run segment with this folder as its output.")
    return file
