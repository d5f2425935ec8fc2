"""``rtmri2speech prepare``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from rtmri2speech.cli.batch.distribution import HERE, ClusterOptions, note_share
from rtmri2speech.cli.console import Flag, Inputs, Workers, progress, report_failures
from rtmri2speech.cli.flags import print_notes
from rtmri2speech.cli.recordings.options import CorpusOptions, FeatureOptions, UtteranceOptions, VideoOptions

if TYPE_CHECKING:
    from rtmri2speech.preparation.prepare import PrepareSummary


def prepare(
    inputs: Inputs = None,
    *,
    out: Annotated[Path, Parameter(name=["--out", "--out-dir"])],
    known: CorpusOptions | None = None,
    videos: VideoOptions | None = None,
    speaker: str = "speaker1",
    features: FeatureOptions | None = None,
    ref_frames: int | None = None,
    normalization: Literal["memo", "robust"] = "memo",
    mask: Path | None = None,
    sound_only: Annotated[bool, Flag] = False,
    utterances: UtteranceOptions | None = None,
    export_pairs: Annotated[bool, Flag] = False,
    export_wavs: Annotated[bool, Flag] = False,
    prune: Annotated[bool, Flag] = False,
    overwrite: Annotated[bool, Flag] = False,
    workers: Workers = 0,
    cluster: ClusterOptions = HERE,
) -> int:
    """Make a dataset from videos and sound, or from sound alone.

    The sound of a video NAME.mp4 (avi, mkv, mov, webm, ...) is NAME.wav (flac, m4a, ...) next to it or in
    --audio-dir, or else its own sound track; NAME.TextGrid is used if there is one. A second run redoes only
    what is missing or changed.

    Parameters
    ----------
    inputs
        Folders with videos, or videos; or the folder of a phantom. With --sound-only, sound files. With --corpus, its
        folder, and folders with annotations of it.
    out
        The dataset folder to write.
    known
        What is known of the recordings as a whole.
    videos
        Videos and their sound.
    speaker
        Name of the speaker, for videos that lie in no subfolder; subfolders are speakers.
    features
        The mel spectrogram.
    ref_frames
        Frames per window; also the gap between the splits of one recording. By default 4, with --frame-rate as many
        as last as long.
    normalization
        memo: each frame by itself; robust: percentiles of the whole clip.
    mask
        Oral-cavity mask: polygons in JSON, or an image whose bright part is kept.
    sound_only
        Sound files (or the sound of a phantom) without frames: a dataset for the vocoder alone.
    utterances
        How recordings become utterances, and these go to splits.
    export_pairs
        Also write the windows as files, pairs_ref4 and pairs_ref4_npy.
    export_wavs
        Also write the sounds as 16-bit files in one folder, audio_wav, for the original HiFi-GAN.
    prune
        Remove from the dataset what the inputs no longer hold.
    overwrite
        Make a dataset anew that was made with other settings.
    cluster
        More than one machine.
    """
    from rtmri2speech.corpora.inputs import open_corpus
    from rtmri2speech.preparation.prepare import prepare as run
    from rtmri2speech.preparation.recording import PrepareOptions

    videos, features = videos or VideoOptions(), features or FeatureOptions()
    known = known or CorpusOptions()
    corpus = open_corpus(inputs or (), sound_only=sound_only, speaker=speaker, **videos.files(), **asdict(known))
    if sound_only:
        robust = normalization != "memo"
        videos.refuse_for_sound_only(normalization=robust, mask=mask, export_pairs=export_pairs)
    options = PrepareOptions.parse(
        {
            "features": features.config(),
            "frame_rate": features.frame_rate,
            "frames": {"mode": normalization},
            **({} if ref_frames is None else {"ref_frames": ref_frames}),
            "mask": mask,
            **(utterances or UtteranceOptions()).fields(),
            **videos.reading(),
        },
        "prepare",
    )
    how: dict[str, Any] = {"export_pairs": export_pairs, "export_wavs": export_wavs, "prune": prune}
    with progress("Preparing", "recordings") as bar, cluster.engine(workers):
        how |= {"overwrite": overwrite, "shard": cluster.share()}
        summary = run(corpus, out, options, workers, progress=bar, **how)
    return report(summary)


def report(summary: PrepareSummary) -> int:
    """Print what became of the recordings; the exit code."""
    print_notes(summary.notes)
    print_notes(
        f"the {name} split is empty, and training needs it: give more or longer recordings, "
        "or another --split or --split-ratio"
        for name in ("train", "validation")
        if summary.shard is None and summary.split_mode != "test" and not summary.counts[name]
    )
    note_share(summary.shard)
    print(f"{summary}.")
    return report_failures([(recording.file, error) for recording, error in summary.failures])
