"""A speaker ready to speak: tract, vowels, consonants and rest, computed once and kept with the recordings."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.arrays import Float64
from rtmri2speech.assets import asset
from rtmri2speech.data.files import write_text
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.simulation.speaker.anatomy import Anatomy, Speaker
from rtmri2speech.simulation.speaker.vocaltractlab import TRACT, VocalTract, speaker_file_text
from rtmri2speech.simulation.speaker.vowel_fitting import VOWELS, VowelFit, carry_over, fit_vowels

PLACES = ("labial", "alveolar", "sibilant", "velar")
"""Where consonants are made."""

VOICE_VERSION = 1
"""Raised whenever the same speaker would come out differently."""

_LARGEST_ERROR = 0.08
_SHAPE = {
    "labial": "ll-labial-closure",
    "alveolar": "tt-alveolar-closure",
    "sibilant": "tt-alveolar-fricative",
    "velar": "tb-velar-closure",
}
SHAPES = (*VOWELS, "@", *(f"{shape}({vowel})" for shape in _SHAPE.values() for vowel in "aiu"))
"""Names of the shapes that a speaker needs: vowels, the neutral one, and consonants next to /a/, /i/ and /u/."""

# JD3's consonants are measured next to /a/, /i/ and /u/; the others lie between.
_NEXT_TO = {"a": "a", "i": "i", "u": "u", "e": "ai", "o": "au"}

CRITICAL: dict[str, dict[str, float]] = {
    "labial": {"LD": 1.0, "LP": 0.7, "JA": 0.6},
    "alveolar": {
        **{name: 1.0 for name in ("TTX", "TTY", "TS1", "TS2", "TS3")},
        **{name: 0.9 for name in ("TBX", "TBY")},
        **{name: 0.5 for name in ("TCX", "TCY")},
        "JA": 0.7,
    },
    "velar": {
        **{name: 1.0 for name in ("TCX", "TCY", "TS1", "TS2", "TS3")},
        **{name: 0.9 for name in ("TBX", "TBY")},
        **{name: 0.5 for name in ("TTX", "TTY")},
        "JA": 0.6,
    },
}
"""How far each parameter leaves the vowel for the consonant's own shape, 0 to 1; parameters not named stay."""
CRITICAL["sibilant"] = {**CRITICAL["alveolar"], "LD": 0.6, "LP": 0.4}

# What closes the tract further, in shares of a parameter's range, and where along the tract, in shares of its length.
_CLOSING = {
    "labial": ({"LD": -1.0}, (0.94, 1.0)),
    "alveolar": ({"TTY": 1.0, "TBY": 0.4}, (0.70, 0.97)),
    "sibilant": ({"TTY": 1.0, "TBY": 0.4}, (0.70, 0.97)),
    "velar": ({"TCY": 1.0, "TBY": 0.5}, (0.42, 0.85)),
}
# VocalTractLab gives closed sections 1e-4 cm^2, and holds the groove of a sibilant at 0.15 cm^2.
_CLOSED_AREA = {"labial": 1e-3, "alveolar": 1e-3, "sibilant": 0.17, "velar": 1e-3}
# Jaw angle (degrees; 0 is shut), velopharyngeal port (cm^2) and shape of the velum at rest. As they are, not carried
# over: the library gives these parameters the same ranges on every anatomy.
_REST = {"JA": -1.5, "VO": 0.6, "VS": 0.2}
# Beyond first contact, so that a movement into the closure holds it for a while.
_PRESSURE = 0.03


@dataclass(frozen=True)
class Voice:
    """A speaker's repertoire.

    Attributes:
        speaker: who it is.
        tract_length: of the neutral vowel, cm.
        vowels: the five vowels by name.
        consonants: tract parameters (19,) by place and following vowel.
        rest: tract parameters at rest: lips closed, velum down.
    """

    speaker: Speaker
    tract_length: float
    vowels: dict[str, VowelFit]
    consonants: dict[tuple[str, str], Float64]
    rest: Float64

    def to_json(self) -> str:
        """As text; floats keep every digit."""
        values = {
            "kind": "simulated_voice",
            "schema": 1,
            "version": VOICE_VERSION,
            "speaker": self.speaker.model_dump(),
            "tract_length_cm": self.tract_length,
            "vowels": vowels_to_json(self.vowels),
            "consonants": {f"{place} {vowel}": shape.tolist() for (place, vowel), shape in self.consonants.items()},
            "rest": self.rest.tolist(),
        }
        return json.dumps(values, indent=1) + "\n"

    def describe(self) -> str:
        """Length of the tract, and how well the vowels fit, in a line."""
        percent = {vowel: fit.error_percent for vowel, fit in self.vowels.items()}
        errors = ", ".join(f"{vowel} {values[0]:+.1f}/{values[1]:+.1f} %" for vowel, values in percent.items())
        return f"{self.speaker.name}: tract {self.tract_length:.1f} cm; error of F1/F2: {errors}"

    @classmethod
    def from_json(cls, text: str) -> Voice:
        """Read what :meth:`to_json` wrote.

        Raises:
            ValueError: for anything else, also for what another version wrote.
        """
        try:
            values = json.loads(text)
            if values["version"] != VOICE_VERSION:
                raise ValueError("made by another version")
            vowels = _vowels_from(values["vowels"])
            consonants = {tuple(key.split()): np.array(shape) for key, shape in values["consonants"].items()}
            speaker = Speaker.parse(values["speaker"], "speaker")
            return cls(speaker, values["tract_length_cm"], vowels, consonants, np.array(values["rest"]))
        except (KeyError, TypeError, UserError) as error:
            raise ValueError(str(error)) from None


def shipped_vowels(speaker: Speaker) -> dict[str, VowelFit] | None:
    """Vowels that come with the program, fitted for this anatomy beforehand, or None."""
    path = asset("vowels") / f"{anatomy_key(speaker.anatomy)}.json"
    return _vowels_from(json.loads(path.read_text(encoding="utf-8"))["vowels"]) if path.is_file() else None


def anatomy_key(anatomy: Anatomy) -> str:
    """Hash of what the vowels depend on."""
    return hashlib.sha256(f"{VOICE_VERSION} {anatomy.model_dump_json()}".encode()).hexdigest()[:16]


def vowels_to_json(vowels: dict[str, VowelFit]) -> dict[str, Any]:
    """Vowels as plain values: tract parameters by name, formants aimed at and reached, errors."""
    return {
        name: {
            "tract": dict(zip(TRACT, fit.tract.tolist(), strict=True)),
            "target_hz": fit.target.tolist(),
            "formants_hz": fit.formants.tolist(),
            "error_percent": fit.error_percent,
        }
        for name, fit in vowels.items()
    }


def _vowels_from(values: dict[str, Any]) -> dict[str, VowelFit]:
    return {
        name: VowelFit(
            np.array([fit["tract"][parameter] for parameter in TRACT]),
            np.array(fit["target_hz"]),
            np.array(fit["formants_hz"]),
        )
        for name, fit in values.items()
    }


def make_speaker_file(speaker: Speaker, path: Path) -> None:
    """Write the speaker's file for VocalTractLab. To be called in a process of its own, see there."""
    # Not in the phantom's folder, where another machine may be writing the same.
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "scratch.speaker"
        write_text(path, speaker_file_text(speaker.name, speaker.anatomy.model_dump(), scratch))


def make_voice(speaker: Speaker, speaker_file: Path) -> Voice:
    """Fit the vowels and close the consonants of a speaker; some half a minute.

    Raises:
        ConfigError: when the anatomy cannot say a vowel or make a closure.
    """
    tract, shapes = _carried_shapes(speaker_file) if speaker.source is None else _own_shapes(speaker_file)
    vowels = (shipped_vowels(speaker) if speaker.source is None else None) or fit_vowels(tract, shapes)
    for name, fit in vowels.items():
        worst = float(np.abs(fit.errors[:2]).max())
        if not worst <= _LARGEST_ERROR:  # NaN too
            raise ConfigError(
                f"Speaker {speaker.name}: this anatomy cannot say /{name}/ (F1, F2 of {fit.formants[0]:.0f}, "
                f"{fit.formants[1]:.0f} Hz, wanted {fit.target[0]:.0f}, {fit.target[1]:.0f}).",
                "Give another `seed`, or bring the anatomy nearer to the default.",
            )
    consonants = {}
    for place in PLACES:
        for vowel, letters in _NEXT_TO.items():
            measured = np.mean([shapes[f"{_SHAPE[place]}({letter})"] for letter in letters], axis=0)
            shape = _leave(vowels[vowel].tract, measured, CRITICAL[place])
            consonants[place, vowel] = _closed(tract, shape, place, speaker.name)
    length = float(tract.tube(shapes["@"])[0].sum())
    return Voice(speaker, length, vowels, consonants, _rest(tract, shapes["@"], speaker.name))


def fit_speaker(speaker_file: Path) -> dict[str, VowelFit]:
    """The five vowels of a speaker, fitted afresh."""
    return fit_vowels(*_carried_shapes(speaker_file))


def _own_shapes(speaker_file: Path) -> tuple[VocalTract, dict[str, Float64]]:
    """The speaker's tract, and the vowels and consonants that its own file holds."""
    tract = VocalTract(speaker_file)
    return tract, {name: tract.shape(name) for name in SHAPES}


def _carried_shapes(speaker_file: Path) -> tuple[VocalTract, dict[str, Float64]]:
    """The speaker's tract, and JD3's vowels and consonants on it."""
    own = VocalTract()
    source = (own.low, own.high)
    shapes = {name: own.shape(name) for name in SHAPES}
    tract = VocalTract(speaker_file)
    return tract, {name: carry_over(shape, source, tract) for name, shape in shapes.items()}


def _leave(vowel: Float64, consonant: Float64, weights: dict[str, float]) -> Float64:
    share = np.array([weights.get(name, 0.0) for name in TRACT])
    return np.asarray(vowel + share * (consonant - vowel))


def _closed(tract: VocalTract, shape: Float64, place: str, name: str) -> Float64:
    """Move a consonant until it just closes, or leaves the groove of a sibilant, and a little on."""
    directions, (start, end) = _CLOSING[place]
    direction = np.array([directions.get(parameter, 0.0) for parameter in TRACT]) * (tract.high - tract.low)
    for amount in np.arange(-0.30, 0.60, 0.01):
        moved = np.clip(shape + amount * direction, tract.low, tract.high)
        lengths, areas = tract.tube(moved)
        middle = (np.cumsum(lengths) - lengths / 2.0) / lengths.sum()
        if areas[(middle >= start) & (middle <= end)].min() <= _CLOSED_AREA[place]:
            return np.asarray(np.clip(shape + (amount + _PRESSURE) * direction, tract.low, tract.high))
    raise ConfigError(
        f"Speaker {name}: this anatomy makes no {place} closure.", "Bring the anatomy nearer to the default."
    )


def _rest(tract: VocalTract, neutral: Float64, name: str) -> Float64:
    """Breathing through the nose: jaw up, lips together, velum down, tongue at ease."""
    rest = neutral.copy()
    for parameter, value in _REST.items():
        rest[TRACT.index(parameter)] = value
    return _closed(tract, rest, "labial", name)
