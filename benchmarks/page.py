"""The page of a 10 s clip with two bands: its size, how long it takes to open, and to draw a frame.

    python benchmarks/page.py [--seconds 10] [--opened 5] [--out FOLDER] [--chromium PATH]

The clip of the demo is played forth and back until it is long enough: frames with the scanner's noise, sound, labels
and moving regions are those of a real page, and so is the size. Maps of two bands are made up, with cells of 16 pixels,
the finer of the two layers that ``analyze gradcam`` knows. The tract is measured from the true labels; its contours lie
over the frame, and its panel is drawn with each. The page is opened in Chromium from disk, each time in a new
context, at the size of a laptop. Ready is when the first frame with map and timeline is drawn; a frame is drawn when
its pixels can be read back, over all frames once they are decoded.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from rtmri2speech.analysis.attribution.band_maps import BandMaps
from rtmri2speech.analysis.attribution.maps import Maps
from rtmri2speech.analysis.attribution.pixels import largest_pixel
from rtmri2speech.analysis.attribution.targets import Band
from rtmri2speech.analysis.regions.masks import source_of
from rtmri2speech.assets import asset
from rtmri2speech.data.media.audio import read_sound, write_wav
from rtmri2speech.data.media.clips import open_gray_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.textgrid import interval_grid, read_textgrid, write_textgrid
from rtmri2speech.data.media.video import read_video, write_video
from rtmri2speech.data.truth import Truth
from rtmri2speech.reporting.page.build import write_page
from rtmri2speech.reporting.page.collect import collect
from rtmri2speech.vocal_tract.measurement.measure import tract

BARS = {"megabytes": 8.0, "ready_s": 2.0, "frame_ms": 5.0}
CELLS = 16


def make_folder(root: Path, seconds: float) -> Path:
    """What the commands would leave of a clip of some seconds."""
    (source,) = sorted(asset("clip").glob("*/*.mp4"))
    scan = scan_video(source)
    frames = list(read_video(source))
    order = np.resize(np.r_[: len(frames), len(frames) - 1 : -1 : -1], round(seconds * scan.rate))
    out, video = root / "out", root / "videos" / "clip.mp4"
    out.mkdir(parents=True)
    write_video(video, [frames[index] for index in order], Fraction(scan.rate), crf=12)
    sound = read_sound(source.with_suffix(".wav"))
    samples = np.resize(np.r_[sound.samples, sound.samples[::-1]], round(len(order) / scan.rate * sound.rate))
    write_wav(video.with_suffix(".wav"), samples, sound.rate)
    write_wav(out / "clip_generated.wav", samples[::-1], sound.rate)
    truth = Truth.load(source.with_suffix(".npz"))
    longer = {one.name: getattr(truth, one.name) for one in fields(truth)}
    longer = {name: value[order] for name, value in longer.items() if len(value) == len(frames)}
    replace(truth, **longer).save(video.with_suffix(".npz"))
    grid = read_textgrid(source.with_suffix(".TextGrid"))
    tiers = {tier.name: [(e.start, e.end, e.label) for e in tier.entries] for tier in grid.tiers}
    write_textgrid(interval_grid(tiers, len(order) / float(scan.rate)), video.with_suffix(".TextGrid"))
    write_maps(out / "maps", video)
    tract(video, regions=video.with_suffix(".npz"), pixel_mm=1.0).save(out / "tract")
    return out


def write_maps(folder: Path, video: Path) -> None:
    """Smooth maps of two bands, of either sign, with the time courses of eight regions."""
    from rtmri2speech.signal.features import FeatureConfig

    rate = FeatureConfig().frame_rate
    clip = open_gray_clip(scan_video(video), rate, 256)
    size, rng = clip.frames.size, np.random.default_rng(0)
    entries, lines = [], ["band,frame,time_s,region,share,signed_sum (Hz)"]
    for name, low, high in (("F1", 300.0, 900.0), ("F2", 900.0, 2500.0)):
        cells = rng.standard_normal((clip.n_frames, CELLS, CELLS)).astype(np.float32)
        band, values = Band(name, low, high, (0, 0)), np.zeros(clip.n_frames, np.float32)
        scale = largest_pixel(cells, size)
        entries.append(BandMaps("hirescam", band, "centroid", size // CELLS, size, values, scale, cells))
        for frame in range(clip.n_frames):
            shares = rng.random(8)
            lines += [f"{name},{frame},0,region {one},{share:.6g},{share:.6g}" for one, share in enumerate(shares)]
    mean = np.zeros((size, size), np.float32)
    Maps(str(video), rate, size, tuple(entries), mean, source_of(clip), {}).save(folder, pixels=False)
    (folder / "hirescam_regions_time.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def open_page(path: Path, program: str, times: int) -> dict[str, float]:
    """Medians over some openings: ready after s, median and 95th percentile of drawing a frame in ms."""
    from playwright.sync_api import sync_playwright

    ready, drawn = [], []
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for _ in range(times):
            context = browser.new_context(viewport={"width": 1366, "height": 768})
            page = context.new_page()
            page.goto(path.as_uri())
            page.wait_for_selector("html[data-ready]")
            ready.append(page.evaluate("performance.getEntriesByName('ready')[0].startTime") / 1000.0)
            page.evaluate("rtmri.loaded()")
            for bands in ([0], [0, 1]):
                page.evaluate(
                    "(bands) => { rtmri.state.bands = bands; rtmri.state.tract = true; rtmri.show(0); }", bands
                )
                drawn.append(
                    page.evaluate(
                        """() => Array.from({ length: rtmri.state.clip.frames }, (_, frame) => {
                          const began = performance.now();
                          rtmri.show(frame);
                          return performance.now() - began;
                        })"""
                    )
                )
            context.close()
        browser.close()
    one, two = (np.concatenate(drawn[part::2]) for part in (0, 1))
    return {
        "ready_s": statistics.median(ready),
        "frame_ms": float(np.median(one)),
        "frame_p95_ms": float(np.percentile(one, 95)),
        "frame_two_maps_ms": float(np.median(two)),
        "frame_two_maps_p95_ms": float(np.percentile(two, 95)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--opened", type=int, default=5)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = options.out or Path(name)
        shutil.rmtree(root / "folder", ignore_errors=True)
        folder, page = make_folder(root / "folder", options.seconds), root / "page.html"
        began = time.perf_counter()
        size = write_page(collect(folder), page, "Benchmark").size
        found = {"seconds": options.seconds, "made_s": time.perf_counter() - began, "megabytes": size / 1e6}
        if options.chromium:
            found |= open_page(page, options.chromium, options.opened)
        else:
            print("no Chromium on this system: only the size is measured (--chromium PATH)")
    for key, value in found.items():
        bar = f"   bar: {BARS[key]:g}" if key in BARS else ""
        print(f"{key:>24} {value:9.3f}{bar}")


if __name__ == "__main__":
    main()
