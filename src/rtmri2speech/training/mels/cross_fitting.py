"""Predict the mels of training utterances by acoustic models that were trained without them, one per fold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rtmri2speech.arrays import Float32
from rtmri2speech.data.dataset.folds import FoldUnit, assign_folds, fold_unit
from rtmri2speech.data.dataset.layout import Dataset, Utterance
from rtmri2speech.data.dataset.mel_folders import PREDICTED
from rtmri2speech.data.files import hash_files, read_object, write_text
from rtmri2speech.data.provenance import write_about
from rtmri2speech.errors import UserError
from rtmri2speech.inference.mel_predictor import MelPredictor
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.signal.mel_statistics import MelStatistics
from rtmri2speech.training.engine.distributed import find_processes
from rtmri2speech.training.engine.run_folder import RunFolder
from rtmri2speech.training.mels.export import Exported, export_mels
from rtmri2speech.training.recipes import Recipe
from rtmri2speech.training.train import train_acoustic

PLAN = "folds.json"
"""File of the run folder that says which utterance is in which fold."""

_DONE = "trained.json"
_NAMES_SHOWN = 3


def _silently(line: str) -> None:
    pass


@dataclass(frozen=True)
class Fold:
    """A fold whose model is trained.

    Attributes:
        name: ``fold-1`` and so on.
        model: the model's bundle.
        sha256: of that file.
        trained_on: IDs of the utterances it was trained on, in the dataset's order.
    """

    name: str
    model: Path
    sha256: str
    trained_on: list[str]


class CrossFitting:
    """One acoustic model per fold of the training split, trained on the other folds.

    All are validated on the dataset's validation split.

    Args:
        dataset: with frames.
        folds: how many, K.
        recipe: settings; its ``acoustic`` part is used, whose seed chooses the folds too.
        run_dir: folder for the plan and, in ``fold-1`` to ``fold-K``, scaler, model, checkpoints and logs.
        fold_by: what stays together in one fold; by default what the dataset's own split kept together.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        DatasetError: when the dataset was made from sound alone, or has fewer units than folds.
        ConfigError: for fewer than two folds.
        UserError: when it is started in several processes, or the folder holds something else or folds that were made
            with another dataset, seed or number (names what differs).
    """

    def __init__(
        self,
        dataset: Dataset,
        folds: int,
        recipe: Recipe,
        run_dir: Path,
        *,
        fold_by: FoldUnit | None = None,
        device: str = "auto",
    ) -> None:
        if find_processes().world > 1:
            raise UserError(
                "`folds` trains its models in one process, and was started in several.",
                "Start it without torchrun or srun.",
            )
        dataset.need_frames()
        self.dataset = dataset
        self.recipe = recipe
        self.run_dir = run_dir
        self.device = device
        self.count = folds
        unit = fold_by or fold_unit(dataset)
        self.fold_of = assign_folds(dataset, folds, recipe.acoustic.seed, unit)
        self._plan: dict[str, Any] = {
            "folds": folds,
            "fold_by": unit,
            "seed": recipe.acoustic.seed,
            "utterances": {row.id: f"{row.split} {row.sha256[:16]}" for row in dataset.utterances},
            "fold_of": {name: fold + 1 for name, fold in self.fold_of.items()},
        }
        self._require_same_plan()

    def train(self, report: Callable[[str], None] = _silently, *, progress: Progress = SILENT) -> list[Fold]:
        """Train the models that are missing; a run that was stopped is resumed, one that has ended is kept.

        Args:
            report: receives a line per fold, to be kept; what ``progress`` shows is overwritten.
            progress: counts optimizer steps.

        Raises:
            UserError: as :func:`rtmri2speech.training.train.train_acoustic`, for another recipe than before too.
            KeyboardInterrupt: after Ctrl-C or SIGTERM, with the state saved.
        """
        write_about(self.run_dir / PLAN, "folds", 1, self._plan)
        return [self._train(number, report, progress) for number in range(self.count)]

    def _train(self, number: int, report: Callable[[str], None], progress: Progress) -> Fold:
        name = f"fold-{number + 1}"
        folder = self.run_dir / name
        rows = [row for row in self.dataset.utterances if row.split == "train"]
        held_out = {row.id for row in rows if self.fold_of[row.id] == number}
        part = self.dataset.without(held_out, folder)
        run, model, settings = RunFolder(folder / "run"), folder / "acoustic.safetensors", self.recipe.acoustic
        begun = any(run.checkpoints.glob("*.ckpt"))
        if begun:
            RunFolder.open(run.path, "acoustic", settings, part, resume=True)  # refuses another recipe or dataset
        kept, sha256 = read_object(folder / _DONE) or {}, hash_files([model]) if model.is_file() else ""
        done = {"recipe": settings.model_dump(mode="json"), "sha256": sha256}
        if begun and done.items() <= kept.items():
            report(f"{name} of {self.count}: trained already")
        else:
            share = sum(row.n_frames for row in rows if row.id in held_out) / sum(row.n_frames for row in rows)
            report(
                f"{name} of {self.count}: holds out {len(held_out)} of {len(rows)} utterances, {share:.0%} of the time"
            )
            # The whole split's statistics would contain what is held out.
            scaler = MelStatistics.fit(np.array(part.mel_db(row)) for row in part.of_split("train"))
            write_text(folder / "scaler.json", scaler.to_json())
            train_acoustic(part, self.recipe, model, run.path, device=self.device, resume=begun, progress=progress)
            done["sha256"] = hash_files([model])
            write_about(folder / _DONE, "fold", 1, done)
        trained_on = [row.id for row in part.of_split("train")]
        return Fold(name, model, str(done["sha256"]), trained_on)

    def export(
        self,
        folds: list[Fold],
        folder: Path | None = None,
        *,
        device: torch.device | str = "cpu",
        overwrite: bool = False,
        progress: Progress = SILENT,
    ) -> Exported:
        """Write the mel of every utterance, each by the model of its fold.

        Those of the training split are thus made by a model that was trained without them; those of the other splits,
        which no model was trained on, by the models in turn: by one each, because a mean over models is smoother than
        what the vocoder will receive. The record next to the mels says under ``made_by`` which model made which
        utterance, and under ``models`` what each was trained on.

        Args:
            folds: what :meth:`train` gave.
            folder: where to write; by default the dataset's ``mels_ft_log_normalized``.
            device: where to run.
            overwrite, progress: as in :func:`rtmri2speech.training.mels.export.export_mels`.

        Raises:
            UserError: as there.
        """
        predictors: dict[str, MelPredictor] = {}
        made_by = {row.id: folds[self.fold_of[row.id]] for row in self.dataset.utterances}

        def predict(utterance: Utterance) -> Float32:
            fold = made_by[utterance.id]
            if fold.name not in predictors:
                predictors[fold.name] = MelPredictor(self.dataset, fold.model, device)
            return predictors[fold.name].predict(utterance)

        details = {
            "models": {fold.name: {"sha256": fold.sha256, "trained_on": fold.trained_on} for fold in folds},
            "made_by": {name: fold.name for name, fold in made_by.items()},
        }
        source = f"{len(folds)} folds {hashlib.sha256(json.dumps(details).encode()).hexdigest()[:16]}"
        return export_mels(
            self.dataset,
            folder or self.dataset.root / PREDICTED,
            source,
            predict,
            details=details,
            overwrite=overwrite,
            progress=progress,
        )

    def _require_same_plan(self) -> None:
        path = self.run_dir / PLAN
        again = "Give the same dataset, recipe and folds as then, or another `run_dir`."
        if not path.is_file():
            if self.run_dir.exists() and (not self.run_dir.is_dir() or any(self.run_dir.iterdir())):
                raise UserError(
                    f"{self.run_dir}: already exists, and is no folder of `folds` (no {PLAN}).",
                    "Choose another folder with `run_dir`.",
                )
            return
        stored = read_object(path)
        if stored is None or not stored.keys() >= self._plan.keys():
            raise UserError(f"{path}: damaged.", "Start again with another `run_dir`.")
        then, now = stored["utterances"], self._plan["utterances"]
        changed = sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
        differences = [
            f"{name}: {stored[name]} then, {self._plan[name]} now"
            for name in ("folds", "fold_by", "seed")
            if stored[name] != self._plan[name]
        ]
        if changed:
            shown = ", ".join(changed[:_NAMES_SHOWN]) + (", ..." if len(changed) > _NAMES_SHOWN else "")
            differences.append(f"{len(changed)} utterance(s) of the dataset are new, gone or changed ({shown})")
        if differences or stored["fold_of"] != self._plan["fold_of"]:
            problem = "; ".join(differences) or "utterances would be in other folds"
            raise UserError(f"{path}: the folds were made differently: {problem}.", again)
