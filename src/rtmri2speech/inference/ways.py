"""By which way a video becomes speech: the network that reads frames, or the measured tract."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from rtmri2speech.assets import pretrained
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError
from rtmri2speech.inference.tract.given_pitch import F0, GivenPitch, given_pitch
from rtmri2speech.models.bundle.model_file import Bundle

Way: TypeAlias = Literal["auto", "image", "tract"]
"""``image``: the network that reads frames. ``tract``: what is measured in them. ``auto``: what the model was trained
for, but for the shipped ``phantom``, which leaves frames unlike those of its training to the shipped ``strangers``."""

STRANGERS: Final = "strangers"
"""The shipped model that reads a measured tract."""

_OF_FRAMES: Final = "phantom"


def require_way(way: str, bundle: Bundle) -> None:
    """Refuse a way that there is not, or that a model cannot take.

    Raises:
        ConfigError: saying so.
    """
    if way not in get_args(Way):
        raise ConfigError(f"`way={way}`: no way to speak.", f"Choose one of {', '.join(get_args(Way))}.")
    if way == "image" and bundle.tract is not None:
        raise ConfigError(
            f"`way=image`: {bundle.source} reads a measured tract, not frames.",
            "Leave it out, or give a model that was trained on frames.",
        )


def pitch_for_frames(pixel_mm: float | None, f0: F0 | None, clip: Clip, bundle: Bundle) -> GivenPitch | None:
    """The F0 that is asked for with a network that reads frames; None for the predicted one.

    Raises:
        ConfigError: for what the model has no use for, or what is no F0 of the clip.
        MediaError, UserError: as :func:`~rtmri2speech.inference.tract.given_pitch.given_pitch`.
    """
    if pixel_mm is not None:
        raise ConfigError(
            "`pixel_mm`: this model reads frames, whatever the size of their pixels.",
            "Leave it out, or speak by way of the measured tract: `way='tract'`",
        )
    if f0 is None:
        return None
    if bundle.vocoder is None or bundle.vocoder.source == "none":
        raise ConfigError(
            "`f0`: this model reads frames and its vocoder has no harmonic source, so its pitch cannot be replaced.",
            "Leave it out, or speak by way of the measured tract: `way='tract'`",
        )
    return given_pitch(f0, clip, bundle.features)


def leaves_strangers(bundle: Bundle) -> bool:
    """Whether ``auto`` may leave a video to the model for strangers: where the model is the shipped one of frames."""
    shipped = pretrained()
    own = shipped.get(_OF_FRAMES)
    return own is not None and STRANGERS in shipped and Path(bundle.source).resolve() == own.resolve()
