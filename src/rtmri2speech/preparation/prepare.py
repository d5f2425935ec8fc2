"""Recordings to a dataset folder: in parallel, restartable, never half-written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from rtmri2speech.corpora.base import Advising, AnyRecording, Corpus, SoundRecording, listing_of
from rtmri2speech.corpora.inputs import AnyPath, Source, corpus_of
from rtmri2speech.data.dataset.layout import FILELISTS, RECEIPTS, SPLITS, Split, Utterance, write_utterances
from rtmri2speech.data.dataset.meta import Meta
from rtmri2speech.data.dataset.splits import FEW_RECORDINGS, SplitMode, check_ratio, split_units
from rtmri2speech.data.files import write_text
from rtmri2speech.data.tables import Row
from rtmri2speech.errors import ConfigError, DatasetError, UserError
from rtmri2speech.parallel import run_jobs
from rtmri2speech.preparation.export_pairs import pairs_of, wav_of, write_pairs, write_pcm
from rtmri2speech.preparation.mask import load_mask
from rtmri2speech.preparation.open_recording import features_of
from rtmri2speech.preparation.receipts import Receipt, forget, gather_notes, open_folder, prepare_recording, sweep
from rtmri2speech.preparation.recording import Job, PrepareOptions
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.sharding import Shard, share_of
from rtmri2speech.signal.features import FeatureConfig
from rtmri2speech.signal.frame_rate import clock_in_words, upsampling, window_at
from rtmri2speech.signal.frames import FrameConfig
from rtmri2speech.signal.mel_statistics import MelStatistics
from rtmri2speech.version import __version__

# What of the mel spectrogram the frame rate decides, next to the sampling rate, which may be wished for.
_FOLLOWING = ("hop_length", "win_length", "n_fft")


@dataclass(frozen=True, repr=False)
class PrepareSummary:
    """What ``prepare`` has done.

    Attributes:
        utterances: every utterance of the dataset.
        failures: recordings that could not be used, with the reason.
        redone: recordings that were worked on; the others were up to date.
        split_mode: how the dataset was split.
        notes: remarks by file.
        out: the dataset folder.
        shard: the share that was worked on, which is no dataset yet; None where all is done.
    """

    utterances: list[Utterance]
    failures: list[tuple[AnyRecording, UserError]]
    redone: int
    split_mode: SplitMode
    notes: list[str]
    out: Path
    shard: Shard | None = None

    @property
    def counts(self) -> dict[Split, int]:
        """Number of utterances by split."""
        return {split: sum(row.split == split for row in self.utterances) for split in SPLITS}

    def rows(self) -> list[Row]:
        """The utterances as a table: ``pandas.DataFrame(summary.rows())``."""
        return [utterance.as_row() for utterance in self.utterances]

    def __str__(self) -> str:
        seconds = sum(utterance.seconds for utterance in self.utterances)
        parts = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        if self.shard is not None:
            return (
                f"{self.out}: share {self.shard}, {len(self.utterances)} utterances, {seconds:.1f} s; "
                f"{self.redone} recording(s) worked on"
            )
        by = "to evaluate on alone" if self.split_mode == "test" else f"split by {self.split_mode}"
        return (
            f"{self.out}: {len(self.utterances)} utterances, {seconds:.1f} s ({parts}; {by}); "
            f"{self.redone} recording(s) worked on"
        )

    def __repr__(self) -> str:
        lines = [f"error: {error.problem}" for _, error in self.failures] + [f"note: {note}" for note in self.notes]
        return "\n".join([f"PrepareSummary({self})", *lines])


def prepare(
    source: Source | Sequence[AnyPath],
    out: AnyPath,
    options: PrepareOptions | None = None,
    workers: int = 0,
    export_pairs: bool = False,
    prune: bool = False,
    progress: Progress = SILENT,
    *,
    overwrite: bool = False,
    export_wavs: bool = False,
    shard: Shard | str | None = None,
    **fields: Any,
) -> PrepareSummary:
    """Write or bring up to date a dataset folder.

    A second run redoes only what is missing or changed. While it works the folder has no ``meta.json``,
    and without it nothing reads the folder, so that an interrupted run is never mistaken for a dataset.

    Args:
        source: videos, folders with videos, the folder of a phantom, or a corpus.
        out: the dataset folder.
        options: what it shall hold.
        workers: processes; 0 for one per core.
        export_pairs: also write ``pairs_ref<N>`` and ``pairs_ref<N>_npy`` of the reference configuration.
        prune: remove utterances of recordings that the source no longer has.
        progress: counts recordings.
        overwrite: replace a dataset that was made with other settings.
        export_wavs: also write ``audio_wav/<ID>.wav``, 16 bits, for the original HiFi-GAN.
        shard: work on a share of the recordings alone, such as ``3/8``; when all shares are done, a run without it
            finds them finished, and makes the folder a dataset.
        fields: fields of :class:`PrepareOptions`, instead of ``options`` or to change some of them.

    Raises:
        UserError: when nothing can be prepared; single bad recordings are in the summary instead.
    """
    root, corpus, share = Path(out), corpus_of(source), Shard.of(shard)
    given = {*fields, *(options.model_fields_set if options is not None else ())}
    options = (options or PrepareOptions()).changed(fields, "prepare")
    if options.split != "test":
        check_ratio(options.split_ratio)
    listing = listing_of(corpus)
    recordings = listing.recordings
    sound_only = any(isinstance(recording, SoundRecording) for recording in recordings)
    if share is not None and prune:
        raise ConfigError("`prune`: no share knows what the others are doing.", "Give it to the run without `shard`.")
    if sound_only and (export_pairs or options.mask is not None):
        option = "export_pairs" if export_pairs else "mask"
        raise ConfigError(f"`{option}`: needs frames of videos, and these recordings are sound alone.", "Leave it out.")
    options, remarks = _on_clock(options, recordings, windows_given="ref_frames" in given)
    mask = None if options.mask is None else load_mask(options.mask, options.frames.size)
    options = _advised(corpus, recordings, options)
    mode, splits = _assign_all(recordings, options)
    jobs = [Job(recording, root, options, splits.get(recording.id), mask) for recording in recordings]
    meta = open_folder(root, jobs, prune=prune, overwrite=overwrite, alone=share is None)
    receipts, failures = _work(share_of(share, jobs), workers, progress)
    if share is None:
        sweep(root)
    utterances = [utterance for receipt in receipts for utterance in receipt.utterances]
    if not utterances and share is None:
        if failures and meta is not None:
            # Nothing was replaced: the dataset that was there stays one.
            write_text(root / "meta.json", meta)
        raise _nothing_prepared(root, failures)
    for recording, _ in failures:
        # What an earlier run made from them does not belong to the dataset as it is now.
        forget(root, root / RECEIPTS / f"{recording.id}.json")
    if (
        failures
        and mode != "test"
        and share is None
        and not any(utterance.split == "train" for utterance in utterances)
    ):
        raise _join(failures, "Nothing is left to train on without what cannot be used:")
    if export_pairs:
        _export(root, utterances, options.ref_frames, workers)
    if export_wavs:
        _run_all(
            partial(write_pcm, root), [row.id for row in utterances if not wav_of(root, row.id).is_file()], workers
        )
    if share is None:
        _finish(root, corpus, options, mode, utterances, None if sound_only else options.frames)
    notes = [*remarks, *(f"{remark.file}: {remark.problem}" for remark in listing.remarks)]
    notes += gather_notes(recordings, receipts)
    return PrepareSummary(utterances, failures, sum(receipt.redone for receipt in receipts), mode, notes, root, share)


def _on_clock(
    options: PrepareOptions, recordings: Sequence[AnyRecording], *, windows_given: bool
) -> tuple[PrepareOptions, list[str]]:
    """Options whose features, and windows unless they were given, follow ``frame_rate``; and what is to be said."""
    base = options.features
    features = features_of(base, options.frame_rate, recordings, options.fps, options.video_stream)
    chosen = [name for name in _FOLLOWING if getattr(base, name) != getattr(FeatureConfig(), name)]
    if features != base and chosen:
        names = ", ".join(f"`{name}={getattr(base, name)}`" for name in chosen)
        raise ConfigError(f"{names}: follows `frame_rate`.", "Leave out either one.")
    changes: dict[str, Any] = {"features": features, "frame_rate": None}
    notes = []
    if features != base:
        if not windows_given:
            changes["ref_frames"] = window_at(features)
        notes.append(
            f"the dataset has {clock_in_words(features)} and windows of {features.win_length} samples. Models of "
            f"{clock_in_words(base)} do not fit it, nor does their vocoder: train both on it"
        )
    elif upsampling(features.hop_length) is None:
        notes.append(
            f"`hop_length={features.hop_length}`: has a prime factor above 11, so no vocoder can be trained on this "
            f"dataset; `frame_rate={float(features.frame_rate):.7g}` finds a hop length for which one can"
        )
    return options.model_copy(update=changes), notes


def _work(
    jobs: Sequence[Job], workers: int, progress: Progress
) -> tuple[list[Receipt], list[tuple[AnyRecording, UserError]]]:
    """Receipts of the recordings that could be prepared, in their order, and the failures, by id."""
    progress.expect(len(jobs))
    receipts: dict[str, Receipt] = {}
    failures: list[tuple[AnyRecording, UserError]] = []
    for job, result in run_jobs(prepare_recording, jobs, workers):
        if isinstance(result, UserError):
            failures.append((job.recording, result))
        else:
            receipts[job.recording.id] = result
        progress.advance()
    failures.sort(key=lambda failure: failure[0].id)
    return [receipts[job.recording.id] for job in jobs if job.recording.id in receipts], failures


def _nothing_prepared(root: Path, failures: list[tuple[AnyRecording, UserError]]) -> UserError:
    if not failures:
        return DatasetError(f"{root}: no utterance is long enough.", "Give longer recordings, or cut them less.")
    if len(failures) == 1:
        return failures[0][1]
    return _join(failures, f"None of the {len(failures)} recordings can be used:")


def _advised(corpus: Corpus, recordings: Sequence[AnyRecording], options: PrepareOptions) -> PrepareOptions:
    """With the split that the corpus is known by, where neither it nor the user has another."""
    advice = corpus.split_advice if isinstance(corpus, Advising) else None
    if advice is None or options.split != "auto" or any(item.split is not None for item in recordings):
        return options
    speakers = {item.speaker for item in recordings} - set(options.test_speakers)
    if advice.mode == "speaker" and len(speakers) < len(SPLITS):
        return options  # too few for speakers of their own in every split
    return options.model_copy(update={"split": advice.mode, "split_ratio": advice.ratio})


def _assign_all(recordings: Sequence[AnyRecording], options: PrepareOptions) -> tuple[SplitMode, dict[str, Split]]:
    """How recordings are split, and each one's split; those of test speakers leave the others as if they were alone."""
    speakers, held_out = {item.speaker for item in recordings}, set(options.test_speakers)
    if unknown := sorted(held_out - speakers):
        raise ConfigError(
            f"`test_speakers`: there is no {' or '.join(unknown)}; the speakers are {', '.join(sorted(speakers))}.",
            "Name speakers of the recordings.",
        )
    if options.split == "test":
        return "test", {item.id: "test" for item in recordings}
    if held_out and held_out == speakers:
        raise ConfigError(
            "`test_speakers`: no speaker is left to train on.",
            "Name fewer; for a dataset to evaluate on alone: `split='test'`",
        )
    mode, splits = _assign([item for item in recordings if item.speaker not in held_out], options)
    tested: dict[str, Split] = {item.id: "test" for item in recordings if item.speaker in held_out}
    return mode, splits | tested


def _assign(recordings: Sequence[AnyRecording], options: PrepareOptions) -> tuple[SplitMode, dict[str, Split]]:
    mode: SplitMode
    given = {item.id: item.split for item in recordings if item.split is not None}
    if options.split == "corpus" or (options.split == "auto" and given):
        if len(given) < len(recordings):
            raise ConfigError(
                "`split='corpus'`: these recordings come without a split of their own.", "Leave `split` at auto."
            )
        return "corpus", given
    if options.split == "auto":
        mode = "recording" if len(recordings) >= FEW_RECORDINGS else "blocks"
    else:
        mode = options.split
    if mode == "blocks":
        return mode, {}
    if mode == "speaker":
        by_speaker = split_units([item.speaker for item in recordings], options.split_ratio, options.seed)
        return mode, {item.id: by_speaker[item.speaker] for item in recordings}
    return mode, split_units([item.id for item in recordings], options.split_ratio, options.seed)


def _join(failures: list[tuple[AnyRecording, UserError]], start: str) -> UserError:
    problems = "\n       ".join(error.problem for _, error in failures)
    remedies = " ".join(dict.fromkeys(error.remedy for _, error in failures))
    return UserError(f"{start}\n       {problems}", remedies)


def _export(root: Path, utterances: list[Utterance], ref_frames: int, workers: int) -> None:
    missing = [row.id for row in utterances if not all(path.exists() for path in pairs_of(root, row.id, ref_frames))]
    _run_all(partial(write_pairs, root, ref_frames=ref_frames), missing, workers)


def _run_all(export: Callable[[str], None], ids: list[str], workers: int) -> None:
    for _, error in run_jobs(export, ids, workers):
        if isinstance(error, UserError):
            raise error


def _finish(
    root: Path,
    corpus: Corpus,
    options: PrepareOptions,
    mode: SplitMode,
    utterances: list[Utterance],
    frames: FrameConfig | None,
) -> None:
    name, times = Counter(utterance.id.casefold() for utterance in utterances).most_common(1)[0]
    if times > 1:
        raise DatasetError(f"{root}: two utterances would be called '{name}'.", "Rename one of the recordings.")
    by_split = {split: [row for row in utterances if row.split == split] for split in SPLITS}
    if by_split["train"]:
        statistics = MelStatistics.fit(np.load(root / "samples" / row.id / "mel_db.npy") for row in by_split["train"])
        write_text(root / "scaler.json", statistics.to_json())
    else:  # to evaluate on, not to train on
        (root / "scaler.json").unlink(missing_ok=True)
    write_utterances(root, utterances)
    for name, split in FILELISTS.items():
        write_text(root / "hifigan_filelists" / f"{name}.txt", "".join(f"{row.id}\n" for row in by_split[split]))
    counts: dict[str, Any] = {
        split: {
            "utterances": len(rows),
            "frames": sum(row.n_frames for row in rows),
            "seconds": round(sum(row.seconds for row in rows), 3),
        }
        for split, rows in by_split.items()
    }
    meta = Meta(
        features=options.features,
        frames=frames,
        ref_frames=options.ref_frames,
        corpus=corpus.name,
        licence=corpus.licence,
        citation=corpus.citation,
        split={
            "mode": mode,
            "ratio": list(options.split_ratio),
            "seed": options.seed,
            "test_speakers": sorted(options.test_speakers),
        },
        code_version=__version__,
        counts=counts,
        denoise=options.denoise,
    )
    write_text(root / "meta.json", meta.to_json())
