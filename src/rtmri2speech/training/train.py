"""Train a model, from a recipe to a bundle: ``train_acoustic``, ``train_vocoder`` and ``train_segmenter``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from rtmri2speech.assets import find_model
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.dataset.mel_folders import PREDICTED, MelSource
from rtmri2speech.data.dataset.tract_folder import TractFolder
from rtmri2speech.errors import ConfigError
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.training.engine.distributed import find_processes
from rtmri2speech.training.engine.trainer import choose_execution
from rtmri2speech.training.init_weights import sized_like
from rtmri2speech.training.recipes import Overrides, Recipe, load_recipe
from rtmri2speech.training.segmenter.sources import open_sources
from rtmri2speech.training.segmenter.task import segmenter_task
from rtmri2speech.training.session import PreparedRun, RunOptions, prepare_run, run_session
from rtmri2speech.training.summary import TrainingSummary
from rtmri2speech.training.tasks import acoustic_task, vocoder_task
from rtmri2speech.training.tract.task import tract_task

AcousticKind = Literal["image", "tract"]
"""What the acoustic model reads: frames, or what was measured in them."""


def train_acoustic(
    dataset: Dataset | Path | str,
    recipe: Recipe | Path | str = "default",
    out: Path | str = "acoustic.safetensors",
    run_dir: Path | str | None = None,
    *,
    kind: AcousticKind = "image",
    overrides: Overrides = None,
    init: Path | str | None = None,
    resume: bool = False,
    device: str = "auto",
    progress: Progress = SILENT,
) -> TrainingSummary:
    """Train the acoustic model, frames to mel spectrogram, and write the best one as a bundle.

    The best model is the one with the least loss on the validation split. A line per validation is printed; the run
    folder gets checkpoints, ``metrics.jsonl`` and TensorBoard logs. Started by torchrun or srun in several
    processes, they train together; the first one writes.

    Args:
        dataset: a prepared dataset, open or its folder. For ``kind="tract"`` one whose tracts were measured
            (``prepare_tracts``), or their folder.
        recipe: name of a recipe that comes with the program (``default``, ``memo``, ``phantom``,
            ``any-look``, ``utterance``, ``small``, ``smoke``, ``tract``, ``adapt-tract``), path of a YAML file, or a
            recipe; its ``acoustic`` or ``tract`` part is used.
        out: the bundle to write, ``.safetensors``.
        run_dir: folder of checkpoints and logs, new or, with ``resume``, that of the run to continue; by default
            next to ``out``, with ``_run`` at the end of its name.
        kind: what the network reads: ``image``, the frames themselves, which suits speakers that it is trained on; or
            ``tract``, what was measured in them, which suits strangers too.
        overrides: single settings over the recipe's: ``{"acoustic.optimizer.lr": 1e-4}`` or
            ``["acoustic.optimizer.lr=1e-4"]``.
        init: model file, or name of a shipped model, whose acoustic model of the same size to start from; with
            ``kind="tract"`` the size is that model's, but for what the recipe states. The mel's scaler stays the
            dataset's. May be left out when a run is resumed whose size is the recipe's.
        resume: continue from the run's last checkpoint, to the last bit as if it had never stopped. A run that had
            ended continues when its limit is larger now; otherwise nothing is trained and its bundle is written
            again.
        device: ``auto`` (a GPU if there is one), ``cpu`` or ``cuda``.
        progress: counts optimizer steps.

    Returns:
        The outcome: path of the model, steps, losses, metrics, seconds.

    Raises:
        UserError: for whatever the user can mend; DatasetError, BundleError and ConfigError among them.
        KeyboardInterrupt: after Ctrl-C or SIGTERM, with the state saved and the best model so far written.
    """
    processes, loaded = find_processes(), load_recipe(recipe, overrides)
    options = _options(out, run_dir, init, resume)
    if kind not in get_args(AcousticKind):
        raise ConfigError(f"`kind={kind}`: no kind of acoustic model.", f"Give {' or '.join(get_args(AcousticKind))}.")
    if kind == "tract":
        root = dataset.root if isinstance(dataset, Dataset) else Path(dataset)

        def prepare_tract() -> PreparedRun:
            folder, execution = TractFolder(root), choose_execution(device, loaded.tract.precision)
            task = tract_task(folder, sized_like(loaded.tract, options.init), options.init, execution.cuda, processes)
            return prepare_run(folder, execution, task, processes, options)

        return run_session(prepare_tract, processes, options.out, progress)
    settings = loaded.acoustic

    def prepare() -> PreparedRun:
        opened, execution = _open(dataset), choose_execution(device, settings.precision)
        task = acoustic_task(opened, settings, options.init, execution.cuda, processes)
        return prepare_run(opened, execution, task, processes, options)

    return run_session(prepare, processes, options.out, progress)


def train_vocoder(
    dataset: Dataset | Path | str,
    recipe: Recipe | Path | str = "default",
    out: Path | str = "vocoder.safetensors",
    run_dir: Path | str | None = None,
    *,
    overrides: Overrides = None,
    init: Path | str | None = None,
    resume: bool = False,
    device: str = "auto",
    fine_tune: MelSource | Path | str | bool | None = None,
    progress: Progress = SILENT,
) -> TrainingSummary:
    """Train the vocoder, mel spectrogram to sound, and write the best one as a bundle.

    The best model is the one with the least mel error on the validation split. What is printed and written, and
    several processes, as in :func:`train_acoustic`.

    Args:
        dataset: a prepared dataset, open or its folder; frames are not needed.
        recipe: as in :func:`train_acoustic`; its ``vocoder`` part is used.
        out: the bundle to write, ``.safetensors``.
        run_dir: folder of checkpoints and logs; by default next to ``out``, with ``_run`` at the end of its name.
        overrides: single settings over the recipe's: ``{"vocoder.max_steps": 1000}``.
        init: model file, or name of a shipped model, with a vocoder to start from; or a HiFi-GAN checkpoint
            (``g_...``) with its ``config.json`` next to it. A vocoder of another sampling rate, number of mel bands
            or upsampling is adapted, and what was done to it is printed.
        resume: continue from the run's last checkpoint, as in :func:`train_acoustic`.
        device: ``auto`` (a GPU if there is one), ``cpu`` or ``cuda``. A recipe's ``vocoder.precision`` is that of
            the discriminators.
        fine_tune: learn to make the same sound from an acoustic model's predictions: the folder with the predicted
            mels, a source of mels with its mixture, or True for the folder in which ``export-mels predicted`` writes
            them. None trains on the dataset's own mels.
        progress: counts updates of the generator.

    Returns:
        The outcome: path of the model, steps, losses, metrics, seconds.

    Raises:
        UserError: for whatever the user can mend; DatasetError, BundleError and ConfigError among them.
        KeyboardInterrupt: after Ctrl-C or SIGTERM, with the state saved and the best model so far written.
    """
    processes, settings = find_processes(), load_recipe(recipe, overrides).vocoder
    options = _options(out, run_dir, init, resume)

    def prepare() -> PreparedRun:
        # The discriminators choose their precision themselves.
        opened, execution = _open(dataset), choose_execution(device, "fp32")
        mels = _mel_source(opened, fine_tune)
        task = vocoder_task(opened, settings, options.init, execution.cuda, processes, mels)
        return prepare_run(opened, execution, task, processes, options)

    return run_session(prepare, processes, options.out, progress)


def train_segmenter(
    data: Path | str | Sequence[Path | str],
    recipe: Recipe | Path | str = "default",
    out: Path | str = "segmenter.safetensors",
    run_dir: Path | str | None = None,
    *,
    overrides: Overrides = None,
    init: Path | str | None = None,
    resume: bool = False,
    device: str = "auto",
    progress: Progress = SILENT,
) -> TrainingSummary:
    """Train the segmenter, frames to labels, and write the best one as a bundle.

    Every frame of every step gets a look of its own, drawn on the device. The best model is the one with the least
    1 - Dice + (distance of the tongue's surface, pixels) / 20 on heads that it was not trained on. What is printed and
    written as in :func:`train_acoustic`.

    Args:
        data: folders of simulated heads (``simulate`` with ``poses``), phantoms, folders with labeled frames of people
            (:mod:`rtmri2speech.training.segmenter.labeled_frames`), or several of these. Where all frames are of
            people, simulated heads that come with the program are mixed in.
        recipe: as in :func:`train_acoustic`; its ``segmenter`` part is used. ``adapt`` is for few frames of people,
            with ``init``.
        out: the bundle to write, ``.safetensors``; its matrices are stored in half precision.
        run_dir: folder of checkpoints and logs; by default next to ``out``, with ``_run`` at the end of its name.
        overrides: single settings over the recipe's: ``{"segmenter.max_minutes": 10}``.
        init: model file, or name of a shipped model, whose segmenter to start from.
        resume: continue from the run's last checkpoint, as in :func:`train_acoustic`; with ``max_minutes`` not to the
            last bit, because its learning rate depends on the clock.
        device: ``auto`` (a GPU if there is one), ``cpu`` or ``cuda``.
        progress: counts optimizer steps.

    Returns:
        The outcome: path of the model, steps, losses, metrics, seconds.

    Raises:
        UserError: for whatever the user can mend; DatasetError, BundleError and ConfigError among them.
        KeyboardInterrupt: after Ctrl-C or SIGTERM, with the state saved and the best model so far written.
    """
    processes, settings = find_processes(), load_recipe(recipe, overrides).segmenter
    options = _options(out, run_dir, init, resume)
    paths = [Path(one) for one in ([data] if isinstance(data, Path | str) else data)]

    def prepare() -> PreparedRun:
        frames, execution = open_sources(paths, settings.data), choose_execution(device, settings.precision)
        task = segmenter_task(frames, settings, options.init, execution.cuda, processes)
        return prepare_run(frames, execution, task, processes, options)

    return run_session(prepare, processes, options.out, progress)


def _open(dataset: Dataset | Path | str) -> Dataset:
    return dataset if isinstance(dataset, Dataset) else Dataset(Path(dataset))


def _mel_source(dataset: Dataset, fine_tune: MelSource | Path | str | bool | None) -> MelSource | None:
    if fine_tune is None or fine_tune is False or isinstance(fine_tune, MelSource):
        return fine_tune or None
    return MelSource(dataset.root / PREDICTED if fine_tune is True else Path(fine_tune))


def _options(out: Path | str, run_dir: Path | str | None, init: Path | str | None, resume: bool) -> RunOptions:
    model = Path(out)
    folder = model.with_name(f"{model.stem}_run") if run_dir is None else Path(run_dir)
    return RunOptions(model, folder, None if init is None else find_model(init), resume)
