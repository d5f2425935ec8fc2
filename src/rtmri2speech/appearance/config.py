"""What looks are drawn from: ranges and probabilities of every step, in YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from rtmri2speech.assets import asset
from rtmri2speech.config import Config, read_yaml
from rtmri2speech.errors import ConfigError


def _ordered(values: tuple[float, float]) -> tuple[float, float]:
    if values[0] > values[1]:
        raise ValueError(f"[{values[0]:g}, {values[1]:g}] runs downwards")
    return values


def _positive(values: tuple[float, float]) -> tuple[float, float]:
    if values[0] <= 0.0:
        raise ValueError(f"[{values[0]:g}, {values[1]:g}] starts at or below 0")
    return values


Range = Annotated[tuple[float, float], AfterValidator(_ordered)]
"""Lowest and highest value; what is drawn lies evenly in between."""

PositiveRange = Annotated[Range, AfterValidator(_positive)]
"""A range of values above 0."""

Chance = Annotated[float, Field(ge=0.0, le=1.0)]
"""Probability that a look has it."""

Place = tuple[float, float]
"""Column and row as shares of the source's frame."""


class GeometryConfig(Config):
    """How the head lies in the frame, and how it differs from the one that was drawn."""

    zoom: PositiveRange = (0.85, 1.75)
    """The source's side by that of the field of view; drawn evenly in its logarithm."""
    aspect: float = Field(0.14, ge=0.0, lt=0.5)
    """Largest stretch of width against height, either way, as a share."""
    rotation: float = Field(13.0, ge=0.0, le=90.0)
    """Largest turn either way, degrees."""
    shear: float = Field(0.06, ge=0.0, lt=0.5)
    """Largest shift of a row by its distance from the middle, either way."""
    shift: float = Field(0.09, ge=0.0, le=0.5)
    """Largest shift either way, as a share of the field of view."""
    aim: Place = (0.42, 0.58)
    """What the field of view closes in on as it gets smaller."""
    elastic: float = Field(0.045, ge=0.0, le=0.08)
    """Largest displacement by the smooth warp, either way, as a share of the source's frame."""
    ripple: float = Field(0.004, ge=0.0, le=0.01)
    """The same by a finer warp, which makes outlines uneven."""
    flip: Chance = 0.15
    """Faces to the other side."""


class ContrastConfig(Config):
    """How bright tissues are. Deviations are those of the logarithm."""

    tissue: float = Field(0.35, ge=0.0, le=2.0)
    """Deviation from tissue to tissue (where tissues are known)."""
    label: float = Field(0.2, ge=0.0, le=2.0)
    """Deviation from label to label."""
    code: float = Field(0.06, ge=0.0, le=2.0)
    """Deviation from shade to shade of one tissue."""
    gray_label: float = Field(0.35, ge=0.0, le=2.0)
    """Deviation from label to label of frames that are gray already."""
    air: Range = (0.0, 0.05)
    """What comes out of air, as a share of the brightest tissue."""
    texture: Range = (0.0, 0.1)
    """Deviation of a fine grain that belongs to the tissue."""
    mottle: Range = (0.0, 0.2)
    """Deviation of larger spots."""
    bright_start: Chance = 0.04
    """Is one of the first frames of a recording, before the steady state."""
    excess: Range = (0.0, 1.2)
    """Signal of the first frame above the steady state, as a share of that."""
    settling: PositiveRange = (2.0, 20.0)
    """Frames after which a third of the excess is left."""


class CoilConfig(Config):
    """Where the receiving coils are sensitive."""

    bias: Range = (0.0, 0.35)
    """Deviation of the logarithm of a smooth factor over the frame."""
    falloff: Chance = 0.6
    """Signal falls off with the distance from coils at the places below."""
    places: tuple[Place, ...] = Field(((0.23, 0.5), (0.4, 0.7), (0.75, 0.6)), min_length=1, max_length=8)
    """Middle of every coil's field: mouth, throat, nape."""
    weights: tuple[PositiveRange, ...] = ((0.6, 1.0), (0.3, 1.0), (0.004, 0.25))
    """Their strength."""
    jitter: float = Field(0.1, ge=0.0, le=1.0)
    """Largest shift of a place either way, as a share of the frame."""
    reach: PositiveRange = (0.15, 0.4)
    """Distance at which a coil has lost two thirds, as a share of the frame."""
    floor: Range = (0.0, 0.07)
    """What is left far away."""


class SamplingConfig(Config):
    """How k-space is acquired."""

    cartesian: float = Field(1.0, ge=0.0)
    """Relative frequency of this readout, as of the next two."""
    spiral: float = Field(1.5, ge=0.0)
    radial: float = Field(1.0, ge=0.0)
    matrix: PositiveRange = (44.0, 140.0)
    """Pixels per side that are resolved; drawn evenly in its logarithm."""
    fine: Chance = 0.1
    """Matrix from the next range instead."""
    fine_matrix: PositiveRange = (128.0, 256.0)
    fade: Range = (0.0, 0.6)
    """Share of the radius of k-space over which the signal is faded, against ringing."""
    noise: PositiveRange = (0.004, 0.09)
    """Deviation of the noise in the real part, as a share of bright tissue's signal; drawn evenly in its logarithm."""
    blur: Range = (0.0, 0.6)
    """Deviation of a blur in resolved pixels."""
    thickness: Range = (0.0, 0.45)
    """Share of the signal that a thick slice has from tissue next to it, which fills narrow air."""
    undersampling: Chance = 0.5
    """Leaves streaks, swirls or ghosts."""
    streaks: Range = (0.05, 0.9)
    """Their strength."""
    off_resonance: Chance = 0.4
    """Blurs along the borders of air."""
    cycles: Range = (0.1, 1.2)
    """Turns of the phase there at the end of the readout; a fifth of that with Cartesian readout."""
    motion: Chance = 0.12
    """The head moves within a frame."""
    motion_share: Range = (0.002, 0.02)
    """By this share of the field of view."""
    spike: Chance = 0.02
    """A stripe pattern from interference."""


class InclusionConfig(Config):
    """What people carry that the source does not show."""

    vessels: Chance = 0.3
    """Inflowing or outflowing blood: bright and dark bands."""
    metal: Chance = 0.1
    """A void with a bright rim about the teeth, from a crown or a retainer."""
    metal_radius: PositiveRange = (0.018, 0.045)
    """Its radius as a share of the source's frame."""
    fillings: Chance = 0.2
    """Up to three small voids."""
    filling_radius: PositiveRange = (0.006, 0.018)
    teeth: tuple[Place, Place] = ((0.17, 0.42), (0.26, 0.55))
    """Two corners of where teeth are."""


class RecordingConfig(Config):
    """What happens to frames between scanner and video."""

    pixels: Chance = 0.5
    """The video has the resolved pixels and no more; else up to 256 per side."""
    nearest: Chance = 0.15
    """Those pixels were enlarged to squares."""
    gamma: PositiveRange = (0.65, 1.5)
    """Exponent of the brightness; drawn evenly in its logarithm."""
    clipping: Chance = 0.25
    """Bright and dark ends are cut off."""
    clipped: Range = (0.02, 0.45)
    """Share of the brightest that is cut off."""
    compression: Chance = 0.4
    """Blocks and ringing of video files."""
    quantizer: PositiveRange = (1.5, 16.0)
    """Step of the compression, in gray values of 255; drawn evenly in its logarithm."""
    coarse_gray: Chance = 0.05
    """32 to 128 gray values instead of 256."""
    interlaced: Chance = 0.02
    """Every other line is shifted."""
    border: Chance = 0.06
    """Black margins."""
    margin: Range = (0.0, 0.12)
    """Their width as a share of the frame."""
    circle: Chance = 0.06
    """Black outside a circle, as after gridding."""
    marks: Chance = 0.03
    """Letters burnt in near a corner."""
    noisy_rows: Chance = 0.02
    """First rows that hold nothing but noise."""


class LookConfig(Config):
    """What looks are drawn from.

    Lengths are shares of a frame, so that they hold for any number of pixels.
    """

    description: str = ""
    geometry: GeometryConfig = GeometryConfig()
    contrast: ContrastConfig = ContrastConfig()
    coil: CoilConfig = CoilConfig()
    sampling: SamplingConfig = SamplingConfig()
    inclusions: InclusionConfig = InclusionConfig()
    recording: RecordingConfig = RecordingConfig()


RANDOM = "random"
"""Name of the widest look, the default of every field."""


def load_look(name: str | Path) -> LookConfig:
    """A look by the path of a YAML file, or a shipped one by its name; a file of that name comes first.

    Raises:
        ConfigError: when there is neither, or the file holds unknown names or impossible values.
    """
    path = Path(name)
    if not path.is_file():
        known = shipped_looks()
        if str(name) not in known:
            raise ConfigError(
                f"`look={name}`: no such file, and no look that ships with the program.",
                f"Give a YAML file, or one of {', '.join(known)}.",
            )
        path = known[str(name)]
    config = LookConfig.parse(read_yaml(path), str(path))
    if config.sampling.cartesian + config.sampling.spiral + config.sampling.radial <= 0.0:
        raise ConfigError(f"{path}: cartesian, spiral and radial are all 0.", "Set one of them under 'sampling' to 1.")
    if len(config.coil.places) != len(config.coil.weights):
        raise ConfigError(
            f"{path}: coil has {len(config.coil.places)} places and {len(config.coil.weights)} weights.",
            "Give every place its weight.",
        )
    return config


def shipped_looks() -> dict[str, Path]:
    """Looks that ship with the program, by name."""
    return {path.stem: path for path in sorted(asset("looks").glob("*.yaml"))}
