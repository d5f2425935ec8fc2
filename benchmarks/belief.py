"""How faithful and how plausible the maps of the shipped model are, on simulated utterances that it has not seen.

    rtmri2speech simulate --out PHANTOM --minutes 8 --speakers 4 --seed 11
    python benchmarks/belief.py PHANTOM [--model phantom] [--split test] [--most 8] [--out belief]

Physics on all of the utterances, faithfulness on the first one of each speaker (means over them). Prints the table and
whether the map that `analyze gradcam` makes by default, next to that of the reference configuration, agrees with the
sensitivity functions better than places at random, and does not survive the randomization of the weights.
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


def main() -> None:
    parser = argparse.ArgumentParser(description="how far the maps can be trusted")
    parser.add_argument("phantom", type=Path, help="folder that simulate has written")
    parser.add_argument("--model", default="phantom")
    parser.add_argument("--split", default="test")
    parser.add_argument("--most", type=int, default=8, help="utterances")
    parser.add_argument("--out", type=Path, default=Path("belief"))
    parser.add_argument("--device", default="auto")
    given = parser.parse_args()
    manifest = json.loads((given.phantom / "phantom.json").read_text(encoding="utf-8"))
    rows = [row for row in manifest["utterances"] if row["split"] == given.split]
    rows = rows[:: max(1, len(rows) // given.most)][: given.most]
    videos = [given.phantom / row["speaker"] / f"{row['id']}.mp4" for row in rows]
    first = {row["speaker"]: video for row, video in reversed(list(zip(rows, videos, strict=True)))}
    on = ("--model", given.model, "--device", given.device)
    run("analyze", "physics", *videos, *on, "--out", given.out)
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
    print(f"rank correlation with a random model's maps {rank:.3f} (wanted: at most {RANK_BAR:g} either way)")


if __name__ == "__main__":
    main()
