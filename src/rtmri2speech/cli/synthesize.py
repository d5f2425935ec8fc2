"""``rtmri2speech synthesize``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from cyclopts import Parameter

from rtmri2speech.cli.batch.distribution import HERE, ClusterOptions
from rtmri2speech.cli.batch.videos import Outcome, each_video
from rtmri2speech.cli.console import Backend, Device, Fps, ModelFile, VideoWorkers, ran_with, report_failures
from rtmri2speech.progress import SILENT, Progress

if TYPE_CHECKING:
    from rtmri2speech.inference.model import Model

Generator: TypeAlias = Literal["fast", "plain"]


def synthesize(
    videos: Annotated[list[Path], Parameter(name=["--videos", "--video"], consume_multiple=True, negative="")],
    *,
    model: ModelFile,
    out: Annotated[Path, Parameter(name=["--out", "--output-dir"])],
    device: Device = "auto",
    backend: Backend = "auto",
    dtype: Literal["float32", "bfloat16", "fp32", "bf16"] = "float32",
    generator: Generator = "fast",
    fps: Fps = None,
    pixel_mm: float | None = None,
    way: Literal["auto", "image", "tract"] = "auto",
    f0: str | None = None,
    workers: VideoWorkers = 1,
    cluster: ClusterOptions = HERE,
) -> int:
    """Make speech from videos.

    Writes NAME_generated.wav, NAME_mel.npy (frames x bands, dB), NAME_mel_log.npy (bands x frames, natural
    logarithm of power) and NAME_mel.png; by way of the measured tract, or with a vocoder that has a harmonic source,
    NAME_generated.PitchTier too, its F0.

    Parameters
    ----------
    videos
        The videos; their sound, if they have any, is not used, unless --f0 from-audio asks for its pitch.
    model
        The model file from bundle, or one that comes with the program: phantom reads frames, strangers reads what is
        measured in them.
    out
        Folder to write to.
    device
        Where to run; auto takes a GPU if there is one.
    dtype
        Precision of the networks; bfloat16 is faster on newer CPUs and GPUs.
    generator
        How PyTorch computes the vocoder on a CPU: fast, or plain, as it was trained, to compare; the waves differ by
        rounding.
    pixel_mm
        Size of a pixel of the videos, mm, for the way of the measured tract; by default it is estimated from the length
        of the tract.
    way
        image: by the network that reads frames. tract: by what is measured in them, with strangers where --model reads
        frames. auto: what the model was trained for, but phantom leaves frames unlike those of its training to
        strangers.
    f0
        Pitch in place of the predicted one, by way of the measured tract or with a vocoder that has a harmonic source:
        flat (its mean), from-audio (Praat's, of the video's sound, which needs the extra phonetics), or a file: a Praat
        PitchTier.
    cluster
        More than one machine.
    """
    from rtmri2speech.signal.frame_rate import frame_rate

    spoken: dict[str, Any] = {"fps": frame_rate(fps), "pixel_mm": pixel_mm, "way": way, "f0": f0}
    work = _Synthesizing(out, model, device, backend, dtype, generator, spoken)
    return report_failures(each_video(work, videos, workers, cluster))


@lru_cache(maxsize=1)
def _loaded(model: Path, device: str, backend: Backend, dtype: str, generator: Generator) -> Model:
    """The model, loaded once per process for all videos."""
    from rtmri2speech.inference.model import load_model

    return load_model(model, device, dtype, generator, backend)


@dataclass(frozen=True)
class _Synthesizing:
    out: Path
    model: Path
    device: str
    backend: Backend
    dtype: str
    generator: Generator
    spoken: dict[str, Any]
    title: str = "Synthesizing"

    def load(self, device: str, several: bool) -> None:
        from rtmri2speech.inference.remarks import prepare_to_speak
        from rtmri2speech.models.devices import choose_device

        model = _loaded(self.model, device, self.backend, self.dtype, self.generator)
        if several and choose_device(self.device).type == "cpu":
            prepare_to_speak(model, self.spoken["way"])

    def __call__(self, video: Path, bar: Progress = SILENT) -> Outcome:
        from rtmri2speech.drawing.mel import draw_mel

        model = _loaded(self.model, self.device, self.backend, self.dtype, self.generator)
        speech = model.synthesize(video, progress=bar, **self.spoken)
        files = speech.save(self.out)
        draw_mel(self.out / f"{video.stem}_mel.png", speech.mel_db, speech.features, video.name)
        return Outcome([f"{files[0]}: {speech.seconds:.2f} s{ran_with(speech.backend)}"], list(speech.notes))
