"""What hiding each region did, beside what hiding as much elsewhere did: measured, and written as files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.analysis.attribution.targets import Band
from rtmri2speech.analysis.occlusion.effects import MelEffects, SoundEffects
from rtmri2speech.analysis.occlusion.occlude import Condition, Masked, MaskOptions, beside
from rtmri2speech.data.files import write_text
from rtmri2speech.data.media.audio import write_wav
from rtmri2speech.data.provenance import write_about
from rtmri2speech.signal.features import FeatureConfig

Mel = NDArray[np.float32]
Wave = NDArray[np.float32]
Speak = Callable[[Mel], Wave]
"""The mel of a clip (T, M) in dB to its sound (N,)."""
Effects = dict[Condition, dict[str, float]]
"""Changes by measure under each condition."""

SCHEMA = 1
"""Of the metadata file."""


@dataclass(frozen=True)
class Row:
    """One measure of one region under one condition.

    Attributes:
        condition: of the region.
        pixels: the region's mean area, pixels a frame.
        measure: its name, with the unit in it.
        effect: of hiding the region.
        controls: of hiding each of its controls.
    """

    condition: Condition
    pixels: float
    measure: str
    effect: float
    controls: tuple[float, ...]

    @property
    def controls_mean(self) -> float:
        """Mean over the controls in which it could be measured."""
        known = [value for value in self.controls if np.isfinite(value)]
        return float(np.mean(known)) if known else float("nan")


def measure_effects(
    masked: Masked,
    bands: Sequence[Band],
    features: FeatureConfig,
    speak: Speak | None = None,
    wavs: Path | None = None,
    on_condition: Callable[[], None] = lambda: None,
) -> Effects:
    """Measure every condition.

    Args:
        masked: the mels.
        bands: where levels and formants are taken.
        features: the mel definition.
        speak: the vocoder; without it nothing is measured of the sound.
        wavs: folder to write the sound of each condition to, ``<region>_<fill>_<alpha>.wav``, and ``unmasked.wav``.
        on_condition: called after each.

    Raises:
        UserError: when a wav cannot be written.
    """
    of_mel = MelEffects(masked.unmasked, bands, features)
    wave = None if speak is None else speak(masked.unmasked)
    of_sound = None if wave is None or not _praat() else SoundEffects(wave, features, of_mel.frames)
    if wave is not None and wavs is not None:
        write_wav(wavs / "unmasked.wav", wave, features.sample_rate)
    known: dict[bytes, dict[str, float]] = {}
    found: Effects = {}
    for condition, mel in masked.mels.items():
        # Equal mels, as all with alpha 1 are, make equal sounds.
        key = mel.tobytes()
        if speak is not None and (wavs is not None or (of_sound is not None and key not in known)):
            wave = speak(mel)
            if wavs is not None:
                write_wav(wavs / f"{condition.file_name}.wav", wave, features.sample_rate)
        if key not in known:
            known[key] = of_mel(mel) | (of_sound(wave) if of_sound is not None and wave is not None else {})
        found[condition] = known[key]
        on_condition()
    return found


def rows_of(masked: Masked, effects: Effects) -> Iterator[Row]:
    """The effects by region, each beside its controls'."""
    for condition, controls in beside(list(masked.mels)):
        for measure, effect in effects[condition].items():
            others = tuple(effects[one][measure] for one in controls)
            yield Row(condition, masked.pixels[condition.region], measure, effect, others)


def write_table(out: Path, rows: Sequence[Row]) -> Path:
    """Write ``masking.csv``: a line a region, fill, alpha and measure.

    Columns: ``effect``; ``controls_mean`` and ``controls_largest`` (in size, with its sign) of hiding as much
    elsewhere; the first two divided by the area in pixels. Cells are empty where nothing could be measured.

    Raises:
        UserError: when it cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ["region", "fill", "alpha", "pixels", "measure", "effect", "controls_mean", "controls_largest"]
    writer.writerow([*names, "effect_per_pixel", "controls_mean_per_pixel"])
    for row in rows:
        one, mean = row.condition, row.controls_mean
        known = [value for value in row.controls if np.isfinite(value)]
        largest = max(known, key=abs) if known else float("nan")
        values = (row.effect, mean, largest, row.effect / row.pixels, mean / row.pixels)
        cells = ("" if np.isnan(value) else f"{value:.6g}" for value in values)
        writer.writerow([one.region, one.fill, f"{one.alpha:g}", f"{row.pixels:.1f}", row.measure, *cells])
    path = out / "masking.csv"
    write_text(path, text.getvalue())
    return path


def write_description(
    out: Path, masked: Masked, options: MaskOptions, bands: Sequence[Band], about: dict[str, Any]
) -> Path:
    """Write ``masking.json``: what was hidden where, with the place of every control.

    Args:
        out: folder to write to.
        masked: what was made.
        options: what was asked for.
        bands: of the measures.
        about: where video, model and regions came from.

    Raises:
        UserError: when it cannot be written.
    """
    description = {
        **about,
        "fills": options.fills,
        "alphas": options.alphas,
        "seed": options.seed,
        "bands": [asdict(band) for band in bands],
        "regions": [
            {"name": name, "pixels": pixels, "controls": [asdict(one) for one in masked.controls[name]]}
            for name, pixels in masked.pixels.items()
        ],
    }
    return write_about(out / "masking.json", "masking", SCHEMA, description)


def _praat() -> bool:
    try:
        import parselmouth  # noqa: F401
    except ImportError:
        return False
    return True
