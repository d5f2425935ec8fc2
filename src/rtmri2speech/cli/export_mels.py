"""``rtmri2speech export-mels ground-truth`` and ``rtmri2speech export-mels predicted``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Flag, progress, report_failures

if TYPE_CHECKING:
    from rtmri2speech.training.export_mels import Exported


def ground_truth(dataset: Path, /, *, overwrite: Annotated[bool, Flag] = False) -> int:
    """Write the mels of the dataset's sound to DATASET/mels_gt_log.

    One ID.npy an utterance: bands x frames, natural logarithm of power. Files that are there already are kept, and
    made again only if their utterance has changed.

    Parameters
    ----------
    dataset
        A dataset made by prepare.
    overwrite
        Make every file again.
    """
    from rtmri2speech.data.layout import Dataset
    from rtmri2speech.training.export_mels import export_ground_truth

    opened = Dataset(dataset)
    with progress("Exporting mels", "frames") as bar:
        result = export_ground_truth(opened, overwrite=overwrite, on_start=bar.expect, on_frames=bar.advance)
    return _report(result)


def predicted(
    dataset: Path,
    /,
    *,
    model: Path,
    out: Annotated[Path | None, Parameter(name=["--out", "--output-dir"])] = None,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    overwrite: Annotated[bool, Flag] = False,
) -> int:
    """Write the mels that an acoustic model predicts of the dataset's videos.

    One ID.npy an utterance: bands x frames, natural logarithm of power, as many frames as the utterance has. Files
    that are there already are kept, and made again only if the model or their utterance has changed.

    Parameters
    ----------
    dataset
        A dataset made by prepare, with videos.
    model
        A model file with an acoustic model.
    out
        Folder to write to; by default DATASET/mels_ft_log_normalized.
    device
        Where to run; auto takes a GPU if there is one.
    overwrite
        Make every file again.
    """
    from rtmri2speech.data.layout import Dataset
    from rtmri2speech.models.devices import choose_device
    from rtmri2speech.training.predict_mels import MelPredictor

    opened = Dataset(dataset)
    predictor = MelPredictor(opened, model, choose_device(device))
    if predictor.seen is not None:
        print(
            f"note: the model was trained on {predictor.seen} of the {len(opened.utterances)} utterances; their mels "
            "are better than those of a video it has not seen.",
            file=sys.stderr,
        )
    with progress("Predicting mels", "frames") as bar:
        result = predictor.export(out, overwrite=overwrite, on_start=bar.expect, on_frames=bar.advance)
    return _report(result)


def _report(result: Exported) -> int:
    print(f"{result.folder}: {result.made} mel(s) written, {result.kept} kept.")
    return report_failures(result.failures)
