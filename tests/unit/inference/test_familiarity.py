"""Frames of a kind that a model was not trained on are pointed out, and its own kind is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from rtmri2speech.assets import example_video, find_model
from rtmri2speech.data.media.clips import open_video
from rtmri2speech.inference.familiarity import LIMIT, FrameSample, _moments, _variance, unfamiliarity
from rtmri2speech.inference.model import Model, load_model
from rtmri2speech.models.bundle.model_file import load_bundle

Frames = NDArray[np.uint8]


@pytest.fixture(scope="module")
def shipped() -> Model:
    torch.set_num_threads(1)
    return load_model("phantom", "cpu")


@pytest.fixture(scope="module")
def of_its_kind(shipped: Model) -> list[Frames]:
    clip = open_video(example_video(), shipped.features, shipped.frames)
    sample = FrameSample(clip.n_frames)
    assert sum(len(block) for block in sample.through(clip.blocks())) == clip.n_frames
    return sample.frames


def test_a_sample_is_evenly_spaced() -> None:
    frames = np.arange(50, dtype=np.uint8)[:, None, None].repeat(2, 1)
    sample = FrameSample(50)
    passed = list(sample.through([frames[:7], frames[7:8], frames[8:]]))
    assert np.array_equal(np.concatenate(passed), frames)
    assert [int(frame[0, 0]) for frame in sample.frames] == [0, 4, 8, 13, 17, 22, 26, 31, 35, 40, 44, 49]
    few = FrameSample(3)
    list(few.through([frames[:3]]))
    assert len(few.frames) == 3


def test_a_simulated_speaker_is_familiar_to_the_shipped_model(shipped: Model, of_its_kind: list[Frames]) -> None:
    cnn = load_bundle(find_model("phantom")).build_acoustic().cnn
    near = unfamiliarity(cnn, of_its_kind, None)
    assert near is not None and near < 0.4
    rng = np.random.default_rng(0)
    for strange in (
        [frame[:, ::-1] for frame in of_its_kind],  # mirrored
        [np.rot90(frame) for frame in of_its_kind],
        [rng.integers(0, 256, frame.shape, np.uint8) for frame in of_its_kind],
        [np.zeros_like(frame) for frame in of_its_kind],
    ):
        far = unfamiliarity(cnn, strange, None)
        assert far is not None and far > LIMIT
    assert unfamiliarity(cnn, of_its_kind[:3], None) is None


def test_nothing_is_said_where_nothing_is_known(of_its_kind: list[Frames]) -> None:
    without = nn.Sequential(nn.Conv2d(3, 2, 3))
    untrained = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2)).eval()
    assert unfamiliarity(without, of_its_kind, None) is None
    assert unfamiliarity(untrained, of_its_kind, None) is None


def test_synthesis_says_so(shipped: Model, talker: Path) -> None:
    (note,) = [note for note in shipped.synthesize(talker, way="image").notes if "unlike" in note]
    assert "mistrust the speech" in note


def test_variance_is_that_of_all_frames_and_pixels_in_either_memory_order() -> None:
    maps = torch.randn(5, 7, 6, 4, generator=torch.Generator().manual_seed(0)) * 3 + 40
    for order in (torch.contiguous_format, torch.channels_last):
        one = maps.contiguous(memory_format=order)
        for parts in ([one], torch.split(one, 1), torch.split(one, [3, 2])):
            variance = _variance([_moments(part) for part in parts])
            torch.testing.assert_close(variance, maps.double().var((0, 2, 3)), rtol=1e-5, atol=0)


def test_threads_do_not_change_it(shipped: Model, of_its_kind: list[Frames]) -> None:
    cnn = load_bundle(find_model("phantom")).build_acoustic().cnn
    found = []
    for threads in (1, 3):
        torch.set_num_threads(threads)
        found.append(unfamiliarity(cnn, of_its_kind[:5], None))
        assert torch.get_num_threads() == threads
    torch.set_num_threads(1)
    assert found[0] is not None and found[0] == found[1]
    assert not any(layer._forward_pre_hooks for layer in cnn.modules())
