"""Live synthesis: what a limited look-ahead costs, and whether two cores keep up.

    python benchmarks/live.py loss [--video VIDEO]
    python benchmarks/live.py speed [--seconds 60] [--threads 2] [--backend auto] [--dtype float32] [--chunk N]
        [--vocoder-look-ahead 2]

``loss`` compares the sound of the streaming forms with that of ``synthesize``, of the clip of the demo by default: mean
absolute difference of the mel spectrograms of both sounds in dB, STOI and ESTOI. 0 dB and 1 are equal. ``speed`` plays
the clip over and over at its own rate (27.17 frames per second) for a minute, and counts frames that were skipped
because the computer was behind, and the time from a frame to its sound. Other programs must be still meanwhile.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

# Look-ahead of the LSTM, of the vocoder, and its context, in frames; first what the command does by itself.
CASES = [
    *((2, 2, 4), (0, 2, 4), (1, 2, 4), (3, 2, 4)),
    *((0, 11, 11), (1, 11, 11), (2, 11, 11), (3, 11, 11)),
    *((3, 1, 4), (3, 3, 4), (3, 4, 4), (3, 6, 11)),
]


class Repeated:
    """A clip over and over, at its own rate."""

    name = "the clip"

    def __init__(self, frames: list[Any], rate: Fraction, seconds: float) -> None:
        self._frames, self._rate, self._count = frames, rate, int(seconds * rate)
        self.notes: list[str] = []
        self._stop = threading.Event()

    def open(self) -> Fraction:
        return self._rate

    def frames(self, rate: Fraction) -> Iterator[Any]:
        from rtmri2speech.live.sources.base import Pace

        pace = Pace(rate, 0.0, self._stop)
        for number in range(self._count):
            yield pace.frame(self._frames[number % len(self._frames)], number)

    def close(self) -> None:
        self._stop.set()


class Nowhere:
    """A sink that takes any sound."""

    name = "nowhere"

    def __init__(self, at_the_end: Callable[[], None]) -> None:
        self._at_the_end = at_the_end

    def write(self, wave: Any) -> None: ...

    def waiting(self) -> float:
        return 0.0

    def close(self) -> list[str]:
        self._at_the_end()
        return []


def loss(model: Any, video: Path, chunk: int | None) -> None:
    from rtmri2speech.inference.encoder import encode, predict
    from rtmri2speech.live.streaming.speech import FEWEST, StreamOptions, speech_of_features
    from rtmri2speech.metrics.waveform import compare_waves
    from rtmri2speech.signal.mel import mel_db

    clip, rate = model.open(video), model.features.sample_rate
    chunk = chunk or FEWEST
    features = encode(model.acoustic, clip.blocks(), model.pixel_mask)
    for mode in (model.acoustic.config.inference, "sequence"):
        model.acoustic.config = model.acoustic.config.model_copy(update={"inference": mode})
        whole = model.vocode(predict(model.acoustic, features))
        mel = mel_db(whole, model.features)
        print(f"\n{video.name}, {len(features)} frames, inference {mode}, chunks of {chunk}")
        print("LSTM  vocoder  context  look-ahead, ms  mel, dB   STOI  ESTOI")
        for ahead, beyond, context in CASES:
            made = speech_of_features(model, features, StreamOptions(ahead, beyond, chunk, context))
            waits = 1e3 * (ahead + beyond + chunk - 1) / float(model.features.frame_rate)
            measured = compare_waves(whole, made, rate)
            error = np.abs(mel_db(made, model.features) - mel).mean()
            print(
                f"{ahead:4d} {beyond:8d} {context:8d} {waits:15.0f} {error:8.2f} "
                f"{measured['stoi']:6.3f} {measured['estoi']:6.3f}",
                flush=True,
            )


def speed(model: Any, video: Path, options: argparse.Namespace) -> None:
    from rtmri2speech.live.session import LiveOptions, speak_live
    from rtmri2speech.live.streaming.speech import StreamOptions

    scan = model.open(video).scan
    stream = StreamOptions(options.look_ahead, options.vocoder_look_ahead, options.chunk, options.context)
    source = Repeated(list(scan.read()), scan.rate, options.seconds)
    began = [0.0]

    def say(line: str) -> None:
        began[:] = [time.process_time()]  # the last line comes when the first frame is there
        print(line)

    ended: list[float] = []
    sink = Nowhere(lambda: ended.append(time.process_time()))
    report = speak_live(model, source, [sink], LiveOptions(stream), say)
    print(*report.lines(), sep="\n")
    busy = (ended[-1] - began[0]) / options.seconds
    print(f"computing {busy:.2f} cores")
    print(f"skipped  {report.skipped:4d}      (wanted: 0)")
    print(f"latency  {1e3 * report.latency(0.95):4.0f} ms   of 95 % of the chunks (wanted: at most 350 ms)")


def main() -> None:
    parser = argparse.ArgumentParser(description="live synthesis")
    parser.add_argument("what", choices=["loss", "speed"])
    parser.add_argument("--video", type=Path)
    parser.add_argument("--model", default="phantom")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--look-ahead", type=int)
    parser.add_argument("--vocoder-look-ahead", type=int, default=2)
    parser.add_argument("--chunk", type=int)
    parser.add_argument("--context", type=int, default=4)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    from rtmri2speech.assets import example_video
    from rtmri2speech.inference.model import load_model

    model = load_model(options.model, "cpu", options.dtype, backend=options.backend)
    video = options.video or example_video()
    if options.what == "loss":
        loss(model, video, options.chunk)
    else:
        speed(model, video, options)


if __name__ == "__main__":
    main()
