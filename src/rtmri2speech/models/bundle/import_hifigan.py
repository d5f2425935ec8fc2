"""HiFi-GAN checkpoints (``g_*`` with their JSON) as bundles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from rtmri2speech.errors import BundleError
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.bundle.strict_loading import list_names, load_strictly
from rtmri2speech.models.bundle.torch_checkpoint import read_state
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig, plain_weights
from rtmri2speech.signal.features import FeatureConfig

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


def import_hifigan(checkpoint: Path, config_json: Path | None = None, preemphasis: float | None = None) -> Bundle:
    """A vocoder bundle from a checkpoint of the released HiFi-GAN code.

    Args:
        checkpoint: a ``g_*`` file: ``{"generator": state}`` or the state alone; with weight norm in
            PyTorch's older or current naming, or plain.
        config_json: the configuration it was trained with; by default the one next to it (:func:`find_config`).
        preemphasis: coefficient of the mel it was trained on, which the JSON does not say; by default ours.

    Raises:
        BundleError: when a file is missing, damaged, not of this kind, or the two do not fit.
        ConfigError: for values out of range, in the JSON or ``preemphasis``.
    """
    if config_json is None:
        config_json = find_config(checkpoint)
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
    chosen["fmax"], note = _top(chosen["sample_rate"], chosen["fmax"])
    notes += [] if note is None else [note]
    features = FeatureConfig.parse(chosen, str(config_json), {**_FEATURE_KEYS, "preemphasis": "`preemphasis`"})
    geometry = {ours: values[theirs] for ours, theirs in _VOCODER_KEYS.items()}
    config = VocoderConfig.parse(geometry, str(config_json), _VOCODER_KEYS)
    if config.hop_length != features.hop_length:
        raise BundleError(
            f"{config_json}: upsample_rates make {config.hop_length}, but hop_size is {features.hop_length}.",
            "Give the JSON the checkpoint was trained with.",
        )
    state = plain_weights({name: value.float() for name, value in read_state(checkpoint).items()})
    model = Generator(config, features.n_mels)
    load_strictly(model, state, str(checkpoint), _fitting_json(config_json, features, state))
    notes.append(
        "Which mel spectrogram the checkpoint was trained on cannot be known from its files (the released code uses "
        "the logarithm of magnitudes without pre-emphasis). Assumed is this program's: ln of the power mel with "
        f"pre-emphasis {features.preemphasis:g}. Listen to a resynthesis before use; fine-tune if it sounds wrong."
    )
    card = "\n\n".join([f"HiFi-GAN generator imported from {checkpoint.name} and {config_json.name}.", *notes])
    provenance = {"imported_from": checkpoint.name, "config": config_json.name}
    return replace(Bundle.from_vocoder(model, features, provenance=provenance, card=card), source=str(checkpoint))


def remark_on_top(config_json: Path) -> str | None:
    """What is to be said of the highest frequency in a JSON that :func:`import_hifigan` has taken; None for nothing."""
    values = _read_json(config_json)
    return _top(values.get(_FEATURE_KEYS["sample_rate"]), values.get("fmax"))[1]


def _top(rate: Any, fmax: Any) -> tuple[Any, str | None]:
    """The highest frequency of the mel for a JSON's, and a remark where the two are not the same.

    Nyquist is None, so that bundles made with either can be joined. Half an odd sampling rate is usually written
    without its half.
    """
    if not isinstance(rate, int) or not isinstance(fmax, int | float) or 2 * fmax < rate - 1:
        return fmax, None
    nyquist = rate / 2
    if 2 * fmax == rate:
        return None, None
    if 2 * fmax <= rate + 1:
        return None, f"The configuration names fmax {fmax:g} Hz: taken as the Nyquist frequency, {nyquist:g} Hz."
    return None, (
        f"The configuration names fmax {fmax:g} Hz, above the Nyquist frequency {nyquist:g} Hz, where there is no "
        f"sound: taken is {nyquist:g} Hz. The mel bands differ from those in training, if it was trained so; "
        "fine-tune before use."
    )


def _fitting_json(config_json: Path, features: FeatureConfig, state: Mapping[str, Tensor]) -> str:
    first = state.get("conv_pre.weight")
    if first is not None and first.ndim == 3 and first.shape[1] != features.n_mels:
        return (
            f"The checkpoint was trained on {first.shape[1]} mel bands, {config_json} says num_mels "
            f"{features.n_mels}: give the JSON it was trained with."
        )
    return f"Give the JSON that it was trained with; {config_json} is another one's."


def find_config(checkpoint: Path) -> Path:
    """The JSON that belongs to a HiFi-GAN checkpoint: in its folder, of its name, or config.json, or the only one.

    Raises:
        BundleError: when there is none, or several could be meant.
    """
    found = sorted(path for path in checkpoint.parent.glob("*.json") if path.is_file())
    # Both v1.json and v1.pth.json are of the name of v1.pth.tar; the longer one is meant.
    own = [path for path in found if f"{checkpoint.name}.".startswith(f"{path.stem}.")]
    named = [path for path in found if path.name == "config.json"]
    chosen = sorted(own, key=lambda path: len(path.name))[-1:] or named or (found if len(found) == 1 else [])
    if not chosen:
        others = f" ({list_names(path.name for path in found)} are there)" if found else ""
        raise BundleError(
            f"{checkpoint}: a HiFi-GAN checkpoint without its config.json next to it{others}.",
            "Put the JSON it was trained with into its folder, as config.json.",
        )
    return chosen[0]


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
