"""Hiding regions: what changes in the prediction and what does not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rtmri2speech.analysis.occlusion.conditions import Condition, OcclusionOptions
from rtmri2speech.analysis.occlusion.fills import FILLS
from rtmri2speech.analysis.occlusion.predictions import predict_occluded
from rtmri2speech.analysis.regions.masks import Regions
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError
from rtmri2speech.inference.model import Model
from rtmri2speech.progress import Silent


class Counted(Silent):
    """Progress that counts."""

    done = 0

    def advance(self, count: int = 1) -> None:
        self.done += count


def disc(size: int, x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.indices((size, size)) + 0.5
    return np.hypot(columns - x, rows - y) <= radius


def test_alpha_1_is_the_unmasked_prediction_to_the_last_bit(clip: Clip, model: Model, template: Regions) -> None:
    options = OcclusionOptions(("tongue", "lips"), FILLS, (1.0,))
    masked = predict_occluded(model, clip, template, options)
    np.testing.assert_array_equal(masked.unmasked, model.predict_mel(clip))
    assert len(masked.mels) == 2 * len(FILLS) * 3
    for mel in masked.mels.values():
        np.testing.assert_array_equal(mel, masked.unmasked)


def test_hiding_is_done_to_the_normalized_frame(clip: Clip, model: Model, template: Regions) -> None:
    counted = Counted()
    options = OcclusionOptions(("velum", "tongue"), alphas=(0.0, 0.25), controls=1)
    masked = predict_occluded(model, clip, template, options, counted)
    assert counted.done == options.passes * clip.n_frames
    frames = torch.from_numpy(np.concatenate(list(clip.blocks()))).float() / 255
    (control,) = masked.controls["tongue"]
    for alpha in (0.0, 0.25):
        for number in (0, 1):
            mask = template.only(["tongue"]).at(0)[0]
            mask = np.roll(mask, (control.down, control.right), (0, 1)) if number else mask
            changed = torch.where(torch.from_numpy(mask), alpha * frames, frames)
            with torch.no_grad():
                expected = model.acoustic.predict(model.acoustic.encode(changed)).numpy()
            found = masked.mels[Condition("tongue", "darken", alpha, number)]
            np.testing.assert_allclose(found, expected, atol=2e-3)
            assert np.abs(found - masked.unmasked).max() > 0.05
    assert masked.pixels["tongue"] == template.only(["tongue"]).at(0).sum()


def test_a_moving_region_is_hidden_where_it_is(clip: Clip, model: Model) -> None:
    def at(frame: int) -> np.ndarray:
        return np.stack([disc(64, 10 + frame // 2, 30, 6), np.zeros((64, 64), bool)])

    regions = Regions(("ball", "nothing"), at, moving=True)
    masked = predict_occluded(model, clip, regions, OcclusionOptions(regions.names, alphas=(0.0,), controls=1))
    assert masked.empty == ["nothing"]
    frames = np.concatenate(list(clip.blocks())) / np.float32(255)
    for number, frame in enumerate(frames):
        frame[at(number)[0]] = 0
    with torch.no_grad():
        expected = model.acoustic.predict(model.acoustic.encode(torch.from_numpy(frames))).numpy()
    np.testing.assert_allclose(masked.mels[Condition("ball", "darken", 0.0)], expected, atol=2e-3)
    with pytest.raises(ConfigError, match="belongs to nothing"):
        predict_occluded(model, clip, regions, OcclusionOptions(("nothing",)))
