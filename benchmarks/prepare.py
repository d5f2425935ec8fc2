"""Frames per second of ``prepare`` compared with the reference configuration's literal way, and bytes per pixel.

    python benchmarks/prepare.py [--recordings 10] [--seconds 20] [--rounds 3]

The baseline is the preprocessing of the reference configuration (docs/reference/memo.md) as it is usually written: an
OpenCV loop over frames (gray, resize, z-score, rescale), librosa for the sound, and every window of four frames stored
as float32. Both run as whole processes, in turn, on the same recordings: a phantom of 256 x 256 pixels at 625/23 frames
per second, copied.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def baseline(videos: Path, out: Path) -> None:
    """The literal way, one file after the other."""
    import cv2
    import librosa
    import numpy as np

    for video in sorted(videos.glob("*.mp4")):
        capture = cv2.VideoCapture(str(video))
        frames = []
        while True:
            good, image = capture.read()
            if not good:
                break
            gray = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (256, 256), interpolation=cv2.INTER_AREA)
            scored = (gray.astype(np.float32) - gray.mean()) / (gray.std() + 1e-8)
            frames.append((scored - scored.min()) / (scored.max() - scored.min() + 1e-8))
        sound, _ = librosa.load(video.with_suffix(".wav"), sr=11413)
        power = librosa.feature.melspectrogram(
            y=librosa.effects.preemphasis(sound, coef=0.97),
            sr=11413,
            n_fft=2048,
            hop_length=420,
            win_length=2048,
            n_mels=64,
        )
        mel = librosa.power_to_db(power).T.astype(np.float32)
        count = min(len(frames), len(mel))
        mri = np.stack(frames[:count]).astype(np.float32)
        folder = out / "samples" / video.stem
        folder.mkdir(parents=True)
        np.save(folder / "mri.npy", mri)
        np.save(folder / "mel_db.npy", mel[:count])
        np.save(folder / "mask.npy", np.ones(count, np.float32))
        pairs = out / "pairs_ref4_npy" / video.stem
        pairs.mkdir(parents=True)
        starts = range(count - 3)
        np.save(pairs / "mri.npy", np.stack([mri[start : start + 4] for start in starts]))
        np.save(pairs / "mel.npy", np.stack([mel[start : start + 4] for start in starts]))


def make_recordings(folder: Path, count: int, seconds: float) -> int:
    """Recordings of one utterance, copied: simulating takes longer than preparing. Returns the number of frames."""
    from rtmri2speech.data.media.scan import scan_video
    from rtmri2speech.simulation.phantom import simulate

    phantom = folder.with_name("phantom")
    simulate(phantom, 1, minutes=0.001, utterance_seconds=seconds)
    (video,) = phantom.glob("*/*.mp4")
    folder.mkdir()
    for number in range(count):
        for source in (video, video.with_suffix(".wav")):
            shutil.copy(source, folder / f"speaker{number}{source.suffix}")
    return count * len(scan_video(video).starts)


def seconds_of(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description="prepare compared with the literal way")
    parser.add_argument("--recordings", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--baseline", nargs=2, type=Path, metavar=("VIDEOS", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.baseline:
        baseline(*options.baseline)
        return
    with tempfile.TemporaryDirectory() as scratch:
        videos, out = Path(scratch) / "videos", Path(scratch) / "out"
        frames = make_recordings(videos, options.recordings, options.seconds)
        ours = [sys.executable, "-m", "rtmri2speech", "prepare", str(videos), "--out", str(out)]
        theirs = [sys.executable, __file__, "--baseline", str(videos), str(out)]
        rates: dict[str, list[float]] = {"literal way": [], "prepare": []}
        for _ in range(options.rounds):
            for name, command in (("literal way", theirs), ("prepare", ours)):
                shutil.rmtree(out, ignore_errors=True)
                rates[name].append(frames / seconds_of(command))
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    for name, values in rates.items():
        spread = f"{min(values):.0f} to {max(values):.0f}"
        print(f"{name:<12} {statistics.median(values):7.0f} frames/s (median of {len(values)}; {spread})")
    pairs = zip(rates["prepare"], rates["literal way"], strict=True)
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    print(f"ratio        {ratio:7.2f}   (wanted: at least 4)")
    print(
        f"on disk      {size / (frames * 256 * 256):7.3f} bytes per pixel, sound and mel included (wanted: at most 1.1)"
    )


if __name__ == "__main__":
    main()
