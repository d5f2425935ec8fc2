"""``rtmri2speech compare-checkpoints``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Device, Fps, ModelFile, progress, report_failures
from rtmri2speech.cli.flags import print_notes

if TYPE_CHECKING:
    from rtmri2speech.evaluation.checkpoints.score import CheckpointScore

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
    """Find the best checkpoint of a training run of a vocoder.

    Each makes the sound of the videos, or of a dataset's utterances, again and is measured against the recording.
    Writes OUT/CHECKPOINT/NAME_generated.wav and OUT/CHECKPOINT/measures.csv, the recordings to OUT/recorded, one table
    of means, best first, to OUT/comparison.csv, and the best checkpoint as a model file to OUT/vocoder.safetensors.

    Parameters
    ----------
    run
        The run folder of train vocoder, or a folder of HiFi-GAN checkpoints (g_...) with their config.json.
    videos
        Videos, or folders with videos, with their sound: NAME.wav (flac, m4a, ...) next to the video, or its own track.
    dataset
        Instead of videos, a dataset made by prepare.
    split
        Which utterances of the dataset.
    model
        A model file with an acoustic model, whose predictions the vocoder is given; without it, the mels of the
        recorded sound.
    out
        Folder to write to; by default next to RUN, with _compared at its end.
    by
        What decides the order: the mean of the ranks in estoi, pesq_wb, mrstft, mel_mae_db and f0_rmse_cents, or one
        measure alone.
    audio_dir
        Folder with the sound files.
    pairs
        Table (CSV) with columns video, audio and, if you like, id, speaker, sync_offset.
    sync_offset
        Seconds of sound before the first frame (negative: the sound starts later).
    on_mismatch
        What to do when sound and video end apart: refuse, or trim to what both have.
    device
        Where to run; auto takes a GPU if there is one.
    """
    from rtmri2speech.evaluation.checkpoints.compare import compare_checkpoints as compare

    with progress("Comparing", "frames") as bar:
        result = compare(
            run,
            videos=videos or (),
            dataset=dataset,
            split=split,
            model=model,
            out=out,
            by=by,
            audio_dir=audio_dir,
            pairs=pairs,
            sync_offset=sync_offset,
            on_mismatch=on_mismatch,
            fps=fps,
            device=device,
            progress=bar,
        )
    print_notes(result.notes)
    if result.scores:
        _print_table(result.scores, by)
        found = f"{result.n_utterances} utterance(s), {len(result.scores)} checkpoint(s)"
        print(f"{found}, best first: {result.table}")
        print(f"The best one, {result.scores[0].checkpoint.name}, as a model file: {result.best}")
    return report_failures(result.failures)


def _print_table(scores: list[CheckpointScore], by: By) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from rtmri2speech.evaluation.checkpoints.ranking import RANKED, columns_of

    # A terminal has room for what decides; the file has the rest.
    names = [name for name in columns_of(scores) if name in (*RANKED, by)]
    table = Table()
    table.add_column("checkpoint", no_wrap=True)
    for name in ("step", "mean rank", *(name.replace("_", " ") for name in names)):
        table.add_column(name, justify="right", overflow="fold")
    for one in scores:
        values = [one.measures[name] for name in names]
        numbers = ["" if value != value else f"{value:.3f}" if value < 10 else f"{value:.1f}" for value in values]
        table.add_row(Text(one.checkpoint.name), str(one.checkpoint.step), f"{one.rank:.2f}", *numbers)
    Console().print(table)
