"""Contours found in real recordings against those that people traced: the six clips of USC-TIMIT.

    RTMRI_REAL_DATA=FOLDER python benchmarks/segmentation.py --model pretrained/segmenter/model.safetensors
    RTMRI_REAL_DATA=FOLDER python benchmarks/segmentation.py --labels DIR [--out DIR]
    RTMRI_REAL_DATA=FOLDER python benchmarks/segmentation.py --model segmenter --adapt [--clips F1_001 M2_033]
    RTMRI_REAL_DATA=FOLDER python benchmarks/segmentation.py --model segmenter --flicker
    RTMRI_REAL_DATA=FOLDER python benchmarks/segmentation.py --origin

Prints mean distance and HD95 in mm, with pixels of 2.9 mm, for each clip and overall, next to what is wanted.
`--labels` takes what `segment` wrote. `--adapt` measures each clip twice: with the model as it is, and with the model
adapted (recipe `adapt`) to 15 labeled frames of the other clips, three of each; every clip is another speaker. Next to
that stand the confidence, and the area of the classes that no contour shows, as a share of what it was before.
`--flicker` tells how many pixels change class in a frame and change back in the next, in percent of the class's area,
without and with smoothing in time.
`--origin` asks which shift of the traced lines lies on the steepest change of gray, in steps of a quarter of a pixel:
that tells from which pixel, and which place in it, coordinates count.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from rtmri2speech.arrays import UInt8
from rtmri2speech.data.contours import ALL, PIXEL_MM, read_contours
from rtmri2speech.data.labels import CLASSES, Label, class_of_label
from rtmri2speech.data.media.video import read_video
from rtmri2speech.evaluation.segmentation.evaluate import evaluate_segmentation
from rtmri2speech.evaluation.segmentation.output import write_evaluation
from rtmri2speech.evaluation.segmentation.results import SegmentationEvaluation
from rtmri2speech.reporting.figures.segmentation import draw_overlays
from rtmri2speech.vocal_tract.outlines import arc_length, resample
from rtmri2speech.vocal_tract.segmenter import SMOOTHING_SECONDS

CLIPS, FRAME_RATE = "usctimit_atb", Fraction(1159, 50)
WANTED = {
    ("tongue", "mean_mm"): 2.4,
    ("tongue", "hd95_mm"): 4.2,
    ("palate_and_velum", "mean_mm"): 2.5,
    ("pharyngeal_wall", "mean_mm"): 2.5,
}
ADAPTED = {"tongue": 1.8}
LABELED_FRAMES = 15
UNTRACED = ("epiglottis", "larynx", "jaw")
Means = dict[tuple[str, str], float]
STEPS = np.arange(-8, 9) / 4.0
# Recordings of people whose flicker is measured: nothing needs to be traced in them.
FLICKERING = ("usctimit_atb/*.avi", "usctimit_m3/*.mp4", "usc75_sub001/*.mp4")


def main() -> None:
    parser = argparse.ArgumentParser(description="segmentation of real recordings")
    parser.add_argument("--model", type=Path, help="a segmenter's model file")
    parser.add_argument("--labels", type=Path, help="folder of what `segment` wrote")
    parser.add_argument("--adapt", action="store_true", help="adapt to frames of the other clips")
    parser.add_argument("--clips", nargs="+", help="with --adapt: measure these alone")
    parser.add_argument("--set", nargs="+", default=[], help="with --adapt: settings over the recipe's")
    parser.add_argument("--device", default="cpu", help="with --adapt: where to train")
    parser.add_argument("--out", type=Path, help="folder for tables and overlays (never commit them)")
    parser.add_argument("--json", type=Path, help="file for the means over clips, for the model's card")
    parser.add_argument("--flicker", action="store_true", help="pixels that change and change back")
    parser.add_argument("--origin", action="store_true")
    options = parser.parse_args()
    root = os.environ.get("RTMRI_REAL_DATA")
    if not root:
        raise SystemExit("RTMRI_REAL_DATA is not set: it names the folder with recordings of real speakers.")
    clips = Path(root) / CLIPS
    if options.origin:
        print_origin(clips)
        return
    if (options.model is None) == (options.labels is None):
        raise SystemExit("Give --model or --labels.")
    if options.flicker:
        if options.model is None:
            raise SystemExit("Give the --model whose flicker is measured: a file, or segmenter.")
        print_flicker(options.model, Path(root))
        return
    if options.adapt:
        if options.model is None:
            raise SystemExit("Give the --model to adapt: a file, or segmenter.")
        means = print_adaptation(options.model, clips, options.clips, options.set, options.device)
        if options.json:
            add_figures(options.json, means, f", adapted to {LABELED_FRAMES} frames of the other recordings")
        return
    with tempfile.TemporaryDirectory() as folder:
        found = options.labels or segment_clips(options.model, clips, Path(folder))
        result = evaluate_segmentation(found, clips)
    print_table(result)
    if options.json:
        rows = {row["contour"]: row for row in result.contour_rows if row["scope"] == "all"}
        add_figures(options.json, {key: float(rows[key[0]][key[1]]) for key in WANTED})
    if options.out:
        for path in (*write_evaluation(options.out, result), *draw_overlays(options.out, result)):
            print(path)


def segment_clips(model: Path, clips: Path, out: Path, pattern: str = "*.avi") -> Path:
    """What ``segment`` finds in every clip; prints the time per frame, all included but the video to look at."""
    from rtmri2speech.vocal_tract.segment import segment
    from rtmri2speech.vocal_tract.segmenter import load_segmenter

    segmenter = load_segmenter(model, "cpu")
    seconds, count = 0.0, 0
    for video in sorted(clips.glob(pattern)):
        began = time.perf_counter()
        found = segment(video, segmenter, pixel_mm=PIXEL_MM)
        found.save(out)
        seconds, count = seconds + time.perf_counter() - began, count + len(found.labels)
        print(found)
    print(f"{count} frames, {1000 * seconds / count:.1f} ms per frame")
    return out


def print_flicker(model: Path, root: Path) -> None:
    """Of every class, pixels that change and change back at once, in percent of its area, means over clips."""
    from rtmri2speech.vocal_tract.segment import segment
    from rtmri2speech.vocal_tract.segmenter import load_segmenter

    segmenter, found = load_segmenter(model, "cpu"), []
    for video in (path for pattern in FLICKERING for path in sorted(root.glob(pattern))):
        sides = (segment(video, segmenter, smoothing=seconds).labels for seconds in (0.0, SMOOTHING_SECONDS))
        found.append([flicker(class_of_label()[labels]) for labels in sides])
        single, smoothed = np.mean(np.array(found[-1])[:, 1:], axis=1)
        print(f"{video.stem:<30}{single:6.1f} single{smoothed:6.1f} smoothed, mean of the classes", flush=True)
    print(f"means over {len(found)} recordings")
    print(f"{'%':<18}{'single':>8}{'smoothed':>10}")
    for name, values in zip(CLASSES, np.mean(found, axis=0).T, strict=True):
        print(f"{name:<18}{values[0]:8.1f}{values[1]:10.1f}")


def flicker(classes: UInt8) -> list[float]:
    """Percent of the area of each class, of class numbers (T, H, W)."""
    masks = (classes == number for number in range(len(CLASSES)))
    return [
        100.0 * float(((mask[1:-1] != mask[:-2]) & (mask[1:-1] != mask[2:])).mean() / max(mask.mean(), 1e-9))
        for mask in masks
    ]


def print_adaptation(model: Path, clips: Path, names: list[str] | None, settings: list[str], device: str) -> Means:
    """Before and after adaptation to the other clips, clip by clip and the means over them."""
    from rtmri2speech.training.train import train_segmenter

    every = sorted(path.stem for path in clips.glob("*.avi"))
    sides: dict[str, list[Means]] = {"before": [], "after": []}
    kept: dict[str, list[dict[str, float]]] = {"before": [], "after": []}
    for name in names or every:
        with tempfile.TemporaryDirectory() as temporary:
            root = Path(temporary)
            others = root / "others"
            others.mkdir()
            for path in (clips / f"{other}{kind}" for other in every if other != name for kind in (".avi", ".mat")):
                (others / path.name).symlink_to(path)
            adapted, began = root / "adapted.safetensors", time.perf_counter()
            overrides = [f"segmenter.data.people_frames={LABELED_FRAMES}", *settings]
            train_segmenter(others, "adapt", adapted, overrides=overrides, init=model, device=device)
            print(f"{name}: adapted to {LABELED_FRAMES} frames in {time.perf_counter() - began:.0f} s")
            for side, one in (("before", model), ("after", adapted)):
                segment_clips(one, clips, root / side, f"{name}.avi")
                result = evaluate_segmentation(root / side, clips)
                rows = {row["contour"]: row for row in result.contour_rows if row["scope"] == "recording"}
                sides[side].append({key: float(rows[key[0]][key[1]]) for key in WANTED})
                kept[side].append(untraced(root / side / f"{name}_regions.npz"))
            print_sides(name, {side: values[-1] for side, values in sides.items()})
            print_kept({side: values[-1:] for side, values in kept.items()})
    means = {side: {key: np.mean([one[key] for one in values]) for key in WANTED} for side, values in sides.items()}
    print_sides(f"mean of {len(sides['after'])} clips", means)
    print_kept(kept)
    return means["after"]


def untraced(path: Path) -> dict[str, float]:
    """Mean confidence of what ``segment`` wrote, and the mean area of classes that are never traced, pixels."""
    with np.load(path) as found:
        labels, confidence = found["labels"], float(found["confidence"].mean())
    return {
        "confidence": confidence,
        **{name: float((labels == Label[name.upper()]).mean(0).sum()) for name in UNTRACED},
    }


def print_kept(sides: dict[str, list[dict[str, float]]]) -> None:
    before, after = ({name: np.mean([one[name] for one in values]) for name in values[0]} for values in sides.values())
    print(f"  confidence                {before['confidence']:8.2f}{after['confidence']:8.2f}")
    for name in UNTRACED:
        print(f"  {name + ', pixels':<26}{before[name]:8.1f}{after[name]:8.1f}")


def add_figures(path: Path, means: Means, when: str = "") -> None:
    """Add means over clips to a file, ``{"what": {"value": .., "unit": "mm"}}``."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for (contour, measure), value in means.items():
        name = f"{contour.replace('_', ' ')}, {'mean distance' if measure == 'mean_mm' else 'HD95'}{when}"
        known[name] = {"value": round(float(value), 3), "unit": "mm"}
    path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def print_sides(title: str, sides: dict[str, Means]) -> None:
    print(f"{title:<28}{'before':>8}{'after':>8}{'wanted':>8}  mm")
    for contour, measure in WANTED:
        before, after = (sides[side][contour, measure] for side in ("before", "after"))
        bar = ADAPTED.get(contour, "") if measure == "mean_mm" else ""
        print(f"  {contour + ' ' + measure.removesuffix('_mm'):<26}{before:8.2f}{after:8.2f}{bar:>8}")


def print_table(result: SegmentationEvaluation) -> None:
    scopes = [one.name for one in result.recordings] + ["all"]
    rows = {(row["name"], row["contour"]): row for row in result.contour_rows if row["scope"] != "speaker"}
    print(f"{'mm':<28}{'wanted':>7}" + "".join(f"{name:>9}" for name in scopes) + f"{'95 %':>15}")
    for (contour, measure), bar in WANTED.items():
        values = [rows.get((name, contour), {}).get(measure, float("nan")) for name in scopes]
        low, high = (rows.get(("all", contour), {}).get(f"{measure}_{end}", float("nan")) for end in ("low", "high"))
        cells = "".join(f"{value:9.2f}" for value in values)
        title = f"{contour} {'mean' if measure == 'mean_mm' else 'HD95'}"
        print(f"{title:<28}{bar:7.1f}{cells}{low:9.2f}-{high:.2f}  {'yes' if values[-1] <= bar else 'NO'}")
    for contour in dict.fromkeys(contour for contour, _ in WANTED):
        row = rows.get(("all", contour), {})
        shift = f"({row.get('offset_x_mm', np.nan):.2f}, {row.get('offset_y_mm', np.nan):.2f}) mm"
        print(f"{contour}: mean shift {shift}, found in {row.get('frames')}, missed in {row.get('not_found')} frames")


def print_origin(clips: Path) -> None:
    """The shift at which gray changes most across the traced lines of tissue, clip by clip."""
    for path in sorted(clips.glob("*.mat")):
        score = np.zeros((len(STEPS), len(STEPS)))
        for traced, frame in zip(read_contours(path, ALL), read_video(path.with_suffix(".avi")), strict=False):
            down, across = np.gradient(gaussian_filter(frame.astype(np.float64), 0.5))
            for line in (traced["contour1"], traced["contour2"]):
                points = resample(line, round(arc_length(line)[-1] * 4)) - 1.0
                along = np.gradient(points, axis=0)
                along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
                for i, j in np.ndindex(score.shape):
                    place = [points[:, 1] + STEPS[i], points[:, 0] + STEPS[j]]
                    x, y = (map_coordinates(one, place, order=1, mode="nearest") for one in (across, down))
                    # Lines have tissue on one side, so that signs agree along them.
                    score[i, j] += abs((y * along[:, 0] - x * along[:, 1]).sum())
        i, j = np.unravel_index(score.argmax(), score.shape)
        here = score[len(STEPS) // 2, len(STEPS) // 2] / score.max()
        shift = f"{STEPS[j]:+.2f} px to the right, {STEPS[i]:+.2f} px down"
        print(f"{path.stem}: steepest {shift}; {here:.3f} of it at (0, 0)")


if __name__ == "__main__":
    main()
