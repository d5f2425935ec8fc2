"""``meta.json`` of a dataset: what it was made from, and how."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from rtmri2speech.config import Config
from rtmri2speech.errors import DatasetError
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frames import FrameConfig

SCHEMA = 1
"""Version of the folder's layout."""


class Meta(Config):
    """``meta.json``: everything one must know to use the dataset.

    ``frames`` is null there where the dataset was made from sound alone.
    """

    kind: Literal["dataset"] = Field("dataset", description="what the file describes")
    version: int = Field(SCHEMA, alias="schema", description="version of the folder's layout")
    features: FeatureConfig
    frame_config: FrameConfig | None = Field(alias="frames", description="size and normalization; null without frames")
    ref_frames: int = Field(description="frames per window; also the gap between splits of one recording")
    corpus: str
    licence: str
    citation: str
    split: dict[str, Any]
    code_version: str
    counts: dict[str, Any]
    denoise: str = Field("none", description="what took the noise off the sound; left out where nothing did")

    def to_json(self) -> str:
        """As the file holds it; without ``denoise`` where nothing was done, as earlier versions read and write it."""
        left_out = {"denoise"} if self.denoise == "none" else None
        return self.model_dump_json(by_alias=True, indent=1, exclude=left_out) + "\n"

    @property
    def frames(self) -> FrameConfig:
        """How the frames were made.

        Raises:
            DatasetError: when the dataset was made from sound alone.
        """
        if self.frame_config is None:
            raise no_frames("The dataset")
        return self.frame_config


def no_frames(what: object) -> DatasetError:
    """The error for a dataset of sound alone where frames are needed."""
    return DatasetError(
        f"{what}: holds sound alone, no frames of videos.",
        "It trains the vocoder; for everything else make a dataset from videos: rtmri2speech prepare VIDEOS --out DIR",
    )
