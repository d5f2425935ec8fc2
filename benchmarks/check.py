"""Seconds that ``check`` takes for 100 ordinary clips, compared with another version of the program.

    python benchmarks/check.py --before /path/to/another/checkout/src [--recordings 100] [--seconds 2] [--rounds 5]

Both run as whole processes, in turn, on the same clips of 256 x 256 pixels at 625/23 frames per second. Half of them
have a sound file, half a sound track. Without ``--before`` only this version is timed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent / "src"


def make_clips(folder: Path, count: int, seconds: float) -> None:
    """Clips of noise that moves: what they show does not matter here."""
    import numpy as np

    from rtmri2speech.data.media.audio import Sound, write_wav
    from rtmri2speech.data.media.movies import write_movie
    from rtmri2speech.data.media.video import write_video

    rate, rng = Fraction(625, 23), np.random.default_rng(0)
    still = rng.integers(40, 200, (256, 256), dtype=np.uint8)
    frames = [np.roll(still, shift, axis=0) for shift in range(round(seconds * rate))]
    samples = 0.1 * rng.standard_normal(round(len(frames) / rate * 20000)).astype(np.float32)
    folder.mkdir()
    write_video(folder / "a0.mp4", frames, rate)
    write_wav(folder / "a0.wav", samples, 20000)
    write_movie(
        folder / "b0.mp4",
        (np.repeat(frame[..., None], 3, axis=2) for frame in frames),
        rate,
        Sound(samples, 20000, 0.0),
    )
    for number in range(1, count // 2):
        for name in ("a0.mp4", "a0.wav", "b0.mp4"):
            shutil.copy(folder / name, folder / name.replace("0", str(number)))


def seconds_of(source: Path, videos: Path) -> float:
    """Seconds of one run with the program in ``source``."""
    environment = {**os.environ, "PYTHONPATH": str(source)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "rtmri2speech", "check", str(videos)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description="check compared with another version")
    parser.add_argument("--before", type=Path, help="folder src of another checkout")
    parser.add_argument("--recordings", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    versions = {"this": HERE} | ({} if options.before is None else {"before": options.before})
    times: dict[str, list[float]] = {name: [] for name in versions}
    with tempfile.TemporaryDirectory() as scratch:
        videos = Path(scratch) / "videos"
        make_clips(videos, options.recordings, options.seconds)
        for source in versions.values():
            seconds_of(source, videos)  # the first run of a version compiles it
        for _ in range(options.rounds):
            for name, source in versions.items():
                times[name].append(seconds_of(source, videos))
    for name, values in times.items():
        spread = f"{min(values):.1f} to {max(values):.1f}"
        print(f"{name:<7} {statistics.median(values):6.1f} s for {options.recordings} clips ({spread})")
    if "before" in times:
        ratio = statistics.median(ours / theirs for ours, theirs in zip(times["this"], times["before"], strict=True))
        print(f"ratio   {ratio:6.2f}   (wanted: at most 1.2)")


if __name__ == "__main__":
    main()
