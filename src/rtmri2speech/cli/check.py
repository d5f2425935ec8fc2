"""``rtmri2speech check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from rtmri2speech.cli.console import Flag, Fps, Inputs, Workers, parse_fps, progress
from rtmri2speech.cli.sound_only import refuse_beside_sound_only
from rtmri2speech.errors import ConfigError, DatasetError

if TYPE_CHECKING:
    from rtmri2speech.preparation.check import Finding


def check(
    inputs: Inputs = None,
    *,
    audio_dir: Path | None = None,
    audio: Path | None = None,
    pairs: Path | None = None,
    fps: Fps = None,
    sync_offset: float = 0.0,
    on_mismatch: Literal["refuse", "trim"] = "refuse",
    trim_over_bright: Annotated[bool, Flag] = False,
    video_only: Annotated[bool, Flag] = False,
    sound_only: Annotated[bool, Flag] = False,
    json: Annotated[bool, Flag] = False,
    workers: Workers = 0,
) -> int:
    """Look for what is wrong with videos or a dataset, before anything slow.

    Decodes every file to its end. The exit code is 1 if anything is wrong; notes are not.

    Parameters
    ----------
    inputs
        Videos, folders with videos, or a dataset made by prepare.
    audio_dir
        Folder with the sound files.
    audio
        Sound file of a single video, whatever its name.
    pairs
        Table (CSV) with columns video, audio and, if you like, id, speaker, sync_offset.
    sync_offset
        Seconds of sound before the picture begins (negative: the sound begins later).
    on_mismatch
        As for prepare: trim accepts sound and picture of different lengths.
    trim_over_bright
        As for prepare: over-bright frames at the start will be left out.
    video_only
        Do without sound, as synthesize does.
    sound_only
        As for prepare: sound files without pictures.
    json
        Print the findings as JSON.
    """
    from rtmri2speech.corpora.base import Corpus
    from rtmri2speech.corpora.folder import FolderCorpus
    from rtmri2speech.corpora.sounds import SoundFolderCorpus
    from rtmri2speech.preparation.check import CheckOptions, Finding, check_recordings
    from rtmri2speech.preparation.check_dataset import check_dataset

    if not inputs and pairs is None:
        raise ConfigError("Nothing to check.", "Name videos, a folder or a dataset: rtmri2speech check PATH")
    if sound_only:
        refuse_beside_sound_only(
            {
                "--audio-dir": audio_dir,
                "--audio": audio,
                "--pairs": pairs,
                "--fps": fps,
                "--sync-offset": sync_offset,
                "--on-mismatch": on_mismatch != "refuse",
                "--trim-over-bright": trim_over_bright,
                "--video-only": video_only,
            }
        )
    datasets = [path for path in inputs or () if _is_dataset(path)]
    others = [path for path in inputs or () if path not in datasets]
    findings: list[Finding] = []
    count = 0
    with progress("Checking", "files") as bar:
        for path in datasets:
            try:
                findings += check_dataset(path, workers, on_done=lambda name: bar.advance())
            except DatasetError as error:
                findings.append(Finding(str(path), "error", error.problem, error.remedy))
            count += 1
        if others or pairs is not None:
            corpus: Corpus = FolderCorpus(tuple(others), audio_dir, audio, pairs, sync_offset=sync_offset)
            if sound_only:
                corpus = SoundFolderCorpus(tuple(others))
            recordings = corpus.recordings()
            count += len(recordings)
            bar.expect(len(recordings))
            options = CheckOptions(
                fps=parse_fps(fps),
                on_mismatch=on_mismatch,
                trim_over_bright=trim_over_bright,
                need_sound=not video_only,
            )
            findings += check_recordings(recordings, options, workers, on_done=lambda recording: bar.advance())
    wrong = sum(finding.severity != "note" for finding in findings)
    if json:
        _print_json(findings)
    else:
        _print_table(findings, inputs or [])
        kind = "dataset(s)" if datasets and not others else "recording(s)"
        notes = len(findings) - wrong
        print(f"{count} {kind} checked: {wrong or 'nothing'} wrong" + (f", {notes} note(s)." if notes else "."))
    return 1 if wrong else 0


def _is_dataset(path: Path) -> bool:
    from rtmri2speech.data.dataset.layout import RECEIPTS

    return any((path / name).exists() for name in ("meta.json", "utterances.csv", RECEIPTS))


def _print_json(findings: list[Finding]) -> None:
    import json

    print(json.dumps([finding.as_json() for finding in findings], ensure_ascii=False, indent=1))


def _print_table(findings: list[Finding], inputs: list[Path]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not findings:
        return
    table = Table(show_lines=True)
    table.add_column("file", overflow="fold", ratio=1)
    table.add_column("")
    table.add_column("what is wrong, and what to do", overflow="fold", ratio=2)
    styles = {"error": "bold red", "warning": "yellow", "note": "dim"}
    for finding in findings:
        # Text, so that brackets in file names are not taken for markup.
        what = Text.assemble(finding.problem, "\n", (finding.remedy, "italic"))
        table.add_row(Text(_shown(Path(finding.file), inputs)), Text(finding.severity, styles[finding.severity]), what)
    Console().print(table)


def _shown(file: Path, inputs: list[Path]) -> str:
    """Short, but enough to find it: two speakers may have a file of the same name."""
    for path in inputs:
        if file != path and file.is_relative_to(path):
            return str(file.relative_to(path))
    return file.name or str(file)
