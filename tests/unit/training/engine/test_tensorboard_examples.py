"""What the log lets one see and hear, and how the ways of inference are compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.models.acoustic import AcousticModel
from rtmri2speech.models.bundle.model_file import load_bundle
from rtmri2speech.signal.frames import model_input
from rtmri2speech.training import tasks
from rtmri2speech.training.acoustic.compare_inference import compare_modes
from rtmri2speech.training.engine.tensorboard_examples import TensorBoardExample
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.train import train_acoustic

pytestmark = pytest.mark.train

MakeRecipe = Callable[..., Recipe]
MakeDataset = Callable[..., Path]


@pytest.fixture
def model(dataset: Dataset, make_recipe: MakeRecipe) -> AcousticModel:
    torch.manual_seed(0)
    model = AcousticModel(make_recipe().acoustic.model, dataset.meta.features.n_mels)
    model.scaler.mean.fill_(-30.0)
    model.scaler.std.fill_(12.0)
    return model.eval()


def test_a_training_shows_and_plays_its_example_now_and_then(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    recipe = make_recipe(acoustic={"max_epochs": 5, "show_every": 2})
    train_acoustic(dataset_dir, recipe, tmp_path / "a", tmp_path / "run", device="cpu")
    events = EventAccumulator(str(tmp_path / "run" / "logs"), size_guidance={"images": 0, "audio": 0})
    events.Reload()
    tags = events.Tags()
    assert tags["images"] == ["u3: true above predicted"]
    assert sorted(tags["audio"]) == ["u3: predicted", "u3: true"]
    # Validations 1, 3 and 5 of epochs of three steps.
    assert [point.step for point in events.Images("u3: true above predicted")] == [3, 9, 15]
    assert {"train/loss", "train/grad_norm", "train/lr", "val/mae_db", "band/val_f1"} <= set(tags["scalars"])


def test_the_picture_has_the_true_mel_above_the_predicted(dataset: Dataset, model: AcousticModel) -> None:
    seen: dict[str, np.ndarray] = {}

    class Log:
        def image(self, name: str, picture: np.ndarray, step: int) -> None:
            seen[name] = picture

        def sound(self, name: str, samples: np.ndarray, rate: int, step: int) -> None:
            seen[name] = samples

    example = TensorBoardExample.of(dataset, dataset.of_split("validation")[0])
    example.show(Log(), model, None, 3)  # type: ignore[arg-type]
    frames, bands = example.mel_db.shape
    picture = seen["u3: true above predicted"]
    assert picture.shape == (4 * (2 * bands + 2), 4 * frames, 3) and picture.dtype == np.uint8
    # The loudest band of a frame is the brightest of its column, low bands below.
    loud = int(example.mel_db[10].argmax())
    column = picture[: 4 * bands : 4, 40].sum(axis=1)
    assert bands - 1 - int(column.argmax()) == loud
    for name in ("u3: predicted", "u3: true"):
        assert len(seen[name]) == frames * dataset.meta.features.hop_length and np.abs(seen[name]).max() <= 1.0


def test_ways_of_inference_are_compared_as_the_model_is_used(dataset: Dataset, model: AcousticModel) -> None:
    found = compare_modes(model, dataset, "validation", None, torch.device("cpu"))
    assert sorted(found) == ["average", "last", "sequence"]
    (utterance,) = dataset.of_split("validation")
    with torch.inference_mode():
        features = model.encode(model_input(torch.from_numpy(np.array(dataset.frames(utterance)))))
        for mode in ("last", "average", "sequence"):
            error = (model.predict(features, mode) - torch.from_numpy(np.array(dataset.mel_db(utterance)))).abs().mean()
            assert found[mode] == pytest.approx(float(error), rel=1e-4)
    assert len(set(found.values())) == 3


def test_frames_that_do_not_count_are_left_out_of_the_comparison(dataset: Dataset, model: AcousticModel) -> None:
    (utterance,) = dataset.of_split("validation")
    counts = np.zeros(utterance.n_frames, np.uint8)
    counts[5:9] = 1
    np.save(dataset.folder(utterance) / "mask.npy", counts)
    found = compare_modes(model, dataset, "validation", None, torch.device("cpu"))
    with torch.inference_mode():
        features = model.encode(model_input(torch.from_numpy(np.array(dataset.frames(utterance)))))
        error = (model.predict(features, "last") - torch.from_numpy(np.array(dataset.mel_db(utterance)))).abs()[5:9]
    assert found["last"] == pytest.approx(float(error.mean()), rel=1e-4)


def test_the_comparison_is_in_the_bundle_and_in_the_summary(
    dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    summary = train_acoustic(
        dataset_dir, make_recipe(acoustic={"max_steps": 2}), tmp_path / "a", tmp_path / "run", device="cpu"
    )
    assert {"val/mae_db_last", "val/mae_db_average", "val/mae_db_sequence"} <= summary.metrics.keys()
    assert any(line.startswith("By inference: last ") for line in summary.lines())


@pytest.mark.parametrize("wanted", ["last", "average", "sequence"])
def test_the_best_way_of_inference_is_put_into_the_model(
    wanted: str, dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = {"last": 3.0, "average": 3.0, "sequence": 3.0, wanted: 2.0}
    monkeypatch.setattr(tasks, "compare_modes", lambda *_: errors)
    for choose, expected in ((True, wanted), (False, "average")):
        model = {**make_recipe().acoustic.model.model_dump(), "inference": "average"}
        recipe = make_recipe(acoustic={"max_steps": 1, "choose_inference": choose, "model": model})
        out = tmp_path / f"{choose}.safetensors"
        train_acoustic(dataset_dir, recipe, out, tmp_path / f"run{choose}", device="cpu")
        bundle = load_bundle(out)
        assert bundle.acoustic is not None and bundle.acoustic.inference == expected
