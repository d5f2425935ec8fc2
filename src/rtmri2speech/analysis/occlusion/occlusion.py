"""What hiding each region did, compared with what hiding as much elsewhere did: the result of an occlusion."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from rtmri2speech.analysis.attribution.targets import Band
from rtmri2speech.analysis.occlusion.conditions import Condition, with_controls
from rtmri2speech.analysis.occlusion.controls import ControlOffset
from rtmri2speech.analysis.occlusion.effects import Changes, Measure, MelEffects, SoundEffects
from rtmri2speech.analysis.occlusion.predictions import Predictions
from rtmri2speech.arrays import Float32
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.data.provenance import write_about
from rtmri2speech.data.tables import Value, write_table
from rtmri2speech.phonetics import praat
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.features import FeatureConfig

if TYPE_CHECKING:
    from rtmri2speech.drawing.style import Drawing

Vocode: TypeAlias = Callable[[Float32], Float32]
"""Mel spectrogram of a clip (T, M) in dB to its wave (N,)."""

SCHEMA = 1
"""Of the metadata file."""


@dataclass(frozen=True)
class Effect:
    """One measure of one region under one condition.

    Attributes:
        condition: of the region.
        pixels: the region's mean area, pixels per frame.
        measure: what was measured.
        effect: of hiding the region, in the measure's unit; NaN where it could not be measured.
        controls: of hiding each of its controls.
    """

    condition: Condition
    pixels: float
    measure: Measure
    effect: float
    controls: tuple[float, ...]

    @property
    def controls_mean(self) -> float:
        """Mean over the controls in which it could be measured."""
        known = [value for value in self.controls if np.isfinite(value)]
        return float(np.mean(known)) if known else float("nan")

    @property
    def controls_largest(self) -> float:
        """The control's effect that is largest in size, with its sign."""
        known = [value for value in self.controls if np.isfinite(value)]
        return max(known, key=abs) if known else float("nan")

    def row(self) -> dict[str, Value]:
        """As a row of ``masking.csv``."""
        return {
            "region": self.condition.region,
            "fill": self.condition.fill,
            "alpha": self.condition.alpha,
            "pixels": self.pixels,
            "measure": self.measure.name,
            "effect": self.effect,
            "controls_mean": self.controls_mean,
            "controls_largest": self.controls_largest,
            "effect_per_pixel": self.effect / self.pixels,
            "controls_mean_per_pixel": self.controls_mean / self.pixels,
        }


@dataclass(frozen=True, repr=False)
class Occlusion:
    """What hiding articulators did to the speech predicted from a clip.

    Attributes:
        name: the video's file name.
        unmasked: mel spectrogram predicted from the clip as it is, (T, M), dB.
        mels: mel spectrogram under each condition, (T, M), dB.
        effects: one entry for each region, fill, alpha and measure, with those of its controls.
        bands: of the measures.
        controls: where each region's controls lie.
        notes: remarks: regions and measures that are missing, and why.
        about: video, model, options and places of the controls, as in ``masking.json``.
        sample_rate: of the waves, Hz.
        waves: wave under each condition, (N,), and of the clip as it is under None; empty unless asked for.
    """

    name: str
    unmasked: Float32
    mels: dict[Condition, Float32]
    effects: list[Effect]
    bands: list[Band]
    controls: dict[str, list[ControlOffset]]
    notes: list[str]
    about: dict[str, Any]
    sample_rate: int
    waves: dict[Condition | None, Float32] = field(default_factory=dict)

    @property
    def main_measures(self) -> list[Measure]:
        """Level and formant of each band, pitch and spectral distance, as far as they could be measured."""
        wanted = [
            measure
            for band in self.bands
            for measure in (Measure(band.name, "level", "dB"), Measure(band.name, "", "Hz"))
        ]
        wanted += [Measure("sound", "f0", "Hz"), Measure("sound", "mcd", "dB"), Measure("mel", "mcd", "dB")]
        found = {effect.measure for effect in self.effects if math.isfinite(effect.effect)}
        return [measure for measure in wanted if measure in found]

    def rows(self) -> list[dict[str, Value]]:
        """The effects as a table: ``pandas.DataFrame(occlusion.rows())``.

        Columns: region, fill, alpha, pixels (mean area per frame), measure (with its unit), effect; ``controls_mean``
        and ``controls_largest`` (in size, with its sign) of hiding as much elsewhere; effect and ``controls_mean``
        per pixel of the region's area. NaN where nothing could be measured.
        """
        return [effect.row() for effect in self.effects]

    def show(self, measures: Sequence[str] | None = None) -> Drawing:
        """Bars by region and alpha, one row of axes per measure and one column per fill, with the controls as marks.

        Args:
            measures: names, as in the table; :attr:`main_measures` where None.
        """
        from rtmri2speech.analysis.occlusion.figures import occlusion_figure

        if measures is None:
            chosen = self.main_measures
        else:
            chosen = [one for one in dict.fromkeys(effect.measure for effect in self.effects) if one.name in measures]
        return occlusion_figure(self, chosen)

    def save(self, folder: str | Path) -> list[Path]:
        """Write ``masking.csv``, ``masking.json``, ``masking.png`` and, where waves were kept, their WAV files.

        Sounds are ``unmasked.wav`` and ``<region>_<fill>_<alpha>[_control<k>].wav``.

        Args:
            folder: made if need be.

        Raises:
            UserError: when a file cannot be written.
        """
        from rtmri2speech.drawing.style import save_drawing

        out = Path(folder)
        files = []
        for condition, wave in self.waves.items():
            files.append(out / f"{'unmasked' if condition is None else condition.file_name}.wav")
            write_wav(files[-1], wave, self.sample_rate)
        table = ({**effect.row(), "pixels": f"{effect.pixels:.1f}"} for effect in self.effects)
        return [
            write_table(out / "masking.csv", list(self.effects[0].row()), table, digits=6),
            write_about(out / "masking.json", "masking", SCHEMA, self.about),
            save_drawing(self.show(), out / "masking.png"),
            *files,
        ]

    def __repr__(self) -> str:
        regions = ", ".join(self.controls)
        return f"Occlusion({self.name!r}, {len(self.unmasked)} frames, {len(self.mels)} conditions of {regions})"

    def _repr_html_(self) -> str:
        return f"<div>{html.escape(repr(self))}<br>{self.show().html('effects of hiding regions')}</div>"


def measure_effects(
    predictions: Predictions,
    bands: Sequence[Band],
    features: FeatureConfig,
    vocode: Vocode | None = None,
    keep_waves: bool = False,
    progress: Progress = SILENT,
) -> tuple[list[Effect], dict[Condition | None, Float32]]:
    """Measure every condition; returns the effects and, if asked for, the waves by condition (None: as it is).

    Args:
        predictions: the mel spectrograms.
        bands: where levels and formants are taken.
        features: the mel definition.
        vocode: the vocoder; without it, or without Praat, nothing is measured of the sound.
        keep_waves: whether to return the waves.
        progress: counts conditions.
    """
    of_mel = MelEffects(predictions.unmasked, bands, features)
    plain = None if vocode is None else vocode(predictions.unmasked)
    of_sound = None if plain is None or not praat.available() else SoundEffects(plain, features, of_mel.frames)
    known: dict[bytes, tuple[Changes, Float32 | None]] = {}
    changes: dict[Condition, Changes] = {}
    waves: dict[Condition | None, Float32] = {}
    if keep_waves and plain is not None:
        waves[None] = plain
    for condition, mel in predictions.mels.items():
        # Equal mels, as all with alpha 1 are, make equal sounds.
        key = mel.tobytes()
        if key not in known:
            wave = vocode(mel) if vocode is not None and (keep_waves or of_sound is not None) else None
            of_wave = {} if wave is None or of_sound is None else of_sound(wave)
            known[key] = of_mel(mel) | of_wave, wave if keep_waves else None
        changes[condition], kept = known[key]
        if kept is not None:
            waves[condition] = kept
        progress.advance()
    effects = [
        Effect(one, predictions.pixels[one.region], measure, effect, tuple(changes[other][measure] for other in others))
        for one, others in with_controls(list(predictions.mels))
        for measure, effect in changes[one].items()
    ]
    return effects, waves
