"""What ``--sound-only`` goes without."""

from __future__ import annotations

from collections.abc import Mapping

from rtmri2speech.errors import ConfigError


def refuse_beside_sound_only(options: Mapping[str, object]) -> None:
    """Refuse options that are about pictures.

    Args:
        options: values by name; what is false was not given.

    Raises:
        ConfigError: naming those that were given.
    """
    given = [name for name, value in options.items() if value]
    if given:
        raise ConfigError(
            f"{', '.join(given)}: of no use with --sound-only, where there is no picture.",
            "Leave it out, or leave out --sound-only.",
        )
