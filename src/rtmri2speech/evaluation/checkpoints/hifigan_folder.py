"""A folder of checkpoints of the released HiFi-GAN code, ``g_*`` with their JSON, in the place of a run folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rtmri2speech.errors import UserError
from rtmri2speech.evaluation.checkpoints.load import VocoderCheckpoint, VocoderRun
from rtmri2speech.models.bundle.import_hifigan import find_config, import_hifigan
from rtmri2speech.signal.features import FeatureConfig

# What the JSON does not say.
_UNKNOWN = ("preemphasis:", "floor:")


class HifiganFolder(VocoderRun):
    """A folder with files ``g_00055000`` and the JSON that they were trained with.

    Args:
        path: the folder.

    Attributes:
        checkpoints: the generators, sorted by name.
        features: the mel definition, as far as the JSON says.
        mels: None; what they were fine-tuned on is not known.

    Raises:
        UserError: when no JSON belongs to them, or none of them can be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mels = None
        self.checkpoints = generators(path)
        self._json = find_config(self.checkpoints[0])
        self.features = _first(self.checkpoints, self._json)

    def definition(self, given: Sequence[tuple[FeatureConfig, Path]]) -> FeatureConfig:
        """The mel definition to synthesize with: the first one given, or else the JSON's with our pre-emphasis.

        Raises:
            UserError: when one given differs from the JSON's in what the JSON says (names the fields).
        """
        assert self.features is not None
        for theirs, source in given:
            differences = [one for one in self.features.differences(theirs) if not one.startswith(_UNKNOWN)]
            if differences:
                raise UserError(
                    f"{self._json}: describes another mel spectrogram than that of {source}: {'; '.join(differences)}.",
                    "Compare them on a dataset, and with an acoustic model, of the mel that they were trained on.",
                )
        return given[0][0] if given else self.features

    def load(self, path: Path, features: FeatureConfig) -> VocoderCheckpoint:
        """One generator.

        Raises:
            UserError: when the file is damaged, holds values that are not numbers, or does not fit the JSON.
        """
        bundle = import_hifigan(path, self._json, features.preemphasis)
        bundle = type(bundle)(**{**vars(bundle), "features": features})
        steps = re.search(r"\d+", path.name)
        return VocoderCheckpoint(path.name, int(steps[0]) if steps else -1, bundle)


def generators(path: Path) -> list[Path]:
    """The files ``g_00055000`` of a folder, sorted by name; none where it is a run folder of this program."""
    if (path / "run.json").exists():
        return []
    return sorted(one for one in path.glob("g_*") if one.is_file() and re.fullmatch(r"g_\d+(\.\w+)?", one.name))


def _first(checkpoints: Sequence[Path], json: Path) -> FeatureConfig:
    problem: UserError | None = None
    for path in checkpoints:
        try:
            return import_hifigan(path, json).features
        except UserError as error:
            problem = problem or error
    assert problem is not None
    raise problem
