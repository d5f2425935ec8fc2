"""What bounds the synthesis of videos: frames per second of each stage, and of decoding and encoding at once.

    python benchmarks/encoding.py VIDEO ... [--model phantom] [--device auto] [--dtype float32] [--rounds 3]

Videos count as one long one; opening them, which decodes them to their end, is part of decoding. Every round does all
of it, after a first one that is not counted, in which libraries and the memory of the device get ready. With
``OMP_NUM_THREADS=1`` one core decodes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import torch

sys.path[:0] = [str(Path(__file__).parents[1] / "src")]

from rtmri2speech.arrays import UInt8  # noqa: E402 - of this project
from rtmri2speech.inference.encoder import encode, predict  # noqa: E402
from rtmri2speech.inference.model import load_model  # noqa: E402
from timing import wait  # noqa: E402 - next to this file


def main() -> None:
    """Read the command line, time, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("videos", nargs="+", type=Path)
    parser.add_argument("--model", default="phantom")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    model = load_model(given.model, given.device, given.dtype)

    def decoded() -> Iterator[UInt8]:
        for video in given.videos:
            yield from model.open(video).blocks()

    kept = list(decoded())
    frames = sum(len(block) for block in kept)
    features = encode(model.acoustic, kept, model.pixel_mask, encoder=model.encoder)
    mel_db = predict(model.acoustic, features)
    ways = {
        "decoded": lambda: list(decoded()),
        "encoded, from memory": lambda: encode(model.acoustic, kept, model.pixel_mask, encoder=model.encoder),
        "decoded and encoded": lambda: encode(model.acoustic, decoded(), model.pixel_mask, encoder=model.encoder),
        "mel of features": lambda: predict(model.acoustic, features),
        "sound of mel": lambda: model.vocode(mel_db),
        "video to wave": lambda: [model.synthesize(video, way="image") for video in given.videos],
    }
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(given.rounds + 1):
        for name, work in ways.items():
            wait()
            began = time.perf_counter()
            work()
            wait()
            seconds[name].append(time.perf_counter() - began)
    rate = float(model.features.frame_rate)
    device = torch.cuda.get_device_name() if model.device.type == "cuda" else "CPU"
    print(f"{frames} frames, {device}, {given.dtype}, median of {given.rounds}")
    for name, values in seconds.items():
        median = statistics.median(values[1:])
        print(f"{name:<22} {frames / median:8.0f} frames/s, {median * rate / frames:.4f} x real time")


if __name__ == "__main__":
    main()
