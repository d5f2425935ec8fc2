"""``rtmri2speech train acoustic`` and ``rtmri2speech train vocoder``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Device, Flag, ModelFile
from rtmri2speech.errors import ConfigError

if TYPE_CHECKING:
    from rtmri2speech.data.dataset.mel_folders import MelSource

DType = Literal["auto", "float32", "bfloat16", "float16"]
_PRECISION = {"auto": "auto", "float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}
# The memo's share of the sound's own mels (section 3).
_EXTRA_WEIGHT = 0.8
Overrides = Annotated[list[str] | None, Parameter(name="--set", consume_multiple=True, negative="")]


def acoustic(
    dataset: Path,
    /,
    *,
    recipe: str = "default",
    out: Annotated[Path, Parameter(name=["--out", "--out-ckpt"])] = Path("acoustic.safetensors"),
    run_dir: Path | None = None,
    overrides: Overrides = None,
    init: ModelFile | None = None,
    resume: Annotated[bool, Flag] = False,
    device: Device = "auto",
    dtype: DType | None = None,
) -> int:
    """Train the acoustic model: frames of the video to mel spectrogram.

    Parameters
    ----------
    dataset
        A dataset made by prepare.
    recipe
        A recipe that comes with the program (default, memo, phantom, small, smoke), or a YAML file.
    out
        The model file to write: the best model on the validation split.
    run_dir
        Folder for checkpoints and TensorBoard; by default beside --out, with _run at its end.
    overrides
        Single settings over the recipe's: acoustic.optimizer.lr=1e-4
    init
        A model file to start from.
    resume
        Go on from the last checkpoint of --run-dir.
    device
        Where to train; auto takes a GPU if there is one.
    dtype
        Precision, over the recipe's.
    """
    return _train("acoustic", dataset, recipe, out, run_dir, overrides, init, resume, device, dtype)


def vocoder(
    dataset: Path,
    /,
    *,
    recipe: str = "default",
    out: Annotated[Path, Parameter(name=["--out", "--out-ckpt"])] = Path("vocoder.safetensors"),
    run_dir: Annotated[Path | None, Parameter(name=["--run-dir", "--checkpoint-path"])] = None,
    overrides: Overrides = None,
    init: ModelFile | None = None,
    resume: Annotated[bool, Flag] = False,
    device: Device = "auto",
    dtype: DType | None = None,
    fine_tune: Annotated[bool, Flag] = False,
    input_mels_dir: Path | None = None,
    extra_mels_dir: Path | None = None,
    extra_mels_weight: float | None = None,
) -> int:
    """Train the vocoder: mel spectrogram to sound.

    Parameters
    ----------
    dataset
        A dataset made by prepare.
    recipe
        A recipe that comes with the program (default, memo, phantom, small, smoke), or a YAML file.
    out
        The model file to write: the best model on the validation split.
    run_dir
        Folder for checkpoints and TensorBoard; by default beside --out, with _run at its end.
    overrides
        Single settings over the recipe's: vocoder.optimizer.lr=1e-4
    init
        A model file to start from, or a HiFi-GAN checkpoint (g_...) with its config.json beside it; a vocoder of
        another sampling rate, number of mel bands or upsampling is adapted.
    resume
        Go on from the last checkpoint of --run-dir.
    device
        Where to train; auto takes a GPU if there is one.
    dtype
        Precision, over the recipe's.
    fine_tune
        Go on from the vocoder of --init, on the mels of --input-mels-dir instead of the sound's own.
    input_mels_dir
        Mels for --fine-tune, which validation is on too; by default DATASET/mels_ft_log_normalized, which export-mels
        predicted writes.
    extra_mels_dir
        More mels of the same utterances to mix in, as a rule DATASET/mels_gt_log, which export-mels ground-truth
        writes.
    extra_mels_weight
        Probability that a segment's mel is one of --extra-mels-dir; 0.8 by default.
    """
    mels = _mel_source(dataset, fine_tune, input_mels_dir, extra_mels_dir, extra_mels_weight, init is None, resume)
    return _train("vocoder", dataset, recipe, out, run_dir, overrides, init, resume, device, dtype, mels)


def _mel_source(
    dataset: Path,
    fine_tune: bool,
    folder: Path | None,
    extra: Path | None,
    weight: float | None,
    from_nothing: bool,
    resume: bool,
) -> MelSource | None:
    """Where the options say that mels are taken from; None for the dataset's own."""
    options = {"--input-mels-dir": folder, "--extra-mels-dir": extra, "--extra-mels-weight": weight}
    given = [name for name, value in options.items() if value is not None]
    if not fine_tune:
        if given:
            raise ConfigError(
                f"{', '.join(given)}: only of use with --fine-tune.",
                "Add --fine-tune and --init BASE, or leave it out to train on the sound's own mels.",
            )
        return None
    if from_nothing and not resume:
        raise ConfigError(
            "--fine-tune goes on from a trained vocoder, and none is given.",
            "Give one with --init: a model file of train vocoder, or of import hifigan.",
        )
    if weight is not None and extra is None:
        raise ConfigError(
            "--extra-mels-weight is given, but no --extra-mels-dir.",
            "Give the folder as well; export-mels ground-truth DATASET makes one.",
        )
    from rtmri2speech.data.dataset.mel_folders import PREDICTED, MelSource

    share = 0.0 if extra is None else _EXTRA_WEIGHT if weight is None else weight
    return MelSource(folder or dataset / PREDICTED, extra, share)


def precision_override(stage: Literal["acoustic", "vocoder"], dtype: DType | None) -> list[str]:
    """``--dtype`` as an override of the recipe; none where it is left to the recipe."""
    return [] if dtype is None else [f"{stage}.precision={_PRECISION[dtype]}"]


def _train(
    stage: Literal["acoustic", "vocoder"],
    dataset: Path,
    recipe: str,
    out: Path,
    run_dir: Path | None,
    overrides: list[str] | None,
    init: Path | None,
    resume: bool,
    device: str,
    dtype: DType | None,
    mels: MelSource | None = None,
) -> int:
    from functools import partial

    from rtmri2speech.training.engine.distributed import find_processes
    from rtmri2speech.training.recipes import load_recipe
    from rtmri2speech.training.train import train_acoustic, train_vocoder

    train = train_acoustic if stage == "acoustic" else partial(train_vocoder, mels=mels)
    summary = train(
        dataset,
        load_recipe(recipe, [*(overrides or []), *precision_override(stage, dtype)]),
        out,
        run_dir or out.with_name(f"{out.stem}_run"),
        device=device,
        resume=resume,
        init=init,
        progress=sys.stderr.isatty(),
    )
    if find_processes().is_first:
        print("\n".join(summary.lines()))
    return 0
