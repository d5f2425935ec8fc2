"""What a bundle holds, in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rtmri2speech.data.files import hash_files
from rtmri2speech.data.provenance import MODEL_HASH
from rtmri2speech.models.bundle.container import SCHEMA
from rtmri2speech.models.bundle.model_file import Bundle


def describe(bundle: Bundle) -> list[tuple[str, str]]:
    """What a bundle holds, as names and values to print; the recipes are left to its header."""
    features = bundle.features
    rows = [("kind", bundle.kind), ("schema", str(SCHEMA))]
    if bundle.acoustic is not None:
        sizes = f"{bundle.acoustic.backbone}, BiLSTM {bundle.acoustic.hidden}, windows of {bundle.acoustic.ref_frames}"
        rows.append(("acoustic model", f"{sizes}; {_count(bundle, 'acoustic')}"))
        rows.append(("inference", bundle.acoustic.inference))
    if bundle.tract is not None:
        sizes = f"a measured tract, {bundle.tract.layers} layers of BiLSTM {bundle.tract.hidden}"
        rows.append(("acoustic model", f"{sizes}; {_count(bundle, 'tract')}"))
    if bundle.vocoder is not None:
        rates = " x ".join(str(rate) for rate in bundle.vocoder.upsample_rates)
        source = ", harmonic source" if bundle.vocoder.source == "harmonic" else ""
        size = f"HiFi-GAN {rates}, {bundle.vocoder.initial_channels}{source}"
        rows.append(("vocoder", f"{size}; {_count(bundle, 'vocoder')}"))
    if bundle.segmenter is not None:
        pixels, classes = bundle.segmenter.size, ", ".join(bundle.segmenter.classes)
        widths = " ".join(str(width) for width in bundle.segmenter.widths)
        rows.append(("segmenter", f"U-Net {widths}, frames of {pixels} x {pixels}; {_count(bundle, 'segmenter')}"))
        rows.append(("classes", classes))
        return rows + _history(bundle)
    rows += [
        ("sampling rate", f"{features.sample_rate} Hz"),
        ("frame rate", f"{float(features.frame_rate):.4f} frames/s ({features.frame_rate})"),
        ("mel", f"{features.n_mels} bands, {features.fmin:g}-{features.top:g} Hz"),
        ("pre-emphasis", f"{features.preemphasis:g}"),
        ("transform", f"{features.n_fft} points, window {features.win_length}, hop {features.hop_length}"),
    ]
    if bundle.frames is not None:
        limits = f"percentiles {bundle.frames.low_percentile:g}-{bundle.frames.high_percentile:g} of the clip"
        mode = "memo (each frame)" if bundle.frames.mode == "memo" else f"{bundle.frames.mode} ({limits})"
        mask = bundle.mask
        shown = "none" if mask is None else f"{100 * float((mask > 0).float().mean()):.1f} % of the pixels visible"
        rows += [("frames", f"{bundle.frames.size} x {bundle.frames.size} pixels, {mode}"), ("mask", shown)]
    return rows + _history(bundle)


def _history(bundle: Bundle) -> list[tuple[str, str]]:
    return [row for row in _flatten(bundle.provenance) if ".recipe." not in f".{row[0]}"]


def origin_of_model(path: Path, bundle: Bundle) -> dict[str, Any]:
    """A model's file, the hash of its content, and what its bundle says about its training."""
    return {
        "model": str(path),
        MODEL_HASH: hash_files([path]),
        "model_kind": bundle.kind,
        "provenance": bundle.provenance,
    }


def _count(bundle: Bundle, stage: str) -> str:
    kept = (
        ".running_mean",
        ".running_var",
        "scaler.mean",
        "scaler.std",
        "inputs.center",
        "inputs.scale",
        ".num_batches_tracked",
    )
    tensors = [tensor for name, tensor in bundle.stage(stage).items() if not name.endswith(kept)]
    stored = sorted({str(tensor.dtype).removeprefix("torch.") for tensor in tensors if tensor.ndim > 1})
    return f"{sum(tensor.numel() for tensor in tensors) / 1e6:.2f} M parameters as {' and '.join(stored)}"


def _flatten(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, dict):
            rows += _flatten(value, f"{prefix}{name}.")
        else:
            rows.append((prefix + name, f"{value:.4g}" if isinstance(value, float) else str(value)))
    return rows
