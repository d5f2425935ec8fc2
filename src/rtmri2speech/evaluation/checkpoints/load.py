"""The checkpoints in the run folder of a vocoder, each ready to make sound."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtmri2speech.errors import UserError
from rtmri2speech.models.bundle.model_file import Bundle
from rtmri2speech.models.vocoder.generator import plain_weights
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.training.engine.run_folder import RunFolder, load_checkpoint
from rtmri2speech.training.recipes import OPTIMIZERS, VocoderRecipe

_GENERATOR = "generator."


@dataclass(frozen=True)
class VocoderCheckpoint:
    """The generator that one checkpoint holds.

    Attributes:
        name: of the file without its ending: ``best``, ``last``.
        step: optimizer steps it was trained for; -1 when the checkpoint does not say.
        bundle: the vocoder.
    """

    name: str
    step: int
    bundle: Bundle


class VocoderRun:
    """The run folder of a training run of a vocoder.

    Args:
        path: the folder.

    Attributes:
        checkpoints: every file in ``checkpoints/``, sorted by name.
        features: the mel definition it was trained with; None for runs of older versions, which do not say.
        mels: identifies the mels that it was fine-tuned on; None for the dataset's own.

    Raises:
        UserError: when it is no run folder, or one of another kind of training, damaged, or without a checkpoint.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        stored = _read(path)
        self._about = {name: stored.get(name) for name in ("version", "dataset", "init", "mels", "recipe")}
        self.mels: dict[str, Any] | None = stored.get("mels")
        self._recipe = VocoderRecipe.parse(stored["recipe"], str(path / "run.json"))
        features = stored.get("features")
        self.features = None if features is None else FeatureConfig.parse(features, str(path / "run.json"))
        folder = RunFolder(path).checkpoints
        self.checkpoints = sorted(folder.glob("*.ckpt"))
        if not self.checkpoints:
            raise UserError(
                f"{folder}: holds no checkpoint (*.ckpt).",
                "Let the training run go on until it has written one: rtmri2speech train vocoder --resume",
            )

    def definition(self, given: Sequence[tuple[FeatureConfig, Path]]) -> FeatureConfig:
        """The mel definition to synthesize with: the run's own, or else the first one given.

        Args:
            given: definitions of the mels that the vocoders are to be given, each with the file or folder it is from.

        Raises:
            UserError: when one given differs from the run's (names the fields), or none is known.
        """
        if self.features is None:
            if given:
                return given[0][0]
            raise UserError(
                f"{self.path / 'run.json'}: does not say which mel spectrogram the run was trained on.",
                "Name what has the same: its dataset (`dataset`), or an acoustic model (`model`).",
            )
        for theirs, source in given:
            if differences := self.features.differences(theirs):
                raise UserError(
                    f"{self.path}: its vocoder was trained on another mel spectrogram than that of {source}: "
                    f"{'; '.join(differences)}.",
                    "Compare it on a dataset, and with an acoustic model, of the mel that it was trained on.",
                )
        return self.features

    def load_all(self, features: FeatureConfig) -> tuple[list[VocoderCheckpoint], list[tuple[Path, UserError]]]:
        """All checkpoints that can be used, and those that cannot, with the reason.

        Raises:
            UserError: when none can be used.
        """
        found: list[VocoderCheckpoint] = []
        failures: list[tuple[Path, UserError]] = []
        for path in self.checkpoints:
            try:
                found.append(self.load(path, features))
            except UserError as error:
                failures.append((path, error))
        if not found:
            raise failures[0][1]
        return found, failures

    def load(self, path: Path, features: FeatureConfig) -> VocoderCheckpoint:
        """One checkpoint.

        Args:
            path: one of ``checkpoints``.
            features: the mel definition, see :meth:`definition`.

        Raises:
            UserError: when the file is damaged, holds no generator of the run's size, or one for another number of
                mel bands or samples per frame.
        """
        try:
            state = load_checkpoint(path)
        except UserError as error:
            raise UserError(error.problem, "Delete it or put it elsewhere; the other checkpoints are whole.") from None
        weights = state.get("state_dict", {})
        tensors = {name: value for name, value in weights.items() if name.startswith(_GENERATOR)}
        plain = plain_weights({name.removeprefix(_GENERATOR): value for name, value in tensors.items()})
        first = plain.get("conv_pre.weight")
        if first is not None and first.ndim == 3 and first.shape[1] != features.n_mels:
            raise UserError(
                f"{path}: was trained on another mel spectrogram: n_mels: {first.shape[1]} against {features.n_mels}.",
                "Compare it on a dataset, and with an acoustic model, of the mel that it was trained on.",
            )
        step = state["step"] if "step" in state else int(state.get("global_step", -OPTIMIZERS)) // OPTIMIZERS
        bundle = Bundle(
            "vocoder",
            features,
            vocoder=self._recipe.model,
            tensors={f"vocoder.{name}": value for name, value in plain.items()},
            provenance={**self._about, "checkpoint": path.name, "step": step},
            source=str(path),
        )
        bundle.build_vocoder()  # now, so that a file that does not fit is named before anything is written
        return VocoderCheckpoint(path.stem, step, bundle)


def _read(path: Path) -> dict[str, Any]:
    file = path / "run.json"
    right = (
        "Give the run folder of train vocoder (by default next to the model, ending in _run), or a folder of g_* with "
        "their config.json."
    )
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{path}: no training run (no run.json).", right) from None
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: damaged ({error}).", right) from None
    if not isinstance(stored, dict) or not isinstance(stored.get("recipe"), dict):
        raise UserError(f"{file}: damaged (it names no recipe).", right)
    if stored.get("kind") != "vocoder":
        raise UserError(f"{file}: kind: {stored.get('kind')}, not a training run of a vocoder.", right)
    return stored
