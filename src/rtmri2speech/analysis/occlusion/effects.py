"""How far predicted speech moved: levels of bands, formants, pitch and spectrum, before and after a change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from rtmri2speech.analysis.attribution.targets import Band, make_target
from rtmri2speech.metrics.mel_cepstral_distortion import ORDER, cepstral_distance, mel_cepstral_distortion, mel_cepstrum
from rtmri2speech.phonetics.formants import ceiling_for, vowel_formants
from rtmri2speech.phonetics.mel_formants import formant_in_band, formants_of_mel
from rtmri2speech.phonetics.pitch import pitch_range, pitch_track
from rtmri2speech.signal.features import FeatureConfig

Floats = NDArray[np.float64]
Mel = NDArray[np.float32]

# Frames this far below the loudest one do not speak, dB; as with mel-cepstral distortion.
_SILENCE_DB = 40.0


def speaking(mel_db: Mel) -> NDArray[np.int64]:
    """Frames whose power lies less than 40 dB below the loudest frame's: (T, M) in dB to their numbers."""
    level = 10.0 * np.log10(np.mean(10.0 ** (np.asarray(mel_db, np.float64) / 10.0), axis=1))
    return np.flatnonzero(level > level.max() - _SILENCE_DB)


class MelEffects:
    """Compares mels with one that stays, over the frames in which that one speaks.

    Args:
        unmasked: (T, M), dB.
        bands: where levels and formants are taken.
        features: the mel definition.
    """

    def __init__(self, unmasked: Mel, bands: Sequence[Band], features: FeatureConfig) -> None:
        self.frames = speaking(unmasked)
        self._features = features
        self._bands = bands
        self._unmasked = unmasked[self.frames]
        self._levels = self._level(self._unmasked)
        self._formants = self._formant(self._unmasked)

    def __call__(self, mel: Mel) -> dict[str, float]:
        """What changed, by measure; units stand in the names.

        For each band: ``<band>_level_db`` and ``<band>_hz``, mean change of its level and of the formant in it, and
        the same of absolute changes, ``_abs_``. Of all bins: ``mel_mae_db``, and ``mel_mcd_db``, the mel-cepstral
        distance (NaN with 24 bands or fewer). A formant counts where it is found in both.

        Args:
            mel: (T, M), dB.
        """
        mel = mel[self.frames]
        found: dict[str, float] = {}
        levels, formants = self._level(mel) - self._levels, self._formant(mel) - self._formants
        for band, level, formant in zip(self._bands, levels, formants, strict=True):
            found |= _both(band.name, "level", "db", level) | _both(band.name, "", "hz", formant)
        found["mel_mae_db"] = float(np.abs(mel - self._unmasked).mean())
        found["mel_mcd_db"] = float("nan")
        if mel.shape[1] > ORDER:
            found["mel_mcd_db"] = float(cepstral_distance(mel_cepstrum(self._unmasked), mel_cepstrum(mel)).mean())
        return found

    def _level(self, mel: Mel) -> Floats:
        tensor = torch.from_numpy(np.asarray(mel, np.float64))
        targets = [make_target(band, "log-energy", self._features) for band in self._bands]
        return np.stack([target(tensor).numpy() for target in targets])

    def _formant(self, mel: Mel) -> Floats:
        formants = formants_of_mel(mel, self._features)
        return np.stack([formant_in_band(formants, mel, one.low, one.high, self._features) for one in self._bands])


class SoundEffects:
    """Compares waves with one that stays: pitch, formants, spectrum.

    Args:
        unmasked: (N,), N = T hop_length.
        features: the mel definition, for its clock.
        frames: feature frames that speak; formants are measured in these.
    """

    def __init__(self, unmasked: NDArray[np.floating], features: FeatureConfig, frames: NDArray[np.int64]) -> None:
        self._unmasked: Floats = np.asarray(unmasked, np.float64)
        self._rate = features.sample_rate
        length = 1.0 / float(features.frame_rate)
        self._spans = [(frame * length, (frame + 1) * length) for frame in frames.tolist()]
        lowest, highest = pitch_range([self._unmasked], self._rate)
        track = pitch_track(self._unmasked, self._rate, lowest, highest)
        self._ceiling = ceiling_for(float(np.median(track[track > 0])) if (track > 0).any() else 0.0)
        self._formants = self._formant(self._unmasked)

    def __call__(self, wave: NDArray[np.floating]) -> dict[str, float]:
        """What changed, by measure; units stand in the names.

        ``sound_f0_hz``, ``sound_F1_hz`` and ``sound_F2_hz``: mean change; the same of absolute changes, ``_abs_``;
        ``sound_voicing``: share of frames voiced in one wave only; ``sound_mcd_db``: mel-cepstral distortion.
        Pitch is compared where both waves are voiced; formants are Praat's, frame by frame where the first wave speaks.

        Args:
            wave: as long as the first one.
        """
        both: list[Floats] = [self._unmasked, np.asarray(wave, np.float64)]
        lowest, highest = pitch_range(both, self._rate)
        before, after = (pitch_track(one, self._rate, lowest, highest) for one in both)
        voiced = (before > 0) & (after > 0)
        found = _both("sound_f0", "", "hz", np.where(voiced, after - before, np.nan))
        found["sound_voicing"] = float(np.mean((before > 0) != (after > 0))) if len(before) else float("nan")
        for number, change in enumerate((self._formant(both[1]) - self._formants).T, start=1):
            found |= _both(f"sound_F{number}", "", "hz", change)
        found["sound_mcd_db"] = mel_cepstral_distortion(both[0], both[1], self._rate)["mcd_db"]
        return found

    def _formant(self, wave: Floats) -> Floats:
        if self._ceiling > self._rate / 2:
            return np.full((len(self._spans), 2), np.nan)
        return vowel_formants(wave, self._rate, self._spans, self._ceiling)


def _both(name: str, what: str, unit: str, changes: Floats) -> dict[str, float]:
    """Mean change and mean absolute change of what is known."""
    known = changes[np.isfinite(changes)]
    stem = f"{name}_{what}" if what else name
    mean, size = (float(known.mean()), float(np.abs(known).mean())) if len(known) else (float("nan"), float("nan"))
    return {f"{stem}_{unit}": mean, f"{stem}_abs_{unit}": size}
