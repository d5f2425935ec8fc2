"""A corpus of poses: a folder of heads in still positions, as tissue codes and labels.

::

    poses.json                     what it is: options, heads, and what every code stands for; written last
    speakers/<digest>.speaker      speakers' files, where heads are variations of some
    <name>/<name>_poses.npz        codes (N, 256, 256) uint8, labels (N, 256, 256) uint8, tract (N, 19) float32

A pixel has the code of what lies at its center; a code's entry in the table is [signal in the default scanner, label,
name of the tissue]. Head n depends on the seed, n and the number of poses alone: a corpus that was stopped goes on, or
grows by more heads.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtmri2speech.corpora.phantom import LICENCE
from rtmri2speech.corpora.poses import MANIFEST, PLAN, head_file
from rtmri2speech.data.files import replacing, write_text
from rtmri2speech.data.labels import label_names
from rtmri2speech.data.provenance import write_about
from rtmri2speech.errors import ConfigError, DatasetError, UserError
from rtmri2speech.parallel import run_jobs
from rtmri2speech.progress import SILENT, Progress
from rtmri2speech.sharding import Shard, share_of
from rtmri2speech.simulation.acquisition.mri import ScannerConfig, spoiled_gradient_echo
from rtmri2speech.simulation.head.contour_sampling import sample_contours
from rtmri2speech.simulation.head.head import PIXEL_CM
from rtmri2speech.simulation.head.tissues import LABEL_OF, SHARE_OF, TISSUE_NAMES, TISSUE_OF, used_codes
from rtmri2speech.simulation.plan_file import read_plan
from rtmri2speech.simulation.poses.anatomies import draw_anatomy
from rtmri2speech.simulation.poses.drawing import StillHead
from rtmri2speech.simulation.poses.positions import SHAPES, draw_positions
from rtmri2speech.simulation.speaker.anatomy import Stream
from rtmri2speech.simulation.speaker.speaker_file import SpeakerFile, read_speaker_file
from rtmri2speech.simulation.speaker.vocaltractlab import VocalTract, library
from rtmri2speech.simulation.speaker.vowel_fitting import carry_over

# Raised whenever the same options would give other bytes.
_SCHEMA = 1
_ATTEMPTS = 5
_MOST_POSES = 10_000
_MOST_HEADS = 9999


@dataclass(frozen=True)
class PosesSummary:
    """A corpus of poses.

    Attributes:
        root: its folder.
        heads: in it.
        made: of them in this run.
        poses: per head.
        failures: heads that failed, with the reason.
        shard: the share that was worked on, which is no corpus yet; None where all is done.
    """

    root: Path
    heads: int
    made: int
    poses: int
    failures: list[tuple[Path, UserError]]
    shard: Shard | None = None

    def __str__(self) -> str:
        failed = f", {len(self.failures)} failed" if self.failures else ""
        of = "" if self.shard is None else f" share {self.shard},"
        return f"{self.root}:{of} {self.heads} heads in {self.poses} poses each; {self.made} made now{failed}."


@dataclass(frozen=True)
class _Job:
    folder: Path
    index: int
    poses: int
    seed: int
    bases: tuple[Path, ...] = ()
    attempt: int = 0

    @property
    def name(self) -> str:
        return f"head{self.index + 1:04d}"

    @property
    def file(self) -> Path:
        return head_file(self.folder, self.name)


def simulate_poses(
    out: str | Path,
    poses: int,
    speakers: int = 3,
    *,
    speaker_file: Sequence[str | Path] = (),
    seed: int = 0,
    workers: int = 0,
    progress: Progress = SILENT,
    shard: Shard | str | None = None,
) -> PosesSummary:
    """Make a corpus of poses, or what is missing of it: heads without sound, drawn wider apart than speakers.

    Args:
        out: folder to write to.
        poses: still positions per head.
        speakers: how many heads to draw.
        speaker_file: files of VocalTractLab's speakers; heads then are variations of these and of the library's own
            speaker in turn.
        seed: of everything; the same seed gives the same files on computers that round alike.
        workers: processes; 0 for one per core.
        progress: counts heads.
        shard: make a share of the heads alone, such as ``3/8``; when all shares are done, a run without it finds them,
            and makes the folder a corpus.

    Raises:
        UserError: when the extra is missing, the folder holds something else, or nothing could be made.
        ConfigError: for a number out of range.
    """
    for name, value, low, high in (
        ("poses", poses, 1, _MOST_POSES),
        ("speakers", speakers, 1, _MOST_HEADS),
        ("seed", seed, 0, None),
    ):
        if value < low or (high is not None and value > high):
            limits = f"{low} or more" if high is None else f"{low} to {high}"
            raise ConfigError(f"`{name}={value}`: out of range.", f"Give {limits}.")
    library()
    folder = Path(out)
    files = [read_speaker_file(Path(path)) for path in speaker_file]
    plan: dict[str, Any] = {"poses": poses, "seed": seed}
    if files:
        plan["speaker_files"] = [file.digest for file in files]
    _check_plan(folder, plan)
    bases = tuple(_write_base(folder, file) for file in files)
    jobs = [_Job(folder, index, poses, seed, bases) for index in range(speakers)]
    jobs += _made_before(folder, speakers, poses, seed)
    share = Shard.of(shard)
    jobs = share_of(share, jobs)
    missing = [job for job in jobs if not job.file.is_file()]
    progress.describe("Drawing heads")
    progress.expect(len(missing))
    failures = _make(missing, workers, progress)
    if failures and len(failures) == len(jobs):
        raise failures[0][1]
    failed = {path for path, _ in failures}
    heads = [{"name": job.name, **_about(job.file)} for job in jobs if job.file not in failed]
    if share is None:
        _write_manifest(folder, heads, plan)
    return PosesSummary(folder, len(heads), len(missing) - len(failures), poses, failures, share)


def _write_base(folder: Path, file: SpeakerFile) -> Path:
    path = folder / "speakers" / f"{file.digest}.speaker"
    if not path.is_file():
        write_text(path, file.text)
    return path


def code_table() -> dict[str, list[Any]]:
    """What every code stands for: [signal in the default scanner, value of the label, name of the tissue]."""
    steady, _, _ = spoiled_gradient_echo(ScannerConfig())
    signal = steady[TISSUE_OF] * SHARE_OF
    return {
        str(code): [round(float(signal[code]), 6), int(LABEL_OF[code]), TISSUE_NAMES[TISSUE_OF[code]]]
        for code in used_codes()
    }


def _make(jobs: list[_Job], workers: int, progress: Progress) -> list[tuple[Path, UserError]]:
    """Every head in a process of its own, which the library does not outlive; those that fail are drawn anew."""
    for attempt in range(_ATTEMPTS):
        failures: list[tuple[_Job, UserError]] = []
        results: Iterator[tuple[_Job, Any]] = run_jobs(draw_head, jobs, workers, fresh=True)
        for job, result in results:
            if isinstance(result, UserError):
                failures.append((job, result))
            else:
                progress.advance()
        # Other errors, a full disk say, would come again.
        again = [job for job, error in failures if isinstance(error, ConfigError)]
        if len(again) < len(failures) or not again or attempt == _ATTEMPTS - 1:
            return [(job.file, error) for job, error in failures]
        jobs = [replace(job, attempt=attempt + 1) for job in again]
    return []


def draw_head(job: _Job) -> None:
    """Make one head's file; to be called in a process of its own.

    Raises:
        ConfigError: when too few positions are possible on the anatomy that was drawn.
        UserError: when the file cannot be written.
    """
    rng = np.random.default_rng((job.seed, job.index, job.attempt, Stream.POSES))
    kind, anatomy = draw_anatomy(rng)
    # The library's own speaker is the last of them.
    turn = job.index % (len(job.bases) + 1)
    tract = VocalTract(job.bases[turn] if turn < len(job.bases) else None)
    source = (tract.low, tract.high)
    own = {name: tract.shape(name) for name in tract.named(SHAPES)}
    tract.reshape(job.name, anatomy.model_dump())
    shapes = {name: carry_over(shape, source, tract) for name, shape in own.items()}
    states, contours = draw_positions(tract, shapes, job.poses, rng)
    head = StillHead(sample_contours(tract, shapes["@"][None]), rng)
    drawn = list(head.draw(contours))
    length = float(tract.tube(shapes["@"])[0].sum())
    about = {"kind": kind, "tract_length_cm": round(length, 3), "anatomy": anatomy.model_dump()}
    arrays: dict[str, NDArray[Any]] = {
        "codes": np.stack([codes for codes, _ in drawn]),
        "labels": np.stack([labels for _, labels in drawn]),
        "tract": states.astype(np.float32),
        "about": np.array(json.dumps(about)),
    }
    with replacing(job.file) as file:
        _write_arrays(file, arrays)


def _write_arrays(file: Any, arrays: Mapping[str, NDArray[Any]]) -> None:
    """As NumPy's ``.npz``, but by bzip2: frames resemble each other over more than the 32 kB that zip looks back."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, values in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, values, allow_pickle=False)
            # Its time is constant: equal arrays give equal bytes.
            entry = zipfile.ZipInfo(f"{name}.npy")
            archive.writestr(entry, buffer.getvalue(), zipfile.ZIP_BZIP2)


def _check_plan(folder: Path, options: Mapping[str, Any]) -> None:
    """Refuse folders of anything else; begin a new one."""
    path = folder / PLAN
    stored = read_plan(path)
    if stored is None:
        write_about(path, "poses_plan", _SCHEMA, options)
        return
    wanted = {"speaker_files": None, "kind": "poses_plan", "schema": _SCHEMA, **options}
    if any(stored.get(name) != value for name, value in wanted.items()):
        raise DatasetError(
            f"{folder}: holds poses of other options.",
            "Choose another `out`, or give the same `poses`, `seed` and `speaker_file`; `speakers` may grow.",
        )


def _made_before(folder: Path, speakers: int, poses: int, seed: int) -> list[_Job]:
    """Heads beyond those that are asked for now stay in the corpus."""
    there = {path.name for path in folder.iterdir()}
    jobs = (_Job(folder, index, poses, seed) for index in range(speakers, _MOST_HEADS))
    return [job for job in jobs if job.name in there and job.file.is_file()]


def _about(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            about: dict[str, Any] = json.loads(str(arrays["about"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path}: damaged ({error}).", "Delete it, and run simulate again.") from None
    return about


def _write_manifest(folder: Path, heads: list[dict[str, Any]], options: Mapping[str, Any]) -> None:
    about = {
        "licence": LICENCE,
        "options": options,
        "pixel_mm": 10.0 * PIXEL_CM,
        "label_names": list(label_names()),
        "codes": code_table(),
        "speakers": heads,
    }
    write_about(folder / MANIFEST, "poses", _SCHEMA, about)
