"""``rtmri2speech train acoustic`` and ``rtmri2speech train vocoder``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Flag

DType = Literal["auto", "float32", "bfloat16", "float16"]
_PRECISION = {"auto": "auto", "float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}
Overrides = Annotated[list[str] | None, Parameter(name="--set", consume_multiple=True, negative="")]


def acoustic(
    dataset: Path,
    /,
    *,
    recipe: str = "default",
    out: Annotated[Path, Parameter(name=["--out", "--out-ckpt"])] = Path("acoustic.safetensors"),
    run_dir: Path | None = None,
    overrides: Overrides = None,
    init: Path | None = None,
    resume: Annotated[bool, Flag] = False,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    dtype: DType | None = None,
) -> int:
    """Train the acoustic model: frames of the video to mel spectrogram.

    Parameters
    ----------
    dataset
        A dataset made by prepare.
    recipe
        A recipe that comes with the program (default, memo, small, smoke), or a YAML file.
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
    init: Path | None = None,
    resume: Annotated[bool, Flag] = False,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    dtype: DType | None = None,
) -> int:
    """Train the vocoder: mel spectrogram to sound.

    Parameters
    ----------
    dataset
        A dataset made by prepare.
    recipe
        A recipe that comes with the program (default, memo, small, smoke), or a YAML file.
    out
        The model file to write: the best model on the validation split.
    run_dir
        Folder for checkpoints and TensorBoard; by default beside --out, with _run at its end.
    overrides
        Single settings over the recipe's: vocoder.optimizer.lr=1e-4
    init
        A model file to start from.
    resume
        Go on from the last checkpoint of --run-dir.
    device
        Where to train; auto takes a GPU if there is one.
    dtype
        Precision, over the recipe's.
    """
    return _train("vocoder", dataset, recipe, out, run_dir, overrides, init, resume, device, dtype)


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
) -> int:
    from rtmri2speech.training.processes import find_processes
    from rtmri2speech.training.recipes import load_recipe
    from rtmri2speech.training.run import train_acoustic, train_vocoder

    precision = [] if dtype is None else [f"{stage}.precision={_PRECISION[dtype]}"]
    train = train_acoustic if stage == "acoustic" else train_vocoder
    summary = train(
        dataset,
        load_recipe(recipe, [*(overrides or []), *precision]),
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
