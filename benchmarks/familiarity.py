"""How often `synthesize --model phantom` takes the wrong way: frames or measured tract.

    rtmri2speech simulate --out own --minutes 1.2 --speakers 12 --seed 770
    rtmri2speech simulate --out random --minutes 1.2 --speakers 12 --seed 770 --look random
    python benchmarks/familiarity.py own=own random=random people=VIDEOS [--json FILE]

Every argument is a kind of recordings, KIND=PATH: a folder that is looked through, or a video. The way is that of
`--way auto`: the measured tract where the distance of the frames from those of the training is above the limit. Where
there is sound (NAME.wav next to the video, or its track), both ways speak, and the right one is the one whose mel
spectrogram is nearer to the recording's, levels aligned: *false image* means that frames were taken and the tract is
nearer, *false tract* the other way round. Without sound, or with `--distances`, only the distance is measured. The last
table has these errors for other limits.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1] / "src")]

LIMITS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2)


def videos_of(path: Path) -> list[Path]:
    """A video, or those of a folder and of its folders."""
    from rtmri2speech.data.endings import VIDEO_SUFFIXES

    if path.is_file():
        return [path]
    return sorted(one for one in path.rglob("*") if one.suffix.lower() in VIDEO_SUFFIXES)


def recorded_mel(video: Path, model: Any) -> tuple[np.ndarray, int] | None:
    """Mel of the recorded sound (T, M), and the frame that it starts at; None without sound."""
    from rtmri2speech.corpora.folder import FolderCorpus
    from rtmri2speech.errors import MediaError
    from rtmri2speech.preparation.open_recording import open_recording
    from rtmri2speech.signal.mel import mel_db

    (recording,) = FolderCorpus((video,)).recordings()
    try:
        opened = open_recording(recording, model.features, model.frames, on_mismatch="trim")
    except MediaError:
        return None
    return mel_db(opened.samples, model.features), opened.first


def mel_error(made: np.ndarray, recorded: np.ndarray) -> float:
    """Mean absolute difference, dB, after the mean difference of levels was taken off."""
    frames = min(len(made), len(recorded))
    difference = made[:frames] - recorded[:frames]
    return float(np.abs(difference - difference.mean()).mean())


def measure(model: Any, video: Path, kind: str, speak: bool) -> dict[str, Any]:
    """Distance of one video, and the errors of both ways where its sound is known."""
    from rtmri2speech.inference.familiarity import LIMIT

    far = model.unfamiliarity(model.open(video))
    row: dict[str, Any] = {"kind": kind, "video": video.name, "distance": far}
    row["way"] = "tract" if far is not None and far > LIMIT else "image"
    recorded = recorded_mel(video, model) if speak else None
    if recorded is not None:
        mel, first = recorded
        for way in ("image", "tract"):
            row[way] = mel_error(model.synthesize(video, way=way).mel_db[first:], mel)
    return row


def errors_at(rows: list[dict[str, Any]], limit: float) -> tuple[int, int]:
    """False image and false tract among recordings with sound, for a limit of the distance."""
    image = [row for row in rows if row["distance"] is None or row["distance"] <= limit]
    false_image = sum(row["tract"] < row["image"] for row in image)
    return false_image, sum(row["image"] < row["tract"] for row in rows) - sum(
        row["image"] < row["tract"] for row in image
    )


def report(rows: list[dict[str, Any]], limit: float) -> None:
    """Print a line per kind, and the errors over limits."""
    print(
        f"\n{'kind':12} {'videos':>6} {'distance':>14} {'to tract':>8} {'sound':>6} {'image':>6} {'tract':>6} "
        f"{'false image':>11} {'false tract':>11}"
    )
    for kind in dict.fromkeys(row["kind"] for row in rows):
        own = [row for row in rows if row["kind"] == kind]
        far = [row["distance"] for row in own if row["distance"] is not None]
        span = f"{min(far):.2f} to {max(far):.2f}" if far else "-"
        heard = [row for row in own if "image" in row]
        errors = [f"{np.mean([row[way] for row in heard]):.1f}" if heard else "-" for way in ("image", "tract")]
        wrong = [str(count) if heard else "-" for count in errors_at(heard, limit)]
        to_tract = sum(row["way"] == "tract" for row in own)
        print(
            f"{kind:12} {len(own):6} {span:>14} {to_tract:8} {len(heard):6} {errors[0]:>6} {errors[1]:>6} "
            f"{wrong[0]:>11} {wrong[1]:>11}"
        )
    heard = [row for row in rows if "image" in row]
    if not heard:
        return
    print(f"\nof {len(heard)} recordings with sound, for other limits:")
    for other in LIMITS:
        false_image, false_tract = errors_at(heard, other)
        print(f"  above {other:.1f}: false image {false_image}, false tract {false_tract}")


def main() -> int:
    """Read the command line, measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kinds", nargs="+", help="KIND=PATH: a folder of videos, or a video")
    parser.add_argument("--model", default="phantom")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--distances", action="store_true", help="measure distances alone, which is quick")
    parser.add_argument("--json", type=Path, help="file for a row per video")
    given = parser.parse_args()
    from rtmri2speech.errors import UserError
    from rtmri2speech.inference.familiarity import LIMIT
    from rtmri2speech.inference.model import load_model

    model = load_model(given.model, given.device)
    rows: list[dict[str, Any]] = []
    for word in given.kinds:
        kind, _, path = word.rpartition("=")
        for video in videos_of(Path(path)):
            try:
                rows.append(measure(model, video, kind or path, not given.distances))
            except UserError as error:
                print(f"left out: {error.problem}", file=sys.stderr)
                continue
            print(json.dumps(rows[-1]), flush=True)
    if rows:
        report(rows, LIMIT)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0 if rows else 1


if __name__ == "__main__":
    sys.exit(main())
