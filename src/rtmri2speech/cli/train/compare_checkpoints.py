"""``rtmri2speech compare-checkpoints``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Device, Fps, ModelFile, parse_fps, progress, report_failures
from rtmri2speech.errors import ConfigError

if TYPE_CHECKING:
    from rtmri2speech.evaluation.checkpoints.compare import Judged

By = Literal["rank", "stoi", "estoi", "pesq_wb", "mrstft", "mel_mae_db", "f0_rmse_hz", "f0_rmse_cents", "vuv_error"]


def compare_checkpoints(
    run: Path,
    /,
    *,
    videos: Annotated[
        list[Path] | None, Parameter(name=["--videos", "--video"], consume_multiple=True, negative="")
    ] = None,
    dataset: Path | None = None,
    split: Literal["validation", "test"] = "validation",
    model: ModelFile | None = None,
    out: Annotated[Path | None, Parameter(name=["--out", "--output-dir"])] = None,
    by: By = "rank",
    audio_dir: Path | None = None,
    pairs: Path | None = None,
    sync_offset: float = 0.0,
    on_mismatch: Literal["refuse", "trim"] = "refuse",
    fps: Fps = None,
    device: Device = "auto",
) -> int:
    """Find the best checkpoint of a vocoder training.

    Each makes the sound of the videos, or of a dataset's utterances, again and is measured against the recording.
    Writes OUT/CHECKPOINT/NAME_generated.wav and OUT/CHECKPOINT/measures.csv, the recordings to OUT/recorded, one table
    of means, best first, to OUT/comparison.csv, and the best checkpoint as a model file to OUT/vocoder.safetensors.

    Parameters
    ----------
    run
        The run folder of train vocoder.
    videos
        Videos, or folders with videos, with their sound: NAME.wav or NAME.flac beside the video, or its sound track.
    dataset
        Instead of videos, a dataset made by prepare.
    split
        Which utterances of the dataset.
    model
        A model file with an acoustic model, whose predictions the vocoder is given; without it, the mels of the
        recorded sound.
    out
        Folder to write to; by default beside RUN, with _compared at its end.
    by
        What decides the order: the mean of the ranks in estoi, pesq_wb, mrstft, mel_mae_db and f0_rmse_cents, or one
        measure alone.
    audio_dir
        Folder with the sound files.
    pairs
        Table (CSV) with columns video, audio and, if you like, id, speaker, sync_offset.
    sync_offset
        Seconds of sound before the picture begins (negative: the sound begins later).
    on_mismatch
        What to do when sound and picture end apart: refuse, or trim to what both have.
    device
        Where to run; auto takes a GPU if there is one.
    """
    of_videos = {
        "--audio-dir": audio_dir is not None,
        "--sync-offset": sync_offset != 0.0,
        "--on-mismatch": on_mismatch != "refuse",
        "--fps": fps is not None,
    }
    _require_one_source(bool(videos) or pairs is not None, dataset, [name for name, used in of_videos.items() if used])
    rate = parse_fps(fps)

    from rtmri2speech.corpora.folder import FolderCorpus
    from rtmri2speech.data.dataset.layout import Dataset
    from rtmri2speech.evaluation.checkpoints.compare import compare_generators, require_measurable
    from rtmri2speech.evaluation.checkpoints.load import VocoderRun
    from rtmri2speech.evaluation.checkpoints.references import VideoReader, from_dataset
    from rtmri2speech.inference.model import Model
    from rtmri2speech.models.bundle.model_file import load_bundle
    from rtmri2speech.models.devices import choose_device

    require_measurable(by)
    training, place = VocoderRun(run), choose_device(device)
    acoustic = None if model is None else load_bundle(model)
    opened = None if dataset is None else Dataset(dataset)
    given = [] if opened is None or dataset is None else [(opened.meta.features, dataset)]
    given += [] if acoustic is None or model is None else [(acoustic.features, model)]
    features = training.definition(given)
    generators, failures = training.load_all(features)
    if opened is not None:
        speech, unusable = from_dataset(opened, split, model, place)
    else:
        recordings = FolderCorpus(tuple(videos or ()), audio_dir, pairs=pairs, sync_offset=sync_offset).recordings()
        predictor = None if acoustic is None else Model(acoustic, place)
        speech, unusable = VideoReader(features, predictor, rate, on_mismatch).read_all(recordings)
    failures += unusable
    if not speech:
        return report_failures(failures)
    if training.mels is not None and model is None:
        print(
            "note: this vocoder was fine-tuned on predicted mels and is given those of the recorded sound; "
            "--model ACOUSTIC gives it predictions.",
            file=sys.stderr,
        )
    folder = out or run.with_name(f"{run.name}_compared")
    with progress("Comparing", "frames") as bar:
        result = compare_generators(
            generators, speech, folder, by=by, device=place, on_start=bar.expect, on_frames=bar.advance
        )
    _print_table(result.judged, by)
    print(f"{len(speech)} utterance(s), {len(result.judged)} checkpoint(s), best first: {result.table}")
    print(f"The best one, {result.judged[0].generator.name}, as a model file: {result.best}")
    return report_failures([*failures, *result.failures])


def _require_one_source(videos: bool, dataset: Path | None, of_videos: list[str]) -> None:
    if videos == (dataset is not None):
        raise ConfigError(
            "Both videos and --dataset are given." if videos else "There is nothing to synthesize.",
            "Give either --videos VIDEO ... or --dataset DATASET.",
        )
    if dataset is not None and of_videos:
        raise ConfigError(f"{', '.join(of_videos)}: only of use with --videos.", "Leave it out.")


def _print_table(judged: list[Judged], by: By) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from rtmri2speech.evaluation.checkpoints.compare import JUDGED, columns_of

    # A terminal has room for what decides; the file has the rest.
    names = [name for name in columns_of(judged) if name in (*JUDGED, by)]
    table = Table()
    table.add_column("checkpoint", no_wrap=True)
    for name in ("step", "mean rank", *(name.replace("_", " ") for name in names)):
        table.add_column(name, justify="right", overflow="fold")
    for one in judged:
        values = [one.measures[name] for name in names]
        numbers = ["" if value != value else f"{value:.3f}" if value < 10 else f"{value:.1f}" for value in values]
        table.add_row(Text(one.generator.name), str(one.generator.step), f"{one.rank:.2f}", *numbers)
    Console().print(table)
