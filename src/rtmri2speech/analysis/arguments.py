"""Arguments as people write them in a notebook: one value or several, a video or a clip, regions by name or file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from rtmri2speech.analysis.regions.masks import Regions, origin_of_regions, read_regions, source_of
from rtmri2speech.data.media.clips import Clip
from rtmri2speech.errors import ConfigError
from rtmri2speech.inference.model import Model
from rtmri2speech.signal.frame_rate import FrameRate

Value = TypeVar("Value", bound=str | int | float | Path)

Video: TypeAlias = str | Path | Clip
"""A file, or a clip from :meth:`rtmri2speech.inference.model.Model.open`."""

WhichRegions: TypeAlias = str | Path | Regions
"""Where the articulators are: ``"auto"``, found in the video; ``"template"``; a file of labels of ``segment`` or a
phantom's truth (.npz), of polygons (.json) or traced contours (.mat); or regions that were read already."""


def several(values: Value | Sequence[Value]) -> tuple[Value, ...]:
    """One value or several as a tuple; what is named twice counts once."""
    return tuple(dict.fromkeys([values] if isinstance(values, str | int | float | Path) else values))


def require_known(parameter: str, values: Sequence[str], known: Sequence[str]) -> None:
    """Refuse words that an option does not have.

    Raises:
        ConfigError: naming the first one, and those that there are.
    """
    wrong = next((value for value in values if value not in known), None)
    if wrong is not None:
        raise ConfigError(f"`{parameter}={wrong}`: not known.", f"Choose from {', '.join(known)}.")


def open_clip(model: Model, video: Video, fps: FrameRate | None) -> Clip:
    """The clip of a video on the model's clock; its frames are kept where they fit in memory.

    Raises:
        BundleError: when the model has no acoustic model.
        ConfigError: when ``fps`` is no frame rate.
        MediaError: when the video cannot be used.
    """
    return video if isinstance(video, Clip) else model.open(video, fps, keep=True)


def regions_of(regions: WhichRegions, clip: Clip) -> tuple[Regions, dict[str, Any]]:
    """Regions of a clip, and what a results file says of their origin.

    Raises:
        ConfigError: when a file is of no known kind, or does not fit the clip.
        DatasetError: when labels or a phantom's truth cannot be read.
    """
    if isinstance(regions, Regions):
        return regions, origin_of_regions(None, regions)
    found = read_regions(str(regions), source_of(clip))
    return found, origin_of_regions(str(regions), found)
