"""How far predicted speech moved: levels of bands, formants, pitch and spectrum, before and after a change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from rtmri2speech.analysis.attribution.targets import Band, make_target
from rtmri2speech.arrays import Float32, Float64, Floating, Int64
from rtmri2speech.metrics.mel_cepstral_distortion import ORDER, cepstral_distance, mel_cepstral_distortion, mel_cepstrum
from rtmri2speech.phonetics.formants import ceiling_for, vowel_formants
from rtmri2speech.phonetics.mel_formants import formant_in_band, formants_of_mel
from rtmri2speech.phonetics.pitch import pitch_range, pitch_track
from rtmri2speech.signal.features import FeatureConfig

# Frames this far below the loudest one are silent, dB; as with mel-cepstral distortion.
_SILENCE_DB = 40.0


@dataclass(frozen=True)
class Measure:
    """What is measured.

    Attributes:
        source: a band's name, ``mel`` or ``sound``.
        quantity: ``level``, ``f0``, ``mcd``, ...; empty for the formant of a band.
        unit: ``dB``, ``Hz``, or empty for a share.
        absolute: the mean size of the change, instead of the mean change.
    """

    source: str
    quantity: str = ""
    unit: str = ""
    absolute: bool = False

    @property
    def name(self) -> str:
        """As in tables: ``F1_level_abs_db``."""
        return "_".join(part for part in (*self._parts, self.unit.lower()) if part)

    @property
    def label(self) -> str:
        """As on axes: ``F1 level abs (dB)``."""
        source, *others = self._parts
        words = " ".join([f"{source}:" if source == "sound" else source, *filter(None, others)])
        return f"{words} ({self.unit})" if self.unit else words

    @property
    def _parts(self) -> tuple[str, str, str]:
        return self.source, self.quantity, "abs" if self.absolute else ""


Changes = dict[Measure, float]
"""Change by measure; NaN where nothing could be measured."""


def speech_frames(mel_db: Float32) -> Int64:
    """Numbers of the frames of a mel (T, M), dB, whose power lies less than 40 dB below the loudest frame's."""
    level = 10.0 * np.log10(np.mean(10.0 ** (np.asarray(mel_db, np.float64) / 10.0), axis=1))
    return np.flatnonzero(level > level.max() - _SILENCE_DB)


class MelEffects:
    """Compares mel spectrograms with a reference, over the frames in which the reference is not silent.

    Args:
        unmasked: the reference, (T, M), dB.
        bands: where levels and formants are taken.
        features: the mel definition.
    """

    def __init__(self, unmasked: Float32, bands: Sequence[Band], features: FeatureConfig) -> None:
        self.frames = speech_frames(unmasked)
        self._features = features
        self._bands = bands
        self._unmasked = unmasked[self.frames]
        self._levels = self._level(self._unmasked)
        self._formants = self._formant(self._unmasked)

    def __call__(self, mel: Float32) -> Changes:
        """What changed.

        For each band: its level in dB and the formant in it in Hz, each as mean change and as mean absolute change.
        Of all bins: ``mel mae``, dB, and ``mel mcd``, the mel-cepstral distance in dB (NaN with 24 bands or fewer).
        A formant counts where it is found in both.

        Args:
            mel: (T, M), dB.
        """
        mel = mel[self.frames]
        found: Changes = {}
        levels, formants = self._level(mel) - self._levels, self._formant(mel) - self._formants
        for band, level, formant in zip(self._bands, levels, formants, strict=True):
            found |= _mean_changes(band.name, "level", "dB", level) | _mean_changes(band.name, "", "Hz", formant)
        found[Measure("mel", "mae", "dB")] = float(np.abs(mel - self._unmasked).mean())
        distance = float("nan")
        if mel.shape[1] > ORDER:
            distance = float(cepstral_distance(mel_cepstrum(self._unmasked), mel_cepstrum(mel)).mean())
        found[Measure("mel", "mcd", "dB")] = distance
        return found

    def _level(self, mel: Float32) -> Float64:
        tensor = torch.from_numpy(np.asarray(mel, np.float64))
        targets = [make_target(band, "log-energy", self._features) for band in self._bands]
        return np.stack([target(tensor).numpy() for target in targets])

    def _formant(self, mel: Float32) -> Float64:
        formants = formants_of_mel(mel, self._features)
        return np.stack([formant_in_band(formants, mel, one.low, one.high, self._features) for one in self._bands])


class SoundEffects:
    """Compares waves with a reference: pitch, formants, spectrum. Needs Praat.

    Args:
        unmasked: the reference, (N,), N = T hop_length.
        features: the mel definition, for its clock.
        frames: feature frames that are not silent; formants are measured in these.
    """

    def __init__(self, unmasked: Floating, features: FeatureConfig, frames: Int64) -> None:
        self._unmasked: Float64 = np.asarray(unmasked, np.float64)
        self._rate = features.sample_rate
        length = 1.0 / float(features.frame_rate)
        self._spans = [(frame * length, (frame + 1) * length) for frame in frames.tolist()]
        lowest, highest = pitch_range([self._unmasked], self._rate)
        self._ceiling = ceiling_for(pitch_track(self._unmasked, self._rate, lowest, highest), self._rate / 2)
        self._formants = self._formant(self._unmasked)

    def __call__(self, wave: Floating) -> Changes:
        """What changed.

        ``sound f0``, ``sound F1`` and ``sound F2``, Hz: mean change and mean absolute change; ``sound voicing``: share
        of frames voiced in one wave only; ``sound mcd``, dB: mel-cepstral distortion. Pitch is compared where both
        waves are voiced; formants are Praat's, frame by frame where the reference is not silent.

        Args:
            wave: as long as the reference.
        """
        both: list[Float64] = [self._unmasked, np.asarray(wave, np.float64)]
        lowest, highest = pitch_range(both, self._rate)
        before, after = (pitch_track(one, self._rate, lowest, highest) for one in both)
        voiced = (before > 0) & (after > 0)
        found = _mean_changes("sound", "f0", "Hz", np.where(voiced, after - before, np.nan))
        voicing = float(np.mean((before > 0) != (after > 0))) if len(before) else float("nan")
        found[Measure("sound", "voicing")] = voicing
        for number, change in enumerate((self._formant(both[1]) - self._formants).T, start=1):
            found |= _mean_changes("sound", f"F{number}", "Hz", change)
        distortion = mel_cepstral_distortion(both[0], both[1], self._rate)["mcd_db"]
        found[Measure("sound", "mcd", "dB")] = distortion
        return found

    def _formant(self, wave: Float64) -> Float64:
        return vowel_formants(wave, self._rate, self._spans, self._ceiling)


def _mean_changes(source: str, quantity: str, unit: str, changes: Float64) -> Changes:
    """Mean change and mean absolute change of what is known."""
    known = changes[np.isfinite(changes)]
    mean, size = (float(known.mean()), float(np.abs(known).mean())) if len(known) else (float("nan"), float("nan"))
    return {Measure(source, quantity, unit): mean, Measure(source, quantity, unit, absolute=True): size}
