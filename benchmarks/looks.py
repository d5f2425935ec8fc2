"""Looks per second: tissue codes of 256 x 256 pixels to frames of 192 x 192, every look another one.

    python benchmarks/looks.py [--size 192] [--batch 64] [--threads 1]

On the CPU, and on a GPU where there is one. Drawing, painting, warping of frames and labels, scanning and the video's
steps are all in it, as a training run has them.
"""

from __future__ import annotations

import argparse
import time

import torch

from rtmri2speech.appearance.look import draw_looks
from rtmri2speech.appearance.paint import Palette, paint_looks


def rings(count: int) -> torch.Tensor:
    """Codes 0 to 39 in rings, which have as many edges as a head."""
    line = torch.arange(256.0)
    radius = torch.hypot(line[None, :] - 110.0, line[:, None] - 130.0)
    return (radius / 4.0).clamp(max=39.0).to(torch.uint8).expand(count, 256, 256).contiguous()


def looks_per_second(device: str, batch: int, size: int, rounds: int) -> float:
    """Looks per second over some rounds, the first two not counted."""
    palette = Palette.from_table({code: (code % 7 / 7.0, code % 13, str(code % 9)) for code in range(40)}).to(device)
    codes, generator = rings(batch).to(device), torch.Generator(device).manual_seed(0)
    start = 0.0
    for number in range(rounds + 2):
        if number == 2:
            wait(device)
            start = time.perf_counter()
        paint_looks(draw_looks(batch, generator), codes, palette, size=size)
    wait(device)
    return batch * rounds / (time.perf_counter() - start)


def wait(device: str) -> None:
    """Until the device has done what was asked."""
    if device != "cpu":
        torch.cuda.synchronize()


def main() -> None:
    """Print a line per device."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rate = looks_per_second("cpu", min(options.batch, 16), options.size, 3)
    print(f"CPU, {options.threads} threads: {rate:.0f} looks/s of {options.size} x {options.size}")
    if torch.cuda.is_available():
        rate = looks_per_second("cuda", options.batch, options.size, 30)
        print(f"{torch.cuda.get_device_name()}: {rate:.0f} looks/s of {options.size} x {options.size}")


if __name__ == "__main__":
    main()
