"""One piece of work for each of several videos: one after the other, in processes, or on a cluster."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rtmri2speech.cli.batch.distribution import ClusterOptions
from rtmri2speech.cli.console import progress, quiet
from rtmri2speech.cli.flags import print_notes
from rtmri2speech.errors import ConfigError, UserError
from rtmri2speech.parallel import run_jobs
from rtmri2speech.progress import SILENT, Progress


@dataclass(frozen=True)
class Outcome:
    """What to say of a video that is done.

    Attributes:
        lines: of what was written and found.
        notes: remarks, a line each.
    """

    lines: list[str]
    notes: list[str]


class VideoWork(Protocol):
    """Work that a process on another machine can do: a frozen dataclass of options, and of the device."""

    @property
    def title(self) -> str:
        """What it does, as the progress bar says it."""
        ...

    @property
    def device(self) -> str:
        """Where it runs."""
        ...

    def load(self, device: str, several: bool) -> None:
        """Load the model, so that what is wrong with it is said once, and not of every video.

        Args:
            device: where to load it.
            several: whether processes of this machine do the work: what each would make of its own, and a file in the
                cache saves it, is to be made now.

        Raises:
            UserError: when something is.
        """
        ...

    def __call__(self, video: Path, bar: Progress = SILENT) -> Outcome:
        """Do it, and write the results; ``bar`` counts frames.

        Raises:
            UserError: when the video cannot be used.
        """
        ...


@dataclass(frozen=True)
class _Quietly:
    work: VideoWork

    def __call__(self, video: Path) -> Outcome:
        with quiet():
            return self.work(video)


def each_video(
    work: VideoWork, videos: Sequence[Path], workers: int = 1, cluster: ClusterOptions | None = None
) -> list[tuple[Path, UserError]]:
    """Do the work for every video, print what became of it, and return the failures, in the videos' order.

    One after the other, by default, a video has all the cores to itself; or else one each. Where the number of threads
    shows in the last bit of a result, processes and clusters give the same, whatever their number.

    Args:
        work: what is to be done.
        videos: of different names.
        workers: processes; 0 for one per core.
        cluster: whose workers do it instead.

    Raises:
        ConfigError: when two videos have the same name, or options do not go together.
    """
    from rtmri2speech.corpora.names import refuse_same_names

    cluster = cluster or ClusterOptions()
    if workers < 0:
        raise ConfigError(f"`workers={workers}`: less than none.", "Give a number of processes; 0 is one per core.")
    refuse_same_names(videos)
    share = cluster.share()
    mine = list(videos) if share is None else share.share(videos)
    processes = workers or os.cpu_count() or 1
    elsewhere = cluster.far or processes > 1
    several = not cluster.far and min(processes, len(mine)) > 1
    failures: dict[Path, UserError] = {}
    with cluster.engine(workers if workers != 1 else 0):
        work.load("cpu" if elsewhere else work.device, several)
        with progress(work.title, "videos" if elsewhere else "frames") as bar:
            if elsewhere:
                bar.expect(len(mine))
                for video, found in run_jobs(_Quietly(work), mine, workers):
                    _report(video, found, failures)
                    bar.advance()
            else:
                for video in mine:
                    bar.describe(video.name)
                    _report(video, _here(work, video, bar), failures)
    return [(video, failures[video]) for video in mine if video in failures]


def _here(work: VideoWork, video: Path, bar: Progress) -> Outcome | UserError:
    try:
        return work(video, bar)
    except UserError as error:
        return error


def _report(video: Path, found: Outcome | UserError, failures: dict[Path, UserError]) -> None:
    if isinstance(found, UserError):
        failures[video] = found
        return
    print_notes(found.notes, video.name)
    print("\n  ".join(found.lines))
