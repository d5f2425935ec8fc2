"""``rtmri2speech train acoustic``, ``train vocoder`` and ``train segmenter``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Device, Flag, ModelFile, note_ending, progress
from rtmri2speech.errors import ConfigError
from rtmri2speech.progress import SILENT, Progress

if TYPE_CHECKING:
    from rtmri2speech.data.dataset.mel_folders import MelSource
    from rtmri2speech.training.summary import TrainingSummary

DType = Literal["auto", "float32", "bfloat16", "float16", "fp32", "bf16", "fp16"]
VocoderDType = Literal["auto", "float32", "bfloat16", "fp32", "bf16"]
# PyTorch's words; the others are the recipes' own.
_PRECISION = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}
# The reference configuration's share of the sound's own mels (section 3).
_EXTRA_WEIGHT = 0.8
Overrides = Annotated[list[str] | None, Parameter(name="--set", consume_multiple=True, negative="")]


def acoustic(
    dataset: Path,
    /,
    *,
    kind: Literal["image", "tract"] = "image",
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
        A dataset made by prepare; for --kind tract one whose tracts were measured by prepare-tracts, or their folder.
    kind
        What the network reads: image, the frames, for speakers that it is trained on; or tract, what was measured in
        them, for strangers too.
    recipe
        A recipe that comes with the program (default, memo, phantom, any-look, utterance, small, smoke; tract and
        adapt-tract with --kind tract), or a YAML file.
    out
        The model file to write: the best model on the validation split.
    run_dir
        Folder for checkpoints and TensorBoard; by default next to --out, with _run at the end.
    overrides
        Single settings over the recipe's: acoustic.optimizer.lr=1e-4
    init
        A model file to start from.
    resume
        Continue from the last checkpoint in --run-dir.
    device
        Where to train; auto takes a GPU if there is one.
    dtype
        Precision, over the recipe's.
    """
    from rtmri2speech.training.train import train_acoustic

    settings = with_precision(overrides, "tract" if kind == "tract" else "acoustic", dtype)
    run = partial(train_acoustic, dataset, recipe, out, run_dir, kind=kind, init=init, resume=resume, device=device)
    return _train(run, settings)


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
    dtype: VocoderDType | None = None,
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
        Folder for checkpoints and TensorBoard; by default next to --out, with _run at the end.
    overrides
        Single settings over the recipe's: vocoder.optimizer.lr=1e-4
    init
        A model file to start from, or a HiFi-GAN checkpoint (g_...) with its config.json next to it; a vocoder of
        another sampling rate, number of mel bands or upsampling is adapted.
    resume
        Continue from the last checkpoint in --run-dir.
    device
        Where to train; auto takes a GPU if there is one.
    dtype
        Precision, over the recipe's.
    fine_tune
        Continue training the vocoder of --init, on the mels of --input-mels-dir instead of the sound's own.
    input_mels_dir
        Mels for --fine-tune, used for validation too; by default DATASET/mels_ft_log_normalized, which export-mels
        predicted writes.
    extra_mels_dir
        More mels of the same utterances to mix in, usually DATASET/mels_gt_log, which export-mels ground-truth
        writes.
    extra_mels_weight
        Probability that a segment's mel is taken from --extra-mels-dir; 0.8 by default.
    """
    from rtmri2speech.training.train import train_vocoder

    settings = with_precision(overrides, "vocoder", dtype)
    mels = _MelOptions(fine_tune, input_mels_dir, extra_mels_dir, extra_mels_weight).source(dataset, init, resume)
    run = partial(train_vocoder, dataset, recipe, out, run_dir, init=init, resume=resume, device=device, fine_tune=mels)
    return _train(run, settings)


def segmenter(
    data: Annotated[list[Path], Parameter(negative="")],
    /,
    *,
    recipe: str = "default",
    out: Annotated[Path, Parameter(name=["--out", "--out-ckpt"])] = Path("segmenter.safetensors"),
    run_dir: Path | None = None,
    overrides: Overrides = None,
    init: ModelFile | None = None,
    resume: Annotated[bool, Flag] = False,
    device: Device = "auto",
    dtype: DType | None = None,
) -> int:
    """Train the segmenter: frames of the video to labels of tongue, lips, palate, velum, larynx and airway.

    Trained on simulated heads alone, with a random look in every step, it reads recordings of people. Five to fifteen
    labeled frames adapt it to a scanner or a speaker: train segmenter FRAMES --recipe adapt --init segmenter.

    Parameters
    ----------
    data
        Folders: heads made by simulate --poses, phantoms made by simulate, labeled frames of people. These are a video
        or an image with labels next to it: NAME.mat (contours of USC-TIMIT), NAME_regions.npz (of segment),
        NAME_labels.png or .npy, NAME.json (polygons on an image), NAME_12.json or .png (frame 12 of a video). Where all
        are of people, some simulated heads that come with the program are mixed in.
    recipe
        A recipe that comes with the program (default, adapt, smoke), or a YAML file.
    out
        The model file to write: the best model on held-out heads.
    run_dir
        Folder for checkpoints and TensorBoard; by default next to --out, with _run at the end.
    overrides
        Single settings over the recipe's: segmenter.max_minutes=10
    init
        A model file to start from.
    resume
        Continue from the last checkpoint in --run-dir.
    device
        Where to train; auto takes a GPU if there is one.
    dtype
        Precision, over the recipe's.
    """
    from rtmri2speech.training.train import train_segmenter

    settings = with_precision(overrides, "segmenter", dtype)
    run = partial(train_segmenter, data, recipe, out, run_dir, init=init, resume=resume, device=device)
    return _train(run, settings)


@dataclass(frozen=True)
class _MelOptions:
    """Where mels are taken from, as given on the command line."""

    fine_tune: bool
    folder: Path | None
    extra: Path | None
    weight: float | None

    def source(self, dataset: Path, init: Path | None, resume: bool) -> MelSource | None:
        """Where the options say that mels are taken from; None for the dataset's own.

        Raises:
            ConfigError: for options that do not go together.
        """
        self._require_consistent(init, resume)
        if not self.fine_tune:
            return None
        from rtmri2speech.data.dataset.mel_folders import PREDICTED, MelSource

        weight = 0.0 if self.extra is None else _EXTRA_WEIGHT if self.weight is None else self.weight
        return MelSource(self.folder or dataset / PREDICTED, self.extra, weight)

    def _require_consistent(self, init: Path | None, resume: bool) -> None:
        options = {
            "--input-mels-dir": self.folder,
            "--extra-mels-dir": self.extra,
            "--extra-mels-weight": self.weight,
        }
        given = [name for name, value in options.items() if value is not None]
        if given and not self.fine_tune:
            raise ConfigError(
                f"{', '.join(given)}: only of use with --fine-tune.",
                "Add --fine-tune and --init BASE, or leave it out to train on the sound's own mels.",
            )
        if self.fine_tune and init is None and not resume:
            raise ConfigError(
                "--fine-tune goes on from a trained vocoder, and none is given.",
                "Give one with --init: a model file of train vocoder, or of import hifigan.",
            )
        if self.weight is not None and self.extra is None:
            raise ConfigError(
                "--extra-mels-weight is given, but no --extra-mels-dir.",
                "Give the folder as well; export-mels ground-truth DATASET makes one.",
            )


def with_precision(
    overrides: list[str] | None, stage: Literal["acoustic", "tract", "vocoder", "segmenter"], dtype: DType | None
) -> list[str]:
    """The settings of ``--set`` and ``--dtype``; a precision that is not given is the recipe's."""
    return [*(overrides or []), *([] if dtype is None else [f"{stage}.precision={_PRECISION.get(dtype, dtype)}"])]


def step_bar() -> AbstractContextManager[Progress]:
    """A progress bar over optimizer steps, in the process that prints."""
    from rtmri2speech.training.engine.distributed import find_processes

    return progress("Preparing", "steps") if find_processes().is_first else nullcontext(SILENT)


def _train(run: Callable[..., TrainingSummary], settings: list[str]) -> int:
    """Train under a progress bar, and print the outcome: in the first process only, where there are several."""
    from rtmri2speech.training.engine.distributed import find_processes

    with step_bar() as bar:
        summary = run(overrides=settings, progress=bar)
    if find_processes().is_first:
        print("\n".join(summary.lines()))
        note_ending(summary.out)
    return 0
