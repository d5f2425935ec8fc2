"""Tracts that were never measured: numbers that move like speech, for tests of what is made of them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from rtmri2speech.data.dataset.layout import Split
from rtmri2speech.data.dataset.tract_folder import (
    TractArrays,
    TractItem,
    TractMeta,
    inputs_path,
    item_of,
    write_arrays,
    write_manifest,
)
from rtmri2speech.models.tract.inputs import INPUTS, MEASURES, PLACES
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.vocal_tract.contours import CONTOURS, POINTS, Contours
from rtmri2speech.vocal_tract.measurement.tract import Tract


def rows(frames: int, seed: int = 0) -> np.ndarray:
    """Rows of inputs (T, C), float32, in which the front is open where the formants are high."""
    rng = np.random.default_rng(seed)
    wave = np.sin(np.arange(frames) / 5.0 + rng.uniform(0, 6))[:, None]
    values = np.zeros((frames, len(INPUTS)))
    values[:, PLACES["distance"]] = 10.0 + 4.0 * wave * np.linspace(-1, 1, 40) + rng.uniform(0, 2, 40)
    values[:, PLACES["width"]] = 1.5
    values[:, PLACES["length"]] = 16.0 + 0.2 * wave
    values[:, PLACES["measures"]] = np.array([0.0, 8.0, 10.0, 0.1, 20.0]) + wave
    values[:, PLACES["formants"]] = np.array([500.0, 1500.0, 2500.0, 3500.0]) * (1.0 + 0.1 * wave)
    values[:, PLACES["confidence"]] = 0.9
    values[:, PLACES["size_known"]] = 1.0
    return values.astype(np.float32)


def arrays(frames: int, looks: int = 2, seed: int = 0) -> TractArrays:
    """An utterance whose mel, F0 and formants follow from its tract."""
    inputs = np.stack([rows(frames, seed)] * looks)
    openness = (inputs[0, :, 39] - 10.0) / 5.0
    bands = np.linspace(0, 3, FeatureConfig().n_mels)
    mel = -50.0 + 10.0 * openness[:, None] * np.cos(bands)
    f0 = np.where(np.arange(frames) % 10 < 7, 120.0 + 20.0 * openness, 0.0)
    formants = inputs[0][:, PLACES["formants"]]
    return TractArrays(
        inputs, mel.astype(np.float32), f0.astype(np.float32), formants, np.full(looks, 1.05, np.float32)
    )


def folder(root: Path, frames: int = 40, looks: int = 2) -> Path:
    """A folder of tracts with three utterances to train on, one to validate on and one to test."""
    root.mkdir(parents=True, exist_ok=True)
    splits: tuple[Split, ...] = ("train", "train", "train", "validation", "test")
    items: list[TractItem] = []
    for number, split in enumerate(splits):
        name = f"u{number}"
        length = frames + 3 * number
        write_arrays(inputs_path(root, name), arrays(length, looks, number), "key")
        items.append(item_of(root, name, "speaker", split, looks, length, "key"))
    meta = TractMeta(
        features=FeatureConfig(),
        inputs=INPUTS,
        corpus="drawn",
        licence="none",
        citation="none",
        dataset="d",
        segmenter="s",
        look="random",
        looks=looks,
        seed=0,
    )
    write_manifest(root, meta, items)
    return root


def tract(frames: int = 20, rate: Fraction = Fraction(625, 23)) -> Tract:
    """A tract whose distances are 1, 2, .. mm in the frames 0, 1, .., closed at the lips in the first."""
    line = np.arange(1.0, frames + 1.0)[:, None]
    distance = np.repeat(line, 40, axis=1)
    distance[0, 39] = 0.0
    ranges = np.stack([0.5 * distance, 1.5 * distance], axis=-1)
    return Tract(
        name="drawn",
        frame_rate=rate,
        pixel_mm=1.0,
        pixel_source="given",
        midline=np.zeros((frames, 41, 2)),
        distance=distance,
        distance_range=ranges,
        area=distance,
        area_range=ranges,
        length=np.full(frames, 16.0),
        closed=distance == 0.0,
        measures={
            name: np.full(frames, float(number))
            for number, name in enumerate((*MEASURES, "tongue_tip_mm", "tongue_tip_at", "tongue_body_mm"))
        },
        formants=np.tile([500.0, 1500.0, 2500.0, 3500.0], (frames, 1)),
        formant_range=np.zeros((frames, 4, 2)),
        bandwidths=np.full((frames, 4), 50.0),
        sensitivity=np.zeros((frames, 4, 40)),
        confidence=np.full(frames, 0.9, np.float32),
        contours=Contours(np.full((frames, len(CONTOURS), POINTS, 2), np.nan), rate, 1.0),
    )
