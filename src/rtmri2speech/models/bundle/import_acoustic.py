"""Acoustic models of the reference configuration (``mri_acoustic_model.pt`` with ``scaler.json``) as bundles."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from torch import Tensor

from rtmri2speech.errors import BundleError
from rtmri2speech.models.acoustic import AcousticConfig, AcousticModel
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.bundle.strict_loading import list_names, load_strictly
from rtmri2speech.models.bundle.torch_checkpoint import read_state
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.signal.mel_statistics import MelStatistics
from rtmri2speech.signal.scaler import MelScaler

WINDOWS: Final = "average"
"""How windows are put together for weights that were trained on windows."""

_WAYS = {
    "average": "each frame's mel is the mean over the windows that hold it, which suits training on single windows",
    "last": "each frame's mel is the last one of the window that ends with it",
    "sequence": "the LSTM reads the whole recording, which suits training on segments of 16 frames and more",
}


def import_acoustic(
    checkpoint: Path,
    scaler_json: Path,
    config: AcousticConfig | None = None,
    features: FeatureConfig | None = None,
    frames: FrameConfig | None = None,
) -> Bundle:
    """An acoustic bundle from a ``mri_acoustic_model.pt``, whatever its modules are called.

    The CNN backbone is found as the prefix under which every name and shape of the timm backbone
    agrees, the BiLSTM by its weight names, the output layer as the one matrix left over. ``hidden``
    and the number of mel bands are read from the shapes.

    The reference configuration trains on single windows of four frames. Weights of that kind know no longer sequence:
    where the configuration does not say how windows are put together, it is ``average``, as in the program they are
    from (a frame's mel from the windows that hold it), and not this program's ``sequence``.

    Args:
        checkpoint: a state dict, plain or inside the dictionary a training script saves.
        scaler_json: the dataset's ``scaler.json``.
        config: backbone, window length and inference mode; by default those of the reference configuration, and
            ``average``.
        features: the mel definition it was trained with; by default ours, with the number of bands found.
        frames: how its frames were prepared; by default as in the reference configuration.

    Raises:
        BundleError: when the file is missing, damaged, holds other than tensors, or tensors are missing or left over.
        DatasetError: when the scaler is missing or has another number of bands.
    """
    state = read_state(checkpoint)
    config = config or AcousticConfig()
    if "inference" not in config.model_fields_set:
        config = config.model_copy(update={"inference": WINDOWS})
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
            "Check that the file is the acoustic model; name its CNN if it is another: `backbone`.",
        )
    ours = {f"cnn.{name}": state[theirs] for name, theirs in cnn.items()}
    ours |= {f"lstm.{name}": state[theirs] for name, theirs in lstm.items()}
    ours |= {f"head.{name}": state[theirs] for name, theirs in head.items()}
    scaler = MelScaler.of(MelStatistics.from_json(scaler_json, n_mels))
    ours |= {f"scaler.{name}": value for name, value in scaler.state_dict().items()}
    # Counters of batches, which older files lack and inference never reads.
    counters = {name: value for name, value in model.state_dict().items() if name.endswith("num_batches_tracked")}
    load_strictly(model, counters | ours, source)
    card = (
        f"Acoustic model imported from {checkpoint.name} with {scaler_json.name}. Parts were matched by names and "
        "shapes. The file does not say how frames and mel spectrograms were prepared, nor how the directions of the "
        "LSTM are joined: assumed are the values of this bundle and their sum.\n\n"
        f"Inference: {config.inference}, with windows of {config.ref_frames} frames: {_WAYS[config.inference]}."
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
    """Our names to theirs for the CNN backbone, counters only where they are there."""
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
        f"{source}: its CNN is not {backbone}: {list_names(best or [])}.",
        "Name the one it was trained with (`backbone`). Each frame has to enter as one image of 3 equal channels.",
    )


def _right_file() -> str:
    return "Check that the file is an acoustic model of this kind: one CNN, one BiLSTM, one linear layer."
