"""``rtmri2speech live``."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Backend, Device, Flag, Fps, Many, ModelFile
from rtmri2speech.cli.flags import print_notes

# `-` is a value, not the start of an option.
_Dash = Parameter(allow_leading_hyphen=True, negative="")


def live(
    *,
    source: Annotated[str, _Dash],
    model: ModelFile,
    out: Annotated[list[str], _Dash],
    look_ahead: int | None = None,
    vocoder_look_ahead: int = 2,
    chunk: int | None = None,
    fps: Fps = None,
    levels: Annotated[tuple[float, float] | None, Many] = None,
    level_seconds: float = 2.0,
    stall: float = 5.0,
    wait: float = 60.0,
    existing: Annotated[bool, Flag] = False,
    listen_anywhere: Annotated[bool, Flag] = False,
    device: Device = "auto",
    backend: Backend = "auto",
    dtype: Literal["float32", "bfloat16", "fp32", "bf16"] = "float32",
    generator: Literal["fast", "plain"] = "fast",
    verbose: Annotated[bool, Flag] = False,
) -> int:
    """Make speech while the frames come, until the source ends or stalls, or Ctrl-C.

    Prints at the end how many frames were lost or late, and how long it took from a frame to its sound.

    Parameters
    ----------
    source
        A video, played at its own rate; a folder that fills with images; - for standard input, or a named pipe, with
        a line of JSON before raw frames; tcp://127.0.0.1:PORT, to which a program connects that sends the same;
        camera, or camera:DEVICE.
    model
        The model file from bundle, or phantom: a model of frames.
    out
        Where the sound goes: speaker (needs the extra live), a file that ends in .wav, - for raw 16-bit samples on
        standard output, or a named pipe for the same. May be given several times.
    look_ahead
        Frames that the LSTM reads beyond the one that it predicts; by default one less than the model uses, 3 where it
        reads whole recordings. Fewer are sooner, and less like what synthesize makes.
    vocoder_look_ahead
        Frames that the vocoder reads beyond those whose sound it makes; 11 are all that it depends on.
    chunk
        Frames whose sound is made at once; more need less computing, and take longer. By default as few as the
        computer keeps up with, from 3 to 6.
    levels
        Gray values of the source that become black and white, of a model that normalizes by the recording.
    level_seconds
        Seconds of first frames that the gray values are taken from where they are not given.
    stall
        Seconds without a frame after which it ends.
    wait
        Seconds that the first frame is waited for.
    existing
        Take a folder's images from before, too, at the frame rate.
    listen_anywhere
        Let other computers connect to tcp://ADDRESS:PORT; whoever reaches the port can send frames.
    device
        Where to run; auto takes a GPU if there is one.
    dtype
        Precision of the networks; bfloat16 is faster on newer CPUs and GPUs, above all with the extra fast.
    generator
        How the vocoder is computed on a CPU: fast, or plain, as it was trained.
    verbose
        Print the latency every second.
    """
    from rtmri2speech.inference.model import load_model
    from rtmri2speech.live.session import LiveOptions, require_live, speak_live
    from rtmri2speech.live.sinks.choose import STANDARD_OUTPUT, choose_sinks
    from rtmri2speech.live.sources.choose import choose_source
    from rtmri2speech.live.streaming.speech import StreamOptions

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    stream = StreamOptions(look_ahead, vocoder_look_ahead, chunk)
    options = LiveOptions(stream, fps, levels, level_seconds, stall, wait)
    loaded = load_model(model, device, dtype, generator, backend)
    require_live(loaded)
    chosen = choose_source(source, fps, existing, listen_anywhere)
    sinks = choose_sinks(out, loaded.features.sample_rate)
    report = speak_live(loaded, chosen, sinks, options, say, say if verbose else lambda line: None)
    for line in report.lines():
        print(line, file=sys.stderr if STANDARD_OUTPUT in out else sys.stdout)
    print_notes(report.notes)
    return 0
