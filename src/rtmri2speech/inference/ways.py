"""By which way a video becomes speech: the network that reads frames, or the measured tract."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from rtmri2speech.assets import pretrained
from rtmri2speech.errors import ConfigError
from rtmri2speech.inference.tract.given_pitch import F0
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


def refuse_for_frames(pixel_mm: float | None, f0: F0 | None) -> None:
    """Refuse what the network that reads frames has no use for.

    Raises:
        ConfigError: naming it.
    """
    if pixel_mm is not None:
        raise ConfigError(
            "`pixel_mm`: this model reads frames, whatever the size of their pixels.",
            "Leave it out, or speak by way of the measured tract: `way='tract'`",
        )
    if f0 is not None:
        raise ConfigError(
            "`f0`: this model reads frames and predicts pitch along with all else; it cannot be replaced.",
            "Leave it out, or speak by way of the measured tract: `way='tract'`",
        )


def leaves_strangers(bundle: Bundle) -> bool:
    """Whether ``auto`` may leave a video to the model for strangers: where the model is the shipped one of frames."""
    shipped = pretrained()
    own = shipped.get(_OF_FRAMES)
    return own is not None and STRANGERS in shipped and Path(bundle.source).resolve() == own.resolve()
