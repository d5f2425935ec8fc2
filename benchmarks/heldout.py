"""Error of a model on a split it was not trained on, compared with always predicting the mean mel.

python benchmarks/heldout.py DATASET MODEL [--split test] [--device auto]

Both errors are in dB over all frames and bands of the split; the mean mel is that of the training split. The
three ways of combining windows (last frame, average, whole sequence) are listed separately.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.inference.encoder import encode_utterance
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.models.devices import choose_device


def main() -> None:
    parser = argparse.ArgumentParser(description="held-out error of a model")
    parser.add_argument("dataset", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--split", choices=["train", "validation", "test"], default="test")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    dataset, bundle = Dataset(options.dataset), load_bundle(options.model)
    device = choose_device(options.device)
    model = bundle.build_acoustic(device)
    mask = None if bundle.mask is None else bundle.mask.to(device)
    mean = np.concatenate([dataset.mel_db(row) for row in dataset.of_split("train")]).mean(axis=0)
    errors: dict[str, list[np.ndarray]] = {name: [] for name in ("mean mel", "last", "average", "sequence")}
    for row in dataset.of_split(options.split):
        truth = np.asarray(dataset.mel_db(row))
        errors["mean mel"].append(truth - mean)
        with torch.inference_mode():
            features = encode_utterance(model, dataset, row, mask)
            for mode in ("last", "average", "sequence"):
                errors[mode].append(truth - model.predict(features, mode).cpu().numpy())
    frames = sum(len(error) for error in errors["mean mel"])
    print(f"{options.split} split: {frames} frames; error over all bands in dB")
    for name, parts in errors.items():
        error = np.concatenate(parts)
        print(f"{name:<10} MAE {np.abs(error).mean():6.2f}   RMSE {np.sqrt(np.square(error).mean()):6.2f}")


if __name__ == "__main__":
    main()
