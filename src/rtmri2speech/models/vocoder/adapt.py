"""Start a generator from one of another geometry or another mel definition."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rtmri2speech.arrays import Float64
from rtmri2speech.errors import BundleError
from rtmri2speech.models.vocoder.generator import Generator, VocoderConfig
from rtmri2speech.signal.features import FeatureConfig, hz_to_mel, mel_filterbank, transform_window

_OF_SOURCE = ("source.", "entries.")

# Mean magnitude of complex Gaussian noise over the root of its mean power.
_RAYLEIGH = math.sqrt(math.pi) / 2


@dataclass(frozen=True)
class MelInput:
    """The mel spectrogram that a generator was trained on.

    Attributes:
        features: the definition.
        magnitude: the logarithm is that of filtered magnitudes, as in the released HiFi-GAN code, and not of
            filtered powers.
    """

    features: FeatureConfig
    magnitude: bool = False

    @property
    def exponent(self) -> float:
        """Power of the power spectrum that is filtered: 1, or 1/2 for magnitudes."""
        return 0.5 if self.magnitude else 1.0

    def noise_level(self) -> Float64:
        """ln of the mel of white noise with samples of variance 1, shape (M,).

        Holds what two definitions differ in apart from the place of their bands: pre-emphasis, energy of the window,
        normalization of the filters. The spectrum's mean power at angle w is sum(window^2) |1 - c exp(-iw)|^2; a
        mean magnitude is sqrt(pi) / 2 of its root (Rayleigh distribution).
        """
        features = self.features
        angle = np.linspace(0.0, math.pi, features.n_fft // 2 + 1)
        response = np.abs(1.0 - features.preemphasis * np.exp(-1j * angle)) ** 2
        power = np.square(transform_window(features)).sum() * response
        spectrum = _RAYLEIGH * np.sqrt(power) if self.magnitude else power
        mel = mel_filterbank(features).astype(np.float64) @ spectrum
        # A filter narrower than a bin may hold none, and then there is the floor only.
        level: Float64 = np.log(np.maximum(mel, features.floor**self.exponent))
        return level


def transfer(
    source: Generator, source_mel: MelInput, target: Generator, features: FeatureConfig, name: str
) -> list[str]:
    """Put the weights of a generator into one of other upsampling or for another mel spectrogram.

    Residual blocks and the last convolution are copied, upsampling kernels resized (:func:`resize_kernel`), the
    first convolution remapped (:func:`remap_bands`). What results is a start for training, not a vocoder to use: the
    frames have another length, and the residual blocks span other distances in time between the stages.

    Args:
        source: plain weights.
        source_mel: the mel spectrogram the source was trained on.
        target: plain weights, replaced in place.
        features: the mel definition of the target's ln(power) input.
        name: of the source, for messages.

    Returns:
        What was copied, resized and remapped, one line each.

    Raises:
        BundleError: when the numbers of stages, residual blocks or channels differ (names the fields).
    """
    theirs, ours = source.config, target.config
    _require_alike(theirs, ours, name)
    state = {key: value.detach().clone() for key, value in source.state_dict().items()}
    notes = ["copied: residual blocks and last convolution"]
    if theirs.resblock_dilations != ours.resblock_dilations:
        was = f"trained with dilations {theirs.resblock_dilations}, used with {ours.resblock_dilations}"
        notes[0] += f"; the blocks were {was}"
    for stage, (old, new) in enumerate(zip(_stages(theirs), _stages(ours), strict=True)):
        if old == new:
            notes[0] += f", upsampling {stage + 1}"
            continue
        weight = f"ups.{stage}.weight"
        state[weight] = resize_kernel(state[weight], old[0], *new)
        notes.append(f"resized: upsampling {stage + 1}, rate {old[0]} kernel {old[1]} to rate {new[0]} kernel {new[1]}")
    bands, shift = mel_estimate(source_mel, features)
    if np.array_equal(bands, np.eye(features.n_mels)) and not shift.any():
        notes[0] += ", first convolution"
    else:
        pre = "conv_pre.weight", "conv_pre.bias"
        state[pre[0]], state[pre[1]] = remap_bands(state[pre[0]], state[pre[1]], bands, shift)
        how = (
            "" if source_mel.features.sample_rate == features.sample_rate else ", matched by frequency / sampling rate"
        )
        notes.append(
            f"remapped: first convolution, from {_describe(source_mel)} to {_describe(MelInput(features))}{how}"
        )
    notes += _source(state, source, target)
    target.load_state_dict(state)
    return notes


def _source(state: dict[str, Tensor], source: Generator, target: Generator) -> list[str]:
    """Put what the target's source needs into a state, from the other where shapes agree, or as it is at the start."""
    own = {name: value for name, value in target.state_dict().items() if name.startswith(_OF_SOURCE)}
    theirs = {name: state.pop(name) for name in list(state) if name.startswith(_OF_SOURCE)}
    kept = {name for name, value in theirs.items() if name in own and own[name].shape == value.shape}
    state.update({name: theirs[name] if name in kept else value for name, value in own.items()})
    if not own:
        return ["left out: the source"] if theirs else []
    if len(kept) == len(own):
        return ["copied: the source"]
    return ["new: the source" if not kept else "new: the source, but for what has the same shape"]


def resize_kernel(weight: Tensor, rate: int, new_rate: int, new_kernel: int) -> Tensor:
    """The kernel of a transposed convolution for another upsampling rate, by linear interpolation in time.

    Time is counted in input frames from the kernel's center: tap j of k at rate u stands at (j - (k - 1) / 2) / u,
    whatever the padding (k - u) / 2. So the overlap of neighboring input frames stays as it was, where stretching
    k taps to k' would change it when k' / u' differs from k / u (on speech, mel L1 of 1.73 against 1.82 nepers).

    The gain is kept. Output sample n is the sum over the about k / u taps of one phase, j = n + padding modulo u,
    times the input. Interpolation commutes with that sum, because a shift by a frame is a shift by u whole taps: the
    sum of a new phase is the old sums interpolated at it, and a kernel whose phases have equal sums (constant in,
    constant out) makes the same constant. What would fall outside the new kernel is added to the nearest tap of its
    phase, u' taps inwards, so that this holds whatever the lengths.

    Args:
        weight: shape (in, out, k).
        rate: u.
        new_rate: u'.
        new_kernel: k', at least u'.

    Returns:
        Shape (in, out, k').
    """
    matrix = torch.from_numpy(_resizing(weight.shape[-1], rate, new_kernel, new_rate))
    return (weight.double() @ matrix.T).to(weight.dtype)


def mel_estimate(source_mel: MelInput, features: FeatureConfig) -> tuple[Float64, Float64]:
    """The source's mel as an affine function of ours: x = bands @ y + shift, with y our ln(power) mel.

    Bands are matched at the same frequency in cycles per sample, not in Hz: the copied filters are what they are in
    samples, so at another sampling rate all that they make moves in Hz with it (on speech, mel L1 of 1.73 against
    2.76 nepers when matched in Hz). At equal rates the two are the same. Each band of the source takes the
    two of ours next to it, interpolated linearly on the source's mel scale; outside our range it takes our nearest.
    Our bands beyond the source's highest have no part in it and start with zero weights.

    Levels: ln magnitude is half of ln power, and each band is shifted so that white noise is estimated without error
    (:meth:`MelInput.noise_level`). For speech this is approximate: a magnitude and a power average harmonics and
    pauses differently within a band and a window (measured: 0.5 nepers too high on average, standard deviation 0.9).

    Returns:
        Bands, shape (source's M, our M), and shift in nepers, shape (source's M,).
    """
    theirs, input_ours = source_mel.features, MelInput(features)
    scale = theirs.sample_rate / features.sample_rate
    ours = hz_to_mel(features.mel_centers() * scale)
    places = np.interp(hz_to_mel(theirs.mel_centers()), ours, np.arange(len(ours)))
    # Where ours are the narrower ones, a band of the source's takes all that it covers.
    widths = np.gradient(places) if len(places) > 1 else np.ones(1)
    hats = _hats(places, len(ours), np.maximum(widths, 1.0))
    hats /= hats.sum(1, keepdims=True)
    bands = source_mel.exponent * hats
    return bands, source_mel.noise_level() - bands @ input_ours.noise_level()


def remap_bands(weight: Tensor, bias: Tensor, bands: Float64, shift: Float64) -> tuple[Tensor, Tensor]:
    """Weight and bias of the first convolution, composed with x = bands @ y + shift.

    Exact but for the frames at either end, where the convolution pads with zeros what is then y and not x.

    Args:
        weight: shape (channels, source's M, taps).
        bias: shape (channels,).
        bands: shape (source's M, M).
        shift: shape (source's M,).

    Returns:
        Shapes (channels, M, taps) and (channels,).
    """
    full = weight.double()
    new = torch.einsum("cst,sm->cmt", full, torch.from_numpy(bands))
    moved = bias.double() + full.sum(2) @ torch.from_numpy(shift)
    return new.to(weight.dtype), moved.to(bias.dtype)


def _resizing(kernel: int, rate: int, new_kernel: int, new_rate: int) -> Float64:
    """The matrix of :func:`resize_kernel`, shape (k', k)."""
    reach = math.ceil((kernel + 1) / 2 * new_rate / rate + new_kernel / 2)
    taps = np.arange(new_kernel // 2 - reach, new_kernel - new_kernel // 2 + reach)
    rows = _hats((taps - (new_kernel - 1) / 2) * rate / new_rate + (kernel - 1) / 2, kernel)
    # Taps outside go inwards by whole frames; minus twice is rounding up.
    frames = -(np.minimum(taps, 0) // new_rate) + np.minimum(new_kernel - 1 - taps, 0) // new_rate
    homes = taps + frames * new_rate
    matrix = np.zeros((new_kernel, kernel))
    np.add.at(matrix, homes, rows)
    return matrix


def _hats(places: Float64, count: int, widths: Float64 | float = 1.0) -> Float64:
    """Linear interpolation between ``count`` points at 0, 1, 2, ..., beyond which there is zero: (P,) to (P, count)."""
    distances = np.abs(places[:, None] - np.arange(count))
    hats: Float64 = np.clip(1.0 - distances / np.reshape(widths, (-1, 1)), 0.0, None)
    return hats


def _stages(config: VocoderConfig) -> list[tuple[int, int]]:
    return list(zip(config.upsample_rates, config.upsample_kernels, strict=True))


def _require_alike(theirs: VocoderConfig, ours: VocoderConfig, name: str) -> None:
    differences = []
    stages = len(theirs.upsample_rates), len(ours.upsample_rates)
    if stages[0] != stages[1]:
        rates = f"upsample_rates: {list(theirs.upsample_rates)} against {list(ours.upsample_rates)}"
        differences.append(f"{rates} ({stages[0]} stages against {stages[1]})")
    for field in ("initial_channels", "resblock_kernels"):
        was, wanted = getattr(theirs, field), getattr(ours, field)
        if was != wanted:
            differences.append(f"{field}: {was} against {wanted}")
    counts = [[len(dilations) for dilations in config.resblock_dilations] for config in (theirs, ours)]
    if counts[0] != counts[1] and theirs.resblock_kernels == ours.resblock_kernels:
        differences.append(f"resblock_dilations: {theirs.resblock_dilations} against {ours.resblock_dilations}")
    if differences:
        raise BundleError(
            f"{name}: its vocoder cannot start one of the recipe's size: {'; '.join(differences)}.",
            "Set vocoder.model to its values (rates and kernels of the upsampling may differ), or leave out `init`.",
        )


def _describe(source_mel: MelInput) -> str:
    features = source_mel.features
    kind = "magnitude" if source_mel.magnitude else "power"
    emphasis = f"pre-emphasis {features.preemphasis:g}" if features.preemphasis else "no pre-emphasis"
    return f"{features.n_mels} mel bands of ln {kind} to {features.top:g} Hz at {features.sample_rate} Hz, {emphasis}"
