"""How faithful and how plausible the maps of the shipped model are, on simulated utterances that it has not seen.

    rtmri2speech simulate --out PHANTOM --minutes 8 --speakers 4 --seed 11
    python benchmarks/belief.py PHANTOM [--model phantom] [--split test] [--most 8] [--each N] [--without SPEAKER ...]
        [--permuted 3] [--out belief]

Physics on all of the utterances, faithfulness on the first one of each speaker (means over them). Prints the table and
whether the map that `analyze gradcam` makes by default, next to that of the reference configuration, agrees with the
sensitivity functions better than places at random, and does not survive the randomization of the weights.

Then Hz per mm, with its sign: correlation with physics over 8 stretches and the vowels of each utterance, how often
signs agree where physics exceeds 5 Hz/mm, the slope as it is and after calibration by the warp test (what a formant
does when walls are moved by 1 mm, over its derivative), and the p of permuted vowels and weights. A phantom of four
speakers that no model has seen, two utterances each, of any split:

    rtmri2speech simulate --out PHANTOM --minutes 1 --speakers 5 --seed 2601
    python benchmarks/belief.py PHANTOM --split all --without m01 --each 2
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

from rtmri2speech.cli.main import main as rtmri2speech

P_BAR, RANK_BAR = 0.01, 0.1
DEFAULT, REFERENCE = ("hirescam", "centroid", "16"), ("gradcam", "energy", "32")
FAITHFUL = ["randomised_rank", "deletion_vs_random", "insertion_vs_random", "insertion_vs_best", "regions_signed"]
PLAUSIBLE = ["cosine", "rank", "p", "p_specific", "tract_density"]
SIGNED_BARS = {"F1": 0.75, "F2": 0.85}
SIGNS_BAR, SLOPE_BAR, CHANCE_BAR, ERROR_BAR = 0.85, (0.7, 1.3), 0.001, 0.05
Table = dict[tuple[str, str, str], dict[str, str]]


def run(*words: object) -> None:
    """One command; ends the benchmark where it fails."""
    if code := rtmri2speech([str(word) for word in words]):
        raise SystemExit(code)


def pooled(path: Path) -> Table:
    """Rows for all bands together, by method, target and stride."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["band"] == "all"]
    return {(row["method"], row["target"], row["cell_pixels"]): row for row in rows}


def show(title: str, columns: list[str], values: dict[tuple[str, str, str], list[float]]) -> None:
    """A Markdown table, a row per map."""
    print(f"\n{title}\n\n| map | {' | '.join(columns)} |\n|---{'|---:' * len(columns)}|")
    for (method, target, cell), row in values.items():
        print(f"| {method}, {target}, {cell} pixels | {' | '.join(f'{value:.3g}' for value in row)} |")


def rows_of(path: Path) -> list[dict[str, str]]:
    """Rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def show_signed(out: Path, speakers: list[str]) -> None:
    """Hz per mm against physics, and what the warp test calibrates it by."""
    names = ("formant", "vowels", "r", "low", "high", "rank", "signs", "slope", "p_vowels", "p_weights")
    scores = rows_of(out / "physics_signed.csv")
    print(f"\nHz per mm, with signs\n\n| {' | '.join(names)} |\n|---|{'---:|' * (len(names) - 1)}")
    for row in scores:
        cells = [row[name] if name in names[:2] else f"{float(row[name] or 'nan'):.3g}" for name in names]
        print(f"| {' | '.join(cells)} |")
    warps = [row for speaker in speakers for row in rows_of(out / speaker / "faithfulness_warp.csv")]
    for row in scores:
        name, r = row["formant"], float(row["r"])
        ours = [one for one in warps if one["formant"] == name]
        factor, error, slope = (
            sum(float(one[column]) for one in ours) / len(ours) for column in ("factor", "error", "slope")
        )
        calibrated = float(row["slope"]) * factor
        print(
            f"{name}: r {r:.2f} (wanted: {SIGNED_BARS[name]:g}), signs {float(row['signs']):.0%} ({SIGNS_BAR:.0%}), "
            f"slope {float(row['slope']):.2f}, by the warp test's factor of {factor:.2f} "
            f"{calibrated:.2f} ({SLOPE_BAR[0]:g} to {SLOPE_BAR[1]:g}), p of vowels {float(row['p_vowels']):.2g}, of "
            f"weights {float(row['p_weights'] or 'nan'):.2g} ({CHANCE_BAR:g})"
        )
        print(
            f"{name}: 1 mm does {slope:.2f} of what the derivative says, error {error:.0%} ({ERROR_BAR:.0%} at .1 mm)"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="how far the maps can be trusted")
    parser.add_argument("phantom", type=Path, help="folder that simulate has written")
    parser.add_argument("--model", default="phantom")
    parser.add_argument("--split", default="test")
    parser.add_argument("--most", type=int, default=8, help="utterances")
    parser.add_argument("--each", type=int, help="utterances per speaker; by default as many as there are")
    parser.add_argument("--without", nargs="*", default=[], help="speakers that are left out")
    parser.add_argument("--permuted", type=int, default=3, help="models with permuted weights")
    parser.add_argument("--out", type=Path, default=Path("belief"))
    parser.add_argument("--device", default="auto")
    given = parser.parse_args()
    manifest = json.loads((given.phantom / "phantom.json").read_text(encoding="utf-8"))
    rows = [
        row
        for row in manifest["utterances"]
        if given.split in (row["split"], "all") and row["speaker"] not in given.without
    ]
    if given.each is not None:
        names = dict.fromkeys(row["speaker"] for row in rows)
        rows = [row for name in names for row in [one for one in rows if one["speaker"] == name][: given.each]]
    rows = rows[:: max(1, len(rows) // given.most)][: given.most]
    videos = [given.phantom / row["speaker"] / f"{row['id']}.mp4" for row in rows]
    first = {row["speaker"]: video for row, video in reversed(list(zip(rows, videos, strict=True)))}
    on = ("--model", given.model, "--device", given.device)
    run("analyze", "physics", *videos, *on, "--out", given.out, "--permuted", given.permuted)
    tables = []
    for speaker, video in sorted(first.items()):
        out = given.out / speaker
        run("analyze", "faithfulness", video, *on, "--regions", video.with_suffix(".npz"), "--out", out)
        tables.append(pooled(out / "faithfulness.csv"))

    physics = pooled(given.out / "physics.csv")
    even = float(physics[DEFAULT]["cosine_even"])
    names = ", ".join(video.stem for video in videos)
    plausible = {key: [float(row[name]) for name in PLAUSIBLE] for key, row in physics.items()}
    show(f"Physics, {names}; an even map has a cosine of {even:.3f}", PLAUSIBLE, plausible)
    faithful = {
        key: [sum(float(table[key][name]) for table in tables) / len(tables) for name in FAITHFUL] for key in tables[0]
    }
    show(f"Faithfulness, means over {', '.join(video.stem for _, video in sorted(first.items()))}", FAITHFUL, faithful)
    p, rank = plausible[DEFAULT][PLAUSIBLE.index("p")], faithful[DEFAULT][0]
    print(
        f"\n{', '.join(DEFAULT)}: p {p:.2g} (wanted: below {P_BAR:g}); "
        f"the reference configuration's {plausible[REFERENCE][2]:.2g}"
    )
    show_signed(given.out, sorted(first))
    print(f"rank correlation with a random model's maps {rank:.3f} (wanted: at most {RANK_BAR:g} either way)")


if __name__ == "__main__":
    main()
