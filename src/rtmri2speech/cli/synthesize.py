"""``rtmri2speech synthesize``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Backend, Device, Fps, ModelFile, progress, ran_with, report_failures
from rtmri2speech.cli.flags import print_notes
from rtmri2speech.errors import UserError
from rtmri2speech.signal.frame_rate import frame_rate


def synthesize(
    videos: Annotated[list[Path], Parameter(name=["--videos", "--video"], consume_multiple=True, negative="")],
    *,
    model: ModelFile,
    out: Annotated[Path, Parameter(name=["--out", "--output-dir"])],
    device: Device = "auto",
    backend: Backend = "auto",
    dtype: Literal["float32", "bfloat16", "fp32", "bf16"] = "float32",
    generator: Literal["fast", "plain"] = "fast",
    fps: Fps = None,
    pixel_mm: float | None = None,
    way: Literal["auto", "image", "tract"] = "auto",
    f0: str | None = None,
) -> int:
    """Make speech from videos.

    Writes NAME_generated.wav, NAME_mel.npy (frames x bands, dB), NAME_mel_log.npy (bands x frames, natural
    logarithm of power) and NAME_mel.png; by way of the measured tract NAME_generated.PitchTier too, its F0.

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
        Pitch in place of the predicted one, by way of the measured tract: flat (its mean), from-audio (Praat's, of the
        video's sound, which needs the extra phonetics), or a file: a Praat PitchTier.
    """
    rate = frame_rate(fps)
    from rtmri2speech.corpora.names import refuse_same_names

    refuse_same_names(videos)

    from rtmri2speech.drawing.mel import draw_mel
    from rtmri2speech.inference.model import load_model

    loaded = load_model(model, device, dtype, generator, backend)
    failures: list[tuple[Path, UserError]] = []
    with progress("Synthesizing", "frames") as bar:
        for video in videos:
            bar.describe(video.name)
            try:
                speech = loaded.synthesize(video, fps=rate, pixel_mm=pixel_mm, way=way, f0=f0, progress=bar)
                files = speech.save(out)
                draw_mel(out / f"{video.stem}_mel.png", speech.mel_db, speech.features, video.name)
            except UserError as error:
                failures.append((video, error))
                continue
            print_notes(speech.notes, video.name)
            print(f"{files[0]}: {speech.seconds:.2f} s{ran_with(speech.backend)}")
    return report_failures(failures)
