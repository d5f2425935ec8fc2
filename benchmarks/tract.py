"""Geometry of the tract against the truth of simulated speakers, and its steadiness on real recordings.

    rtmri2speech simulate --speakers 2 --minutes 0.4 --seed 77 --out phantom
    [RTMRI_REAL_DATA=FOLDER] python benchmarks/tract.py phantom [--model FILE] [--limit FRAMES]

The area model is fitted on other heads (``benchmarks/area_model.py``), the segmenter trained on others still. Prints,
for each utterance and overall: median relative error of area over open sections, share of open sections whose 90 %
interval holds the truth, error of the length, closures found; for real recordings the 99th percentile of the
midline's jump from frame to frame; and milliseconds per frame without segmenter and contours.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Float32
from rtmri2speech.data.contours import PIXEL_MM
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.truth import Truth
from rtmri2speech.vocal_tract.contours import CONTOURS, POINTS, Contours, frame_contours
from rtmri2speech.vocal_tract.geometry.area_function import equal_sections
from rtmri2speech.vocal_tract.geometry.geometry import TractGeometry, grid_of, measure_geometry, typical
from rtmri2speech.vocal_tract.outlines import resample
from rtmri2speech.vocal_tract.segmenter import SHIPPED, FrameSegmenter, load_segmenter, smoothed, smoothing_weights

# Patterns of real recordings and the sizes of their pixels, mm: USC-TIMIT M3's are enlarged threefold.
REAL = {"usctimit_m3/*.mp4": PIXEL_MM / 3.0, "usctimit_atb/*.avi": PIXEL_MM, "usc75_sub001/*.mp4": 2.4}
WANTED = {"area": 0.12, "low": 0.85, "high": 0.95, "jump": 2.0, "ms": 3.0}
OPEN_CM2 = 0.05
VELUM_OPENING = 7  # among VocalTractLab's parameters


def main() -> None:
    parser = argparse.ArgumentParser(description="geometry of the tract")
    parser.add_argument("phantom", type=Path)
    parser.add_argument("--model", default=SHIPPED)
    parser.add_argument("--limit", type=int, default=300, help="frames per recording")
    options = parser.parse_args()
    segmenter = load_segmenter(options.model, "cpu")
    print_phantom(options.phantom, segmenter, options.limit)
    root = os.environ.get("RTMRI_REAL_DATA")
    if root:
        print_real(Path(root), segmenter, options.limit)


def measure(
    video: Path, pixel_mm: float, segmenter: FrameSegmenter, limit: int, smoothing: float | None = None
) -> tuple[TractGeometry, float]:
    """Geometry, and milliseconds per frame after segmenter and contours."""
    scan = scan_video(video)
    placement = segmenter.placement((scan.height, scan.width))
    weights = smoothing_weights(scan.rate)
    maps = [one.numpy() for one in smoothed(segmenter.probabilities(islice(scan.read(), limit)), weights)]
    points = np.full((len(maps), len(CONTOURS), POINTS, 2), np.nan, np.float32)
    for number, one in enumerate(maps):
        for name, line in frame_contours(one).items():
            points[number, CONTOURS.index(name)] = placement.points(resample(line, POINTS))
    began = time.perf_counter()
    result = measure_geometry(
        _each(maps),
        grid_of(maps[number] for number in typical(len(maps))),
        Contours(points, scan.rate, pixel_mm),
        pixel_mm=pixel_mm,
        to_source=placement.points,
        scale=placement.scale,
        **({} if smoothing is None else {"smoothing": smoothing}),
    )
    return result, 1000.0 * (time.perf_counter() - began) / max(len(maps), 1)


def _each(maps: list[Float32]) -> Iterator[Float32]:
    yield from maps


def print_phantom(folder: Path, segmenter: FrameSegmenter, limit: int) -> None:
    names = ("utterance   ", "area error", "covered", "length cm", "   sd", "closed", "velum r", "   ms")
    print(" ".join(names))
    errors, covered = [], []
    for video in sorted(folder.glob("*/*.mp4")):
        truth = Truth.load(video.with_suffix(".npz"))
        found, ms = measure(video, 1.0, segmenter, limit)
        count = len(found.length)
        area = equal_sections(truth.lengths[:count].astype(np.float64), truth.areas[:count].astype(np.float64))
        open_ = (area > OPEN_CM2) & np.isfinite(found.area)
        error = np.abs(found.area / np.maximum(area, 1e-9) - 1.0)[open_]
        held = ((found.area_range[..., 0] <= area) & (area <= found.area_range[..., 1]))[open_]
        length = found.length - truth.lengths[:count].sum(axis=1)
        shut = area < OPEN_CM2
        closed = f"{(found.distance[shut] < 0.7).mean():7.0%}" if shut.any() else "      -"
        velum = np.corrcoef(found.measures["velum_mm"], truth.tract[:count, VELUM_OPENING])[0, 1]
        print(
            f"{video.stem:<12}{np.median(error):>11.1%}{held.mean():>9.1%}{np.nanmedian(length):>11.2f}"
            f"{np.nanstd(length):>6.2f} {closed}{velum:>9.2f}{ms:>6.1f}"
        )
        errors.append(error)
        covered.append(held)
    error, held = float(np.median(np.concatenate(errors))), float(np.concatenate(covered).mean())
    print(f"all: area {error:.1%} {verdict(error <= WANTED['area'])} ({WANTED['area']:.0%} wanted), ", end="")
    print(f"covered {held:.1%} {verdict(WANTED['low'] <= held <= WANTED['high'])} (85 to 95 % wanted)")


def print_real(root: Path, segmenter: FrameSegmenter, limit: int) -> None:
    print(f"{'recording':<32}{'jump mm':>8}{'raw':>7}{'length cm':>11}{'closed':>8}{'missing':>8}{'ms':>6}")
    for pattern, pixel_mm in REAL.items():
        for video in sorted(root.glob(pattern)):
            found, ms = measure(video, pixel_mm, segmenter, limit)
            raw, _ = measure(video, pixel_mm, segmenter, limit, smoothing=0.0)
            jump = percentile_of_jumps(found)
            print(
                f"{video.stem[:31]:<32}{jump:>8.2f}{percentile_of_jumps(raw):>7.2f}"
                f"{np.nanmedian(found.length):>11.1f}{found.closed.mean():>8.1%}"
                f"{np.isnan(found.length).mean():>8.0%}{ms:>6.1f}  {verdict(jump <= WANTED['jump'])}"
            )


def percentile_of_jumps(found: TractGeometry) -> float:
    """99th percentile over sections' ends and frames, mm."""
    steps = np.diff(found.midline, axis=0) * found.pixel_mm
    return float(np.nanpercentile(np.hypot(steps[..., 0], steps[..., 1]), 99))


def verdict(good: bool) -> str:
    return "yes" if good else "NO"


if __name__ == "__main__":
    main()
