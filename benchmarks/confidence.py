"""What `segment` knows about heads, derived from simulated ones, and whether its confidence tells good labels from bad.

    rtmri2speech simulate --poses 20 --speakers 12 --seed 5 --out HEADS
    python benchmarks/confidence.py HEADS [--model segmenter] [--frames 240]

Prints the ranges of `refinement/confidence.py` (half a percent left out at either end, widened by 35 % of their width),
those of all classes, and those of the core in frames that are cropped at larynx and lips, which were taken from the
heads in `pretrained/segmenter`; the shares of `size.py`, the line from promised to true Dice's coefficients with their
correlation (frames under random looks, half of them spoiled further), and the confidence, of all and of the core, of
frames that show no tract, or a head that is not upright.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from rtmri2speech.appearance.look import draw_looks
from rtmri2speech.appearance.paint import paint_looks
from rtmri2speech.data.labels import CLASSES, class_of_label
from rtmri2speech.training.segmenter.sources import read_poses
from rtmri2speech.vocal_tract.contours import trace_labels
from rtmri2speech.vocal_tract.refinement.cleaning import clean
from rtmri2speech.vocal_tract.refinement.confidence import (
    CORE,
    confidence,
    core_confidence,
    expected_dice,
    likeness,
    measures,
    promised_dice,
)
from rtmri2speech.vocal_tract.segmenter import FrameSegmenter, load_segmenter
from rtmri2speech.vocal_tract.size import IN_PART, outline_lengths

SIZE, WIDER, LEFT_OUT = 192, 0.35, 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("heads", type=Path)
    parser.add_argument("--model", default="segmenter")
    parser.add_argument("--frames", type=int, default=240)
    options = parser.parse_args()
    print_size(options.heads)
    frames, classes = looked_at(options.heads, options.frames)
    print_ranges(classes)
    print_core_ranges(classes)
    segmenter = load_segmenter(options.model, "cpu")
    print_calibration(segmenter, spoiled(frames), classes)
    for name, some in no_tracts(frames):
        values = np.array([score(segmenter, one)[0] for one in some])
        core = np.array([core_score(segmenter, one) for one in some])
        print(
            f"{name:<24} confidence {np.median(values):.2f}, at most {values.max():.2f}; of the core "
            f"{np.median(core):.2f}, at most {core.max():.2f}; of {len(values)}"
        )


def print_size(heads: Path) -> None:
    """The tract's length as a share of its outer outline's, and of what is left of that without larynx or lips."""
    manifest = json.loads((heads / "poses.json").read_text(encoding="utf-8"))
    shares = []
    for speaker in manifest["speakers"]:
        with np.load(heads / speaker["name"] / f"{speaker['name']}_poses.npz") as arrays:
            contours = trace_labels(arrays["labels"], frame_rate=Fraction(25))
        lengths = [outline_lengths(contours.points, larynx=larynx, lips=lips) for larynx, lips in IN_PART]
        shares.append(10.0 * speaker["tract_length_cm"] / (np.nanmedian(lengths, axis=1) * manifest["pixel_mm"]))
    means, deviations = np.mean(shares, axis=0), np.std(shares, axis=0)
    for (larynx, lips), mean, deviation in zip(IN_PART, means, deviations, strict=True):
        print(
            f"tract per outline, larynx {'in' if larynx else 'out of'} view, lips {'in' if lips else 'out of'} view: "
            f"{mean:.3f}, between {len(shares)} heads +- {100 * deviation / mean:.1f} %"
        )


def looked_at(heads: Path, most: int) -> tuple[torch.Tensor, np.ndarray]:
    """Frames (N, S, S) of poses under random looks, and their class numbers."""
    generator, frames, labels = torch.Generator().manual_seed(3), [], []
    sets = read_poses(heads)
    for one in sets:
        codes = torch.from_numpy(one.images[: max(most // len(sets), 1)])
        given = torch.from_numpy(one.labels[: len(codes)])
        shown, moved = paint_looks(draw_looks(len(codes), generator), codes, one.palette, given, SIZE)
        frames.append(shown.float())
        labels.append(moved.numpy())
    return torch.cat(frames), class_of_label()[np.concatenate(labels)]


def print_ranges(classes: np.ndarray, among: tuple[str, ...] = tuple(CLASSES)[1:]) -> None:
    values = np.array([measures(one, among) for one in classes])
    low, high = np.nanpercentile(values, [LEFT_OUT, 100 - LEFT_OUT], axis=0)
    room = WIDER * (high - low)
    for name, lows, highs in zip(list(CLASSES)[1:], low - room, high + room, strict=True):
        if name in among:
            print(
                f'    "{name}": (' + ", ".join(f"({a:.2f}, {b:.2f})" for a, b in zip(lows, highs, strict=True)) + "),"
            )


def print_core_ranges(classes: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    print_ranges(np.stack([cropped(one, rng) for one in classes]), CORE)


def cropped(classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Class numbers (H, W) below a row and in front of a column taken for background.

    The row lies anywhere from the middle of the pharyngeal wall down, the column anywhere from the front fifth of the
    tongue on.
    """
    result, numbers = classes.copy(), {name: number for number, name in enumerate(CLASSES)}
    rows, rear = np.nonzero(classes == numbers["pharyngeal_wall"])
    columns = np.nonzero(classes == numbers["tongue"])[1]
    result[int(rng.uniform(0.5 * (rows.min() + rows.max()), len(classes))) :] = 0
    left, right = columns.min(), columns.max()
    depth = 0.2 * (right - left)
    if columns.mean() < rear.mean():
        result[:, : int(rng.uniform(0.0, left + depth))] = 0
    else:
        result[:, int(rng.uniform(right - depth, classes.shape[1])) :] = 0
    return result


def spoiled(frames: torch.Tensor) -> torch.Tensor:
    """Every second frame with noise, blur, or a part missing, more than looks have, by turns."""
    rng, result = np.random.default_rng(0), frames.clone()
    for number in range(1, len(result), 2):
        frame = result[number].numpy()
        spread, kind, amount = float(frame.std()), number // 2 % 3, rng.uniform(0.2, 1.0)
        if kind == 0:
            frame += rng.normal(0.0, 2.0 * amount * spread, frame.shape).astype(np.float32)
        elif kind == 1:
            frame[:] = gaussian_filter(frame, 6.0 * amount)
        else:
            start = rng.integers(SIZE // 4, SIZE // 2)
            frame[start : start + int(80 * amount)] = frame.mean()
    return result


def score(segmenter: FrameSegmenter, frame: torch.Tensor | np.ndarray) -> tuple[float, float, float, np.ndarray]:
    """Confidence, promised Dice's coefficient, likeness and class numbers of a frame."""
    maps = next(segmenter.probabilities([np.asarray(frame, np.float32)])).numpy()
    classes = clean(maps)
    return confidence(maps, classes), expected_dice(maps), likeness(classes), classes


def core_score(segmenter: FrameSegmenter, frame: torch.Tensor | np.ndarray) -> float:
    maps = next(segmenter.probabilities([np.asarray(frame, np.float32)])).numpy()
    return core_confidence(promised_dice(maps), clean(maps))


def print_calibration(segmenter: FrameSegmenter, frames: torch.Tensor, truth: np.ndarray) -> None:
    rows = []
    for frame, wanted in zip(frames, truth, strict=True):
        trust, promised, like, found = score(segmenter, frame)
        rows.append((trust, promised, like, mean_dice(found, wanted)))
    trust, promised, like, dice = np.array(rows).T
    for name, chosen in {"looks": slice(0, None, 2), "spoiled": slice(1, None, 2), "all": slice(None)}.items():
        slope, offset = np.polyfit(promised[chosen], dice[chosen], 1)
        r = [np.corrcoef(one[chosen], dice[chosen])[0, 1] for one in (trust, promised)]
        print(
            f"{name:<8} Dice {np.percentile(dice[chosen], [5, 50]).round(2)}: r {r[0]:.3f} (promised {r[1]:.3f}), "
            f"line {slope:.2f} {offset:+.2f}, confidence off by {np.abs(trust - dice)[chosen].mean():.3f}"
        )
    for low, high in ((0.0, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.85), (0.85, 1.01)):
        here = (trust >= low) & (trust < high)
        if here.any():
            print(f"  confidence {low:.2f} to {high:.2f}: {here.sum():4d} frames, Dice {dice[here].mean():.2f}")


def mean_dice(found: np.ndarray, truth: np.ndarray) -> float:
    pairs = [(found == number, truth == number) for number in range(1, len(CLASSES))]
    return float(np.mean([2.0 * (a & b).sum() / max(a.sum() + b.sum(), 1) for a, b in pairs if (a | b).any()]))


def no_tracts(frames: torch.Tensor) -> Iterator[tuple[str, list[np.ndarray]]]:
    rng = np.random.default_rng(0)
    y, x = np.indices((SIZE, SIZE))
    yield "noise", [rng.normal(size=(SIZE, SIZE)) for _ in range(4)]
    yield "smooth noise", [gaussian_filter(rng.normal(size=(SIZE, SIZE)), s) for s in (2, 4, 8, 16, 32)]
    yield "one gray", [np.zeros((SIZE, SIZE)), np.full((SIZE, SIZE), 255.0)]
    yield "stripes", [np.sin((x * np.cos(a) + y * np.sin(a)) / w) for a in (0.0, 0.7, 1.6) for w in (4, 15)]
    yield "face from the front", [front(rng) for _ in range(6)]
    volume = ellipsoids(rng)
    yield "coronal slices", [volume[:, :, at].T for at in range(50, 150, 12)]
    yield "axial slices", [volume[:, at, :] for at in range(50, 150, 12)]
    some = frames[:: max(len(frames) // 30, 1)].numpy()
    for quarters in (1, 2, 3):
        yield f"head turned by {90 * quarters}", [np.rot90(one, quarters).copy() for one in some]
    yield "head mirrored (a head)", [one[:, ::-1].copy() for one in some]


def front(rng: np.random.Generator) -> np.ndarray:
    """A face from the front: an oval with eyes, a nose and a mouth."""
    y, x = np.indices((SIZE, SIZE)) / SIZE - 0.5 + rng.normal(0.0, 0.03, (2, 1, 1))
    frame = np.where(np.hypot(x / 0.32, y / 0.42) < 1, 0.8, 0.2)
    for side in (-1, 1):
        frame[np.hypot((x + side * 0.13) / 0.06, (y + 0.1) / 0.03) < 1] = 0.3
    frame[np.hypot(x / 0.14, (y - 0.22) / rng.uniform(0.02, 0.07)) < 1] = 0.35
    frame[np.hypot(x / 0.03, (y - 0.05) / 0.1) < 1] = 0.9
    return gaussian_filter(frame, 1.5) + rng.normal(0.0, 0.02, frame.shape)


def ellipsoids(rng: np.random.Generator) -> np.ndarray:
    """A head in three dimensions (across, down, front to back): scalp, skull, brain, neck, tongue, airways, eyes."""
    z, y, x = np.indices((SIZE, SIZE, SIZE)) / (SIZE / 2) - 1.0
    volume = np.zeros(z.shape)
    for center, radius, value in (
        ((0, -0.15, 0), (0.8, 0.75, 0.62), 0.9),
        ((0, -0.15, 0), (0.75, 0.7, 0.57), 0.15),
        ((0, -0.2, 0), (0.7, 0.62, 0.52), 0.55),
        ((0.1, 0.6, 0), (0.45, 0.7, 0.4), 0.75),
        ((-0.35, 0.35, 0), (0.4, 0.35, 0.4), 0.7),
        ((-0.4, 0.4, 0), (0.28, 0.18, 0.2), 0.5),
        ((-0.35, 0.22, 0), (0.3, 0.05, 0.18), 0.0),
        ((0.05, 0.45, 0), (0.06, 0.35, 0.12), 0.0),
        ((-0.45, 0.05, 0), (0.2, 0.15, 0.08), 0.0),
        ((-0.5, -0.1, 0.25), (0.12, 0.1, 0.1), 0.95),
        ((-0.5, -0.1, -0.25), (0.12, 0.1, 0.1), 0.95),
    ):
        inside = sum(((axis - c) / r) ** 2 for axis, c, r in zip((x, y, z), center, radius, strict=True))
        volume[inside < 1] = value
    return gaussian_filter(volume, 1.0) + 0.03 * rng.normal(size=volume.shape)


if __name__ == "__main__":
    main()
