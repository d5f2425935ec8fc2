"""A folder as the commands leave it behind, small and made up in a second, for tests of the page."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtmri2speech.analysis.attribution.band_maps import BandMaps, Method
from rtmri2speech.analysis.attribution.maps import Maps
from rtmri2speech.analysis.attribution.targets import UNITS, Band, TargetKind
from rtmri2speech.analysis.map_folder.write import write_maps as save_maps
from rtmri2speech.analysis.regions.masks import Source
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.data.media.clips import open_gray_clip
from rtmri2speech.data.media.scan import scan_video
from rtmri2speech.data.media.textgrid import interval_grid, write_textgrid
from rtmri2speech.signal.features import FeatureConfig
from talker import speak, write_recording

RATE = FeatureConfig().frame_rate
SIZE, CELLS = 64, 4
HOSTILE = "<img src=x onerror=alert(1)>"
"""What must stay text wherever it comes from."""

HARMLESS = " &amp;"
"""What polygons may be called, which refuse more than that."""


@dataclass(frozen=True)
class Made:
    """The folder, its only clip's video (which lies elsewhere), and the clip's number of frames."""

    folder: Path
    video: Path
    frames: int


def make_folder(root: Path, name: str = "clip", hostile: str = "", seconds: float = 1.4) -> Made:
    """Speech, maps of two bands, regions, a masked sound and an evaluation; ``hostile`` goes wherever text goes."""
    videos, folder = root / "videos", root / "out"
    for one in (videos, folder / "speech", folder / "maps", folder / "masking", folder / "evaluation"):
        one.mkdir(parents=True, exist_ok=True)
    talk = speak(seconds, 1, size=SIZE)
    video = write_recording(talk, videos, name)
    words = [(0.0, seconds / 2, "ao" + hostile), (seconds / 2, seconds, "語")]
    write_textgrid(
        interval_grid({"phones": talk.labels, "words" + hostile: words}, seconds), videos / f"{name}.TextGrid"
    )
    frames = open_gray_clip(scan_video(video), RATE, SIZE).n_frames
    write_wav(folder / "speech" / f"{name}_generated.wav", 0.7 * talk.audio, talk.sample_rate)
    write_maps(folder / "maps", video, frames, hostile)
    regions = {"lips": SQUARE, "tongue" + (HARMLESS if hostile else ""): [[20, 30], [50, 30], [35, 60]]}
    write_json(videos / f"{name}.json", {"size": [SIZE, SIZE], "regions": regions})
    write_wav(folder / "masking" / "lips_darken_0.wav", 0.3 * talk.audio, talk.sample_rate)
    write_wav(folder / "masking" / "lips_darken_0_control1.wav", 0.3 * talk.audio, talk.sample_rate)
    masking = {"video": str(video), "regions_of": "template", "fills": ["darken"], "alphas": [0.0, 1.0], "seed": 5}
    masking["regions"] = [{"name": "lips", "pixels": 10.0, "controls": []}]
    write_json(folder / "masking" / "masking.json", masking)
    write_json(folder / "evaluation" / "metrics.json", metrics(hostile))
    return Made(folder, video, frames)


SQUARE = [[4, 20], [12, 20], [12, 40], [4, 40]]


def write_maps(
    folder: Path, video: Path, frames: int, hostile: str = "", method: Method = "gradcam", target: TargetKind = "energy"
) -> None:
    """Maps that are positive in the left half for F1 and in the right half for F2, and negative in the other half."""
    entries = []
    for name, low, high, sign in (("F1", 300.0, 900.0, 1.0), ("F2", 900.0, 2500.0, -1.0)):
        cells = np.where(np.arange(CELLS) < CELLS // 2, sign, -sign)[None, None] * np.ones((frames, CELLS, 1))
        # Pixels of the last frame are 1 or -1.
        cells = (cells * np.linspace(0.2, 1.0, frames)[:, None, None] * (SIZE / CELLS) ** 2).astype(np.float32)
        values = np.zeros(frames, np.float32)
        band = Band(name, low, high, (0, 1))
        entries.append(BandMaps(method, band, target, SIZE // CELLS, SIZE, values, 1.0, cells))
    about = {"model": "some.safetensors" + hostile}
    source = Source(list(range(frames)), SIZE, SIZE, SIZE)
    mean = np.zeros((SIZE, SIZE), np.float32)
    save_maps(Maps(str(video), RATE, SIZE, tuple(entries), mean, source, about), folder, pixels=False)
    with (folder / f"{method}_regions_time.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["band", "frame", "time_s", "region", "share", f"signed_sum ({UNITS[target]})"])
        for band in ("F1", "F2"):
            for frame in range(frames):
                for region, share in (("lips", 0.1), ("tongue" + hostile, frame / frames), ("elsewhere", 0.5)):
                    rows.writerow([band, frame, f"{(frame + 0.5) / RATE:.4f}", region, share, -share])


def metrics(hostile: str = "") -> dict[str, object]:
    """An evaluation's ``metrics.json``, as far as the page reads it."""
    one = {"n_utterances": 1, "speakers": ["sp" + hostile], "mcd_db": 5.0, "stoi": 0.8, "f0_rmse_hz": 12.0}
    one["ceiling"] = {"mcd_db": 3.0, "stoi": 0.9, "f0_rmse_hz": 4.0}
    one["floor"] = {"mcd_db": 11.0, "stoi": 0.5, "f0_rmse_hz": None}
    return {
        "all": one,
        "confidence_95": {"all": {"mcd_db": [4.5, 5.5], "stoi": [None, None]}},
        "definitions": {"mcd_db": "Mel-cepstral distortion." + hostile},
        "model": {"file": "some.safetensors" + hostile, "provenance": {"acoustic": {"recipe": {"lr": 0.0001}}}},
        "dataset": {"name": "set" + hostile, "split": "test"},
        "versions": {"torch": "2"},
        "bootstrap": {"seed": 7},
        "reproduce": "rtmri2speech evaluate" + hostile,
    }


def write_json(path: Path, values: object) -> None:
    """Write a JSON file."""
    path.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
