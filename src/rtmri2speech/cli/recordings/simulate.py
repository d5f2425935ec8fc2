"""``rtmri2speech simulate``."""

from __future__ import annotations

import sys
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from rtmri2speech.cli.batch.distribution import HERE, ClusterOptions, note_share
from rtmri2speech.cli.console import Workers, progress, report_failures
from rtmri2speech.errors import ConfigError

if TYPE_CHECKING:
    from rtmri2speech.simulation.phantom import PhantomSummary
    from rtmri2speech.simulation.poses.heads import PosesSummary


def simulate(
    *,
    out: Annotated[Path, Parameter(name=["--out", "--out-dir"])],
    minutes: float = 10.0,
    speakers: int | None = None,
    anatomy: Path | None = None,
    speaker_file: Annotated[list[Path] | None, Parameter(consume_multiple=True)] = None,
    seed: int = 0,
    utterance_seconds: float = 6.0,
    matrix: int | None = None,
    snr: float | None = None,
    undersampling: float = 0.0,
    scanner_snr: float | None = None,
    poses: int | None = None,
    look: str | None = None,
    fps: str | None = None,
    field_of_view: float | None = None,
    pixel_mm: float | None = None,
    text: Path | None = None,
    workers: Workers = 0,
    cluster: ClusterOptions = HERE,
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
        YAML file with speakers of your own instead of --speakers: a name per speaker, below it sex, f0 and anatomy.
    speaker_file
        Files of VocalTractLab's speakers, also of its 2.x releases; with --speakers, that many more are drawn.
    seed
        Seed of everything; the same seed gives the same files on computers that round alike.
    utterance_seconds
        Length of an utterance, about.
    matrix
        Acquired lines and samples of the frame's 256, 16 to 256.
    snr
        Signal-to-noise ratio of the frames.
    undersampling
        Strength of the residual artifact of undersampling, 0 to 1.
    scanner_snr
        Level of speech above the scanner's noise, -20 to 60 dB; by default the scanner is silent.
    poses
        Instead of speech, this many still positions of each of --speakers heads, as tissues and labels: what a
        segmenter is trained on. Heads differ more than speakers do; there is no sound, and no scanner.
    look
        Look of the recordings: a YAML file, or random, usc_15t_spiral, radial_3t, atr_15t. Each recording gets a draw
        of its own; regions and sections of the truth move with the frames, sound, formants and areas stay.
    fps
        Frames per second, 10 to 100, such as 83.28 or 625/23, the default.
    field_of_view
        Side of the frames, mm; 256 by default.
    pixel_mm
        Side of a pixel, mm; 1 by default.
    text
        Text file with an utterance per line, in kana as it is pronounced (kanji need the extra japanese); every
        speaker says each once, instead of drawn scripts of --minutes.
    cluster
        More than one machine.
    """
    given = dict(locals())
    if poses is not None:
        return _poses(given)
    from rtmri2speech.simulation import phantom

    with progress("Simulating", "done") as bar, cluster.engine(workers):
        summary = phantom.simulate(
            out,
            speakers,
            minutes=minutes,
            anatomy=anatomy,
            speaker_file=speaker_file or (),
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
            workers=workers,
            progress=bar,
            shard=cluster.share(),
        )
    for voice in summary.voices:
        print(voice.describe(), file=sys.stderr)
    return _report(summary)


def _report(summary: PhantomSummary | PosesSummary) -> int:
    print(summary)
    note_share(summary.shard)
    return report_failures(summary.failures)


def _poses(given: dict[str, Any]) -> int:
    used = ("out", "poses", "speakers", "speaker_file", "seed", "workers", "cluster")
    for name, parameter in signature(simulate).parameters.items():
        if name not in used and given[name] != parameter.default:
            raise ConfigError(f"`poses` and `{name}` exclude each other.", f"Leave out `{name}`.")
    from rtmri2speech.simulation.poses.heads import simulate_poses

    heads = {name: given[name] for name in used if given[name] is not None}
    cluster: ClusterOptions = heads.pop("cluster")
    with progress("Drawing heads", "done") as bar, cluster.engine(heads["workers"]):
        summary = simulate_poses(**heads, progress=bar, shard=cluster.share())
    return _report(summary)
