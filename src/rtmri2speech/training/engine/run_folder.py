"""The run folder: what a run was started with, its checkpoints and its logs; never overwritten."""

from __future__ import annotations

import json
import pickle
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import torch
from pydantic import ValidationError

from rtmri2speech.config import Config
from rtmri2speech.data.files import hash_files, write_text
from rtmri2speech.errors import UserError
from rtmri2speech.training.run_config import RunConfig
from rtmri2speech.training.training_data import TrainingData
from rtmri2speech.version import __version__

# A resumed run may be longer, validate more often or read its data in another way; it still learns the same.
_MAY_CHANGE = {
    "max_epochs",
    "validate_every",
    "early_stop_patience",
    "show_every",
    "keep_every",
    "data.num_workers",
    "data.prefetch_factor",
    "data.pin_memory",
}
# Not where the learning rate falls to 0 over it.
_LENGTH = "max_steps"
# In a message about a changed dataset.
_NAMES_SHOWN = 3


@dataclass(frozen=True)
class Position:
    """Which point of a run a checkpoint holds.

    Attributes:
        path: the checkpoint.
        epoch: to continue with.
        batches: of it that are done.
        global_step: optimizer steps as Lightning counts them, those of every optimizer.
        progress: state of the checkpoint callback.
    """

    path: Path
    epoch: int
    batches: int
    global_step: int
    progress: dict[str, Any] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"epoch {self.epoch}, batch {self.batches}, step {self.global_step} ({self.path.name})"


class RunFolder:
    """The folder of one run: ``run.json``, ``checkpoints/`` and ``logs/`` (TensorBoard).

    Attributes:
        init: name of the bundle that the run started from; None without one.
        mels: what identifies the mels that are used instead of the dataset's own; None without.
    """

    def __init__(self, path: Path, init: str | None = None, mels: dict[str, Any] | None = None) -> None:
        self.path = path
        self.init = init
        self.mels = mels
        self.checkpoints = path / "checkpoints"

    @property
    def last(self) -> Path:
        """The checkpoint that a resumed run continues from."""
        return self.checkpoints / "last.ckpt"

    @property
    def previous(self) -> Path:
        """The one before, in case the last is damaged."""
        return self.checkpoints / "previous.ckpt"

    @classmethod
    def open(
        cls,
        path: Path,
        kind: str,
        recipe: RunConfig,
        dataset: TrainingData,
        init: Path | None = None,
        mels: dict[str, Any] | None = None,
        *,
        resume: bool,
    ) -> Self:
        """Start a new run, or open one to resume it.

        Args:
            path: the folder.
            kind: ``acoustic``, ``vocoder`` or ``segmenter``.
            recipe: the recipe's part.
            dataset: what is trained on.
            init: bundle to start from.
            mels: what identifies the mels that are used instead of the dataset's own.
            resume: open the run to resume it.

        Raises:
            UserError: when a new run's folder is in use, or a run to resume is missing, damaged, or of another
                kind, recipe, dataset, mels or initial bundle (names what differs).
        """
        run = cls(path, None if init is None else init.name, mels)
        start = None if init is None else {"name": init.name, "sha256": hash_files([init])}
        identity = {
            "kind": kind,
            "dataset": dataset.fingerprint(),
            "utterances": {item.id: f"{item.split} {item.sha256[:16]}" for item in dataset.utterances},
            "recipe": recipe.model_dump(mode="json"),
            "mels": mels,
        }
        if resume:
            stored = run._read()
            stored["recipe"] = _with_defaults(type(recipe), stored["recipe"])
            run._require_same(recipe, identity, stored)
            run._require_init(start, stored)
            return run
        # A run that ended before its first checkpoint (a wrong setting, too little memory) leaves nothing to lose.
        unused = (path / "run.json").is_file() and not run._has_checkpoint()
        if path.exists() and not unused and (not path.is_dir() or any(path.iterdir())):
            raise UserError(
                f"{path}: already exists and is not empty.",
                "Continue that run with `resume=True`, or choose another folder with `run_dir`.",
            )
        # Whoever takes a checkpoint out of the folder has to know its mel definition.
        mel = dataset.meta.features
        features = None if mel is None else mel.model_dump(mode="json")
        content = {"schema": 1, **identity, "features": features, "init": start, "version": __version__}
        write_text(path / "run.json", json.dumps(content, indent=1) + "\n")
        return run

    def position(self) -> Position | None:
        """The position of the last checkpoint that can be read, or None where there is none yet.

        A damaged last one is skipped with a warning.

        Raises:
            UserError: when all are damaged.
        """
        damage: UserError | None = None
        for path in (self.last, self.previous):
            if not path.is_file():
                continue
            try:
                position = _position(path)
            except UserError as error:
                damage = error
                continue
            if damage is not None:
                message = f"{damage.problem} Going on from the one before, {path.name} (step {position.global_step})."
                warnings.warn(message, RuntimeWarning, stacklevel=2)
            return position
        if damage is not None:
            raise damage
        return None

    def _has_checkpoint(self) -> bool:
        return any(self.checkpoints.glob("*.ckpt"))

    def _read(self) -> dict[str, Any]:
        path = self.path / "run.json"
        try:
            stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            # Runs of older versions have a fingerprint of the whole dataset only, and no other mels than its own.
            return {
                "utterances": {},
                "mels": None,
                **stored,
                **{name: stored[name] for name in ("kind", "dataset", "recipe")},
            }
        except FileNotFoundError:
            raise UserError(
                f"{self.path}: no training to resume (no run.json).", "Leave out `resume`, or correct `run_dir`."
            ) from None
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(path, error) from None

    def _require_init(self, start: dict[str, str] | None, stored: dict[str, Any]) -> None:
        if "init" not in stored:  # a run of an older version
            return
        began: dict[str, str] | None = stored["init"]
        if start is not None and (began is None or began["sha256"] != start["sha256"]):
            then = "without `init`" if began is None else f"from {began['name']}"
            other = " of that name with other content" if began and began["name"] == start["name"] else ""
            raise UserError(
                f"{self.path}: this run began {then}, and `init` is {start['name']}{other}.",
                "Leave out `init`, or start a new run with another `run_dir`.",
            )
        if began is not None and start is None and not self._has_checkpoint():
            raise UserError(
                f"{self.path}: this run has no checkpoint yet, and began from {began['name']}.",
                "Give that model as `init` again.",
            )
        self.init = None if began is None else began["name"]

    def _require_same(self, recipe: RunConfig, identity: dict[str, Any], stored: dict[str, Any]) -> None:
        then, now = stored["utterances"], identity["utterances"]
        data = _changed(then, now) if then else ""
        if data:
            raise UserError(
                f"{self.path}: the dataset has changed since this run began: {data}.",
                "Start a new run with another `run_dir`, or restore the dataset.",
            )
        mine, theirs = (
            _flatten({name: it[name] for name in ("kind", "dataset", "recipe", "mels")}) for it in (identity, stored)
        )
        free = _MAY_CHANGE if recipe.rate_depends_on_max_steps else _MAY_CHANGE | {_LENGTH}
        differences = [
            f"{name.removeprefix('recipe.')}: {theirs.get(name)} then, {mine.get(name)} now"
            for name in sorted(mine.keys() | theirs.keys())
            if mine.get(name) != theirs.get(name) and name.removeprefix("recipe.") not in free
        ]
        if differences:
            raise UserError(
                f"{self.path}: was started with other settings: {'; '.join(differences)}.",
                "Give the same recipe, dataset and mels as then, or start a new run with another `run_dir`.",
            )


def _with_defaults(kind: type[Config], stored: dict[str, Any]) -> dict[str, Any]:
    """The recipe of a run of an older version, with the defaults of newer settings."""
    try:
        return kind.model_validate(stored).model_dump(mode="json")
    except ValidationError:
        return stored  # of another kind, or with a setting that no longer exists: shown as it is where it differs


def _position(path: Path) -> Position:
    state = load_checkpoint(path)
    try:
        loops = state["loops"]["fit_loop"]
        epoch = loops["epoch_progress"]["current"]["processed"]
        # At the end of an epoch the counter of batches is still at the epoch's number of batches.
        ended = epoch > loops["epoch_progress"]["current"]["completed"]
        batches = 0 if ended else loops["epoch_loop.batch_progress"]["current"]["processed"]
        progress = state.get("callbacks", {}).get("Checkpoints", {})
        return Position(path, int(epoch), int(batches), int(state["global_step"]), progress)
    except KeyError as error:
        raise _damaged(path, error) from None


def _changed(then: dict[str, str], now: dict[str, str]) -> str:
    """In words, which utterances are new, gone or changed; empty when none is."""
    kinds = {
        "new": sorted(now.keys() - then.keys()),
        "gone": sorted(then.keys() - now.keys()),
        "other content or split": sorted(name for name in now.keys() & then.keys() if now[name] != then[name]),
    }
    parts = []
    for kind, names in kinds.items():
        if names:
            shown = ", ".join(names[:_NAMES_SHOWN]) + (", ..." if len(names) > _NAMES_SHOWN else "")
            parts.append(f"{len(names)} {kind} ({shown})")
    return "; ".join(parts)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint: tensors and plain values only, never code.

    Raises:
        UserError: when the file is damaged.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise _damaged(path, error) from None
    return state


def _damaged(path: Path, error: Exception) -> UserError:
    first = (str(error).splitlines() or [type(error).__name__])[0]
    return UserError(f"{path}: damaged ({first}).", "Start a new run with another `run_dir`.")


def _flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
