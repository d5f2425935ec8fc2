"""What a training may start from: bundles, HiFi-GAN checkpoints, generators of another geometry; what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.errors import BundleError, ConfigError, UserError
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel
from rtmri2speech.models.bundle.model_file import Bundle, load_bundle, save_bundle
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.training.init_weights import load_init, start_from
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.train import train_vocoder

pytestmark = pytest.mark.train

MakeRecipe = Callable[..., Recipe]

GEOMETRY = VocoderConfig(
    upsample_rates=(5, 4, 2),
    upsample_kernels=(9, 8, 4),
    initial_channels=16,
    resblock_kernels=(3,),
    resblock_dilations=((1,),),
)
# As released: faster, more bands, other upsampling of as many stages.
RELEASED = {
    "resblock": "1",
    "upsample_rates": [4, 4, 2],
    "upsample_kernel_sizes": [8, 8, 4],
    "upsample_initial_channel": 16,
    "resblock_kernel_sizes": [3],
    "resblock_dilation_sizes": [[1]],
    "num_mels": 20,
    "n_fft": 128,
    "win_size": 128,
    "hop_size": 32,
    "sampling_rate": 4000,
    "fmin": 0,
    "fmax": 1600,
}
MEMO = RELEASED | {
    "upsample_rates": [5, 4, 2],
    "upsample_kernel_sizes": [9, 8, 4],
    "num_mels": 16,
    "hop_size": 40,
    "sampling_rate": 2000,
    "fmax": 1000,
}


def a_generator(config: VocoderConfig = GEOMETRY, n_mels: int = 16) -> Generator:
    torch.manual_seed(3)
    return Generator(config, n_mels)


def checkpoint(folder: Path, values: dict[str, Any], **changes: Any) -> Path:
    """A checkpoint of the released kind, with weight norm of the older spelling, and its JSON."""
    folder.mkdir(exist_ok=True)
    config = VocoderConfig(
        upsample_rates=values["upsample_rates"],
        upsample_kernels=values["upsample_kernel_sizes"],
        initial_channels=16,
        resblock_kernels=(3,),
        resblock_dilations=((1,),),
    )
    model = a_generator(config, values["num_mels"])
    state = dict(model.state_dict())
    for name, part in model.named_modules():
        if isinstance(part, nn.Conv1d | nn.ConvTranspose1d):
            weight = state.pop(f"{name}.weight")
            state |= {f"{name}.weight_v": 3 * weight, f"{name}.weight_g": weight.flatten(1).norm(dim=1)[:, None, None]}
    torch.save({"generator": state}, folder / "g_00000001")
    (folder / "config.json").write_text(json.dumps(values | changes), encoding="utf-8")
    return folder / "g_00000001"


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    state = other.state_dict()
    return all(torch.allclose(value, state[name], atol=1e-6) for name, value in one.state_dict().items())


def test_bundle_of_the_same_geometry(dataset: Dataset, tmp_path: Path) -> None:
    source, target = a_generator(), Generator(GEOMETRY, 16)
    save_bundle(Bundle.from_vocoder(source, dataset.meta.features), tmp_path / "v.safetensors")
    notes = start_from(target, load_init(tmp_path / "v.safetensors", "vocoder", dataset), "vocoder")
    assert same_weights(source, target)
    assert len(notes) == 1 and notes[0].startswith("copied: ") and notes[0].endswith("first convolution")


def test_bundle_for_another_mel_definition(dataset: Dataset, tmp_path: Path) -> None:
    theirs = dataset.meta.features.model_copy(update={"n_mels": 24, "sample_rate": 3000})
    save_bundle(Bundle.from_vocoder(a_generator(n_mels=24), theirs), tmp_path / "v")
    init = load_init(tmp_path / "v", "vocoder", dataset)
    target = Generator(GEOMETRY, 16)
    notes = start_from(target, init, "vocoder")
    assert not init.magnitude and "from 24 mel bands of ln power to 1500 Hz at 3000 Hz" in notes[1]
    sums = [model.conv_pre.weight.sum(1) for model in (a_generator(n_mels=24), target)]
    torch.testing.assert_close(sums[0], sums[1])  # ln power in both: no factor


def test_checkpoint_of_the_released_code(dataset: Dataset, tmp_path: Path) -> None:
    init = load_init(checkpoint(tmp_path / "c", RELEASED), "vocoder", dataset)
    assert init.magnitude and init.bundle.features.preemphasis == 0 and init.features == dataset.meta.features
    target = Generator(GEOMETRY, 16)
    notes = start_from(target, init, "vocoder")
    assert [note.partition(":")[0] for note in notes] == ["copied", "resized", "remapped"]
    assert "ln magnitude to 1600 Hz at 4000 Hz, no pre-emphasis" in notes[2]
    source = init.bundle.build_vocoder()
    assert same_weights(source.resblocks, target.resblocks) and same_weights(source.conv_post, target.conv_post)
    torch.testing.assert_close(0.5 * source.conv_pre.weight.sum(1), target.conv_pre.weight.sum(1))


def test_checkpoint_trained_on_the_datasets_mel(dataset: Dataset, tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "c", MEMO)
    init = load_init(path, "vocoder", dataset)
    target = Generator(GEOMETRY, 16)
    notes = start_from(target, init, "vocoder")
    assert not init.magnitude and same_weights(a_generator(), target) and len(notes) == 1


def test_training_from_a_checkpoint(
    dataset: Dataset, dataset_dir: Path, make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    path = checkpoint(tmp_path / "c", RELEASED)
    recipe = make_recipe(vocoder={"max_steps": 1, "optimizer": {"lr": 1e-12}})
    train_vocoder(dataset_dir, recipe, tmp_path / "v", tmp_path / "run", device="cpu", init=path)
    trained, expected = load_bundle(tmp_path / "v"), Generator(GEOMETRY, 16)
    start_from(expected, load_init(path, "vocoder", dataset), "vocoder")
    assert same_weights(expected, trained.build_vocoder()) and trained.provenance["init"] == "g_00000001"


def test_fine_tuning_goes_on_from_the_datasets_mel_only(dataset: Dataset, tmp_path: Path) -> None:
    theirs = dataset.meta.features.model_copy(update={"preemphasis": 0.0, "fmax": 900.0})
    save_bundle(Bundle.from_vocoder(a_generator(), theirs), tmp_path / "v")
    for path, fields in (
        (tmp_path / "v", r"preemphasis: 0\.0 against 0\.97; fmax: 900\.0 against None"),
        (
            checkpoint(tmp_path / "c", RELEASED),
            r"sample_rate: 4000 against 2000; .*n_mels: 20 against 16; .*fmax: 1600",
        ),
    ):
        load_init(path, "vocoder", dataset)
        with pytest.raises(BundleError, match=f"another mel spectrogram than that of .*: {fields}") as caught:
            load_init(path, "vocoder", dataset, adapt=False)
        assert str(path) in caught.value.problem and "without `fine_tune`" in caught.value.remedy
    save_bundle(Bundle.from_vocoder(a_generator(), dataset.meta.features), tmp_path / "v")
    for path in (tmp_path / "v", checkpoint(tmp_path / "m", MEMO)):
        assert same_weights(a_generator(), load_init(path, "vocoder", dataset, adapt=False).bundle.build_vocoder())


def test_checkpoints_that_cannot_be_used(dataset: Dataset, tmp_path: Path) -> None:
    def refuse(path: Path, message: str, kind: type[UserError] = BundleError) -> None:
        with pytest.raises(kind, match=message) as caught:
            start_from(Generator(GEOMETRY, 16), load_init(path, "vocoder", dataset), "vocoder")
        assert str(path.parent) in caught.value.problem and "\n" not in caught.value.problem

    def made(name: str, **changes: Any) -> Path:
        return checkpoint(tmp_path / name, RELEASED, **changes)

    refuse(made("two", resblock="2"), r"config\.json: residual blocks of type 2")
    refuse(made("mels", num_mels=21), r"g_00000001: .*conv_pre.weight \(16, 20, 7\) instead of \(16, 21, 7\)")
    refuse(made("channels", upsample_initial_channel=32), r"g_00000001: its tensors do not fit .*conv_post.weight")
    refuse(made("rate", sampling_rate=-1), r"config\.json: sampling_rate", ConfigError)
    alone = made("alone")
    (alone.parent / "config.json").unlink()
    refuse(alone, r"g_00000001: a HiFi-GAN checkpoint without its config\.json")
    damaged = made("damaged")
    damaged.write_bytes(damaged.read_bytes()[:3000])
    refuse(damaged, "g_00000001: not a PyTorch checkpoint, or damaged")
    damaged.write_bytes(b"\x80\x02nothing that could be unpickled")
    refuse(damaged, "g_00000001: not a PyTorch checkpoint, or damaged")
    damaged.write_bytes(b"neither one nor the other")
    refuse(damaged, "g_00000001: neither a model of this program nor a PyTorch checkpoint")
    damaged.write_bytes(b"")
    refuse(damaged, r"cut short \(0 bytes\)")
    refuse(tmp_path / "none", "no such file")
    refuse(made("folder").parent, "is a folder")


def test_generators_that_cannot_be_matched(dataset: Dataset, tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "c", RELEASED)
    changes: list[tuple[dict[str, Any], str]] = [
        ({"initial_channels": 32}, "initial_channels: 16 against 32"),
        ({"upsample_rates": (8, 5), "upsample_kernels": (16, 9)}, r"\(3 stages against 2\)"),
        ({"resblock_kernels": (5,)}, r"resblock_kernels: \(3,\) against \(5,\)"),
    ]
    for change, message in changes:
        target = Generator(GEOMETRY.model_copy(update=change), 16)
        with pytest.raises(BundleError, match=f"g_00000001: its vocoder cannot start .*{message}"):
            start_from(target, load_init(path, "vocoder", dataset), "vocoder")


def test_acoustic_bundles_have_to_fit(dataset: Dataset, tmp_path: Path) -> None:
    config = AcousticConfig(backbone="test_efficientnet", hidden=8)
    model, path = AcousticModel(config, 16), tmp_path / "a"
    save_bundle(Bundle.from_acoustic(model, dataset.meta.features, dataset.meta.frames), path)
    other = AcousticModel(config, 16)
    assert start_from(other, load_init(path, "acoustic", dataset), "acoustic") == ["copied: all weights"]
    assert same_weights(model, other)
    with pytest.raises(BundleError, match="hidden: 8 against 9"):
        wider = AcousticModel(config.model_copy(update={"hidden": 9}), 16)
        start_from(wider, load_init(path, "acoustic", dataset), "acoustic")
    with pytest.raises(BundleError, match="holds no vocoder"):
        load_init(path, "vocoder", dataset)
    save_bundle(Bundle.from_acoustic(model, dataset.meta.features, FrameConfig(size=64)), path)
    with pytest.raises(BundleError, match=r"made for other data than .*size: 64 against 32"):
        load_init(path, "acoustic", dataset)
    save_bundle(Bundle.from_vocoder(a_generator(), dataset.meta.features), path)
    with pytest.raises(BundleError, match="holds no acoustic model"):
        load_init(path, "acoustic", dataset)
    with pytest.raises(BundleError, match="a PyTorch checkpoint, not a model file"):
        load_init(checkpoint(tmp_path / "c", RELEASED), "acoustic", dataset)


@pytest.mark.parametrize(("values", "fmax"), [(MEMO, 1500), (RELEASED, 8000)])
def test_what_import_says_of_the_highest_frequency_is_said_here_too(
    dataset: Dataset, tmp_path: Path, values: dict[str, Any], fmax: int
) -> None:
    init = load_init(checkpoint(tmp_path / "c", values, fmax=fmax), "vocoder", dataset)
    first, *_ = start_from(Generator(GEOMETRY, 16), init, "vocoder")
    assert f"names fmax {fmax} Hz, above the Nyquist frequency" in first
