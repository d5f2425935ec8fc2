"""``rtmri2speech export-mels ground-truth`` and ``rtmri2speech export-mels predicted``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Device, Flag, ModelFile, progress, report_failures
from rtmri2speech.cli.train.train import DType, Overrides, step_bar, with_precision
from rtmri2speech.errors import ConfigError

if TYPE_CHECKING:
    import torch

    from rtmri2speech.data.dataset.layout import Dataset
    from rtmri2speech.training.mels.cross_fitting import CrossFitting, Fold
    from rtmri2speech.training.mels.export import Exported


def ground_truth(dataset: Path, /, *, overwrite: Annotated[bool, Flag] = False) -> int:
    """Write the mels of the dataset's sound to DATASET/mels_gt_log.

    One ID.npy per utterance: bands x frames, natural logarithm of power. Files that are there already are kept, and
    made again only if their utterance has changed.

    Parameters
    ----------
    dataset
        A dataset made by prepare.
    overwrite
        Make every file again.
    """
    from rtmri2speech.data.dataset.layout import Dataset
    from rtmri2speech.training.mels.export import export_ground_truth

    opened = Dataset(dataset)
    with progress("Exporting mels", "frames") as bar:
        result = export_ground_truth(opened, overwrite=overwrite, progress=bar)
    return _report(result)


def predicted(
    dataset: Path,
    /,
    *,
    model: ModelFile | None = None,
    folds: int | None = None,
    fold_by: Literal["recording", "speaker"] | None = None,
    recipe: str | None = None,
    overrides: Overrides = None,
    run_dir: Path | None = None,
    out: Annotated[Path | None, Parameter(name=["--out", "--output-dir"])] = None,
    device: Device = "auto",
    dtype: DType | None = None,
    overwrite: Annotated[bool, Flag] = False,
) -> int:
    """Write the mels that an acoustic model predicts from the dataset's videos.

    One ID.npy per utterance: bands x frames, natural logarithm of power, as many frames as the utterance has. Files
    that are there already are kept, and made again only if the model or their utterance has changed.

    With --folds K instead of --model, the training split is divided in K parts, and each part is predicted by a model
    that is trained on the others first: what the vocoder is tuned on is then what it will receive. Run the same
    command again after an interruption.

    Parameters
    ----------
    dataset
        A dataset made by prepare, with videos.
    model
        A model file with an acoustic model.
    folds
        Train a model without each of so many parts of the training split, and let it predict that part.
    fold_by
        What is never divided between folds; by default speakers if prepare split by speaker, otherwise recordings.
    recipe
        With --folds, as for train acoustic: a recipe that comes with the program (by default default), or a YAML file.
    overrides
        With --folds, single settings over the recipe's: acoustic.optimizer.lr=1e-4
    run_dir
        With --folds, folder for the models and their checkpoints; by default next to the mels, with _folds at the end.
    out
        Folder to write to; by default DATASET/mels_ft_log_normalized.
    device
        Where to run; auto takes a GPU if there is one.
    dtype
        With --folds, precision of the training, over the recipe's.
    overwrite
        Make every file again; models of --folds that are trained are kept.
    """
    _require_one_way(
        model,
        folds,
        {"--fold-by": fold_by, "--recipe": recipe, "--set": overrides, "--run-dir": run_dir, "--dtype": dtype},
    )
    from rtmri2speech.data.dataset.layout import Dataset
    from rtmri2speech.data.dataset.mel_folders import PREDICTED
    from rtmri2speech.models.devices import choose_device

    opened, folder, place = Dataset(dataset), out or dataset / PREDICTED, choose_device(device)
    if folds is None:
        assert model is not None
        export = _by_one_model(opened, model, place)
    else:
        from rtmri2speech.training.mels.cross_fitting import CrossFitting
        from rtmri2speech.training.recipes import load_recipe

        settings = load_recipe(recipe or "default", with_precision(overrides, "acoustic", dtype))
        work = run_dir or folder.with_name(f"{folder.name}_folds")
        fitting = CrossFitting(opened, folds, settings, work, fold_by=fold_by, device=device)
        export = partial(fitting.export, _train_folds(fitting), device=place)
    with progress("Predicting mels", "frames") as bar:
        result = export(folder=folder, overwrite=overwrite, progress=bar)
    return _report(result)


def _by_one_model(dataset: Dataset, model: Path, device: torch.device) -> Callable[..., Exported]:
    from rtmri2speech.inference.mel_predictor import MelPredictor
    from rtmri2speech.training.mels.export import export_predicted

    predictor = MelPredictor(dataset, model, device)
    if predictor.seen is not None:
        print(
            f"note: the model was trained on {predictor.seen} of the {len(dataset.utterances)} utterances; their "
            "mels are better than those of a video it has not seen. --folds K avoids that.",
            file=sys.stderr,
        )
    return partial(export_predicted, predictor)


def _train_folds(fitting: CrossFitting) -> list[Fold]:
    with step_bar() as bar:
        return fitting.train(partial(print, flush=True), progress=bar)


def _require_one_way(model: Path | None, folds: int | None, of_folds: dict[str, object]) -> None:
    if model is not None and folds is not None:
        raise ConfigError(
            f"--model {model} and --folds {folds}: the mels come either from one model or from those of the folds.",
            "Leave one of the two out.",
        )
    if model is None and folds is None:
        raise ConfigError(
            "There is no model to predict with.",
            "Give --model MODEL, or --folds K to train one without each part of the training split.",
        )
    given = [name for name, value in of_folds.items() if value is not None]
    if folds is None and given:
        raise ConfigError(
            f"{', '.join(given)}: only of use with --folds.", "Add --folds K instead of --model, or leave it out."
        )


def _report(result: Exported) -> int:
    print(f"{result.folder}: {result.made} mel(s) written, {result.kept} kept.")
    return report_failures(result.failures)
