"""``rtmri2speech prepare``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtmri2speech.cli.console import Flag, Fps, Inputs, Many, Workers, parse_fps, progress, report_failures
from rtmri2speech.cli.sound_only import refuse_beside_sound_only
from rtmri2speech.errors import ConfigError
from rtmri2speech.signal import defaults

if TYPE_CHECKING:
    from rtmri2speech.preparation.prepare import PrepareSummary


def prepare(
    inputs: Inputs = None,
    *,
    out: Annotated[Path, Parameter(name=["--out", "--out-dir"])],
    audio_dir: Path | None = None,
    audio: Path | None = None,
    pairs: Path | None = None,
    speaker: str = "speaker1",
    sr: int = defaults.SAMPLE_RATE,
    n_mels: int = defaults.N_MELS,
    n_fft: int = defaults.N_FFT,
    hop_length: int = defaults.HOP_LENGTH,
    win_length: int = defaults.WIN_LENGTH,
    preemph: float = defaults.PREEMPHASIS,
    fmin: float = 0.0,
    fmax: float | None = None,
    ref_frames: int = defaults.REF_FRAMES,
    normalisation: Literal["memo", "robust"] = "memo",
    mask: Path | None = None,
    fps: Fps = None,
    sync_offset: float = 0.0,
    on_mismatch: Literal["refuse", "trim"] = "refuse",
    trim_over_bright: Annotated[bool, Flag] = False,
    sound_only: Annotated[bool, Flag] = False,
    cut: Literal["auto", "whole", "textgrid", "silence", "every"] = "auto",
    cut_seconds: float = 10.0,
    tier: str | None = None,
    split: Literal["auto", "corpus", "recording", "speaker", "blocks"] = "auto",
    split_ratio: Annotated[tuple[float, float, float], Parameter(negative="")] = (80.0, 10.0, 10.0),
    seed: int = 42,
    test_speakers: Annotated[list[str] | None, Many] = None,
    export_pairs: Annotated[bool, Flag] = False,
    prune: Annotated[bool, Flag] = False,
    workers: Workers = 0,
) -> int:
    """Make a dataset from videos and sound, or from sound alone.

    Each video NAME.mp4 (avi, mkv, mov) brings its own sound track, or NAME.wav (flac) beside it or in
    --audio-dir, and NAME.TextGrid if there is one. A second run redoes only what is missing or changed.

    Parameters
    ----------
    inputs
        Folders with videos, or videos; or the folder of a phantom. With --sound-only, sound files.
    out
        The dataset folder to write.
    audio_dir
        Folder with the sound files.
    audio
        Sound file of a single video, whatever its name.
    pairs
        Table (CSV) with columns video, audio and, if you like, id, speaker, sync_offset.
    speaker
        Name of the speaker, for videos that lie in no subfolder; subfolders are speakers.
    sr
        Sampling rate in Hz.
    n_mels
        Mel bands.
    n_fft
        Length of the Fourier transform in samples.
    hop_length
        Samples a frame.
    win_length
        Length of the window in samples.
    preemph
        Pre-emphasis.
    fmin
        Lowest frequency of the filterbank in Hz.
    fmax
        Highest frequency of the filterbank in Hz; by default half the sampling rate.
    ref_frames
        Frames of a window; also the gap between the splits of one recording.
    normalisation
        memo: each frame by itself; robust: percentiles of the whole clip.
    mask
        Oral-cavity mask: polygons in JSON, or an image whose bright part is kept.
    sync_offset
        Seconds of sound before the picture begins (negative: the sound begins later).
    on_mismatch
        When sound and picture disagree in length: refuse the recording, or trim to what both have.
    trim_over_bright
        Leave out over-bright frames at the start.
    sound_only
        Sound files (or the sound of a phantom) without pictures: a dataset for the vocoder alone.
    cut
        Utterances: whole recordings, TextGrid intervals, at the quietest moments, every N seconds; auto
        leaves recordings of up to three times --cut-seconds whole and cuts longer ones at quiet moments.
    cut_seconds
        Longest utterance in seconds.
    tier
        TextGrid tier with the utterances.
    split
        Training, validation and test as the corpus itself has them, by recording, by speaker, or as blocks of
        each recording; auto takes the corpus's own, else blocks when there are fewer than ten recordings.
    split_ratio
        Shares of training, validation and test.
    seed
        Seed of the split.
    test_speakers
        Speakers of whom everything is for the test split: how well does a model know someone it has never seen?
    export_pairs
        Also write the windows as files, pairs_ref4 and pairs_ref4_npy.
    prune
        Remove from the dataset what the inputs no longer hold.
    """
    from rtmri2speech.corpora.base import Corpus
    from rtmri2speech.corpora.folder import FolderCorpus
    from rtmri2speech.corpora.phantom import PhantomCorpus, is_phantom
    from rtmri2speech.corpora.sounds import SoundFolderCorpus, SoundOf
    from rtmri2speech.preparation.prepare import prepare as run
    from rtmri2speech.preparation.recording import PrepareOptions
    from rtmri2speech.signal.features import FeatureConfig

    if not inputs and pairs is None:
        raise ConfigError("No videos given.", "Name a folder: rtmri2speech prepare VIDEOS --out DATASET")
    if sound_only:
        refuse_beside_sound_only(
            {
                "--audio-dir": audio_dir,
                "--audio": audio,
                "--pairs": pairs,
                "--normalisation": normalisation != "memo",
                "--mask": mask,
                "--fps": fps,
                "--sync-offset": sync_offset,
                "--on-mismatch": on_mismatch != "refuse",
                "--trim-over-bright": trim_over_bright,
                "--export-pairs": export_pairs,
            }
        )
    features = {
        "sample_rate": sr,
        "n_mels": n_mels,
        "n_fft": n_fft,
        "hop_length": hop_length,
        "win_length": win_length,
        "preemphasis": preemph,
        "fmin": fmin,
        "fmax": fmax,
    }
    options = PrepareOptions.parse(
        {
            "features": FeatureConfig.parse(features, "prepare"),
            "frames": {"mode": normalisation},
            "ref_frames": ref_frames,
            "cut": {"mode": cut, "seconds": cut_seconds, "tier": tier},
            "split": split,
            "split_ratio": split_ratio,
            "seed": seed,
            "test_speakers": tuple(test_speakers or ()),
            "fps": parse_fps(fps),
            "on_mismatch": on_mismatch,
            "trim_over_bright": trim_over_bright,
            "mask": mask,
        },
        "prepare",
    )
    corpus: Corpus = FolderCorpus(tuple(inputs or ()), audio_dir, audio, pairs, speaker, sync_offset)
    if sound_only:
        corpus = SoundFolderCorpus(tuple(inputs or ()), speaker)
    if inputs and any(is_phantom(path) for path in inputs):
        if len(inputs) > 1 or pairs is not None or audio_dir is not None or audio is not None:
            raise ConfigError("A phantom is prepared by itself.", "Give its folder alone, without sound files.")
        corpus = SoundOf(PhantomCorpus(inputs[0])) if sound_only else PhantomCorpus(inputs[0])
    with progress("Preparing", "recordings") as bar:
        summary = run(
            corpus,
            out,
            options,
            workers,
            export_pairs,
            prune,
            on_start=bar.expect,
            on_done=lambda recording: bar.advance(),
        )
    return report(summary, out)


def report(summary: PrepareSummary, out: Path) -> int:
    """Print what became of the recordings; the exit code."""
    for note in summary.notes:
        print(f"note: {note}", file=sys.stderr)
    counts = {name: 0 for name in ("train", "validation", "test")}
    for utterance in summary.utterances:
        counts[utterance.split] += 1
    for name in ("train", "validation"):
        if not counts[name]:
            print(
                f"note: the {name} split is empty, and training needs it: give more or longer recordings, "
                "or another --split or --split-ratio",
                file=sys.stderr,
            )
    seconds = sum(utterance.seconds for utterance in summary.utterances)
    parts = ", ".join(f"{count} {name}" for name, count in counts.items())
    print(
        f"{out}: {len(summary.utterances)} utterances, {seconds:.1f} s ({parts}; split by {summary.split_mode}); "
        f"{summary.redone} recording(s) worked on."
    )
    return report_failures([(recording.file, error) for recording, error in summary.failures])
