"""The phantom: a folder of recordings of simulated speakers, with the ground truth of each.

::

    phantom.json                 what it is: options, speakers, utterances with their splits; written last
    speakers/<name>.speaker      the anatomy, for VocalTractLab
    speakers/<name>.json         fitted vowels with their errors, consonants
    <name>/<name>_0000.mp4       256 x 256 pixels, 625/23 frames per second, unless other ones are asked for
    <name>/<name>_0000.wav       20 kHz: 736 samples per frame
    <name>/<name>_0000.TextGrid  tiers phones and phrases
    <name>/<name>_0000.npz       the truth, see ``data/truth.py``

The n-th utterance of a speaker depends on the seed, the speaker's number and n alone. So the same seed gives the same
bytes whatever the number of workers, and a phantom that was stopped goes on, or grows: more minutes, more speakers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rtmri2speech.corpora.phantom import LICENCE, MANIFEST, PLAN, VIDEO
from rtmri2speech.data.files import write_text
from rtmri2speech.data.provenance import write_about
from rtmri2speech.errors import ConfigError, DatasetError, UserError
from rtmri2speech.parallel import run_jobs
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.sharding import Shard, share_of
from rtmri2speech.signal.frame_rate import FrameRate
from rtmri2speech.simulation.options import PhantomOptions, choose_speakers, make_options
from rtmri2speech.simulation.plan import SCHEMA, is_plan_of, plan_of, plan_utterances, what_is_different
from rtmri2speech.simulation.plan_file import damaged, read_plan
from rtmri2speech.simulation.speaker.anatomy import Speaker
from rtmri2speech.simulation.speaker.speaker_file import read_speaker_file
from rtmri2speech.simulation.speaker.vocaltractlab import is_speaker_file, library
from rtmri2speech.simulation.speaker.voice import Voice, make_speaker_file, make_voice
from rtmri2speech.simulation.utterance import Job, simulate_utterance, speaker_file, voice_file


@dataclass(frozen=True, repr=False)
class PhantomSummary:
    """A phantom, and what the run that returned it has done.

    Attributes:
        root: its folder, which ``prepare`` takes like any recordings.
        utterances: in the phantom.
        made: of them in this run.
        seconds: of sound in the phantom.
        voices: the speakers with their fitted vowels.
        failures: utterances that failed, with the reason.
        shard: the share that was worked on, which is no phantom yet; None where all is done.
    """

    root: Path
    utterances: int
    made: int
    seconds: float
    voices: list[Voice]
    failures: list[tuple[Path, UserError]]
    shard: Shard | None = None

    def __str__(self) -> str:
        minutes = self.seconds / 60.0
        of = "" if self.shard is None else f" share {self.shard},"
        failed = f", {len(self.failures)} failed" if self.failures else ""
        return f"{self.root}:{of} {self.utterances} utterances, {minutes:.1f} min; {self.made} made now{failed}."

    def __repr__(self) -> str:
        return "\n".join([str(self), *(f"  {voice.describe()}" for voice in self.voices)])


def simulate(
    out: str | Path,
    speakers: int | Sequence[Speaker] | None = None,
    options: PhantomOptions | None = None,
    *,
    minutes: float = 10.0,
    anatomy: str | Path | None = None,
    speaker_file: Sequence[str | Path] = (),
    seed: int = 0,
    utterance_seconds: float = 6.0,
    matrix: int | None = None,
    snr: float | None = None,
    undersampling: float = 0.0,
    scanner_snr: float | None = None,
    look: str | Path | None = None,
    fps: FrameRate | None = None,
    field_of_view: float | None = None,
    pixel_mm: float | None = None,
    text: str | Path | None = None,
    workers: int = 0,
    progress: Progress = SILENT,
    shard: Shard | str | None = None,
) -> PhantomSummary:
    """Make a phantom, or what is missing of it. What was made before stays in it, whatever is asked for now.

    Args:
        out: folder to write to.
        speakers: who speaks, or how many to draw (3 by default): VocalTractLab's own speaker first, then women and
            men in turn.
        options: in place of ``minutes`` to ``text`` below.
        minutes: length of all recordings together.
        anatomy: YAML file with speakers, in place of ``speakers``.
        speaker_file: files of VocalTractLab's speakers, in front of the others; alone where no others are asked for.
        seed: of everything; the same seed gives the same files on computers that round alike.
        utterance_seconds: length of an utterance, about.
        matrix: lines and samples acquired, 16 to 256; None for the scanner's default, as for ``snr``.
        snr: signal-to-noise ratio of the frames.
        undersampling: strength of the residual artifact of undersampling, 0 to 1.
        scanner_snr: level of speech above the scanner's noise, -20 to 60 dB; None for a silent scanner.
        look: YAML file with the look of a scanner, or the name of one that ships (``random`` is any scanner); each
            recording has a look of its own, and the truth about its frames moves along. None for frames as simulated.
        fps: frames per second, 10 to 100; None for 625/23.
        field_of_view: side of the square frames, mm; None for 256.
        pixel_mm: side of a pixel, mm; None for 1.
        text: file with an utterance per line in kana, or kanji with the extra ``japanese``, that every speaker says
            once, in place of scripts that are drawn and of ``minutes``.
        workers: processes; 0 for one per core.
        progress: counts speakers, then utterances.
        shard: make a share of the utterances alone, such as ``3/8``; when all shares are done, a run without it finds
            them, and makes the folder a phantom.

    Raises:
        UserError: when the extra is missing, the folder holds something else, or nothing could be made.
        ConfigError: for a value out of range, or when a speaker cannot speak; then the phantom stays as it was, and
            takes a corrected one.
    """
    options = options or make_options(
        minutes=minutes,
        seed=seed,
        utterance_seconds=utterance_seconds,
        matrix=matrix,
        snr=snr,
        undersampling=undersampling,
        scanner_snr=scanner_snr,
        look=look,
        fps=fps,
        field_of_view=field_of_view,
        pixel_mm=pixel_mm,
        text=text,
    )
    library()
    files = [read_speaker_file(Path(path)) for path in speaker_file]
    chosen = choose_speakers(speakers, anatomy, options.seed, files)
    texts = {file.digest: file.text for file in files}
    return _simulate(Path(out), chosen, texts, options, workers, progress, Shard.of(shard))


def _simulate(
    out: Path,
    speakers: list[Speaker],
    files: dict[str, str],
    options: PhantomOptions,
    workers: int,
    progress: Progress,
    shard: Shard | None,
) -> PhantomSummary:
    known = _known_speakers(out, speakers, options)
    if shard is None:
        _sweep(out)
    everybody = [*speakers, *known[len(speakers) :]]
    # A speaker belongs to the phantom only when it has turned out that it can speak.
    _write_plan(out, known, options)
    voices = _make_speakers(out, everybody, files, workers, progress)
    _write_plan(out, everybody, options)
    (out / MANIFEST).unlink(missing_ok=True)
    share = options.minutes * 60.0 * float(options.frame_rate) / len(speakers)
    shares = [share if index < len(speakers) else 0.0 for index in range(len(everybody))]
    jobs = [
        job
        for index, speaker in enumerate(everybody)
        for job in plan_utterances(out, index, speaker.name, shares[index], options)
    ]
    jobs = share_of(shard, jobs)
    missing = [job for job in jobs if not job.is_done()]
    progress.describe("Simulating")
    progress.expect(len(missing))
    failures: list[tuple[Path, UserError]] = []
    for job, result in run_jobs(simulate_utterance, missing, workers):
        if isinstance(result, UserError):
            failures.append((job.file(VIDEO), result))
        progress.advance()
    if jobs and len(failures) == len(jobs):
        raise failures[0][1]
    failed = {path for path, _ in failures}
    rows = [_row(job) for job in jobs if job.file(VIDEO) not in failed]
    if shard is None:
        _write_manifest(out, voices, options, rows)
    seconds = float(sum(row["frames"] for row in rows) / options.frame_rate)
    return PhantomSummary(out, len(rows), len(missing) - len(failures), seconds, voices, failures, shard)


def _known_speakers(out: Path, speakers: Sequence[Speaker], options: PhantomOptions) -> list[Speaker]:
    """The speakers of the phantom in a folder; anything in it but the same phantom, smaller or larger, is refused."""
    path = out / PLAN
    stored = read_plan(path)
    if stored is None:
        return []
    try:
        if stored["version"] != plan_of(options)["version"]:
            raise DatasetError(
                f"{out}: holds a phantom of another version of the program.",
                "Choose another `out`, or delete the folder.",
            )
        known = [Speaker.parse(values, path.name) for values in stored["speakers"]]
    except (ValueError, KeyError, TypeError, ConfigError):
        raise damaged(path) from None
    common = min(len(known), len(speakers))
    if known and (not is_plan_of(stored, options) or known[:common] != [*speakers[:common]]):
        raise DatasetError(
            f"{out}: holds a phantom of other options or speakers.",
            "Choose another `out`, or give the same options; `minutes` and `speakers` may grow.",
        )
    return known


def _sweep(out: Path) -> None:
    """Remove what a run that was killed has left behind; not while others may be at work here."""
    for stray in [*out.glob(".*.tmp"), *out.glob("*/.*.tmp*")]:
        stray.unlink(missing_ok=True)


def _write_plan(out: Path, speakers: Sequence[Speaker], options: PhantomOptions) -> None:
    values = {**plan_of(options), "speakers": [speaker.model_dump() for speaker in speakers]}
    write_about(out / PLAN, "phantom_plan", SCHEMA, values)


def _make_speakers(
    out: Path,
    speakers: Sequence[Speaker],
    files: dict[str, str],
    workers: int,
    progress: Progress,
) -> list[Voice]:
    there = {speaker.name for speaker in speakers if voice_file(out, speaker.name).is_file()}
    ready = {speaker.name: _kept_voice(out, speaker) for speaker in speakers}
    missing = [speaker for speaker in speakers if ready[speaker.name] is None]
    for speaker in missing:
        # Of another anatomy, perhaps, and then so is the file of the speaker. One that is there by now is another
        # share's, and right.
        if speaker.name in there:
            voice_file(out, speaker.name).unlink(missing_ok=True)
    unwritten = [
        speaker for speaker in speakers if speaker in missing or not is_speaker_file(speaker_file(out, speaker.name))
    ]
    for speaker in unwritten:
        if speaker.source is not None:
            _write_given(out, speaker, files)
    drawn = [speaker for speaker in unwritten if speaker.source is None]
    # Processes of their own, one per speaker: the library does not outlive a change of anatomy.
    _must(run_jobs(partial(_write_speaker, out), drawn, workers, fresh=True))
    progress.describe("Fitting vowels")
    progress.expect(len(missing))
    for speaker, voice in _must(run_jobs(partial(_fit_voice, out), missing, workers)):
        ready[speaker.name] = voice
        progress.advance()
    return [voice for speaker in speakers if (voice := ready[speaker.name]) is not None]


def _must(results: Iterator[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Results, unless one is an error: without its speaker a phantom is another phantom."""
    done = list(results)
    for _, result in done:
        if isinstance(result, UserError):
            raise result
    return done


def _write_given(out: Path, speaker: Speaker, files: dict[str, str]) -> None:
    """Write the file of a speaker that was read from one.

    Raises:
        ConfigError: when that file was not given again and its copy in the phantom is gone.
    """
    if speaker.source is None or speaker.source not in files:
        raise ConfigError(f"{speaker_file(out, speaker.name)}: missing or damaged.", "Give its `speaker_file` again.")
    write_text(speaker_file(out, speaker.name), files[speaker.source])


def _write_speaker(out: Path, speaker: Speaker) -> None:
    make_speaker_file(speaker, speaker_file(out, speaker.name))


def _kept_voice(out: Path, speaker: Speaker) -> Voice | None:
    """The voice that an earlier run has left in this folder."""
    try:
        voice = Voice.from_json(voice_file(out, speaker.name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return voice if voice.speaker == speaker else None


def _fit_voice(out: Path, speaker: Speaker) -> Voice:
    voice = make_voice(speaker, speaker_file(out, speaker.name))
    write_text(voice_file(out, speaker.name), voice.to_json())
    return voice


def _row(job: Job) -> dict[str, Any]:
    script = job.script()
    return {
        "id": job.id,
        "speaker": job.speaker,
        "split": script.split,
        "text": script.text,
        "frames": job.frames,
    }


def _write_manifest(out: Path, voices: list[Voice], options: PhantomOptions, rows: list[dict[str, Any]]) -> None:
    about = {
        "licence": LICENCE,
        "seed": options.seed,
        "frame_rate": str(options.frame_rate),
        **what_is_different(options),
        "scanner": options.scanner.model_dump(),
        "scanner_snr_db": options.scanner_snr_db,
        "speakers": [
            {
                **voice.speaker.model_dump(),
                "tract_length_cm": round(voice.tract_length, 3),
                "formant_error_percent": {vowel: fit.error_percent for vowel, fit in voice.vowels.items()},
            }
            for voice in voices
        ],
        "utterances": rows,
    }
    write_about(out / MANIFEST, "phantom", SCHEMA, about)
