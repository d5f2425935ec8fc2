"""Bundles: round trip, damage, joints."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from rtmri2speech.data import files
from rtmri2speech.errors import BundleError, UserError
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel
from rtmri2speech.models.bundle import container
from rtmri2speech.models.bundle.describe import describe
from rtmri2speech.models.bundle.model_file import Bundle, join, load_bundle, save_bundle, weights_hash
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig, add_weight_norm
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig


@pytest.fixture
def saved(acoustic_bundle: Bundle, vocoder_bundle: Bundle, tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_bundle(join(acoustic_bundle, vocoder_bundle), path)
    return path


def read_raw(path: Path) -> tuple[dict[str, object], dict[str, Tensor]]:
    with safe_open(path, framework="pt") as file:
        return json.loads(file.metadata()["rtmri2speech"]), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def write_raw(path: Path, header: object, tensors: dict[str, Tensor], resealed: bool = True) -> None:
    """Write a file as a stranger could; ``resealed`` makes the digest fit."""
    if resealed and isinstance(header, dict):
        header = {name: value for name, value in header.items() if name != "digest"}
        header["digest"] = container._digest(header, tensors)
    save_file(tensors, path, metadata={"rtmri2speech": json.dumps(header)})


@torch.inference_mode()
def test_round_trip(
    saved: Path, acoustic_bundle: Bundle, vocoder_bundle: Bundle, acoustic: AcousticModel, generator: Generator
) -> None:
    loaded = load_bundle(saved)
    assert loaded.kind == "synthesizer" and loaded.source == str(saved)
    assert (loaded.features, loaded.frames) == (acoustic_bundle.features, acoustic_bundle.frames)
    assert (loaded.acoustic, loaded.vocoder) == (acoustic_bundle.acoustic, vocoder_bundle.vocoder)
    assert loaded.provenance == {"acoustic": acoustic_bundle.provenance, "vocoder": vocoder_bundle.provenance}
    assert loaded.card == "An acoustic model.\n\nA vocoder."
    assert loaded.mask is not None and loaded.mask.dtype == torch.uint8 and int(loaded.mask.sum()) == 32 * 24
    names = {*acoustic_bundle.tensors, *vocoder_bundle.tensors}
    assert loaded.tensors.keys() == names and "acoustic.scaler.mean" in names

    model, vocoder = loaded.build_acoustic(), loaded.build_vocoder()
    assert not model.training and not vocoder.training
    frames = torch.rand(6, 32, 32)
    assert torch.equal(model.predict(model.encode(frames)), acoustic.predict(acoustic.encode(frames)))
    mel = torch.randn(1, 5, 9)
    assert torch.equal(vocoder(mel), generator(mel))
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


@torch.inference_mode()
def test_half(acoustic_bundle: Bundle, acoustic: AcousticModel, tmp_path: Path) -> None:
    huge = dict(acoustic_bundle.tensors)
    huge["acoustic.head.weight"] = huge["acoustic.head.weight"] * 1e6
    for bundle, name in ((acoustic_bundle, "half"), (replace(acoustic_bundle, tensors=huge), "huge")):
        save_bundle(bundle, tmp_path / name, half=True)
    save_bundle(acoustic_bundle, tmp_path / "full")
    assert (tmp_path / "half").stat().st_size < 0.7 * (tmp_path / "full").stat().st_size

    loaded = load_bundle(tmp_path / "half")
    assert loaded.tensors["acoustic.head.weight"].dtype == torch.float16
    assert loaded.tensors["acoustic.scaler.mean"].dtype == torch.float32
    assert load_bundle(tmp_path / "huge").tensors["acoustic.head.weight"].dtype == torch.float32
    model = loaded.build_acoustic()
    assert {value.dtype for value in model.parameters()} == {torch.float32}
    frames = torch.rand(6, 32, 32)
    expected = acoustic.predict(acoustic.encode(frames))
    torch.testing.assert_close(model.predict(model.encode(frames)), expected, atol=0.05, rtol=0)
    assert "float16" in dict(describe(loaded))["acoustic model"]


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_file_with_what_is_not_a_number(vocoder_bundle: Bundle, tmp_path: Path, value: float) -> None:
    bad = {**vocoder_bundle.tensors, "vocoder.conv_post.bias": torch.full((1,), value)}
    path = tmp_path / "m.safetensors"
    save_bundle(replace(vocoder_bundle, tensors=bad), path)
    with pytest.raises(BundleError, match=r"m\.safetensors: .*not numbers .* in vocoder\.conv_post\.bias"):
        load_bundle(path)


def test_half_precision_makes_no_row_zero(generator: Generator, features: FeatureConfig, tmp_path: Path) -> None:
    with torch.no_grad():
        generator.conv_pre.weight[2] = 1e-9
        generator.conv_post.weight.zero_()
    bundle = Bundle.from_vocoder(generator, features)
    save_bundle(bundle, tmp_path / "half", half=True)
    stored = load_bundle(tmp_path / "half").stage("vocoder")
    assert torch.equal(stored["conv_pre.weight"], generator.conv_pre.weight)
    assert stored["ups.0.weight"].dtype == stored["conv_post.weight"].dtype == torch.float16  # zero from the start


@torch.inference_mode()
def test_low_precision_is_the_backbones_alone(acoustic_bundle: Bundle, acoustic: AcousticModel) -> None:
    model = acoustic_bundle.build_acoustic(dtype=torch.bfloat16)
    assert {value.dtype for value in model.cnn.parameters()} == {torch.bfloat16}
    assert model.head.weight.dtype == model.lstm.weight_ih_l0.dtype == torch.float32
    assert torch.equal(model.scaler.mean, acoustic.scaler.mean)
    predicted = model.predict(model.encode(torch.rand(6, 32, 32)))
    assert predicted.dtype == torch.float32


def test_weight_norm_is_stored_plain(generator: Generator, features: FeatureConfig, vocoder_bundle: Bundle) -> None:
    add_weight_norm(generator)
    bundle = Bundle.from_vocoder(generator, features)
    assert bundle.tensors.keys() == vocoder_bundle.tensors.keys()
    for name, value in bundle.build_vocoder().state_dict().items():
        torch.testing.assert_close(value, vocoder_bundle.stage("vocoder")[name])


def test_weights_file_is_forgotten(acoustic_bundle: Bundle, tmp_path: Path) -> None:
    assert acoustic_bundle.acoustic is not None
    needy = acoustic_bundle.acoustic.model_copy(update={"cnn_weights": "/no/such/file"})
    save_bundle(replace(acoustic_bundle, acoustic=needy), tmp_path / "m")
    loaded = load_bundle(tmp_path / "m")
    assert loaded.acoustic is not None and loaded.acoustic.cnn_weights is None
    loaded.build_acoustic()


def test_odd_provenance_does_not_lose_the_model(vocoder_bundle: Bundle, tmp_path: Path) -> None:
    odd = {"path": Path("a"), "loss": float("nan"), "number": 0.1}
    save_bundle(replace(vocoder_bundle, provenance=odd), tmp_path / "m")
    assert load_bundle(tmp_path / "m").provenance["path"] == "a"


def test_cut_short(saved: Path) -> None:
    content = saved.read_bytes()
    head = 8 + int.from_bytes(content[:8], "little")
    for length in (0, 1, 7, 8, 9, 100, head - 1, head, head + 1, len(content) // 2, len(content) - 1):
        saved.write_bytes(content[:length])
        with pytest.raises(BundleError, match=r"model\.safetensors: .*(cut short|damaged)"):
            load_bundle(saved)
    saved.write_bytes(content + b"\0")
    with pytest.raises(BundleError, match=r"model\.safetensors"):
        load_bundle(saved)


def test_any_changed_byte_is_noticed(vocoder_bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_bundle(vocoder_bundle, path)
    content = path.read_bytes()
    head = 8 + int.from_bytes(content[:8], "little")
    places = [*range(0, head, 11), *range(head, len(content), 97), len(content) - 1]
    for place in places:
        for change in (0x01, 0xFF):
            changed = bytearray(content)
            changed[place] ^= change
            path.write_bytes(changed)
            with pytest.raises(BundleError, match=r"m\.safetensors"):
                load_bundle(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [("kind", "acoustic"), ("card", "better"), ("provenance", {}), ("digest", "0"), ("digest", None), ("extra", 1)],
)
def test_edited_description(saved: Path, name: str, value: object) -> None:
    header, tensors = read_raw(saved)
    write_raw(saved, {**header, name: value}, tensors, resealed=False)
    with pytest.raises(BundleError, match="changed after it was saved"):
        load_bundle(saved)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": 2}, "newer version"),
        ({"schema": 0}, "unknown file schema 0"),
        ({"schema": True}, "unknown file schema True"),
        ({"schema": "1"}, "unknown file schema '1'"),
        ({"schema": None}, "unknown file schema None"),
        ({"kind": "opera"}, "unknown kind"),
        ({"kind": ["vocoder"]}, "unknown kind"),
        ({"kind": "vocoder"}, "its stages are not those"),
        ({"frames": None}, "belong together"),
        ({"features": {"sample_rat": 1}}, "unknown key 'sample_rat'"),
        ({"features": 3}, "expected names"),
        ({"model": None}, "description lacks"),
        ({"model": {"acoustic": None}}, "description lacks"),
        ({"provenance": [1]}, "provenance"),
    ],
)
def test_resealed_nonsense(saved: Path, changes: dict[str, object], message: str) -> None:
    header, tensors = read_raw(saved)
    write_raw(saved, {**header, **changes}, tensors)
    with pytest.raises(BundleError, match=message) as caught:
        load_bundle(saved)
    assert str(saved) in caught.value.problem and caught.value.remedy


@pytest.mark.parametrize("header", ["text", [1], 3, None])
def test_description_that_is_no_mapping(saved: Path, header: object) -> None:
    write_raw(saved, header, read_raw(saved)[1])
    with pytest.raises(BundleError, match="no longer JSON"):
        load_bundle(saved)


def test_files_of_others(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"none: no such file"):
        load_bundle(tmp_path / "none")
    with pytest.raises(BundleError, match="is a folder"):
        load_bundle(tmp_path)
    (tmp_path / "text").write_text("this is a letter, not a model")
    with pytest.raises(BundleError, match=r"text: not a \.safetensors file"):
        load_bundle(tmp_path / "text")
    save_file({"a": torch.zeros(1)}, tmp_path / "other")
    with pytest.raises(BundleError, match=r"other: .* not a model of this program"):
        load_bundle(tmp_path / "other")


def test_strictness(saved: Path) -> None:
    header, tensors = read_raw(saved)
    bias = tensors["acoustic.head.bias"]
    without = {name: value for name, value in tensors.items() if name != "acoustic.head.bias"}
    for changed, message in (
        (without, "missing: head.bias"),
        ({**tensors, "acoustic.head.extra": bias.clone()}, "unknown: head.extra"),
        ({**without, "acoustic.head.bias": bias[:-1].clone()}, r"head.bias \(4,\) instead of \(5,\)"),
    ):
        write_raw(saved, header, changed)
        with pytest.raises(BundleError, match=rf"model\.safetensors: .*{message}"):
            load_bundle(saved).build_acoustic()
    write_raw(saved, header, {**tensors, "third.weight": bias.clone()})
    with pytest.raises(BundleError, match=r"tensors of no stage: third\.weight"):
        load_bundle(saved)
    write_raw(saved, header, {**tensors, "mask": torch.ones(3, 3, dtype=torch.uint8)})
    with pytest.raises(BundleError, match="mask"):
        load_bundle(saved)


def test_backbone_this_timm_lacks(acoustic_bundle: Bundle) -> None:
    assert acoustic_bundle.acoustic is not None
    unknown = replace(acoustic_bundle, acoustic=acoustic_bundle.acoustic.model_copy(update={"backbone": "no_such_net"}))
    with pytest.raises(BundleError, match="no_such_net"):
        unknown.build_acoustic()


def test_missing_stages(acoustic_bundle: Bundle, vocoder_bundle: Bundle) -> None:
    calls: list[Callable[[], object]]
    calls = [acoustic_bundle.build_vocoder, lambda: join(acoustic_bundle, acoustic_bundle)]
    for call in calls:
        with pytest.raises(BundleError, match="holds no vocoder") as caught:
            call()
        assert "rtmri2speech bundle --acoustic A --vocoder V --out M" in caught.value.remedy
    calls = [vocoder_bundle.build_acoustic, lambda: join(vocoder_bundle, vocoder_bundle)]
    for call in calls:
        with pytest.raises(BundleError, match="holds no acoustic model"):
            call()


def test_joining_names_the_fields_that_differ(acoustic_bundle: Bundle, vocoder_bundle: Bundle) -> None:
    other = vocoder_bundle.features.model_copy(update={"preemphasis": 0.5, "fmin": 50.0})
    with pytest.raises(BundleError, match=r"preemphasis: 0\.97 against 0\.5") as caught:
        join(acoustic_bundle, replace(vocoder_bundle, features=other))
    assert "fmin: 0.0 against 50.0" in caught.value.problem and "sample_rate" not in caught.value.problem


def test_joining_again_replaces_a_stage(acoustic_bundle: Bundle, vocoder_bundle: Bundle) -> None:
    whole = join(acoustic_bundle, vocoder_bundle)
    newer = replace(
        vocoder_bundle, provenance={"seed": 8}, tensors={k: v + 1 for k, v in vocoder_bundle.tensors.items()}
    )
    again = join(whole, newer)
    assert again.provenance == {"acoustic": acoustic_bundle.provenance, "vocoder": {"seed": 8}}
    assert torch.equal(again.tensors["vocoder.conv_pre.bias"], newer.tensors["vocoder.conv_pre.bias"])
    assert again.tensors.keys() == whole.tensors.keys()


def test_hop_lengths_must_agree(vocoder_bundle: Bundle) -> None:
    other = vocoder_bundle.features.model_copy(update={"hop_length": 7})
    with pytest.raises(BundleError, match=r"makes 6 samples per frame, .* 7"):
        replace(vocoder_bundle, features=other)


def test_old_file_survives_a_full_disk(saved: Path, vocoder_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def full(_temporary: Path, _final: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "move_into_place", full)
    with pytest.raises(UserError, match=r"model\.safetensors: cannot be written \(No space left"):
        save_bundle(vocoder_bundle, saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_saving_over_an_open_model(saved: Path, vocoder_bundle: Bundle) -> None:
    loaded = load_bundle(saved)
    before = {name: value.clone() for name, value in loaded.tensors.items()}
    save_bundle(vocoder_bundle, saved)
    assert all(torch.equal(before[name], value) for name, value in loaded.tensors.items())
    assert load_bundle(saved).kind == "vocoder"


def test_folder_in_the_way(vocoder_bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    with pytest.raises(UserError, match="in the way"):
        save_bundle(vocoder_bundle, tmp_path / "m")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_configurations_survive_json() -> None:
    for config in (AcousticConfig(inference="last"), VocoderConfig(), FeatureConfig(fmin=20.5), FrameConfig()):
        assert type(config).parse(json.loads(config.model_dump_json()), "x") == config


def test_the_hash_of_weights_is_theirs_alone(acoustic_bundle: Bundle, tmp_path: Path) -> None:
    """Whatever the card says, in full and in half precision: it tells which weights some figures are of."""
    expected = weights_hash(acoustic_bundle)
    for half in (False, True):
        save_bundle(replace(acoustic_bundle, card="told anew"), tmp_path / "m.safetensors", half=half)
        assert weights_hash(load_bundle(tmp_path / "m.safetensors")) == expected
    name = next(name for name, tensor in acoustic_bundle.tensors.items() if tensor.ndim > 1)
    moved = {**acoustic_bundle.tensors, name: acoustic_bundle.tensors[name] + 0.01}
    assert weights_hash(replace(acoustic_bundle, tensors=moved)) != expected


def test_headers_without_a_later_part_are_those_of_before(acoustic_bundle: Bundle, vocoder_bundle: Bundle) -> None:
    assert "speaker_code" not in acoustic_bundle.header()["model"]["acoustic"]
    assert not {"source", "pitch_channels"} & set(vocoder_bundle.header()["model"]["vocoder"])
    assert acoustic_bundle.acoustic is not None and vocoder_bundle.vocoder is not None
    coded = replace(acoustic_bundle, acoustic=acoustic_bundle.acoustic.model_copy(update={"speaker_code": 4}))
    voiced = replace(vocoder_bundle, vocoder=vocoder_bundle.vocoder.model_copy(update={"source": "harmonic"}))
    assert coded.header()["model"]["acoustic"]["speaker_code"] == 4
    assert voiced.header()["model"]["vocoder"]["source"] == "harmonic"
    assert "pitch_channels" in voiced.header()["model"]["vocoder"]
