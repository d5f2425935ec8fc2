"""``rtmri2speech simulate``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rtmri2speech.cli.console import Workers, progress, report_failures
from rtmri2speech.errors import ConfigError

_SPEAKERS = 3
# The options by the names of what they set.
_OPTIONS = {
    "minutes": "--minutes",
    "seed": "--seed",
    "utterance_seconds": "--utterance-seconds",
    "scanner.matrix": "--matrix",
    "scanner.snr": "--snr",
    "scanner.ghosting": "--undersampling",
    "scanner_snr_db": "--scanner-snr",
}


def simulate(
    *,
    out: Annotated[Path, Parameter(name=["--out", "--out-dir"])],
    minutes: float = 10.0,
    speakers: int | None = None,
    anatomy: Path | None = None,
    seed: int = 0,
    utterance_seconds: float = 6.0,
    matrix: int | None = None,
    snr: float | None = None,
    undersampling: float = 0.0,
    scanner_snr: float | None = None,
    workers: Workers = 0,
) -> int:
    """Simulate speakers in a scanner: video, sound, phones and the physical truth.

    Speakers of VocalTractLab with vowels fitted to Japanese formants say isolated vowels, vowel pairs, vowel
    sequences and morae with consonants. A run that was stopped goes on, and more --minutes or --speakers may follow.
    Prepare the folder like any recordings; its utterances are split already.

    Parameters
    ----------
    out
        Folder to write to.
    minutes
        Length of all recordings together.
    speakers
        Number of speakers, 3 by default: the first is VocalTractLab's own, then women and men in turn.
    anatomy
        YAML file with speakers of your own instead of --speakers: a name a speaker, below it sex, f0 and anatomy.
    seed
        Seed of everything; the same seed gives the same files on computers that round alike.
    utterance_seconds
        Length of an utterance, about.
    matrix
        Acquired lines and samples of the picture's 256, 16 to 256.
    snr
        Signal-to-noise ratio of the picture.
    undersampling
        Strength of the residual artefact of undersampling, 0 to 1.
    scanner_snr
        Level of speech above the scanner's noise, -20 to 60 dB; by default the scanner is silent.
    """
    from rtmri2speech.simulation.phantom import PhantomOptions
    from rtmri2speech.simulation.phantom import simulate as run
    from rtmri2speech.simulation.speaker.anatomy import draw_speakers, read_speakers

    if anatomy is not None and speakers is not None:
        raise ConfigError("--speakers and --anatomy exclude each other.", "Leave out --speakers: the file names all.")
    scanner = {"matrix": matrix, "snr": snr, "ghosting": undersampling}
    options = PhantomOptions.parse(
        {
            "minutes": minutes,
            "seed": seed,
            "utterance_seconds": utterance_seconds,
            "scanner": {name: value for name, value in scanner.items() if value is not None},
            "scanner_snr_db": scanner_snr,
        },
        "simulate",
        _OPTIONS,
    )
    if anatomy is None:
        people = draw_speakers(_SPEAKERS if speakers is None else speakers, seed)
    else:
        people = read_speakers(anatomy, seed)
    with progress("Simulating", "done") as bar:

        def stage(title: str, total: int) -> None:
            bar.describe(title)
            bar.expect(total)

        summary = run(out, people, options, workers, on_stage=stage, on_done=bar.advance)
    for voice in summary.voices:
        percent = {vowel: fit.error_percent for vowel, fit in voice.vowels.items()}
        errors = ", ".join(f"{vowel} {values[0]:+.1f}/{values[1]:+.1f} %" for vowel, values in percent.items())
        print(f"{voice.speaker.name}: tract {voice.tract_length:.1f} cm; error of F1/F2: {errors}", file=sys.stderr)
    print(f"{out}: {summary.utterances} utterances, {summary.seconds / 60:.1f} min; {summary.made} made now.")
    return report_failures(summary.failures)
