"""Fit alpha and beta of A = alpha d^beta, by region of the tract, on simulated heads whose areas are known.

    rtmri2speech simulate --poses 25 --speakers 16 --seed 2121 --out poses
    python benchmarks/area_model.py poses [--out src/rtmri2speech/assets/tract]

Distances are measured in the heads' true labels, by what measures them in recordings; areas come from VocalTractLab.
Every fourth head is kept out of the fit, and gives the error that is printed and written. Two files come out of it:
the model of the heads, and the same with the lips of people.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.data.provenance import write_about
from rtmri2speech.parallel import run_jobs
from rtmri2speech.simulation.speaker.vocaltractlab import VocalTract
from rtmri2speech.vocal_tract.contours import label_probabilities
from rtmri2speech.vocal_tract.geometry.area_function import (
    MODEL_KIND,
    MODEL_SCHEMA,
    SHIPPED_MODELS,
    equal_sections,
)
from rtmri2speech.vocal_tract.geometry.grid import lay_grid, settled_grid
from rtmri2speech.vocal_tract.geometry.midline import SECTIONS, cut_sections
from rtmri2speech.vocal_tract.geometry.walls import LEVELS, find_walls

REGIONS = {
    "glottis": (0, 0),
    "larynx": (1, 4),
    "aditus": (5, 5),
    "epilarynx": (6, 7),
    "low_pharynx": (8, 11),
    "mid_pharynx": (12, 15),
    "uvula": (16, 19),
    "soft_palate": (20, 23),
    "hard_palate": (24, 28),
    "alveolar": (29, 32),
    "teeth": (33, 35),
    "behind_lips": (36, 36),
    "lips": (37, 38),
    "opening": (39, 39),
}
# A = pi/4 h (1.12 + 1.83 h), cm: an ellipse of the height h and of the width that goes with it, by means, deviations
# and correlation of the lips of the speaker PB in Maeda's model (specification of his program, pb1_spec.dat: h 0.72
# and 0.53, w 2.44 and 1.13, r .85), as a power of h between 2 and 16 mm, within 11 %. Lips of a height differ in width.
PEOPLE = {
    "name": "lips",
    "sections": [37, 39],
    "alpha": 0.0729,
    "beta": 1.5106,
    "error": None,
    "spread": [-0.6, 0.5],
    "source": "Maeda 1990, lips of one speaker",
}
OUT = Path(__file__).parents[1] / "src/rtmri2speech/assets/tract"
OPEN_MM, OPEN_CM2, KEPT_OUT = 0.5, 0.05, 4


def main() -> None:
    parser = argparse.ArgumentParser(description="fit the area model")
    parser.add_argument("poses", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    about = json.loads((options.poses / "poses.json").read_text(encoding="utf-8"))
    files = sorted(options.poses.glob("*/*_poses.npz"))
    jobs = [(path, float(about["pixel_mm"])) for path in files]
    results = []
    for _, result in run_jobs(measure, jobs, 2, fresh=True):
        if isinstance(result, Exception):
            raise result
        results.append(result)
    distance, area = ([one[index] for one in results] for index in (0, 1))
    heads = np.concatenate([np.full(len(one), number) for number, one in enumerate(distance)])
    d, a = np.concatenate(distance), np.concatenate(area)
    kept_out = heads % KEPT_OUT == 0
    regions = [fit(name, first, last, d, a, kept_out) for name, (first, last) in REGIONS.items()]
    for one in regions:
        print(f"{one['name']:<12} alpha {one['alpha']:.3f} beta {one['beta']:.2f}  median error {one['error']:.1%}")
    everything = float(np.median(np.concatenate([one.pop("errors") for one in regions])))
    print(f"all sections of the heads kept out: median error {everything:.1%}")
    source = {"heads": len(files), "positions": len(d), "kept_out": int(np.unique(heads[kept_out]).size)}
    rest = [one for one in regions if one["name"] not in ("lips", "opening")]
    for name, parts in (("phantom", regions), ("people", [*rest, PEOPLE])):
        about = {"name": name, "fitted_on": source, "median_error": round(everything, 4), "regions": parts}
        write_about(options.out / SHIPPED_MODELS[name], MODEL_KIND, MODEL_SCHEMA, about)


def measure(job: tuple[Path, float]) -> tuple[Float64, Float64]:
    """Distances (N, 40) in mm and areas (N, 40) in cm^2 of one head's positions."""
    path, pixel_mm = job
    with np.load(path) as arrays:
        labels, states, anatomy = arrays["labels"], arrays["tract"], json.loads(str(arrays["about"]))["anatomy"]
    tract = VocalTract()
    tract.reshape(path.stem, anatomy)
    areas = np.stack([equal_sections(*tract.tube(state.astype(np.float64))) for state in states])
    maps = [label_probabilities(one) for one in labels]
    grid = lay_grid(np.mean(maps, axis=0))
    if grid is None:
        return np.zeros((0, SECTIONS)), np.zeros((0, SECTIONS))
    grid = settled_grid(grid, find_walls(maps, grid).center)
    # Positions follow each other in no time.
    found = cut_sections(find_walls(maps, grid), grid, Fraction(1), 0.0)
    return found.distance[..., LEVELS.index(0.5)] * pixel_mm, areas


def fit(name: str, first: int, last: int, d: Float64, a: Float64, kept_out: Sequence[bool]) -> dict[str, object]:
    """Least absolute deviations in log area over open sections; the spread of what is left."""
    here, rows = slice(first, last + 1), np.asarray(kept_out)

    def logs(which: Float64) -> tuple[Float64, Float64]:
        x, y = d[which, here].ravel(), a[which, here].ravel()
        good = (x > OPEN_MM) & (y > OPEN_CM2)
        return np.log(x[good]), np.log(y[good])

    x, y = logs(~rows)
    weight = np.ones(len(x))
    for _ in range(50):
        slope, offset = np.polyfit(x, y, 1, w=np.sqrt(weight))
        weight = 1.0 / np.maximum(np.abs(y - offset - slope * x), 0.02)
    x, y = logs(rows)
    left = y - offset - slope * x
    errors = np.abs(np.exp(-left) - 1.0)
    low, high = np.quantile(left, [0.05, 0.95])
    return {
        "name": name,
        "sections": [first, last],
        # d in mm, A in cm^2
        "alpha": round(float(np.exp(offset)), 5),
        "beta": round(float(slope), 4),
        "error": round(float(np.median(errors)), 4),
        # 5 % and 95 % quantiles of log(true area / model)
        "spread": [round(float(low), 3), round(float(high), 3)],
        "errors": errors,
    }


if __name__ == "__main__":
    main()
