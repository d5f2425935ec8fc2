"""How far a speaker's own seconds go, from what start: error on held-out seconds, with 95 % intervals.

    rtmri2speech prepare VIDEO --out DATASET --cut every --cut-seconds 2.5 --split blocks --split-ratio 70 10 20
    rtmri2speech prepare-tracts DATASET --people-looks 3
    python benchmarks/learning_curve.py DATASET --seconds 0 5 15 25 --starts scratch tract

Starts: `tract`, the shipped `strangers`, trained further by the recipe `adapt-tract`; `scratch`, such a network of
random weights, by the same recipe; `image`, the shipped `phantom`, and `image-scratch`, by the recipe `default` with
`--image-steps` steps (slow on a CPU). Of the training split the first seconds are used. The mel error is the mean
absolute difference over frames and bands, dB; sound is made by `--vocoder`. Intervals are percentiles of means over
seconds (mel) and utterances (ESTOI) drawn again: of a few seconds they are wide, and of one speaker they say nothing
about another.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1] / "src")]

STARTS = ("scratch", "tract", "image-scratch", "image")
DRAWS = 2000


def first_seconds(dataset: Any, seconds: float) -> list[str]:
    """Utterances of the training split that are left out when it ends after so many seconds."""
    left, out = seconds, []
    for row in dataset.of_split("train"):
        if left < row.seconds / 2:
            out.append(row.id)
        left -= row.seconds
    return out


def fewer_tracts(folder: Any, without: list[str], root: Path) -> Path:
    """A folder of tracts without some utterances."""
    import shutil

    from rtmri2speech.data.dataset.tract_folder import inputs_path, write_manifest

    rows = [row for row in folder.utterances if row.id not in without]
    root.mkdir(parents=True)
    for row in rows:
        shutil.copy(inputs_path(folder.root, row.id), root)
    write_manifest(root, folder.meta, rows)
    return root


def trained(given: argparse.Namespace, start: str, seconds: float, work: Path) -> Path | None:
    """The model of a start after so many seconds; None where it knows nothing."""
    from rtmri2speech.assets import find_model
    from rtmri2speech.data.dataset.layout import Dataset
    from rtmri2speech.data.dataset.tract_folder import TractFolder
    from rtmri2speech.data.files import write_text
    from rtmri2speech.signal.mel_statistics import MelStatistics
    from rtmri2speech.training.train import train_acoustic

    name = {"tract": given.strangers, "image": given.phantom}.get(start)
    if seconds == 0:
        return None if name is None else find_model(name)
    dataset = Dataset(given.dataset)
    without = first_seconds(dataset, seconds)
    out, root = work / f"{start}_{seconds:g}.safetensors", work / f"{start}_{seconds:g}"
    if start in ("scratch", "tract"):
        source = fewer_tracts(TractFolder(given.dataset), without, root)
        size = {}
        if start == "scratch":
            from rtmri2speech.models.bundle.model_file import load_bundle

            size = {"tract.model": load_bundle(find_model(given.strangers)).tract.model_dump()}
        train_acoustic(source, "adapt-tract", out, kind="tract", init=name, device=given.device, overrides=size)
    else:
        few = dataset.without(without, root)
        statistics = MelStatistics.fit([np.asarray(few.mel_db(row)) for row in few.of_split("train")])
        write_text(root / "scaler.json", statistics.to_json())
        settings = {"acoustic.max_steps": given.image_steps}
        train_acoustic(few, "default", out, init=name, device=given.device, overrides=settings)
    return out


def measure(given: argparse.Namespace, model: Path) -> tuple[np.ndarray, np.ndarray]:
    """Mel error of every frame of the test split, and ESTOI of every utterance."""
    from rtmri2speech.data.dataset.layout import Dataset
    from rtmri2speech.data.dataset.tract_folder import TractFolder
    from rtmri2speech.data.media.audio import read_sound
    from rtmri2speech.inference.mel_predictor import MelPredictor
    from rtmri2speech.inference.model import load_model
    from rtmri2speech.metrics.waveform import compare_waves

    dataset, vocoder = Dataset(given.dataset), load_model(given.vocoder, given.device)
    loaded = load_model(model, given.device)
    tracts = TractFolder(given.dataset) if loaded.bundle.tract is not None else None
    frames = None if tracts is not None else MelPredictor(dataset, model, loaded.device)
    errors, scores = [], []
    for row in dataset.of_split("test"):
        if tracts is not None:
            (item,) = [item for item in tracts.utterances if item.id == row.id]
            made = loaded.tract_way.predict(tracts.load(item).inputs[0]).mel_db.cpu().numpy()
        else:
            made = frames.predict(row)
        errors.append(np.abs(made - np.asarray(dataset.mel_db(row))).mean(axis=1))
        recorded, wave = read_sound(dataset.audio_path(row)).samples, vocoder.vocode(made)
        samples = min(len(recorded), len(wave))
        scores.append(compare_waves(recorded[:samples], wave[:samples], vocoder.features.sample_rate)["estoi"])
    return np.concatenate(errors), np.array(scores)


def with_interval(values: np.ndarray, block: int, digits: int) -> str:
    """Mean of values with the interval of means of blocks drawn again."""
    blocks = np.array([part.mean() for part in np.array_split(values, max(1, len(values) // block))])
    drawn = np.random.default_rng(0).choice(blocks, (DRAWS, len(blocks))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{values.mean():.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def main() -> int:
    """Read the command line, train and measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--seconds", nargs="+", type=float, default=[0, 5, 15, 25])
    parser.add_argument("--starts", nargs="+", choices=STARTS, default=["scratch", "tract"])
    parser.add_argument("--strangers", default="strangers", help="model of tracts to start from")
    parser.add_argument("--phantom", default="phantom", help="model of frames to start from")
    parser.add_argument("--vocoder", default="base-vocoder")
    parser.add_argument("--image-steps", type=int, default=600)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=Path, help="file for a row per model")
    given = parser.parse_args()
    from rtmri2speech.data.dataset.layout import Dataset

    test = Dataset(given.dataset).of_split("test")
    print(f"{len(test)} held-out utterances, {sum(row.seconds for row in test):.1f} s")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for start in given.starts:
            for seconds in given.seconds:
                began = time.monotonic()
                model = trained(given, start, seconds, Path(folder))
                if model is None:
                    continue
                spent = time.monotonic() - began
                errors, scores = measure(given, model)
                mel, estoi = with_interval(errors, 27, 2), with_interval(scores, 1, 3)
                rows.append({"start": start, "seconds": seconds, "mel_db": mel, "estoi": estoi, "training_s": spent})
                print(f"{start:14} {seconds:5g} s  mel {mel} dB  ESTOI {estoi}  trained {spent:.0f} s", flush=True)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
