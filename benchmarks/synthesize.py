"""The acoustic stage compared with window-by-window inference, and video to wav, with the default networks.

    python benchmarks/synthesize.py [--seconds 10] [--rounds 3] [--threads 2] [--dtype float32] [--generator fast]

The weights are random: time does not depend on them. Window by window, each frame goes through the CNN
once for each of the four windows that hold it, so the limit of the ratio is 4.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch


def window_by_window(model: Any, frames: torch.Tensor, size: int) -> torch.Tensor:
    """Mel (T, M) in dB with every window encoded by itself, averaged over the windows that hold a frame."""
    total = torch.zeros(len(frames), model.n_mels)
    count = torch.zeros(len(frames), 1)
    for start in range(len(frames) - size + 1):
        features = model.encode(frames[start : start + size])
        total[start : start + size] += model.decode(features[None])[0].float()
        count[start : start + size] += 1
    return model.scaler.inverse(total / count)


def main() -> None:
    parser = argparse.ArgumentParser(description="speed of synthesis")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--generator", choices=["fast", "plain"], default="fast")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)

    from rtmri2speech.inference.model import Model
    from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel
    from rtmri2speech.models.bundle.model_file import Bundle, join
    from rtmri2speech.models.devices import choose_dtype
    from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig
    from rtmri2speech.signal.features import FeatureConfig
    from rtmri2speech.signal.frames import FrameConfig, model_input
    from rtmri2speech.simulation.phantom import simulate

    features = FeatureConfig()
    network = AcousticModel(AcousticConfig(inference="average"), features.n_mels)
    # Mel spectrograms as large as speech's, so that the difference means something.
    network.scaler.mean.fill_(-40.0)
    network.scaler.std.fill_(15.0)
    with torch.no_grad():
        network.head.weight.mul_(100.0)
    acoustic = Bundle.from_acoustic(network, features, FrameConfig())
    vocoder = Bundle.from_vocoder(Generator(VocoderConfig(), features.n_mels), features)
    bundle = join(acoustic, vocoder)
    dtype = choose_dtype(options.dtype)
    model = Model(bundle, "cpu", dtype, options.generator)
    plain = bundle.build_acoustic("cpu", dtype)
    with tempfile.TemporaryDirectory() as scratch:
        simulate(scratch, 1, minutes=0.001, utterance_seconds=options.seconds)
        (video,) = Path(scratch).glob("*/*.mp4")
        clip = model.open(video)
        frames = model_input(torch.from_numpy(np.concatenate(list(clip.blocks()))))
        shared, alone, whole = [], [], []
        with torch.inference_mode():
            for _ in range(options.rounds):
                began = time.perf_counter()
                mel = model.predict_mel(clip)
                shared.append(time.perf_counter() - began)
                began = time.perf_counter()
                reference = window_by_window(plain, frames, plain.config.ref_frames).numpy()
                alone.append(time.perf_counter() - began)
                began = time.perf_counter()
                model.synthesize(video).save(Path(scratch) / "out")
                whole.append(time.perf_counter() - began)
    ratio = statistics.median(slow / fast for slow, fast in zip(alone, shared, strict=True))
    print(f"{len(frames)} frames, {options.dtype}, {options.threads} threads, median of {options.rounds}")
    print(f"window by window     {statistics.median(alone):7.2f} s")
    print(f"acoustic stage       {statistics.median(shared):7.2f} s, decoding included")
    print(f"ratio                {ratio:7.2f}   (wanted: at least 3.5)")
    print(f"spread of the mel    {mel.std():7.2f} dB")
    print(f"largest difference   {np.abs(mel - reference).max():9.1e} dB (wanted: at most 1e-4)")
    print(f"video to wav         {statistics.median(whole):7.2f} s   (wanted: at most 8 s for 10 s)")


if __name__ == "__main__":
    main()
