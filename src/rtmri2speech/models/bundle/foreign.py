"""Foreign checkpoints as bundles: HiFi-GAN's ``g_*`` files and the memo's ``mri_acoustic_model.pt``."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rtmri2speech.errors import BundleError
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.bundle.strict_loading import list_names, load_strictly
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig, plain_weights
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.signal.mel_statistics import MelStatistics
from rtmri2speech.signal.scaler import MelScaler

# Names under which training scripts keep the weights beside optimiser and epoch.
_WRAPPERS = ("model_state_dict", "state_dict", "model", "generator", "net", "weights")
_RESAVE = "Re-save only the weights where it was trained: torch.save(model.state_dict(), 'weights.pt')"

# The released code's JSON names for ours.
_FEATURE_KEYS = {
    "sample_rate": "sampling_rate",
    "n_fft": "n_fft",
    "win_length": "win_size",
    "hop_length": "hop_size",
    "n_mels": "num_mels",
}
_VOCODER_KEYS = {
    "upsample_rates": "upsample_rates",
    "upsample_kernels": "upsample_kernel_sizes",
    "initial_channels": "upsample_initial_channel",
    "resblock_kernels": "resblock_kernel_sizes",
    "resblock_dilations": "resblock_dilation_sizes",
}


def import_hifigan(checkpoint: Path, config_json: Path, preemphasis: float | None = None) -> Bundle:
    """A vocoder bundle from a checkpoint of the released HiFi-GAN code.

    Args:
        checkpoint: a ``g_*`` file: ``{"generator": state}`` or the state alone; with weight norm in
            PyTorch's older or present spelling, or plain.
        config_json: the configuration it was trained with.
        preemphasis: coefficient of the mel it was trained on, which the JSON does not tell; by default ours.

    Raises:
        BundleError: when a file is missing, damaged, not of this kind, or the two do not fit.
        ConfigError: for values out of range, in the JSON or ``preemphasis``.
    """
    values = _read_json(config_json)
    kind = str(values.get("resblock", "1"))
    if kind != "1":
        raise BundleError(
            f"{config_json}: residual blocks of type {kind}.",
            'Only generators with resblock "1" (HiFi-GAN V1 and V2) can be imported.',
        )
    needed = [key for key in (*_FEATURE_KEYS.values(), *_VOCODER_KEYS.values()) if key not in values]
    if needed:
        raise BundleError(
            f"{config_json}: lacks {list_names(needed)}.", "Give the JSON the checkpoint was trained with."
        )
    notes = []
    chosen = {ours: values[theirs] for ours, theirs in _FEATURE_KEYS.items()}
    chosen["fmin"], chosen["fmax"] = values.get("fmin") or 0.0, values.get("fmax")
    if preemphasis is not None:
        chosen["preemphasis"] = preemphasis
    rate, fmax = chosen["sample_rate"], chosen["fmax"]
    if isinstance(rate, int) and isinstance(fmax, int | float) and 2 * fmax >= rate:
        # Nyquist is spelt as none, so that bundles made with either spelling can be joined.
        chosen["fmax"] = None
        if 2 * fmax > rate:
            notes.append(
                f"The configuration names fmax {fmax:g} Hz, above the Nyquist frequency {rate / 2:g} Hz; the "
                "filterbank used here ends at Nyquist, so the mel bands differ from those of the training."
            )
    features = FeatureConfig.parse(chosen, str(config_json), _FEATURE_KEYS)
    geometry = {ours: values[theirs] for ours, theirs in _VOCODER_KEYS.items()}
    config = VocoderConfig.parse(geometry, str(config_json), _VOCODER_KEYS)
    if config.hop_length != features.hop_length:
        raise BundleError(
            f"{config_json}: upsample_rates make {config.hop_length}, but hop_size is {features.hop_length}.",
            "Give the JSON the checkpoint was trained with.",
        )
    state = {name: value.float() for name, value in plain_weights(_read_state(checkpoint)).items()}
    model = Generator(config, features.n_mels)
    load_strictly(model, state, str(checkpoint))
    notes.append(
        "Which mel spectrogram the checkpoint was trained on cannot be known from its files (the released code uses "
        "the logarithm of magnitudes without pre-emphasis). Assumed is this program's: ln of the power mel with "
        f"pre-emphasis {features.preemphasis:g}. Listen to a resynthesis before use; fine-tune if it is wrong."
    )
    card = "\n\n".join([f"HiFi-GAN generator imported from {checkpoint.name} and {config_json.name}.", *notes])
    provenance = {"imported_from": checkpoint.name, "config": config_json.name}
    return replace(Bundle.from_vocoder(model, features, provenance=provenance, card=card), source=str(checkpoint))


def config_beside(checkpoint: Path) -> Path:
    """The JSON that belongs to a HiFi-GAN checkpoint: in its folder, of its name, or config.json, or the only one.

    Raises:
        BundleError: when there is none, or none can be told from the others.
    """
    found = sorted(path for path in checkpoint.parent.glob("*.json") if path.is_file())
    # Both v1.json and v1.pth.json are of the name of v1.pth.tar; the longer one is meant.
    own = [path for path in found if f"{checkpoint.name}.".startswith(f"{path.stem}.")]
    named = [path for path in found if path.name == "config.json"]
    chosen = sorted(own, key=lambda path: len(path.name))[-1:] or named or (found if len(found) == 1 else [])
    if not chosen:
        others = f" ({list_names(path.name for path in found)} are there)" if found else ""
        raise BundleError(
            f"{checkpoint}: a HiFi-GAN checkpoint without its config.json beside it{others}.",
            "Put the JSON it was trained with into its folder, as config.json.",
        )
    return chosen[0]


def import_acoustic(
    checkpoint: Path,
    scaler_json: Path,
    config: AcousticConfig | None = None,
    features: FeatureConfig | None = None,
    frames: FrameConfig | None = None,
) -> Bundle:
    """An acoustic bundle from the memo's ``mri_acoustic_model.pt``, whatever its modules are called.

    The image network is found as the prefix under which every name and shape of the timm backbone
    agrees, the BiLSTM by its weight names, the output layer as the one matrix left over. ``hidden``
    and the number of mel bands are read from the shapes.

    Args:
        checkpoint: a state dict, plain or inside the dictionary a training script saves.
        scaler_json: the dataset's ``scaler.json``.
        config: backbone, window length and inference mode; by default the memo's.
        features: the mel definition it was trained with; by default ours, with the number of bands found.
        frames: how its frames were prepared; by default the memo's way.

    Raises:
        BundleError: when the file is missing, damaged, holds other than tensors, or tensors are missing or left over.
        DatasetError: when the scaler is missing or has another number of bands.
    """
    state = _read_state(checkpoint)
    config = config or AcousticConfig()
    source = str(checkpoint)
    lstm, hidden = _find_lstm(state, source)
    rest = {name: value for name, value in state.items() if name not in lstm.values()}
    head, n_mels = _find_head(rest, hidden, source)
    features = features or FeatureConfig(n_mels=n_mels)
    if features.n_mels != n_mels:
        raise BundleError(
            f"{source}: gives {n_mels} mel bands, but the features have {features.n_mels}.",
            "Give the features it was trained with.",
        )
    model = AcousticModel(config.model_copy(update={"hidden": hidden, "cnn_weights": None}), n_mels)
    cnn = _find_backbone(rest, model.cnn.state_dict(), config.backbone, source)
    used = {*lstm.values(), *head.values(), *cnn.values()}
    left = state.keys() - used
    if left:
        raise BundleError(
            f"{source}: tensors that belong to no part of the acoustic model: {list_names(left)}.",
            "Check that the file is the acoustic model; name its image network if it is another: --backbone NAME.",
        )
    ours = {f"cnn.{name}": state[theirs] for name, theirs in cnn.items()}
    ours |= {f"lstm.{name}": state[theirs] for name, theirs in lstm.items()}
    ours |= {f"head.{name}": state[theirs] for name, theirs in head.items()}
    scaler = MelScaler.of(MelStatistics.from_json(scaler_json, n_mels))
    ours |= {f"scaler.{name}": value for name, value in scaler.state_dict().items()}
    # Counters of batches seen, which older files lack and which inference never reads.
    counters = {name: value for name, value in model.state_dict().items() if name.endswith("num_batches_tracked")}
    load_strictly(model, counters | ours, source)
    card = (
        f"Acoustic model imported from {checkpoint.name} with {scaler_json.name}. Parts were matched by names and "
        "shapes. The file does not tell how frames and mels were prepared, nor how the LSTM's directions are joined: "
        "assumed are the values of this bundle and their sum."
    )
    provenance = {"imported_from": checkpoint.name, "scaler": scaler_json.name}
    return Bundle.from_acoustic(model, features, frames or FrameConfig(), provenance=provenance, card=card)


def _find_lstm(state: Mapping[str, Tensor], source: str) -> tuple[dict[str, str], int]:
    """Our names to theirs for the BiLSTM, and its number of units."""
    wanted = [
        f"{kind}_l0{end}" for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh") for end in ("", "_reverse")
    ]
    prefixes = [name.removesuffix("weight_hh_l0") for name in state if name.endswith("weight_hh_l0")]
    if len(prefixes) != 1:
        raise BundleError(f"{source}: holds {len(prefixes)} recurrent layers, not one.", _right_file())
    names = {name: prefixes[0] + name for name in wanted}
    missing = [name for name in names.values() if name not in state]
    if missing:
        raise BundleError(f"{source}: not a bidirectional LSTM, missing: {list_names(missing)}.", _right_file())
    shape = tuple(state[names["weight_hh_l0"]].shape)
    hidden = shape[-1] if shape else 0
    if shape != (4 * hidden, hidden):
        raise BundleError(f"{source}: its recurrent layer is not an LSTM (weight_hh_l0 {shape}).", _right_file())
    return names, hidden


def _find_head(state: Mapping[str, Tensor], hidden: int, source: str) -> tuple[dict[str, str], int]:
    """Our names to theirs for the output layer, and the number of mel bands."""
    matrices = [name for name, value in state.items() if value.ndim == 2 and name.endswith("weight")]
    fitting = [name for name in matrices if state[name].shape[1] == hidden]
    if len(fitting) != 1:
        shapes = [f"{name} {tuple(state[name].shape)}" for name in matrices]
        raise BundleError(
            f"{source}: needs one output layer of {hidden} inputs (the sum of both directions), found "
            f"{len(fitting)}; matrices: {list_names(shapes) or 'none'}.",
            _right_file(),
        )
    prefix = fitting[0].removesuffix("weight")
    n_mels = state[fitting[0]].shape[0]
    bias = state.get(prefix + "bias")
    if bias is None or bias.shape != (n_mels,):
        raise BundleError(f"{source}: '{prefix}bias' is missing or of another length.", _right_file())
    return {"weight": fitting[0], "bias": prefix + "bias"}, n_mels


def _find_backbone(
    state: Mapping[str, Tensor], expected: Mapping[str, Tensor], backbone: str, source: str
) -> dict[str, str]:
    """Our names to theirs for the image network, counters only where they are there."""
    first = next(iter(expected))
    prefixes = [name.removesuffix(first) for name in state if name == first or name.endswith("." + first)]
    if not prefixes:
        raise BundleError(f"{source}: no tensor '{first}' of backbone {backbone}.", _right_file())
    best: list[str] | None = None
    for prefix in prefixes:
        problems = [
            f"{prefix}{name} {tuple(state[prefix + name].shape) if prefix + name in state else 'missing'}"
            f" instead of {tuple(value.shape)}"
            for name, value in expected.items()
            if (prefix + name in state or not name.endswith("num_batches_tracked"))
            and (prefix + name not in state or state[prefix + name].shape != value.shape)
        ]
        if not problems:
            return {name: prefix + name for name in expected if prefix + name in state}
        best = problems if best is None or len(problems) < len(best) else best
    raise BundleError(
        f"{source}: its image network is not {backbone}: {list_names(best or [])}.",
        "Name the one it was trained with (--backbone). Each frame has to enter as one image of 3 equal channels.",
    )


def _right_file() -> str:
    return "Check that the file is an acoustic model of the memo's kind: image network, one BiLSTM, one linear layer."


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror or error}).", "Check the path.") from None
    except ValueError as error:
        raise BundleError(f"{path}: not JSON ({error}).", "Give the JSON the checkpoint was trained with.") from None
    if not isinstance(values, dict):
        raise BundleError(f"{path}: holds no names with values.", "Give the JSON the checkpoint was trained with.")
    return values


def _read_state(path: Path) -> dict[str, Tensor]:
    """Tensors by name from a PyTorch file; code in it is never run."""
    try:
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror or error}).", "Check the path.") from None
    except pickle.UnpicklingError as error:
        foreign = re.search(r"GLOBAL (\S+)", str(error))
        if foreign:
            raise BundleError(
                f"{path}: holds objects beside tensors ({foreign[1]}); reading them could run foreign code.", _RESAVE
            ) from None
        raise BundleError(f"{path}: not a PyTorch checkpoint, or damaged.", _RESAVE) from None
    except Exception as error:  # the reader raises many kinds on damaged input
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise BundleError(f"{path}: not a PyTorch checkpoint, or damaged ({first}).", _RESAVE) from None
    while isinstance(state, dict):
        inside = [state[key] for key in _WRAPPERS if isinstance(state.get(key), dict)]
        if not inside:
            break
        state = inside[0]
    if not isinstance(state, dict) or not state:
        raise BundleError(f"{path}: holds no weights by name.", _RESAVE)
    others = [str(name) for name, value in state.items() if not isinstance(name, str) or not isinstance(value, Tensor)]
    if others:
        raise BundleError(f"{path}: holds other things than tensors: {list_names(others)}.", _RESAVE)
    return state
