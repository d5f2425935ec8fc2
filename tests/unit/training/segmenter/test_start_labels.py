"""What an annotation leaves open keeps the label that the network gave it before it is adapted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rtmri2speech.data.labels import CLASSES, UNKNOWN, Label
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle
from rtmri2speech.models.segmenter import Segmenter, SegmenterConfig
from rtmri2speech.training.engine.distributed import Processes
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.segmenter import task
from rtmri2speech.training.segmenter.frame_sets import SIDE, FrameSet
from rtmri2speech.training.segmenter.sources import open_sources
from rtmri2speech.training.segmenter.start_labels import with_start_labels
from rtmri2speech.training.train import train_segmenter

NUMBER = {name: number for number, name in enumerate(CLASSES)}
LEFT, MIDDLE, RIGHT = 32, 128, 224


class Known(Segmenter):
    """Sees a larynx on the left third, tongue in the middle and a jaw, of which it is unsure, on the right."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.config = SegmenterConfig(size=32, widths=(8, 12))

    def forward(self, frames: Tensor) -> Tensor:
        logits = torch.zeros(len(frames), len(CLASSES), 32, 32)
        logits[:, NUMBER["larynx"], :, :11] = 8.0
        logits[:, NUMBER["tongue"], :, 11:22] = 8.0
        logits[:, NUMBER["jaw"], :, 22:] = 1.0
        return logits


def people(labels: np.ndarray) -> FrameSet:
    return FrameSet("clip", "people", np.full((1, SIDE, SIDE), 90, np.uint8), labels[None], "0")


def test_open_pixels_take_the_label_that_the_start_is_sure_of() -> None:
    labels = np.full((SIDE, SIDE), UNKNOWN, np.uint8)
    labels[:100] = Label.AIRWAY
    labels[100:110] = Label.TONGUE_ROOT
    found = with_start_labels([people(labels)], Known(), 0.5)[0].labels[0]
    # Nobody traced a larynx here: it may lie where the annotation says airway.
    assert (found[:, LEFT] == Label.LARYNX).all()
    # Where the annotation says something of the classes that it shows, it is right.
    assert (found[:100, MIDDLE] == Label.AIRWAY).all() and (found[100:110, MIDDLE] == Label.TONGUE_ROOT).all()
    assert (found[110:, MIDDLE] == Label.TONGUE_BODY).all()
    assert (found[:, RIGHT] == labels[:, RIGHT]).all(), "it is not sure of the jaw"
    unsure = with_start_labels([people(labels)], Known(), 0.1)[0].labels[0]
    assert (unsure[:, RIGHT] == Label.JAW).all()


def test_a_class_that_the_annotation_shows_is_its_own() -> None:
    labels = np.full((SIDE, SIDE), Label.AIRWAY, np.uint8)
    labels[:4, :4] = Label.LARYNX
    found = with_start_labels([people(labels)], Known(), 0.5)[0].labels[0]
    assert (found[:, LEFT] == labels[:, LEFT]).all()
    assert (found[:, MIDDLE] == Label.TONGUE_BODY).all(), "no tongue was annotated"


def test_simulated_frames_stay_as_they_are() -> None:
    one = FrameSet("m01", "phantom", np.zeros((1, SIDE, SIDE), np.uint8), np.zeros((1, SIDE, SIDE), np.uint8), "0")
    assert with_start_labels([one], Known(), 0.1) == [one]


@pytest.mark.train
def test_adaptation_keeps_classes_that_are_not_annotated(
    make_heads: Callable[..., Path], person: Path, tiny: Callable[..., Recipe], tmp_path: Path
) -> None:
    start = tmp_path / "start.safetensors"
    long = {"max_steps": 40, "epoch_steps": 20, "optimizer": {"lr": 2e-2}}
    train_segmenter(make_heads(poses=8), tiny(data={"batch_size": 4}, **long), start, device="cpu")
    regions = person / "clip_regions.npz"
    labels = np.load(regions)["labels"]
    # The annotation shows air alone, and calls nothing else by its name.
    np.savez(regions, labels=np.where(labels == Label.AIRWAY, labels, UNKNOWN).astype(np.uint8))
    shares = {}
    for kept in (None, 0.3):
        recipe = tiny(data={"batch_size": 4, "people_share": 1.0, "start_labels": kept}, **long)
        frames = open_sources([person], recipe.segmenter.data)
        job = task.segmenter_task(frames, recipe.segmenter, start, False, Processes())
        known = job.module.train_frames.banks["people"].labels
        shares[kept] = float((known != UNKNOWN).float().mean())
        train_segmenter(person, recipe, tmp_path / f"{kept}.safetensors", init=start, device="cpu")
    assert shares[None] < 0.5 < shares[0.3]
    tongue = {name: tongue_share(load_bundle(tmp_path / f"{name}.safetensors"), person) for name in (None, 0.3)}
    assert tongue[None] < 0.2 * tongue[0.3]


def tongue_share(bundle: Bundle, person: Path) -> float:
    from rtmri2speech.training.segmenter.labeled_frames import read_labeled

    model = bundle.build_segmenter().eval()
    images = torch.from_numpy(read_labeled(person / "clip.mp4").images)[:, None] / 255.0
    small = nn.functional.interpolate(images, (model.config.size,) * 2, mode="area")
    with torch.inference_mode():
        return float((model(small).argmax(dim=1) == NUMBER["tongue"]).float().mean())
