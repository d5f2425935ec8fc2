"""Measure the tracts in a dataset's videos, for the training of the tract model: in parallel, restartable."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rtmri2speech.appearance.config import RANDOM, LookConfig, load_look
from rtmri2speech.assets import find_model
from rtmri2speech.data.dataset.layout import Dataset
from rtmri2speech.data.dataset.tract_folder import MANIFEST, TRACTS, TractItem, inputs_path, meta_of, write_manifest
from rtmri2speech.data.files import check_writable
from rtmri2speech.errors import ConfigError, DatasetError, UserError
from rtmri2speech.models.bundle.model_file import load_bundle, weights_hash
from rtmri2speech.models.devices import choose_device
from rtmri2speech.models.tract.inputs import INPUTS
from rtmri2speech.parallel import run_jobs
from rtmri2speech.preparation.tracts.measure import Job, Measuring, measure_video
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.sharding import Shard, share_of
from rtmri2speech.vocal_tract.segmenter import SHIPPED
from rtmri2speech.vocal_tract.size import require_pixel_mm


@dataclass(frozen=True)
class TractsSummary:
    """What ``prepare_tracts`` has done.

    Attributes:
        root: the folder of tracts.
        utterances: in it.
        measured: of them in this run.
        failures: videos that could not be used, with the reason.
        shard: the share that was worked on, which has no table yet; None where all is done.
    """

    root: Path
    utterances: list[TractItem]
    measured: int
    failures: list[tuple[Path, UserError]]
    shard: Shard | None = None

    def __str__(self) -> str:
        size = sum(inputs_path(self.root, item.id).stat().st_size for item in self.utterances) / 1e6
        looks = sum(item.looks for item in self.utterances)
        of = "" if self.shard is None else f" share {self.shard},"
        return (
            f"{self.root}:{of} {len(self.utterances)} utterances under {looks} looks, {size:.1f} MB; "
            f"{self.measured} measured now"
        )


def prepare_tracts(
    dataset: Dataset | Path | str,
    out: Path | str | None = None,
    *,
    looks: int = 4,
    people_looks: int = 1,
    look: Path | str = RANDOM,
    segmenter: Path | str = SHIPPED,
    pixel_mm: float | None = None,
    seed: int = 0,
    device: str = "auto",
    max_minutes: float | None = None,
    workers: int = 0,
    progress: Progress = SILENT,
    shard: Shard | str | None = None,
) -> TractsSummary:
    """Measure the vocal tract in the videos that a dataset was made from, and keep what the tract model is trained on.

    A second run measures only what is missing or changed. The videos have to be where they were.

    Args:
        dataset: a dataset made from videos, open or its folder.
        out: folder to write to; by default ``tracts`` in the dataset.
        looks: random looks of every simulated video: it is measured as the segmenter finds it under each of them.
        people_looks: looks of any other video, of which the first is the video as it is.
        look: what random looks are drawn from: one that ships, or a YAML file.
        segmenter: model file, or the name of a shipped one.
        pixel_mm: size of a pixel of the videos, mm, where they are not simulated; by default it is estimated.
        seed: of the looks.
        device: where frames are made and labeled: ``auto``, ``cpu`` or ``cuda``; all workers share a GPU.
        max_minutes: begin no video after so many minutes, and leave the rest out; None for all. The order is random.
        workers: processes; 0 for one per core.
        progress: counts videos.
        shard: measure a share of the videos alone, such as ``3/8``; when all shares are done, a run without it finds
            them, and writes the table.

    Raises:
        UserError: when nothing can be measured; single bad videos are in the summary instead.
    """
    opened = dataset if isinstance(dataset, Dataset) else Dataset(Path(dataset))
    require_pixel_mm(pixel_mm)
    if looks < 1 or people_looks < 1:
        raise ConfigError("`looks` or `people_looks`: less than one.", "Give 1 or more.")
    root = opened.root / TRACTS if out is None else Path(out)
    check_writable(root / MANIFEST)
    file = find_model(segmenter)
    bundle = load_bundle(file)
    bundle.build_segmenter()
    how = Measuring(
        segmenter=file,
        segmenter_hash=weights_hash(bundle),
        look=LookConfig() if str(look) == RANDOM else load_look(look),
        looks=looks,
        people_looks=people_looks,
        seed=seed,
        pixel_mm=pixel_mm,
        device=choose_device(device).type,
    )
    share = Shard.of(shard)
    jobs = share_of(share, _jobs(opened, root, how))
    missing = [job for job in jobs if not job.is_done()]
    failures = _measure(missing, workers, max_minutes, progress)
    done = [job for job in jobs if job.is_done()]
    if not done and (share is None or failures):
        raise (
            failures[0][1]
            if failures
            else ConfigError(f"`max_minutes={max_minutes}`: too few for a single video.", "Give more minutes.")
        )
    items = [item for job in done for item in job.items()]
    if share is None:
        write_manifest(root, meta_of(opened, INPUTS, how.segmenter_hash, str(look), looks, seed), items)
    measured = sum(len(job.utterances) for job in missing if job in done)
    return TractsSummary(root, items, measured, failures, share)


def _jobs(dataset: Dataset, root: Path, how: Measuring) -> list[Job]:
    dataset.need_frames()
    rows = sorted(dataset.utterances, key=lambda row: (row.source_video, row.id))
    if not rows or not rows[0].source_video:
        raise DatasetError(f"{dataset.root}: does not say which videos it was made from.", "Prepare it again.")
    groups = [tuple(group) for _, group in groupby(rows, key=lambda row: row.source_video)]
    return [Job(dataset.root, root, group, how) for group in groups]


def _measure(
    jobs: Sequence[Job], workers: int, max_minutes: float | None, progress: Progress
) -> list[tuple[Path, UserError]]:
    progress.expect(len(jobs))
    end = math.inf if max_minutes is None else time.monotonic() + 60.0 * max_minutes
    failures = []
    results = run_jobs(measure_video, random.Random(0).sample(jobs, len(jobs)), workers)
    for job, result in results:
        if isinstance(result, UserError):
            failures.append((Path(job.utterances[0].source_video), result))
        progress.advance()
        if time.monotonic() > end:
            results.close()
            break
    return sorted(failures, key=lambda failure: failure[0])
