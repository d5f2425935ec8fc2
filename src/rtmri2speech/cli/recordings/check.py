"""``rtmri2speech check``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rtmri2speech.cli.batch.distribution import HERE, ClusterOptions
from rtmri2speech.cli.console import Flag, Inputs, Workers, progress
from rtmri2speech.cli.evaluation.tables import print_listening
from rtmri2speech.cli.flags import in_flags, print_notes
from rtmri2speech.cli.recordings.facts_table import print_corpora, print_effects, print_facts, shown
from rtmri2speech.cli.recordings.options import CorpusOptions, VideoOptions

if TYPE_CHECKING:
    from rtmri2speech.corpora.base import Corpus
    from rtmri2speech.evaluation.intelligibility.rates import Intelligibility
    from rtmri2speech.preparation.check import CheckReport
    from rtmri2speech.preparation.findings import Finding


def check(
    inputs: Inputs = None,
    *,
    known: CorpusOptions | None = None,
    videos: VideoOptions | None = None,
    frame_rate: str | None = None,
    video_only: Annotated[bool, Flag] = False,
    sound_only: Annotated[bool, Flag] = False,
    sync: Annotated[bool, Flag] = False,
    recognizer: str | None = None,
    texts: Path | None = None,
    language: str | None = None,
    json: Annotated[bool, Flag] = False,
    workers: Workers = 0,
    cluster: ClusterOptions = HERE,
) -> int:
    """Look for what is wrong with videos or a dataset, before anything slow.

    Decodes every file to its end. The exit code is 1 if anything is wrong; notes are not. With --corpus it says what is
    known of the corpus, and what this copy of it lacks.

    Parameters
    ----------
    inputs
        Videos, folders with videos, or a dataset made by prepare. With --corpus, its folder.
    known
        What is known of the recordings as a whole.
    videos
        Videos and their sound.
    frame_rate
        Judge lengths, bands and the clock as prepare will with this --frame-rate: native, or frames per second.
    video_only
        Do without sound, as synthesize does.
    sound_only
        As for prepare: sound files without frames.
    sync
        Estimate by how much the sound is late or early, from what moves and what is loud. An estimate has a confidence
        from 0 to 1; half a minute of speech is enough for one, a word is not.
    recognizer
        With --denoise: recognize the speech before and after, and print error rates: pocketsphinx (English),
        faster-whisper:PATH, vosk:PATH or command:"COMMAND", as for evaluate.
    texts
        What is said, for --recognizer: a table of names and texts, or a folder of NAME.txt, NAME.lab or NAME.TextGrid;
        by default what the corpus or such files next to the recordings say.
    language
        Of the texts: two letters; by default as they look.
    json
        Print the table of the recordings and the findings as JSON.
    cluster
        More than one machine.
    """
    from rtmri2speech.data.dataset.layout import is_dataset
    from rtmri2speech.evaluation.intelligibility.of_check import check_with_recognizer as run

    videos, paths, known = videos or VideoOptions(), inputs or [], known or CorpusOptions()
    if sound_only:
        videos.refuse_for_sound_only(video_only=video_only)
    datasets = [path for path in paths if is_dataset(path)]
    others = tuple(path for path in paths if path not in datasets)
    corpora = [_corpus(others, videos, sound_only, known)] if others or videos.pairs is not None or known.corpus else []
    options = {**videos.reading(), "frame_rate": frame_rate, "need_sound": not video_only, "sync": sync}
    options |= {"texts": texts, "language": language}
    with progress("Checking", "files") as bar, cluster.engine(workers):
        share = cluster.share()
        report, spoken = run([*datasets, *corpora], recognizer, workers=workers, progress=bar, shard=share, **options)
    if json:
        _print_json(report, spoken)
    else:
        _print_all(report, spoken, paths)
    return 1 if report.wrong else 0


def _print_all(report: CheckReport, spoken: Intelligibility | None, paths: list[Path]) -> None:
    print_corpora(report.corpora)
    print_facts(report.facts, paths)
    print_effects(report.facts, paths)
    print_listening(spoken, None)
    print_notes([] if spoken is None else spoken.notes)
    _print_table(report.findings, paths)
    print(f"{report.in_words}.")


def _corpus(paths: tuple[Path, ...], videos: VideoOptions, sound_only: bool, known: CorpusOptions) -> Corpus:
    from rtmri2speech.corpora.folder import FolderCorpus
    from rtmri2speech.corpora.inputs import open_corpus
    from rtmri2speech.corpora.sounds import SoundFolderCorpus

    if known.corpus is not None or known.speakers is not None:
        return open_corpus(paths, sound_only=sound_only, **videos.files(), **asdict(known))
    return SoundFolderCorpus(paths) if sound_only else FolderCorpus(paths, **videos.files())


def _print_json(report: CheckReport, spoken: Intelligibility | None) -> None:
    import json

    content = report.as_json() | ({} if spoken is None else {"intelligibility": spoken.about()})
    content["findings"] = [{name: in_flags(text) for name, text in row.items()} for row in content["findings"]]
    print(json.dumps(content, ensure_ascii=False, indent=1))


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
        what = Text.assemble(in_flags(finding.problem), "\n", (in_flags(finding.remedy), "italic"))
        table.add_row(Text(shown(Path(finding.file), inputs)), Text(finding.severity, styles[finding.severity]), what)
    Console().print(table)
