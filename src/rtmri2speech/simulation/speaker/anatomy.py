"""Who speaks: anatomies within plausible ranges, male and female."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator

from rtmri2speech.config import Config, read_yaml
from rtmri2speech.errors import ConfigError

Sex = Literal["male", "female"]


class Stream(IntEnum):
    """What random numbers are for: the last number of their seed, so that no two purposes draw the same ones.

    Not 0: NumPy takes the seeds ``(1, 2)`` and ``(1, 2, 0)`` for the same.
    """

    SPEAKER = 1
    SCRIPT = 2
    MOVEMENTS = 3
    SOUND = 4
    FRAMES = 5
    POSES = 6
    LOOK = 7


# Ranges from which speakers are drawn, cm. VocalTractLab's speaker JD3 is the man they lie around. Between the
# sexes pharynx and larynx differ most, the mouth least (Fitch & Giedd 1999, J. Acoust. Soc. Am. 106, 1511); the
# lengths give tracts of some 16 to 17.5 cm and 14.5 to 15.5 cm for a neutral vowel.
_DRAWN: dict[Sex, dict[str, tuple[float, float]]] = {
    "male": {
        "lip_width": (1.2, 1.4),
        "mandible_height": (1.45, 1.55),
        "palate_height": (1.5, 1.7),
        "palate_depth": (3.5, 3.7),
        "hard_palate_length": (4.5, 4.8),
        "soft_palate_length": (2.3, 2.45),
        "pharynx_length": (6.0, 6.7),
        "larynx_length": (3.0, 3.4),
        "larynx_width": (3.1, 3.4),
    },
    "female": {
        "lip_width": (1.1, 1.3),
        "mandible_height": (1.4, 1.5),
        "palate_height": (1.5, 1.65),
        "palate_depth": (3.3, 3.5),
        "hard_palate_length": (4.3, 4.6),
        "soft_palate_length": (2.3, 2.4),
        "pharynx_length": (4.9, 5.5),
        "larynx_length": (2.6, 2.9),
        "larynx_width": (2.8, 3.1),
    },
}
# Of the reference, which speech lies some third of an octave below on average. With a lower voice the harmonics
# are so close that a measured F1 follows them rather than the tract.
_F0_HZ: dict[Sex, tuple[float, float]] = {"male": (118.0, 142.0), "female": (180.0, 205.0)}
# Each costs a fitting of vowels, and a folder.
_MOST = 10_000
# Windows takes these for devices, whatever the letters' case; and one folder of a phantom is no speaker's.
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)), "speakers"}


class Anatomy(Config):
    """The anatomy parameters of VocalTractLab; the defaults are its speaker JD3, the limits its own."""

    lip_width: float = Field(1.3, ge=0.5, le=1.5, description="half width of the lips, cm")
    mandible_height: float = Field(1.5, ge=0.9, le=1.8, description="height of the mandible, cm")
    lower_molars_height: float = Field(0.5, ge=0.3, le=0.7, description="cm")
    upper_molars_height: float = Field(0.5, ge=0.3, le=0.7, description="cm")
    palate_height: float = Field(1.6, ge=0.8, le=2.0, description="cm")
    palate_depth: float = Field(3.6, ge=2.6, le=5.0, description="cm")
    hard_palate_length: float = Field(4.7, ge=2.2, le=5.2, description="cm")
    soft_palate_length: float = Field(2.372, ge=2.3, le=3.1, description="cm")
    pharynx_length: float = Field(6.35, ge=4.1, le=8.0, description="cm")
    larynx_length: float = Field(3.2, ge=2.0, le=4.0, description="cm")
    larynx_width: float = Field(3.3, ge=2.0, le=3.5, description="cm")
    vocal_fold_length: float = Field(1.2, ge=0.5, le=2.0, description="cm")
    oral_pharyngeal_angle: float = Field(-98.0, ge=-105.0, le=-90.0, description="degrees")


class Speaker(Config):
    """A simulated person.

    Attributes:
        name: usable as a folder name, on Windows too.
        sex: decides about the values not given.
        f0: the voice's reference, Hz; accents lie around it.
        anatomy: sizes of the tract.
        seed: of the looks (face, texture).
        varied: whether face and neck differ from others' more widely, as those of heads in poses do.
        source: digest of the file of VocalTractLab that the speaker was read from; it then replaces ``anatomy``.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][\w-]*$")
    sex: Sex = "male"
    f0: float = Field(ge=60.0, le=350.0)
    anatomy: Anatomy = Anatomy()
    seed: int = Field(0, ge=0)
    varied: bool = False
    source: str | None = None

    @field_validator("name")
    @classmethod
    def _is_a_folder_name(cls, name: str) -> str:
        if name.casefold() in _RESERVED:
            raise ValueError(f"'{name}' cannot be a speaker's folder")
        return name


def draw_speakers(count: int, seed: int) -> list[Speaker]:
    """``count`` speakers: JD3 first, then women and men in turn with drawn anatomies.

    The n-th speaker of a seed does not depend on how many there are.

    Raises:
        ConfigError: for fewer than one, or more than anybody needs.
    """
    if count < 1:
        raise ConfigError(f"`speakers={count}`: nobody would speak.", "Give 1 or more.")
    if count > _MOST:
        raise ConfigError(f"`speakers={count}`: more than the {_MOST} that one phantom can have.", "Give fewer.")
    speakers = []
    for index in range(count):
        rng = np.random.default_rng((seed, index, 0, Stream.SPEAKER))
        sex: Sex = "female" if index % 2 else "male"
        low, high = _F0_HZ[sex]
        f0 = round(float(rng.uniform(low, high)), 1)
        drawn = {name: round(float(rng.uniform(*limits)), 3) for name, limits in _DRAWN[sex].items()}
        anatomy = Anatomy() if index == 0 else Anatomy(**drawn)
        name = f"{sex[0]}{index + 1:02d}"
        speakers.append(Speaker(name=name, sex=sex, f0=f0, anatomy=anatomy, seed=int(rng.integers(2**31))))
    return speakers


def read_speakers(path: Path, seed: int) -> list[Speaker]:
    """Speakers from a YAML file: a name per speaker, below it ``sex``, ``f0`` and ``anatomy`` as far as they are given.

    What is not given lies in the middle of what women and men are drawn from; a man's anatomy is JD3's.

    Raises:
        ConfigError: for a file that cannot be read or names nobody, for unknown keys, for names that would share a
            folder or cannot be one, and for values no person has.
    """
    speakers: list[Speaker] = []
    names: set[str] = set()
    for index, (key, values) in enumerate(read_yaml(path).items()):
        name = str(key)
        if not isinstance(values, dict):
            raise ConfigError(f"{path}: '{name}' holds no 'name: value' lines.", "Give at least: sex: female")
        if "name" in values:
            raise ConfigError(f"{path}: '{name}' holds another name.", "Leave out 'name'; the speaker has one already.")
        if name.casefold() in names:
            raise ConfigError(f"{path}: two speakers would share the folder '{name}'.", "Give one another name.")
        names.add(name.casefold())
        defaults = _defaults(values)
        given = {"name": name, "seed": seed * 1000 + index, **defaults, **values}
        if isinstance(values.get("anatomy"), dict):
            given["anatomy"] = {**defaults["anatomy"], **values["anatomy"]}
        speakers.append(Speaker.parse(given, f"{path}, {name}"))
    if not speakers:
        raise ConfigError(f"{path}: names nobody.", "Give a name per speaker, and below it at least: sex: female")
    return speakers


def reference_f0(sex: Sex) -> float:
    """The middle of what speakers' F0 is drawn from, Hz."""
    return sum(_F0_HZ[sex]) / 2.0


def _defaults(values: dict[str, Any]) -> dict[str, Any]:
    sex: Sex = "female" if values.get("sex") == "female" else "male"
    middles = {name: round(sum(limits) / 2.0, 3) for name, limits in _DRAWN[sex].items()}
    return {"f0": reference_f0(sex), "anatomy": middles if sex == "female" else {}}
